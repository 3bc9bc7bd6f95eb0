/// A columnar batch of decisions of one source partition, in the order of their offsets.
///
/// Row `r` of every column belongs to the same record. `featureState` and `featureValue`
/// are row-major with a stride of `schema.features.count`, `dimensions` with
/// `schema.dimensions.count`, `entities` with `schema.entities.count`.
///
/// `@unchecked Sendable`: one decoder fills a batch, and nobody writes to it after it is
/// handed on; the hand-over is the synchronisation.
public final class DecisionBatch: @unchecked Sendable {
    public let schema: EventSchema
    /// Index of the source partition in the run's list of inputs.
    public let partition: Int

    public var offset: Column<Int64>
    /// Event time, milliseconds since 1970 UTC.
    public var time: Column<Int64>
    public var requestID: Column<RequestID>
    public var requestText: Column<TextRef>
    /// Index into `schema.models`, or ``OtherModels/index``: of such a row only time and request ID mean anything.
    public var model: Column<UInt16>
    public var version: Column<TextRef>
    /// In [0, 1].
    public var score: Column<Double>
    /// Raw value of a ``Decision``.
    public var decision: Column<UInt8>
    /// Milliseconds, NaN where the record has none.
    public var latencyMs: Column<Double>
    /// Money at stake, NaN where the record has none.
    public var amount: Column<Double>
    /// Raw value of a ``SignalUse``.
    public var signals: Column<UInt8>
    /// Bit `i` for signal `i` of `schema.signals`, bit 63 for any other name; 0 where the record has none.
    public var signalSet: Column<UInt64>
    /// Cost of the request in the deployment's unit, NaN where the record has none.
    public var cost: Column<Double>
    /// Raw value of a ``RequestStatus``.
    public var status: Column<UInt8>
    /// Probability with which the policy lets a request like this one through, in [0, 1]; NaN where the record has none.
    public var explorationProbability: Column<Double>
    /// What is decided about, such as `password_reset`; ``TextRef/none`` where the record has none.
    public var action: Column<TextRef>
    /// Who or what forced the decision past the model, `true` where only that is known; ``TextRef/none`` where nobody did.
    public var override: Column<TextRef>
    /// Operating thresholds on the score, NaN where the record has none.
    public var thresholdChallenge: Column<Double>
    public var thresholdBlock: Column<Double>
    /// Unkeyed hash of model, version, score, decision, features and slice values; a retry has an equal one.
    public var contentHash: Column<UInt64>
    /// Raw value of a ``FeatureState``.
    public var featureState: Column<UInt8>
    /// The number; 0 or 1 for a boolean; a ``TextRef/packed`` for a category; 0 otherwise.
    public var featureValue: Column<Double>
    public var dimensions: Column<TextRef>
    /// Keyed 64-bit digests, 0 where the record has none.
    public var entities: Column<UInt64>
    /// Members of the features object that the schema does not declare, ascending by row; empty where every record has declared ones only.
    public var undeclared: Column<UndeclaredMember>
    /// UTF-8 of every text that a ``TextRef`` points to.
    public var text: Column<UInt8>

    /// - Parameter rows: rows that it holds before its columns grow.
    public init(schema: EventSchema, partition: Int, reservingRows rows: Int = 0) {
        self.schema = schema
        self.partition = partition
        offset = Column(capacity: rows)
        time = Column(capacity: rows)
        requestID = Column(capacity: rows)
        requestText = Column(capacity: rows)
        model = Column(capacity: rows)
        version = Column(capacity: rows)
        score = Column(capacity: rows)
        decision = Column(capacity: rows)
        latencyMs = Column(capacity: rows)
        amount = Column(capacity: rows)
        signals = Column(capacity: rows)
        signalSet = Column(capacity: rows)
        cost = Column(capacity: rows)
        status = Column(capacity: rows)
        explorationProbability = Column(capacity: rows)
        action = Column(capacity: rows)
        override = Column(capacity: rows)
        thresholdChallenge = Column(capacity: rows)
        thresholdBlock = Column(capacity: rows)
        contentHash = Column(capacity: rows)
        featureState = Column(capacity: rows * schema.features.count)
        featureValue = Column(capacity: rows * schema.features.count)
        dimensions = Column(capacity: rows * schema.dimensions.count)
        entities = Column(capacity: rows * schema.entities.count)
        undeclared = Column()
        text = Column(capacity: rows * Self.usualTextBytes)
    }

    /// Text of one row, as a rule.
    private static let usualTextBytes = 96

    @inlinable
    public var count: Int { time.count }

    /// The text behind a reference; empty for ``TextRef/none``.
    public func string(_ ref: TextRef) -> String { text.string(ref) }

    /// Takes the newest row back; its text stays in the arena, unused. O(columns).
    public func removeLast() {
        offset.removeLast(); time.removeLast()
        requestID.removeLast(); requestText.removeLast()
        model.removeLast(); version.removeLast()
        score.removeLast(); decision.removeLast()
        latencyMs.removeLast(); amount.removeLast(); signals.removeLast()
        signalSet.removeLast(); cost.removeLast(); status.removeLast()
        explorationProbability.removeLast(); action.removeLast(); override.removeLast()
        thresholdChallenge.removeLast(); thresholdBlock.removeLast()
        contentHash.removeLast()
        featureState.removeLast(schema.features.count)
        featureValue.removeLast(schema.features.count)
        dimensions.removeLast(schema.dimensions.count)
        entities.removeLast(schema.entities.count)
        while let last = undeclared.last, Int(last.row) >= count { undeclared.removeLast() }
    }
}
