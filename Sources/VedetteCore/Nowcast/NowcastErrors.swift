/// The quantities that are nowcast.
public enum NowcastMeasure: Int, CaseIterable, Sendable {
    /// Weighted fraud over weighted labels.
    case fraudRate
    /// Fraud that was blocked, and fraud that was blocked or challenged, over all fraud.
    case recallAtBlock, recallAtIntervention
    /// Fraud over labels, of what was blocked, and of what was blocked or challenged.
    case precisionAtBlock, precisionAtIntervention

    package var numerator: [LabelStream] {
        switch self {
        case .fraudRate: LabelStream.fraud
        case .recallAtBlock, .precisionAtBlock: [.fraudBlocked]
        case .recallAtIntervention, .precisionAtIntervention: [.fraudChallenged, .fraudBlocked]
        }
    }

    /// What the numerator is a share of, without itself.
    package var complement: [LabelStream] {
        switch self {
        case .fraudRate: LabelStream.legit
        case .recallAtBlock: [.fraudPassed, .fraudChallenged]
        case .recallAtIntervention: [.fraudPassed]
        case .precisionAtBlock: [.legitBlocked]
        case .precisionAtIntervention: [.legitChallenged, .legitBlocked]
        }
    }
}

/// How far off past nowcasts were, by measure and by the cohort's age when they were made, and
/// what that makes of an interval.
///
/// Two things are learned. The *shape*: errors of cohorts that are nearly mature, in standard
/// deviations of their own forecast on the arcsine scale; their quantiles are the multiples of the
/// spread (split conformal prediction in a rolling window: Vovk, Gammerman and Shafer 2005; Lei et
/// al. 2018). Before there are errors a normal sample stands in, and it stays among them with its
/// weight. The *scale*: errors of neighbouring cohorts are alike, the last ones are months old and
/// delays drift, so such quantiles alone hold too little. Hence each confidence at each age has a
/// factor that grows when an interval turns out not to hold the final value and shrinks when it
/// does, by steps whose balance is the promised share (adaptive conformal inference: Gibbs and
/// Candès 2021; on the width instead of the level: Angelopoulos, Candès and Tibshirani 2023). The steps
/// add up, so over n final cohorts the share held is within ``mostLogFactor`` / (step x n) of the promised
/// one whatever the delays do, as long as the factor does not reach its bounds.
struct NowcastErrors: Sendable, Equatable {
    /// Ages in cohorts at which nowcasts are kept to be assessed.
    static let ages: [Int64] = [1, 3, 7, 14, 21, 30, 45]
    /// Confidences of the intervals.
    static let confidences = [0.8, 0.95]
    /// Past errors that are remembered per measure and age.
    static let remembered = 240
    /// Errors of the stand-in.
    static let standIns = 20
    /// The least share of a forecast's variance that counts as settled when it is assessed.
    private static let leastSettled = 0.25
    /// Factors reach from a quarter to four.
    private static let mostLogFactor = 1.386

    private struct Kept: Equatable {
        var cohort: Int64
        var slot: Int
        var middle: Double
        var spread: Double
        /// Per confidence.
        var intervals: [HeldInterval]
        /// Its error is among the errors.
        var isCompared = false
    }

    /// Per measure and age, oldest first.
    private var errors: [[Double]]
    /// Per measure, age and confidence: logarithm of the factor.
    private var logFactors: [Double]
    /// Nowcasts whose cohorts are not final yet, in the order in which they were made.
    private var pending: [Kept] = []
    /// What a factor moves by: a miss is known a horizon later, and a larger step would swing.
    private let step: Double

    private static let standIn: [Double] = (0..<standIns).map {
        NormalDistribution.quantile(0.5 + (Double($0) + 0.5) / Double(standIns) / 2)
    }
    private static let slots = NowcastMeasure.allCases.count * ages.count

    /// - Parameter horizon: cohorts until a label is no longer waited for.
    init(horizon: Int64) {
        errors = Array(repeating: [], count: Self.slots)
        logFactors = Array(repeating: 0, count: Self.slots * Self.confidences.count)
        step = min(0.02, 1.2 / Double(max(1, horizon)))
    }

    private static func slot(_ measure: NowcastMeasure, _ age: Int) -> Int { measure.rawValue * ages.count + age }

    mutating func keep(_ forecast: RatioForecast, _ measure: NowcastMeasure, age: Int, cohort: Int64) {
        pending.append(
            Kept(
                cohort: cohort, slot: Self.slot(measure, age), middle: forecast.middle, spread: forecast.spread,
                intervals: intervals(forecast, measure, age: Double(Self.ages[age]))))
    }

    /// Compares what was forecast with what is expected now of cohorts up to `mature`, and with what has become of those up to `final`.
    ///
    /// A forecast moves like a martingale: from the first to the present one its variance falls by
    /// that of the change. So what is still open now counts as open, and not as a hit.
    mutating func assess(mature: Int64, final: Int64, present: (Int64, NowcastMeasure) -> RatioForecast?) {
        var waiting: [Kept] = []
        waiting.reserveCapacity(pending.count)
        for var kept in pending {
            let isFinal = kept.cohort <= final
            guard isFinal || (kept.cohort <= mature && !kept.isCompared) else {
                waiting.append(kept)
                continue
            }
            guard let measure = NowcastMeasure(rawValue: kept.slot / Self.ages.count), let now = present(kept.cohort, measure) else { continue }
            if !kept.isCompared { compare(kept, now) }
            kept.isCompared = true
            if isFinal { follow(kept, now.value) } else { waiting.append(kept) }
        }
        pending = waiting
    }

