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

    public var offset = ContiguousArray<Int64>()
    /// Event time, milliseconds since 1970 UTC.
    public var time = ContiguousArray<Int64>()
    public var requestID = ContiguousArray<RequestID>()
    public var requestText = ContiguousArray<TextRef>()
    /// Index into `schema.models`.
    public var model = ContiguousArray<UInt16>()
    public var version = ContiguousArray<TextRef>()
    /// In [0, 1].
    public var score = ContiguousArray<Double>()
    /// Raw value of a ``Decision``.
    public var decision = ContiguousArray<UInt8>()
    /// Milliseconds, NaN where the record has none.
    public var latencyMs = ContiguousArray<Double>()
    /// Money at stake, NaN where the record has none.
    public var amount = ContiguousArray<Double>()
    /// Raw value of a ``SignalUse``.
    public var signals = ContiguousArray<UInt8>()
    /// Bit `i` for signal `i` of `schema.signals`, bit 63 for any other name; 0 where the record has none.
    public var signalSet = ContiguousArray<UInt64>()
    /// Cost of the request in the deployment's unit, NaN where the record has none.
    public var cost = ContiguousArray<Double>()
    /// Raw value of a ``RequestStatus``.
    public var status = ContiguousArray<UInt8>()
    /// Probability with which the policy lets a request like this one through, in [0, 1]; NaN where the record has none.
    public var explorationProbability = ContiguousArray<Double>()
    /// What is decided about, such as `password_reset`; ``TextRef/none`` where the record has none.
    public var action = ContiguousArray<TextRef>()
    /// Who or what forced the decision past the model, `true` where only that is known; ``TextRef/none`` where nobody did.
    public var override = ContiguousArray<TextRef>()
    /// Operating thresholds on the score, NaN where the record has none.
    public var thresholdChallenge = ContiguousArray<Double>()
    public var thresholdBlock = ContiguousArray<Double>()
    /// Unkeyed hash of model, version, score, decision, features and slice values; a retry has an equal one.
    public var contentHash = ContiguousArray<UInt64>()
    /// Raw value of a ``FeatureState``.
    public var featureState = ContiguousArray<UInt8>()
    /// The number; 0 or 1 for a boolean; a ``TextRef/packed`` for a category; 0 otherwise.
    public var featureValue = ContiguousArray<Double>()
    public var dimensions = ContiguousArray<TextRef>()
    /// Keyed 64-bit digests, 0 where the record has none.
    public var entities = ContiguousArray<UInt64>()
    /// UTF-8 of every text that a ``TextRef`` points to.
    public var text = ContiguousArray<UInt8>()

    public init(schema: EventSchema, partition: Int, reservingRows rows: Int = 0) {
        self.schema = schema
        self.partition = partition
        guard rows > 0 else { return }
        offset.reserveCapacity(rows); time.reserveCapacity(rows)
        requestID.reserveCapacity(rows); requestText.reserveCapacity(rows)
        model.reserveCapacity(rows); version.reserveCapacity(rows)
        score.reserveCapacity(rows); decision.reserveCapacity(rows)
        latencyMs.reserveCapacity(rows); amount.reserveCapacity(rows); signals.reserveCapacity(rows)
        signalSet.reserveCapacity(rows); cost.reserveCapacity(rows); status.reserveCapacity(rows)
        explorationProbability.reserveCapacity(rows); action.reserveCapacity(rows); override.reserveCapacity(rows)
        thresholdChallenge.reserveCapacity(rows); thresholdBlock.reserveCapacity(rows)
        contentHash.reserveCapacity(rows)
        featureState.reserveCapacity(rows * schema.features.count)
        featureValue.reserveCapacity(rows * schema.features.count)
        dimensions.reserveCapacity(rows * schema.dimensions.count)
        entities.reserveCapacity(rows * schema.entities.count)
        text.reserveCapacity(rows * 64)
    }

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
    }
}

extension ContiguousArray<UInt8> {
    /// The text behind a reference into this arena; empty for ``TextRef/none``.
    public func string(_ ref: TextRef) -> String {
        guard !ref.isNone else { return "" }
        let start = Int(ref.offset)
        return String(decoding: self[start..<start + Int(ref.length)], as: UTF8.self)
    }
}
