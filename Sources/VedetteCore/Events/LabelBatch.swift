/// A columnar batch of labels of one source partition, in the order of their offsets.
///
/// `@unchecked Sendable` for the same reason as ``DecisionBatch``.
public final class LabelBatch: @unchecked Sendable {
    /// Index of the source partition in the run's list of inputs.
    public let partition: Int

    public var offset: Column<Int64>
    /// Event time of the label (when it became known), milliseconds since 1970 UTC.
    public var time: Column<Int64>
    public var requestID: Column<RequestID>
    public var requestText: Column<TextRef>
    /// Raw value of an ``Outcome``.
    public var outcome: Column<UInt8>
    /// Such as `chargeback`; ``TextRef/none`` where the record has none.
    public var kind: Column<TextRef>
    /// Source pipeline and actor; ``TextRef/none`` where the record has none.
    public var pipeline: Column<TextRef>
    public var actor: Column<TextRef>
    /// Under what conditions it was given; ``TextRef/none`` where the record does not say.
    public var conditions: Column<TextRef>
    /// Event time of the decision where the label carries it (one look-up instead of many), else `Int64.min`.
    public var decisionTime: Column<Int64>
    /// How many requests this label stands for, above 0; NaN where the record does not say.
    public var samplingWeight: Column<Double>
    public var text: Column<UInt8>

    /// - Parameter rows: rows that it holds before its columns grow.
    public init(partition: Int, reservingRows rows: Int = 0) {
        self.partition = partition
        offset = Column(capacity: rows)
        time = Column(capacity: rows)
        requestID = Column(capacity: rows)
        requestText = Column(capacity: rows)
        outcome = Column(capacity: rows)
        kind = Column(capacity: rows)
        pipeline = Column(capacity: rows)
        actor = Column(capacity: rows)
        conditions = Column(capacity: rows)
        decisionTime = Column(capacity: rows)
        samplingWeight = Column(capacity: rows)
        text = Column(capacity: rows * Self.usualTextBytes)
    }

    /// Text of one row, as a rule.
    private static let usualTextBytes = 64

    @inlinable
    public var count: Int { time.count }

    public func string(_ ref: TextRef) -> String { text.string(ref) }

    func words(_ row: Int) -> LabelWords {
        LabelWords(
            request: string(requestText[row]), kind: string(kind[row]), pipeline: string(pipeline[row]), actor: string(actor[row]),
            conditions: string(conditions[row]))
    }

    /// Takes the newest row back; its text stays in the arena, unused.
    public func removeLast() {
        offset.removeLast(); time.removeLast()
        requestID.removeLast(); requestText.removeLast()
        outcome.removeLast(); kind.removeLast()
        pipeline.removeLast(); actor.removeLast(); conditions.removeLast()
        decisionTime.removeLast(); samplingWeight.removeLast()
    }
}
