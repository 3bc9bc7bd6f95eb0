/// A columnar batch of labels of one source partition, in the order of their offsets.
///
/// `@unchecked Sendable` for the same reason as ``DecisionBatch``.
public final class LabelBatch: @unchecked Sendable {
    /// Index of the source partition in the run's list of inputs.
    public let partition: Int

    public var offset = ContiguousArray<Int64>()
    /// Event time of the label (when it became known), milliseconds since 1970 UTC.
    public var time = ContiguousArray<Int64>()
    public var requestID = ContiguousArray<RequestID>()
    public var requestText = ContiguousArray<TextRef>()
    /// Raw value of an ``Outcome``.
    public var outcome = ContiguousArray<UInt8>()
    /// Such as `chargeback`; ``TextRef/none`` where the record has none.
    public var kind = ContiguousArray<TextRef>()
    /// Source pipeline and actor; ``TextRef/none`` where the record has none.
    public var pipeline = ContiguousArray<TextRef>()
    public var actor = ContiguousArray<TextRef>()
    /// Event time of the decision where the label carries it (one look-up instead of many), else `Int64.min`.
    public var decisionTime = ContiguousArray<Int64>()
    /// How many requests this label stands for, above 0; NaN where the record does not say.
    public var samplingWeight = ContiguousArray<Double>()
    public var text = ContiguousArray<UInt8>()

    public init(partition: Int) { self.partition = partition }

    @inlinable
    public var count: Int { time.count }

    public func string(_ ref: TextRef) -> String { text.string(ref) }

    func words(_ row: Int) -> LabelWords {
        LabelWords(request: string(requestText[row]), kind: string(kind[row]), pipeline: string(pipeline[row]), actor: string(actor[row]))
    }

    /// Takes the newest row back; its text stays in the arena, unused.
    public func removeLast() {
        offset.removeLast(); time.removeLast()
        requestID.removeLast(); requestText.removeLast()
        outcome.removeLast(); kind.removeLast()
        pipeline.removeLast(); actor.removeLast()
        decisionTime.removeLast(); samplingWeight.removeLast()
    }
}
