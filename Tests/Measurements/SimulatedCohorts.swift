import VedetteCore
import VedetteRuntime

/// Daily cohorts of payments whose fraud rate, recall and label delays all drift: the labels of
/// each day, drawn from a seed.
///
/// About 1,900 decisions a day, 0.9 % fraud with an autocorrelated and an independent part,
/// recall a random walk between a third and three quarters, fraud delays lognormal with a spread
/// of 0.75 about a median that swings by a quarter over 400 days and wanders besides, capped at
/// 120 days; legit labels a sample of 20 %, uniform over 1 to 45 days.
struct SimulatedCohorts {
    struct Label {
        var decision: Decision
        var outcome: Outcome
        var decidedAt: Int64
        var knownAt: Int64
    }

    static let day: Int64 = 86_400_000
    static let legitWeight = 5.0

    private var random: SeededGenerator
    private var rate = 0.0
    private var recall = 0.0
    private var median = 0.0
    /// Factor on the fraud rate, by cohort.
    var wave: (Int) -> Double = { _ in 1 }

    init(seed: UInt64) { random = SeededGenerator(seed: seed) }

    /// Decisions of a cohort, and all labels that they ever get.
    mutating func next(_ cohort: Int) -> (decisions: Int64, labels: [Label]) {
        let angle = 2 * Double.pi * Double(cohort)
        let volume = 1_900 * (1 + 0.15 * Sine.of(angle / 7)) * SimulationMath.exp(0.05 * random.normal())
        rate = 0.97 * rate + 0.05 * random.normal()
        recall = 0.985 * recall + 0.04 * random.normal()
        median = 0.999 * median + 0.012 * random.normal()
        let level = 0.0087 * SimulationMath.exp(rate + 0.1 * random.normal()) * wave(cohort)
        let caught = SimulationMath.logistic(0.4 + recall)
        let delay = 18 * SimulationMath.exp(0.25 * Sine.of(angle / 400) + median)
        var labels: [Label] = []
        let decisions = Int64(volume)
        for _ in 0..<decisions {
            let at = Int64(cohort) * Self.day + Int64(random.unit() * Double(Self.day))
            if random.unit() < level {
                let draw = random.unit()
                let decision: Decision = draw < 0.9 * caught ? .block : draw < 0.95 * caught ? .challenge : .allow
                let scale = decision == .challenge ? 0.8 * delay : delay
                let days = min(119.9, scale * SimulationMath.exp(0.75 * random.normal()))
                labels.append(Label(decision: decision, outcome: .fraud, decidedAt: at, knownAt: at + Int64(days * Double(Self.day))))
            } else if random.unit() < 1 / Self.legitWeight {
                let draw = random.unit()
                let decision: Decision = draw < 0.0003 ? .block : draw < 0.0063 ? .challenge : .allow
                let days = 1 + 44 * random.unit()
                labels.append(Label(decision: decision, outcome: .legit, decidedAt: at, knownAt: at + Int64(days * Double(Self.day))))
            }
        }
        return (decisions, labels)
    }
}

enum Sine {
    /// By the exponential's relatives in ``RealFunctions``; a measurement needs no equal bits everywhere.
    static func of(_ angle: Double) -> Double { RealFunctions.sin(angle) }
}

/// SplitMix64 with the few distributions that the measurements draw from.
struct SeededGenerator {
    private var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z &>> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z &>> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z &>> 31)
    }

    /// In the open interval (0, 1).
    mutating func unit() -> Double { (Double(next() &>> 12) + 0.5) * 0x1p-52 }
    mutating func normal() -> Double { SimulationMath.normalQuantile(unit()) }
}
