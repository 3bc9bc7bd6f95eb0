import VedetteCore

/// A whole source without actors that turns borderline cases legit: how soon it is accused, and how often honest sources are.
///
/// **The world.** Borderline fraud and legit traffic have log-intensities of their own that wander by 0.3 and 0.1 a year; about four times a year a wave
/// doubles the fraud for three weeks and ends from one day to the next; days differ by a factor (gamma, standard deviation 0.3), and their
/// fraud by another (0.2). A quarter of a source's labels are borderline, half of those fraud. Each source has an offset of its own in every stratum (0.4 on the log-odds),
/// and wanders by 0.1 a year. The poisoner turns 1, 5 or 20 % of its volume from day 180 on, as in ``Poisoning``.
struct SourcePoisoning {
    private static let day: Int64 = 86_400_000
    private static let base = [0.85, 0.75, 0.6, 0.45, 0.3, 0.2]
    private static let fraudShare = 0.12
    private static let start = 180
    private static let days = 545
    private let seeds: Int

    init(seeds: Int) { self.seeds = seeds }

    private enum Setting: CaseIterable {
        case alone, peers, peersWithoutClear

        var words: String {
            switch self {
            case .alone: "alone"
            case .peers: "beside three peers"
            case .peersWithoutClear: "beside three peers, borderline labels only"
            }
        }
        var peers: Int { self == .alone ? 0 : 3 }
        var hasClear: Bool { self != .peersWithoutClear }
    }

    private struct Case {
        var setting: Setting
        var perDay: Double
        var turned: Double
        var rampDays: Int
    }

    private struct Tally {
        var delays: [Double?] = []
        var early = 0
        var honestAccused = 0
        var honestYears = 0.0
    }

    func run() {
        print("sources without actors: \(seeds) runs each of \(Self.days) days, the poisoner turns from day \(Self.start) on; three waves of fraud a year")
        var accused = 0, years = 0.0, early = 0
        for setting in Setting.allCases {
            print("  " + setting.words)
            for perDay in [20.0, 100, 500] {
                for turned in [0, 0.01, 0.05, 0.2] {
                    for rampDays in turned > 0 ? [0, 90] : [0] {
                        let tally = measure(Case(setting: setting, perDay: perDay, turned: turned, rampDays: rampDays))
                        accused += tally.honestAccused
                        years += tally.honestYears
                        early += tally.early
                        if turned > 0 { report(tally, "\(Int(perDay)) a day, \(Int(turned * 100)) % of its volume, " + (rampDays == 0 ? "at once" : "over \(rampDays) days")) }
                    }
                }
            }
        }
        let interval = PoissonInterval(count: accused)
        print(
            "  honest: \(accused) accused in \(Self.number(years)) years of one source = "
                + "\(Self.number(1_000 * Double(accused) / years)) a year of 1,000 sources "
                + "(95 %: \(Self.number(1_000 * interval.lower / years)) to \(Self.number(1_000 * interval.upper / years))); \(early) poisoners while still honest")
    }

    private func report(_ tally: Tally, _ name: String) {
        let found = tally.delays.compactMap { $0 }.sorted()
        let median = found.count * 2 <= tally.delays.count ? "-" : Self.number(found[tally.delays.count / 2])
        print("    " + name.padding(41) + "\(found.count)/\(tally.delays.count)".padding(10) + median)
    }

    private func measure(_ one: Case) -> Tally {
        var tally = Tally()
        for seed in 1...seeds { simulate(one, seed: UInt64(seed) &* 7_919 &+ UInt64(one.perDay) &* 31 &+ UInt64(one.turned * 1_000) &+ UInt64(one.rampDays), &tally) }
        return tally
    }

    // MARK: One world

    private struct Source {
        var offsets: [Double]
        var perDay: Double
    }

    private struct World {
        var fraud = 0.0
        var legit = 0.0
        /// Days of a wave that are left.
        var wave = 0

