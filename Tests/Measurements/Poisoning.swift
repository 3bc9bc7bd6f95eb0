import VedetteCore

/// A merchant that turns borderline cases legit among honest actors: how soon it is accused, how often an
/// honest one is, and whether the canary speaks before the metric moves.
///
/// **The population.** Each actor's share of legit among its borderline decisions is drawn from a beta distribution
/// around its peers' (concentration 30: standard deviation 9 points), the same in all strata of the score on the
/// log-odds; volumes are log-normal around one borderline label a day. A quarter of an actor's volume is borderline,
/// and half of that is fraud. A poisoner honest for 180 days then turns that much of its volume legit: 1 % of its
/// volume is a twelfth of its borderline fraud, 5 % two fifths, 20 % all of it; at once, or growing evenly over 90 days.
struct Poisoning {
    private static let day: Int64 = 86_400_000
    private static let base = [0.85, 0.75, 0.6, 0.45, 0.3, 0.2]
    /// Borderline fraud as a share of an actor's volume.
    private static let fraudShare = 0.12
    private static let start = 180
    private static let honestActors = 1_000
    private let seeds: Int

    init(_ options: MeasureOptions) { seeds = options.seeds ?? (options.isFull ? 10 : 2) }

    private struct Actor {
        var offset: Double
        var perDay: Double
        /// Share of its volume that it turns; 0 for the honest.
        var turned = 0.0
        var rampDays = 0
    }

    func run() {
        print("label_poisoning and label_canary: \(Self.honestActors) honest actors, poisoners turn from day \(Self.start) on; \(seeds) seeds")
        var delays: [String: [Double?]] = [:], flipped: [String: [Double]] = [:], names: [String] = []
        var falseAccusations = 0, labels = 0
        for seed in 1...seeds {
            let (world, outcome) = simulate(seed: UInt64(seed), days: 545)
            labels += outcome.labels
            for (index, actor) in world.enumerated() {
                guard actor.turned > 0 else {
                    if outcome.accused[index] != nil { falseAccusations += 1 }
                    continue
                }
                let name = "\(Int(actor.turned * 100)) % of its volume, " + (actor.rampDays == 0 ? "at once" : "over \(actor.rampDays) days")
                if delays[name] == nil { names.append(name) }
                delays[name, default: []].append(outcome.accused[index].map { Double($0 - Self.start) })
                flipped[name, default: []].append(Double(outcome.flips[index] ?? 0))
            }
        }
        let years = Double(seeds) * 545 / 365
        print("honest: \(falseAccusations) accused in \(Self.number(years)) years of \(Self.honestActors) actors = \(Self.number(Double(falseAccusations) / years)) a year; \(labels) borderline labels")
        print("poisoner (5 borderline labels a day)       accused   median days   flipped labels until then")
        for name in names {
            let all = delays[name] ?? [], found = all.compactMap { $0 }.sorted()
            let median = found.isEmpty ? "-" : Self.number(found[found.count / 2])
            let flips = (flipped[name] ?? []).sorted()
            print("  " + name.padding(38) + "\(found.count)/\(all.count)".padding(10) + median.padding(14) + Self.number(flips[flips.count / 2]))
        }
        for share in [0.01, 0.05, 0.2] { canary(turned: share) }
    }

    // MARK: One population

    private func population(_ random: inout MeasureRandom) -> [Actor] {
        var actors = (0..<Self.honestActors).map { _ in Actor(offset: random.offset(), perDay: RealFunctions.exp(0.8 * random.normal())) }
        for turned in [0.01, 0.05, 0.2] {
            for ramp in [0, 90] {
                for _ in 0..<5 { actors.append(Actor(offset: random.offset(), perDay: 5, turned: turned, rampDays: ramp)) }
            }
        }
        return actors
    }

    private func simulate(seed: UInt64, days: Int) -> (world: [Actor], outcome: (accused: [Int: Int], flips: [Int: Int], labels: Int)) {
        var random = MeasureRandom(seed: seed)
        let world = population(&random)
        var test = LabelPeerTest(rule: LabelPeerRule())
        let pool = test.addPool()
        var accused: [Int: Int] = [:], flips: [Int: Int] = [:], labels = 0
        for day in 0..<days {
            for (index, actor) in world.enumerated() {
                for _ in 0..<random.poisson(actor.perDay) {
                    let (stratum, isLegit, isFlipped) = label(actor, day, &random)
                    if isFlipped, accused[index] == nil { flips[index, default: 0] += 1 }
                    labels += 1
                    let key = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
                    guard let place = test.observe(pool: pool, stratum: stratum, actor: key, isLegit: isLegit, at: Int64(day) * Self.day) else { continue }
                    if accused[index] == nil, test.isProven(place) { accused[index] = day }
                }
            }
        }
        return (world, (accused, flips, labels))
    }

