/// A metric that `label_canary` follows with and without the labels of low trust.
public enum CanaryMetric: String, Sendable, CaseIterable {
    /// Of borderline decisions with a truth, the share that is fraud.
    case fraudRate = "fraud_rate"
    /// Of fraud, the share that was not stopped: 1 - recall at challenge, block or escalate.
    case falseNegativeRate = "false_negative_rate"
    /// Of stopped decisions with a truth, the share that is fraud.
    case precision

    /// The stratum of a decision that the metric rests on where its label may be turned; nil for any other.
    ///
    /// A missed fraud is a decision that passed, from the lowest score on: those below the borderline are one stratum.
    func stratum(_ cell: CanaryCell) -> Int? {
        switch self {
        case .fraudRate: cell.stratum
        case .falseNegativeRate: cell.isStopped ? nil : cell.stratum.map { min(LabelPeerTest.strata - 1, $0 + 1) } ?? 0
        case .precision: cell.isStopped ? cell.stratum ?? 0 : nil
        }
    }
}

/// Which way labels of low trust may turn.
enum CanaryTurn: Int, CaseIterable {
    /// Fraud is called legit.
    case toLegit
    /// What is honest is called fraud.
    case toFraud

    /// What turned labels say.
    var outcome: Outcome { self == .toLegit ? .legit : .fraud }
    /// What trusted labels say of them.
    var truth: Outcome { self == .toLegit ? .fraud : .legit }
}

/// What the metrics need to know of a decision.
package struct CanaryCell: Equatable {
    /// Of a borderline score; nil below.
    package var stratum: Int?
    package var isStopped: Bool

    package init(stratum: Int?, isStopped: Bool) {
        self.stratum = stratum
        self.isStopped = isStopped
    }
}

/// The metrics of one model as its labels stand, all of them and those above low trust alone, over the decisions of the last ``days`` days.
///
/// Counts by day of the decision and truth, so a label that comes late, changes or is withdrawn goes to, and leaves, the cell that it was counted in:
/// what stands equals what a batch job over all label sets would count. O(1) per label, 10 kB.
package struct CanaryLedger: Equatable {
    package static let days = 90

    /// Decisions by truth.
    struct Counts: Equatable {
        var borderlineFraud: Int64 = 0
        var borderlineLegit: Int64 = 0
        var missed: Int64 = 0
        var caught: Int64 = 0
        var stoppedLegit: Int64 = 0

        mutating func add(_ truth: Outcome, _ cell: CanaryCell, _ count: Int64) {
            let isFraud = truth == .fraud
            if cell.stratum != nil { if isFraud { borderlineFraud += count } else { borderlineLegit += count } }
            if isFraud { if cell.isStopped { caught += count } else { missed += count } } else if cell.isStopped { stoppedLegit += count }
        }

        mutating func add(_ other: Counts) {
            borderlineFraud += other.borderlineFraud
            borderlineLegit += other.borderlineLegit
            missed += other.missed
            caught += other.caught
            stoppedLegit += other.stoppedLegit
        }

        /// nan where nothing tells it.
        func value(_ metric: CanaryMetric) -> Double {
            let (part, rest) = switch metric {
            case .fraudRate: (borderlineFraud, borderlineLegit)
            case .falseNegativeRate: (missed, caught)
            case .precision: (caught, stoppedLegit)
            }
            return part + rest > 0 ? Double(part) / Double(part + rest) : .nan
        }
    }

    private var all = Array(repeating: Counts(), count: CanaryLedger.days)
    private var trusted = Array(repeating: Counts(), count: CanaryLedger.days)
    private var newest: Int64 = .min

    package init() {}

    /// Forgets the decisions of days that have left the window.
    package mutating func pass(to time: Int64) {
        let today = floorDivide(time, 86_400_000)
        guard today > newest else { return }
        for day in max(newest == .min ? .min : newest + 1, today - Int64(Self.days) + 1)...today {
            all[place(day)] = Counts()
            trusted[place(day)] = Counts()
        }
        newest = today
    }

    private func place(_ day: Int64) -> Int {
        let days = Int64(Self.days)
        return Int(day - floorDivide(day, days) * days)
    }

    /// A label joined: the words on its decision before and after it.
    package mutating func observe(_ before: [LabelEntry], _ after: [LabelEntry], _ cell: CanaryCell, decided: Int64) {
        let day = floorDivide(decided, 86_400_000)
        guard day <= newest, day > newest - Int64(Self.days) else { return }
        for (words, count) in [(before, Int64(-1)), (after, 1)] {
            if let truth = LabelSet.truth(words)?.outcome { all[place(day)].add(truth, cell, count) }
            if let truth = LabelSet.truth(words, above: LabelCanary.lowTier)?.outcome { trusted[place(day)].add(truth, cell, count) }
        }
    }

    /// The metric with all labels, and without those of low trust; nan where nothing tells it.
    package func values(_ metric: CanaryMetric) -> (all: Double, trusted: Double) {
        func sum(_ days: [Counts]) -> Counts { days.reduce(into: Counts()) { $0.add($1) } }
        return (sum(all).value(metric), sum(trusted).value(metric))
    }
}

extension CanaryLedger: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: newest)
        for counts in all + trusted {
            for value in [counts.borderlineFraud, counts.borderlineLegit, counts.missed, counts.caught, counts.stoppedLegit] { writer.write(signed: value) }
        }
    }

    package init(from reader: inout ByteReader) throws {
        func read() throws -> Counts {
            Counts(
                borderlineFraud: try reader.readSigned(), borderlineLegit: try reader.readSigned(), missed: try reader.readSigned(),
                caught: try reader.readSigned(), stoppedLegit: try reader.readSigned())
        }
        newest = try reader.readSigned()
        for day in all.indices { all[day] = try read() }
        for day in trusted.indices { trusted[day] = try read() }
    }
}