        mutating func step(_ random: inout MeasureRandom) {
            let day = 1 / 365.0.squareRoot()
            fraud += 0.3 * day * random.normal()
            legit += 0.1 * day * random.normal()
            wave = wave > 0 ? wave - 1 : random.uniform() < 0.01 ? 21 : 0
        }
    }

    private func simulate(_ one: Case, seed: UInt64, _ tally: inout Tally) {
        var random = MeasureRandom(seed: seed)
        var world = World()
        var sources = (0...one.setting.peers).map { index in
            Source(offsets: Self.base.map { _ in 0.4 * random.normal() }, perDay: index == 0 ? one.perDay : one.perDay * RealFunctions.exp(0.5 * random.normal()))
        }
        var test = SourceFlowTest(rule: LabelPeerRule(), sources: sources.indices.map { LabelSource(pipeline: "s\($0)", tier: 1) }, models: 1)
        var accused: [Int?] = sources.map { _ in nil }
        for day in 0..<Self.days {
            world.step(&random)
            let surge = gamma(11, &random), today = gamma(25, &random) * (world.wave > 0 ? 2 : 1)
            for index in sources.indices {
                let share = index == 0 ? turned(one, day) : 0
                label(&sources[index], index, world, surge, fraud: today, turned: share, hasClear: one.setting.hasClear, at: Int64(day) * Self.day, &test, &random)
            }
            test.pass(to: Int64(day + 1) * Self.day)
            test.judge()
            for index in sources.indices where accused[index] == nil && test.isAccused(model: 0, source: index) { accused[index] = day }
        }
        note(accused, isPoisoned: one.turned > 0, &tally)
    }

    private func note(_ accused: [Int?], isPoisoned: Bool, _ tally: inout Tally) {
        for (index, day) in accused.enumerated() {
            guard index == 0, isPoisoned else {
                tally.honestYears += Double(day ?? Self.days) / 365
                if day != nil { tally.honestAccused += 1 }
                continue
            }
            if let day, day < Self.start { tally.early += 1 }
            tally.delays.append(day.flatMap { $0 < Self.start ? nil : Double($0 - Self.start) })
        }
    }

    private func turned(_ one: Case, _ day: Int) -> Double {
        guard one.turned > 0, day >= Self.start else { return 0 }
        return min(1, one.turned / Self.fraudShare) * (one.rampDays == 0 ? 1 : min(1, Double(day - Self.start) / Double(one.rampDays)))
    }

    private func label(
        _ source: inout Source, _ index: Int, _ world: World, _ surge: Double, fraud today: Double, turned: Double, hasClear: Bool, at time: Int64,
        _ test: inout SourceFlowTest, _ random: inout MeasureRandom
    ) {
        for stratum in Self.base.indices {
            source.offsets[stratum] += 0.1 / 365.0.squareRoot() * random.normal()
            let legit = Self.base[stratum] * RealFunctions.exp(world.legit), fraud = (1 - Self.base[stratum]) * RealFunctions.exp(world.fraud) * today
            let odds = legit / fraud * RealFunctions.exp(source.offsets[stratum])
            for _ in 0..<random.poisson(source.perDay / 6 * surge * (legit + fraud)) {
                let isLegit = random.uniform() < odds / (1 + odds) || random.uniform() < turned
                test.observe(model: 0, source: index, stratum: stratum, isLegit: isLegit, at: time)
            }
        }
        guard hasClear else { return }
        for _ in 0..<random.poisson(3 * source.perDay * surge) { test.observe(model: 0, source: index, stratum: nil, isLegit: true, at: time) }
    }

    /// Mean 1, standard deviation 1 / sqrt(shape).
    private func gamma(_ shape: Int, _ random: inout MeasureRandom) -> Double {
        (0..<shape).reduce(0.0) { sum, _ in sum - RealFunctions.log(1 - random.uniform()) } / Double(shape)
    }

    private static func number(_ value: Double) -> String { String((value * 100).rounded() / 100) }
}