    private mutating func compare(_ kept: Kept, _ now: RatioForecast) {
        // A share that ends at 0 or 1 says nothing of how far the others are off.
        guard now.zero + now.one < 0.5 else { return }
        let variance = kept.spread * kept.spread
        let settled = max(variance - now.spread * now.spread, Self.leastSettled * variance)
        errors[kept.slot].append(abs(now.middle - kept.middle) / settled.squareRoot())
        if errors[kept.slot].count > Self.remembered { errors[kept.slot].removeFirst() }
    }

    private mutating func follow(_ kept: Kept, _ actual: Double) {
        let slack = 1e-9
        for (index, held) in kept.intervals.enumerated() {
            let isMissed = actual < held.interval.lower - slack || actual > held.interval.upper + slack
            let place = kept.slot * Self.confidences.count + index
            let moved = logFactors[place] + step * ((isMissed ? 1 : 0) - (1 - held.holds))
            logFactors[place] = min(max(moved, -Self.mostLogFactor), Self.mostLogFactor)
        }
    }

    /// How many past errors stand behind the intervals at an age, in cohorts.
    func count(_ measure: NowcastMeasure, age: Double) -> Int { errors[Self.slot(measure, Self.neighbours(age).low)].count }

    /// Per confidence the interval of a forecast made at an age in cohorts, each within the next, and the probability with which it holds.
    func intervals(_ forecast: RatioForecast, _ measure: NowcastMeasure, age: Double) -> [HeldInterval] {
        var all: [HeldInterval] = []
        for (index, confidence) in Self.confidences.enumerated() {
            var one = forecast.interval(confidence) { multiple(measure, age: age, $0, index) }
            if let inner = all.last?.interval {
                one.interval = Interval(lower: min(one.interval.lower, inner.lower), upper: max(one.interval.upper, inner.upper))
            }
            all.append(one)
        }
        return all
    }

    /// Standard deviations to either side that hold a share of past errors, times the factor of a confidence; linear between the ages.
    private func multiple(_ measure: NowcastMeasure, age: Double, _ share: Double, _ confidence: Int) -> Double {
        let (low, high, part) = Self.neighbours(age)
        func one(_ age: Int) -> Double {
            let slot = Self.slot(measure, age)
            return quantile(slot, share) * RealFunctions.exp(logFactors[slot * Self.confidences.count + confidence])
        }
        let a = one(low)
        return part > 0 ? a + part * (one(high) - a) : a
    }

    private static func neighbours(_ age: Double) -> (low: Int, high: Int, share: Double) {
        guard let after = ages.firstIndex(where: { Double($0) > age }) else { return (ages.count - 1, ages.count - 1, 0) }
        guard after > 0 else { return (0, 0, 0) }
        let (a, b) = (Double(ages[after - 1]), Double(ages[after]))
        return (after - 1, after, (age - a) / (b - a))
    }

    private func quantile(_ slot: Int, _ confidence: Double) -> Double {
        let all = (errors[slot] + Self.standIn).sorted()
        // What rounding adds to a whole rank must not make it the next.
        let rank = Int((Double(all.count + 1) * confidence - 1e-9).rounded(.up))
        return all[max(1, min(rank, all.count)) - 1]
    }
}

extension NowcastErrors {
    func encode(into writer: inout ByteWriter) {
        for list in errors {
            writer.write(count: list.count)
            for error in list { writer.write(double: error) }
        }
        for factor in logFactors { writer.write(double: factor) }
        writer.write(count: pending.count)
        for kept in pending {
            writer.write(signed: kept.cohort)
            writer.write(count: kept.slot)
            writer.write(bool: kept.isCompared)
            writer.write(double: kept.middle)
            writer.write(double: kept.spread)
            for held in kept.intervals { for value in [held.interval.lower, held.interval.upper, held.holds] { writer.write(double: value) } }
        }
    }

    /// Into a value that has learned nothing yet.
    mutating func restore(from reader: inout ByteReader) throws {
        for slot in errors.indices {
            for _ in 0..<(try reader.readCount(minimumSize: 8)) { errors[slot].append(try reader.readDouble()) }
        }
        for place in logFactors.indices { logFactors[place] = try reader.readDouble() }
        for _ in 0..<(try reader.readCount(minimumSize: 19)) {
            let cohort = try reader.readSigned()
            let slot = Int(truncatingIfNeeded: try reader.readVarint())
            guard errors.indices.contains(slot) else { throw CorruptBytes(offset: reader.offset, expected: "a nowcast's measure and age") }
            let isCompared = try reader.readBool()
            let (middle, spread) = (try reader.readDouble(), try reader.readDouble())
            let intervals = try Self.confidences.map { _ in
                HeldInterval(interval: Interval(lower: try reader.readDouble(), upper: try reader.readDouble()), holds: try reader.readDouble())
            }
            pending.append(Kept(cohort: cohort, slot: slot, middle: middle, spread: spread, intervals: intervals, isCompared: isCompared))
        }
    }
}
