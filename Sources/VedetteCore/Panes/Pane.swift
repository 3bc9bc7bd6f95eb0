/// Everything that is measured of one series (model, version, slice) in one bucket of time.
///
/// Panes merge: the merge of the panes of two buckets is the pane of both. Counts,
/// histograms and extremes merge exactly and in any order; means and variances are merged
/// in time order by Chan's formulas.
public final class Pane {
    // First what a label changes, side by side: it reaches some twenty panes that are in no cache.

    /// Most panes of small slices never get a label, and should not keep room for what comes with one. Who reads or changes some of it
    /// does so in here: ``outcomes`` copies all of it, which is most of the cost where many panes are read.
    package private(set) var boxedOutcomes: OutcomesBox?
    /// Labels by inverse probability; nil while each of them stands for itself.
    public internal(set) var explored: ExplorationOutcomes?
    public internal(set) var fraudSamples = SampleSet()
    /// Event time, ms, at which it was read or corrected last, once it has closed; see ``PaneStore/packIdle()``.
    var usedAt: Int64 = 0
    /// Changed since the last checkpoint.
    var isDirty = true
    /// A checkpoint has it, if maybe not as it is.
    var isSaved = false
    /// By label arrival: labels that now stand and arrived in this pane.
    public internal(set) var arrivedFraud: Int64 = 0
    public internal(set) var arrivedLegit: Int64 = 0
    /// Of the labels that arrived; nil until the first.
    public internal(set) var delays: LabelDelays?
    /// By delay: the labels that arrived in this pane, and those of its decisions.
    public internal(set) var arrivedAges = LabelAges()
    public var outcomeAges: LabelAges { boxedOutcomes?.ages ?? LabelAges() }
    public internal(set) var decisions = DecisionCounts()
    /// Decisions that rest on the model score alone, of those that say.
    public internal(set) var modelOnly: Int64 = 0
    public internal(set) var signalsKnown: Int64 = 0
    public internal(set) var score = Moments()
    /// What a window adds up waits for somebody to read it: windows that others are compared with are mostly asked for something else.
    public internal(set) var scores: ScoreSketch {
        get {
            if !waitingScores.isEmpty { mergeWaitingScores() }
            return mergedScores
        }
        _modify {
            if !waitingScores.isEmpty { mergeWaitingScores() }
            yield &mergedScores
        }
    }
    private var mergedScores: ScoreSketch
    private var waitingScores: ContiguousArray<ScoreSketch> = []
    /// Of ``SparseCounts/addresses``.
    @inline(__always)
    var scoreAddresses: InlineArray<2, UnsafeRawPointer?> { mergedScores.addresses }
    public internal(set) var latency = Moments()
    public internal(set) var latencies: QuantileSketch
    /// Decisions that came after their partition's watermark and still counted.
    public internal(set) var late: Int64 = 0
    public internal(set) var duplicates: Int64 = 0
    public internal(set) var conflicts: Int64 = 0
    /// One per feature of the schema, or empty where features are not measured.
    public internal(set) var features: ContiguousArray<FeatureAggregate>
    /// Money, thresholds, status, cost; nil until a record says something of these.
    public internal(set) var operations: Operations?
    /// By decision time; nil until the first label.
    public var outcomes: Outcomes? { boxedOutcomes?.outcomes }
    /// Of all decisions. Those with a fault have their own: ``FeatureAggregate/missingSamples``, ``Operations/failedSamples``.
    public internal(set) var samples = SampleSet()
    /// Scores of the decisions that intervened; nil without any.
    public internal(set) var acted: ActedScores?
    /// Decisions with fields that are not declared; nil without any.
    public internal(set) var undeclared: UndeclaredCounts?

    init(_ configuration: PaneConfiguration, features count: Int) {
        mergedScores = ScoreSketch(maxEntries: configuration.scoreEntries)
        latencies = QuantileSketch(accuracy: configuration.quantileAccuracy, maxBins: configuration.quantileBins)
        features = ContiguousArray(repeating: FeatureAggregate(configuration), count: count)
    }

    var hasOutcomes: Bool { boxedOutcomes != nil }

    public var total: Int64 { decisions.total }
    public var labelled: Int64 { boxedOutcomes?.outcomes.labelled ?? 0 }
    public var arrived: Int64 { arrivedFraud + arrivedLegit }
    public var isEmpty: Bool { total == 0 && labelled == 0 && arrived == 0 && duplicates == 0 && conflicts == 0 }

    /// Of the decisions that lack at least one of some features.
    func missingSamples(ofAny features: [Int]) -> SampleSet {
        features.reduce(into: SampleSet()) { if $1 < self.features.count { $0.merge(self.features[$1].missingSamples) } }
    }

    func merge(_ other: Pane, configuration: PaneConfiguration) { merge([other], configuration: configuration) }

