import VedetteCore

/// A merchant that turns borderline cases legit among honest actors: how soon it is accused, and how often an honest one is. Then whole
/// sources without actors (``SourcePoisoning``).
///
/// **The population.** Each actor's share of legit among its borderline decisions is drawn from a beta distribution
/// around its peers' (concentration 30: standard deviation 9 points), the same in all strata of the score on the
/// log-odds, and wanders by 0.1 a year; volumes are log-normal around one borderline label a day. A quarter of an actor's
/// volume is borderline, and half of that is fraud. A poisoner honest for 180 days then turns that much of its volume legit:
/// 1 % of its volume is a twelfth of its borderline fraud, 5 % two fifths, 20 % all of it; at once, or growing evenly over
/// 90 days. A chargeback contradicts 1 % of the honest words "legit" and 30 % of the turned ones, 15 to 75 days later.
struct Poisoning {
    private static let day: Int64 = 86_400_000
    private static let base = [0.85, 0.75, 0.6, 0.45, 0.3, 0.2]
    /// Borderline fraud as a share of an actor's volume.
    private static let fraudShare = 0.12
    private static let start = 180
    private static let days = 545
    private static let honestActors = 1_000
    /// Borderline labels a day of a poisoner, and how many of one kind are in a population: few, or they would be their own peers.
    private static let volumes: [(perDay: Double, each: Int)] = [(5, 4), (20, 2), (50, 1)]
    private let seeds: Int

    init(_ options: MeasureOptions) { seeds = options.seeds ?? (options.isFull ? 3 : 1) }

    private struct Actor {
        var offset: Double
        var perDay: Double
        /// Share of its volume that it turns; 0 for the honest.
        var turned = 0.0
        var rampDays = 0

        var name: String {
            "\(Int(perDay)) a day, \(Int(turned * 100)) % of its volume, " + (rampDays == 0 ? "at once" : "over \(rampDays) days")
        }
    }

    private struct Outcome {
        /// Day of the accusation, and labels that were turned before it, by actor.
        var accused: [Int: Int] = [:]
        var flips: [Int: Int] = [:]
        var labels = 0
    }

    func run() {
        print("label_poisoning: \(Self.honestActors) honest actors, poisoners turn from day \(Self.start) on; \(seeds) seeds")
        for hasContradictions in [true, false] {
            print(hasContradictions ? "with chargebacks (1 % of honest words contradicted, 30 % of turned ones)" : "without any more trusted labels")
            accuse(hasContradictions)
        }
        SourcePoisoning(seeds: 4 * seeds).run()
    }

    private func accuse(_ hasContradictions: Bool) {
        var delays: [String: [Double?]] = [:], flipped: [String: [Double]] = [:]
        var early = 0, falseAccusations = 0, labels = 0
        let kinds = Self.volumes.flatMap { volume in Self.poisoners(volume.perDay).map { Array(repeating: $0, count: volume.each) } }
        for (number, poisoners) in Array(repeating: kinds, count: seeds).joined().enumerated() {
            let (world, outcome) = simulate(seed: UInt64(number + 1), poisoners, hasContradictions)
            labels += outcome.labels
            for (index, actor) in world.enumerated() {
                let accused = outcome.accused[index]
                guard actor.turned > 0 else {
                    if accused != nil { falseAccusations += 1 }
                    continue
                }
                if let accused, accused < Self.start { early += 1 }
                delays[actor.name, default: []].append(accused.map { Double($0 - Self.start) })
                flipped[actor.name, default: []].append(Double(outcome.flips[index] ?? 0))
            }
        }
        let years = Double(seeds * kinds.count * Self.days) / 365
        let interval = PoissonInterval(count: falseAccusations)
        print(
            "  honest: \(falseAccusations) accused in \(Self.number(years)) years of \(Self.honestActors) actors = "
                + "\(Self.number(Double(falseAccusations) / years)) a year (95 %: \(Self.number(interval.lower / years)) to \(Self.number(interval.upper / years))); "
                + "\(early) poisoners while still honest; \(labels) borderline labels")
        print("  poisoner, borderline labels                  accused   median days   turned labels until then")
        for actor in kinds.map({ $0[0] }) {
            guard let all = delays[actor.name] else { continue }
            let found = all.compactMap { $0 }.sorted()
            let median = found.count * 2 <= all.count ? "-" : Self.number(found[all.count / 2])
            let flips = (flipped[actor.name] ?? []).sorted()
            print("    " + actor.name.padding(41) + "\(found.count)/\(all.count)".padding(10) + median.padding(14) + Self.number(flips[flips.count / 2]))
        }
    }

