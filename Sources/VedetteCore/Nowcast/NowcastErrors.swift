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
/// what that makes of an interval: split conformal prediction over past cohorts of the same age,
/// in a rolling window (Vovk, Gammerman and Shafer 2005; Lei et al. 2018).
///
/// An error is in standard deviations of its own forecast, on the arcsine scale. Before there are
/// errors a normal sample stands in, and it stays among them with its weight.
struct NowcastErrors: Sendable, Equatable {
    /// Ages in cohorts at which nowcasts are kept to be assessed.
    static let ages: [Int64] = [1, 3, 7, 14, 21, 30, 45]
    /// Past errors that are remembered per measure and age.
    static let remembered = 240
    /// Errors of the stand-in.
    static let standIns = 20
    /// The least share of a forecast's variance that counts as settled when it is assessed.
    private static let leastSettled = 0.25

    private struct Kept: Equatable {
        var cohort: Int64
        var slot: Int
        var value: Double
        var spread: Double
    }

    /// Per measure and age, oldest first.
    private var errors: [[Double]]
    /// Nowcasts whose cohorts are not mature yet, in the order in which they were made.
    private var pending: [Kept] = []

    private static let standIn: [Double] = (0..<standIns).map {
        NormalDistribution.quantile(0.5 + (Double($0) + 0.5) / Double(standIns) / 2)
    }

    init() { errors = Array(repeating: [], count: NowcastMeasure.allCases.count * Self.ages.count) }

    private static func slot(_ measure: NowcastMeasure, _ age: Int) -> Int { measure.rawValue * ages.count + age }

    mutating func keep(_ forecast: RatioForecast, _ measure: NowcastMeasure, age: Int, cohort: Int64) {
        pending.append(Kept(cohort: cohort, slot: Self.slot(measure, age), value: forecast.value, spread: forecast.spread))
    }

    /// Compares what was forecast for cohorts up to `cohort` with what is expected of them now.
    ///
    /// A forecast moves like a martingale: from the first to the present one its variance falls by
    /// that of the change. So what is still open now counts as open, and not as a hit.
    mutating func assess(upTo cohort: Int64, present: (Int64, NowcastMeasure) -> RatioForecast?) {
        var waiting: [Kept] = []
        for kept in pending {
            guard kept.cohort <= cohort else {
                waiting.append(kept)
                continue
            }
            guard let measure = NowcastMeasure(rawValue: kept.slot / Self.ages.count), let now = present(kept.cohort, measure) else { continue }
            let variance = kept.spread * kept.spread
            let settled = max(variance - now.spread * now.spread, Self.leastSettled * variance)
            errors[kept.slot].append(abs(RatioForecast.arcsine(now.value) - RatioForecast.arcsine(kept.value)) / settled.squareRoot())
            if errors[kept.slot].count > Self.remembered { errors[kept.slot].removeFirst() }
        }
        pending = waiting
    }

    /// How many past errors stand behind the intervals at an age, in cohorts.
    func count(_ measure: NowcastMeasure, age: Double) -> Int { errors[Self.slot(measure, Self.neighbours(age).low)].count }

    /// Standard deviations to either side that hold a share of past errors; linear between the ages.
    func multiple(_ measure: NowcastMeasure, age: Double, confidence: Double) -> Double {
        let (low, high, share) = Self.neighbours(age)
        let a = quantile(Self.slot(measure, low), confidence)
        return share > 0 ? a + share * (quantile(Self.slot(measure, high), confidence) - a) : a
    }

    private static func neighbours(_ age: Double) -> (low: Int, high: Int, share: Double) {
        guard let after = ages.firstIndex(where: { Double($0) > age }) else { return (ages.count - 1, ages.count - 1, 0) }
        guard after > 0 else { return (0, 0, 0) }
        let (a, b) = (Double(ages[after - 1]), Double(ages[after]))
        return (after - 1, after, (age - a) / (b - a))
    }

    private func quantile(_ slot: Int, _ confidence: Double) -> Double {
        let all = (errors[slot] + Self.standIn).sorted()
        let rank = Int((Double(all.count + 1) * confidence).rounded(.up))
        return all[min(rank, all.count) - 1]
    }
}

extension NowcastErrors: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for list in errors {
            writer.write(count: list.count)
            for error in list { writer.write(double: error) }
        }
        writer.write(count: pending.count)
        for kept in pending {
            writer.write(signed: kept.cohort)
            writer.write(count: kept.slot)
            writer.write(double: kept.value)
            writer.write(double: kept.spread)
        }
    }

    init(from reader: inout ByteReader) throws {
        self.init()
        for slot in errors.indices {
            for _ in 0..<(try reader.readCount(minimumSize: 8)) { errors[slot].append(try reader.readDouble()) }
        }
        for _ in 0..<(try reader.readCount(minimumSize: 18)) {
            let cohort = try reader.readSigned()
            let slot = Int(truncatingIfNeeded: try reader.readVarint())
            guard errors.indices.contains(slot) else { throw CorruptBytes(offset: reader.offset, expected: "a nowcast's measure and age") }
            pending.append(Kept(cohort: cohort, slot: slot, value: try reader.readDouble(), spread: try reader.readDouble()))
        }
    }
}