    /// Merges panes in the order of their time. What is small is merged one after the other;
    /// sketches take all of theirs at once.
    func merge(_ others: ContiguousArray<Pane>, configuration: PaneConfiguration) {
        if others.count > 1 { Self.expectSketches(of: others) }
        // Before the labels themselves: it makes itself from those where it is not there.
        mergeActed(others, configuration)
        for other in others {
            decisions.merge(other.decisions)
            modelOnly += other.modelOnly
            signalsKnown += other.signalsKnown
            score.merge(other.score)
            latency.merge(other.latency)
            late += other.late
            duplicates += other.duplicates
            conflicts += other.conflicts
            if let theirs = other.operations {
                if operations == nil { operations = Operations() }
                operations?.merge(theirs)
            }
            if let theirs = other.undeclared {
                if undeclared == nil { undeclared = UndeclaredCounts() }
                undeclared?.merge(theirs)
            }
            arrivedFraud += other.arrivedFraud
            arrivedLegit += other.arrivedLegit
            arrivedAges.merge(other.arrivedAges)
            samples.merge(other.samples)
            fraudSamples.merge(other.fraudSamples)
        }
        if others.count > 1 { waitingScores += others.lazy.map(\.scores) } else { scores.merge(ContiguousArray(others.lazy.map(\.scores))) }
        latencies.merge(ContiguousArray(others.lazy.map(\.latencies)))
        for index in features.indices { features[index].merge(others, at: index) }
        let theirDelays = ContiguousArray(others.lazy.compactMap(\.delays))
        if !theirDelays.isEmpty {
            if delays == nil { delays = LabelDelays() }
            delays?.merge(theirDelays)
        }
        let theirs = ContiguousArray(others.lazy.compactMap(\.boxedOutcomes))
        if !theirs.isEmpty { madeOutcomes(scoreEntries: configuration.scoreEntries).merge(theirs) }
        isDirty = true
    }

    @inline(never)
    private func mergeWaitingScores() {
        let waiting = waitingScores
        waitingScores = []
        mergedScores.merge(waiting)
    }

    /// Folds pending adds in, so that reading it several times costs nothing extra.
    func compact() {
        scores.compact()
        acted?.compact()
        latencies.compact()
        for index in features.indices { features[index].compact() }
        boxedOutcomes?.outcomes.compact()
        delays?.compact()
    }

    /// ``boxedOutcomes`` without a reference count: valid as long as the pane is.
    @inline(__always)
    var unownedOutcomes: Unmanaged<OutcomesBox>? {
        if let boxedOutcomes { return .passUnretained(boxedOutcomes) }
        return nil
    }

    /// What labels say, made where there was none yet.
    func madeOutcomes(scoreEntries: Int) -> OutcomesBox {
        if let boxedOutcomes { return boxedOutcomes }
        let made = OutcomesBox(Outcomes(scoreEntries: scoreEntries))
        boxedOutcomes = made
        return made
    }

    /// Gives back the memory that only an open pane needs.
    func seal() {
        scores.seal()
        acted?.seal()
        latencies.seal()
        for index in features.indices { features[index].seal() }
        delays?.seal()
    }

    /// - Parameter hash: of request IDs; needed where ``encode(into:hash:)`` had it.
    /// - Throws: ``CorruptBytes``.
    public init(from reader: inout ByteReader, hash: KeyedHash? = nil) throws {
        let labelled = try reader.readSigned()
        var counts = try reader.readSparse(of: Self.countsStated)
        for decision in Decision.allCases { decisions.add(decision, try counts.next(&reader)) }
        modelOnly = try counts.next(&reader)
        signalsKnown = try counts.next(&reader)
        late = try counts.next(&reader)
        duplicates = try counts.next(&reader)
        conflicts = try counts.next(&reader)
        arrivedFraud = try counts.next(&reader)
        arrivedLegit = try counts.next(&reader)
        let parts = Parts(rawValue: try reader.readVarint())
        guard parts.isSubset(of: .all) else { throw CorruptBytes(offset: reader.offset, expected: "parts of a pane") }
        if parts.contains(.samples) { samples = try SampleSet(from: &reader, hash) }
        score = try Moments(from: &reader)
        mergedScores = try ScoreSketch(from: &reader)
        latency = try Moments(from: &reader)
        latencies = try QuantileSketch(from: &reader)
        features = []
        for _ in 0..<(parts.contains(.features) ? try reader.readCount() : 0) {
            features.append(try FeatureAggregate(from: &reader, hash, besides: samples))
        }
        boxedOutcomes = parts.contains(.outcomes) ? OutcomesBox(try Outcomes(from: &reader)) : nil
        operations = parts.contains(.operations) ? try Operations(from: &reader, hash, besides: samples) : nil
        delays = parts.contains(.delays) ? try LabelDelays(from: &reader) : nil
        if parts.contains(.arrivedAges) { arrivedAges = try LabelAges(from: &reader) }
        if parts.contains(.outcomeAges) {
            guard let boxedOutcomes else { throw CorruptBytes(offset: reader.offset, expected: "outcomes where there are ages of labels") }
            boxedOutcomes.ages = try LabelAges(from: &reader)
        }
        acted = parts.contains(.acted) ? try ActedScores(from: &reader) : nil
        explored = parts.contains(.explored) ? try ExplorationOutcomes(from: &reader) : nil
        undeclared = parts.contains(.undeclared) ? try UndeclaredCounts(from: &reader) : nil
        if parts.contains(.fraudSamples) { fraudSamples = try SampleSet(from: &reader, hash) }
        isDirty = false
        isSaved = true
        guard labelled == self.labelled else { throw CorruptBytes(offset: reader.offset, expected: "as many labels as stated") }
    }
}

/// Beside the outcomes their ages, which every label changes too.
package final class OutcomesBox {
    var ages = LabelAges()
    package internal(set) var outcomes: Outcomes
    init(_ outcomes: Outcomes) { self.outcomes = outcomes }

    func merge(_ others: ContiguousArray<OutcomesBox>) {
        for other in others { ages.merge(other.ages) }
        outcomes.merge(others)
    }
}