    // MARK: One population

    private static func poisoners(_ perDay: Double) -> [Actor] {
        [0.01, 0.05, 0.2].flatMap { turned in [0, 90].map { Actor(offset: 0, perDay: perDay, turned: turned, rampDays: $0) } }
    }

    private func simulate(seed: UInt64, _ poisoners: [Actor], _ hasContradictions: Bool) -> (world: [Actor], outcome: Outcome) {
        var random = MeasureRandom(seed: seed)
        var world = (0..<Self.honestActors).map { _ in Actor(offset: random.offset(), perDay: RealFunctions.exp(0.8 * random.normal())) }
        for var actor in poisoners {
            actor.offset = random.offset()
            world.append(actor)
        }
        var test = LabelPeerTest(rule: LabelPeerRule())
        let pool = test.addPool()
        var outcome = Outcome()
        var chargebacks: [[(actor: Int, stratum: Int)]] = Array(repeating: [], count: Self.days + 100)
        for day in 0..<Self.days {
            let time = Int64(day) * Self.day
            for one in chargebacks[day] { test.contradict(pool: pool, stratum: one.stratum, actor: Self.key(one.actor), at: time) }
            for index in world.indices {
                world[index].offset += 0.1 / 365.0.squareRoot() * random.normal()
                for _ in 0..<random.poisson(world[index].perDay) {
                    let (stratum, isLegit, isFlipped) = label(world[index], day, &random)
                    if isFlipped, outcome.accused[index] == nil { outcome.flips[index, default: 0] += 1 }
                    if hasContradictions, isLegit, random.uniform() < (isFlipped ? 0.3 : 0.01) {
                        chargebacks[day + 15 + random.below(60)].append((index, stratum))
                    }
                    outcome.labels += 1
                    _ = test.observe(pool: pool, stratum: stratum, actor: Self.key(index), isLegit: isLegit, at: time)
                }
            }
            for (index, actor) in world.enumerated() where outcome.accused[index] == nil && (day % 7 == 6 || actor.turned > 0) {
                if let place = test.trials.firstIndex(where: { $0.key == Self.key(index) }), test.isProven(place) { outcome.accused[index] = day }
            }
        }
        return (world, outcome)
    }

    private static func key(_ actor: Int) -> UInt64 { UInt64(actor + 1) &* 0x9E37_79B9_7F4A_7C15 }

    private func label(_ actor: Actor, _ day: Int, _ random: inout MeasureRandom) -> (stratum: Int, isLegit: Bool, isFlipped: Bool) {
        let stratum = random.below(6)
        let odds = Self.base[stratum] / (1 - Self.base[stratum]) * RealFunctions.exp(actor.offset)
        if random.uniform() < odds / (1 + odds) { return (stratum, true, false) }
        guard actor.turned > 0, day >= Self.start else { return (stratum, false, false) }
        let grown = actor.rampDays == 0 ? 1 : min(1, Double(day - Self.start) / Double(actor.rampDays))
        let isFlipped = random.uniform() < min(1, actor.turned / Self.fraudShare) * grown
        return (stratum, isFlipped, isFlipped)
    }

    private static func number(_ value: Double) -> String { String((value * 100).rounded() / 100) }
}

extension String {
    func padding(_ width: Int) -> String { self + String(repeating: " ", count: Swift.max(1, width - count)) }
}

extension MeasureRandom {
    /// By the polar method.
    mutating func normal() -> Double {
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