    private func label(_ actor: Actor, _ day: Int, _ random: inout MeasureRandom) -> (stratum: Int, isLegit: Bool, isFlipped: Bool) {
        let stratum = random.below(6)
        let odds = Self.base[stratum] / (1 - Self.base[stratum]) * RealFunctions.exp(actor.offset)
        if random.uniform() < odds / (1 + odds) { return (stratum, true, false) }
        guard actor.turned > 0, day >= Self.start else { return (stratum, false, false) }
        let grown = actor.rampDays == 0 ? 1 : min(1, Double(day - Self.start) / Double(actor.rampDays))
        let isFlipped = random.uniform() < min(1, actor.turned / Self.fraudShare) * grown
        return (stratum, isFlipped, isFlipped)
    }

    // MARK: Canary

    /// One merchant in ten turns, over 90 days; all merchants' labels are of low trust, and 60 borderline decisions a day
    /// are labelled by a trusted desk. The metric is the fraud rate of borderline decisions over 30 days, all labels.
    private func canary(turned: Double) {
        var spoke: [Double] = [], moved: [Double] = []
        for seed in 1...seeds {
            var random = MeasureRandom(seed: UInt64(1_000 + seed))
            var rule = LabelPeerRule()
            rule.isSelfRelative = true
            var test = LabelPeerTest(rule: rule)
            let pool = test.addPool()
            let actors = (0..<200).map { index in
                Actor(offset: random.offset(), perDay: 1, turned: index % 10 == 0 ? turned : 0, rampDays: 90)
            }
            var days: [(fraud: Int, all: Int)] = []
            var spokeAt: Int?, movedAt: Int?
            for day in 0..<545 where spokeAt == nil || movedAt == nil {
                var today = (fraud: 0, all: 0)
                for actor in actors {
                    for _ in 0..<random.poisson(actor.perDay) {
                        let one = label(actor, day, &random)
                        today.all += 1
                        if !one.isLegit { today.fraud += 1 }
                        let place = test.observe(pool: pool, stratum: one.stratum, actor: 1 << 40, isLegit: one.isLegit, at: Int64(day) * Self.day)
                        if spokeAt == nil, let place, test.isProven(place) { spokeAt = day }
                    }
                }
                for _ in 0..<60 {
                    let one = label(Actor(offset: 0, perDay: 0), day, &random)
                    today.all += 1
                    if !one.isLegit { today.fraud += 1 }
                    _ = test.observe(pool: pool, stratum: one.stratum, actor: 1 << 41, isLegit: one.isLegit, at: Int64(day) * Self.day)
                }
                days.append(today)
                if movedAt == nil, day >= Self.start, Self.rate(days.suffix(30)) < 0.9 * Self.rate(days[60..<180]) { movedAt = day }
            }
            if let spokeAt { spoke.append(Double(spokeAt - Self.start)) }
            if let movedAt { moved.append(Double(movedAt - Self.start)) }
        }
        print("canary, a tenth of the merchants turns \(Int(turned * 100)) % of its volume: " + Self.median(spoke, "speaks") + "; " + Self.median(moved, "metric 10 % lower"))
    }

    private static func rate(_ days: some Sequence<(fraud: Int, all: Int)>) -> Double {
        let sum = days.reduce((fraud: 0, all: 0)) { ($0.fraud + $1.fraud, $0.all + $1.all) }
        return Double(sum.fraud) / Double(max(1, sum.all))
    }

    private static func median(_ values: [Double], _ what: String) -> String {
        values.isEmpty ? "\(what): never" : "\(what) after \(number(values.sorted()[values.count / 2])) days (\(values.count) runs)"
    }

    private static func number(_ value: Double) -> String { String((value * 100).rounded() / 100) }
}

extension String {
    fileprivate func padding(_ width: Int) -> String { self + String(repeating: " ", count: Swift.max(1, width - count)) }
}

extension MeasureRandom {
    /// By the polar method.
    fileprivate mutating func normal() -> Double {
        while true {
            let u = 2 * uniform() - 1, v = 2 * uniform() - 1, s = u * u + v * v
            if s > 0, s < 1 { return u * (-2 * RealFunctions.log(s) / s).squareRoot() }
        }
    }

    /// Log-odds offset of an actor whose legit share is beta around 0.6, concentration 30: ratio of two gammas of integer shape.
    fileprivate mutating func offset() -> Double {
        func gamma(_ shape: Int, _ random: inout MeasureRandom) -> Double {
            (0..<shape).reduce(0.0) { sum, _ in sum - RealFunctions.log(1 - random.uniform()) }
        }
        let legit = gamma(18, &self), fraud = gamma(12, &self)
        return RealFunctions.log(legit / fraud) - RealFunctions.log(1.5)
    }
}
