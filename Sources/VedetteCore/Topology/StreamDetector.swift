/// Follows every decision and label in the one order and speaks at pane boundaries.
///
/// A detector is a function of what it observes and of nothing else: no clock, no randomness
/// but keyed hashing, and nothing whose order depends on a hash table's. Its memory is bounded
/// by its own configuration, whatever the input.
protocol StreamDetector {
    /// The next decisions, some together: what looks at many in a row costs much less than what is called for each among other work.
    ///
    /// - Parameter names: of the values in their rows, by dimension.
    mutating func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>)
    /// A label, when it joins its decision: at once, or when the decision comes.
    mutating func observe(_ label: borrowing ObservedLabel)
    /// A label whose decision never came.
    mutating func observe(orphan: PendingLabel, at time: Int64)
    /// Called at every pane boundary, in order, after everything before it has been observed.
    mutating func close(at boundary: Int64) -> [IncidentReport]

    /// Whether it holds back labels of anybody of this source now: only then is an actor's name read. O(cases).
    func quarantines(source: Int, model: Int) -> Bool
    /// Whether labels of this actor count for nothing for now.
    func isQuarantined(source: Int, actor: String, model: Int) -> Bool
    /// Whether a label of this actor, of that event time (ms), was under suspicion or has come to be. O(accusations).
    func isSuspected(source: Int, actor: String, model: Int, at time: Int64) -> Bool

    /// Whether it still judges what an incident of its own is about. Asked after a restore of each that is open: another configuration
    /// may have no rule for it any more, and then nobody would end it.
    func stands(_ identity: AlertIdentity) -> Bool

    func encode(into writer: inout ByteWriter)
    /// Throws ``CorruptBytes`` where the bytes are not of this kind of detector.
    mutating func restore(from reader: inout ByteReader) throws
}

/// What a detector does not look at. Who looks at decisions or at labels is told by ``DetectorSpec/Rule``, which is asked before.
extension StreamDetector {
    mutating func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>) {}
    mutating func observe(_ label: borrowing ObservedLabel) {}
    mutating func observe(orphan: PendingLabel, at time: Int64) {}
    func stands(_ identity: AlertIdentity) -> Bool { true }
    func quarantines(source: Int, model: Int) -> Bool { false }
    func isQuarantined(source: Int, actor: String, model: Int) -> Bool { false }
    func isSuspected(source: Int, actor: String, model: Int, at time: Int64) -> Bool { false }
}

/// One decision as a detector sees it. The row of the batch holds what the join does not keep:
/// features, amount, signals, full entity digests, the request's text.
struct ObservedDecision {
    let row: DecisionRow
    let batch: DecisionBatch
    /// Row of `batch`.
    let index: Int
    /// When it takes effect, ms: its event time, or its partition's watermark if it was late.
    let effective: Int64
    /// False for the first of its ID, late ones too. Another decision under an ID that was used before counts nowhere else, but it was
    /// made, and whoever chooses the ID could hide behind it. Its row has numbers only for names that were known already.
    let isConflict: Bool
}

/// One label as a detector sees it.
struct ObservedLabel {
    let words: LabelWords
    let id: RequestID
    /// Row of the registry of label sources; -1 is unlisted.
    let source: Int
    let entry: LabelEntry
    let decision: DecisionRow
    let effect: LabelEffect
    /// Words that it settles by its trust, its own among them where it is settled already.
    let verdicts: [LabelVerdict]
    /// Names of the values in the decision's row.
    let dimensions: ContiguousArray<Interner>
    let effective: Int64

    /// What its source says that it did not say of this request before; nil where that is nothing.
    var word: Outcome? {
        switch effect.kind {
        case .new: entry.outcome == .withdrawn ? nil : entry.outcome
        case .changed: entry.outcome == replaced?.outcome ? nil : entry.outcome
        case .withdrawn, .repeated, .superseded, .dropped: nil
        }
    }

    /// What its source said of the request before; nil where it is its first word.
    var replaced: LabelEntry? { effect.stood.first { $0.source == entry.source } }

    /// Its source is registered, and had the right to say it.
    var isByRight: Bool { source >= 0 && entry.standing != .inadmissible }
}
