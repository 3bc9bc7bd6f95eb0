import VedetteCore

/// The columns of one decision that have one value per row.
struct StagedDecision {
    var time: Int64
    var requestID: RequestID
    /// Texts are relative to the reader's arena.
    var requestText: TextRef
    var model: UInt16
    var version: TextRef
    var score: Double
    var decision: UInt8
    var latencyMs: Double
    var amount: Double
    var signals: (use: SignalUse, set: UInt64)
    var cost: Double
    var status: RequestStatus
    var explorationProbability: Double
    var action: TextRef
    var override: TextRef
    var thresholdChallenge: Double
    var thresholdBlock: Double
    var contentHash: UInt64
}

extension StagedDecision {
    init(ofOtherModel requestID: RequestID, _ requestText: TextRef, time: Int64) {
        self.init(
            time: time, requestID: requestID, requestText: requestText, model: OtherModels.index, version: .none, score: .nan,
            decision: Decision.log.rawValue, latencyMs: .nan, amount: .nan, signals: (.unknown, 0), cost: .nan, status: .unknown,
            explorationProbability: .nan, action: .none, override: .none, thresholdChallenge: .nan, thresholdBlock: .nan,
            contentHash: 0)
    }
}

/// Room for the columns of one decision that have a value per declared name.
final class DecisionStage {
    let featureCount: Int
    let dimensionCount: Int
    let entityCount: Int
    let featureState: UnsafeMutablePointer<UInt8>
    let featureValue: UnsafeMutablePointer<Double>
    let dimensions: UnsafeMutablePointer<TextRef>
    let entities: UnsafeMutablePointer<UInt64>

    init(schema: EventSchema) {
        featureCount = schema.features.count
        dimensionCount = schema.dimensions.count
        entityCount = schema.entities.count
        featureState = .allocate(capacity: max(1, featureCount))
        featureValue = .allocate(capacity: max(1, featureCount))
        dimensions = .allocate(capacity: max(1, dimensionCount))
        entities = .allocate(capacity: max(1, entityCount))
        featureState.initialize(repeating: 0, count: max(1, featureCount))
        featureValue.initialize(repeating: 0, count: max(1, featureCount))
        dimensions.initialize(repeating: .none, count: max(1, dimensionCount))
        entities.initialize(repeating: 0, count: max(1, entityCount))
    }

    /// As of a record that has none of it.
    func clear() {
        featureState.update(repeating: FeatureState.absent.rawValue, count: featureCount)
        featureValue.update(repeating: 0, count: featureCount)
        dimensions.update(repeating: .none, count: dimensionCount)
        entities.update(repeating: 0, count: entityCount)
    }

    deinit {
        featureState.deallocate()
        featureValue.deallocate()
        dimensions.deallocate()
        entities.deallocate()
    }
}

extension TextRef {
    /// The reference, its text having moved to `base` bytes further.
    @inline(__always)
    func moved(by base: UInt32) -> TextRef { isNone ? self : TextRef(offset: offset + base, length: length) }
}

extension DecisionDecoder {
    /// Appends the staged record to every column.
    func commit(_ row: StagedDecision, offset: Int64, to batch: DecisionBatch) {
        let texts = reader.keptTexts
        precondition(batch.text.count < Int(UInt32.max) - texts.count, "a batch holds less than 4 GiB of text")
        let base = UInt32(truncatingIfNeeded: batch.text.count)
        for index in 0..<stage.featureCount where stage.featureState[index] == FeatureState.category.rawValue {
            stage.featureValue[index] = TextRef(packed: stage.featureValue[index]).moved(by: base).packed
        }
        for index in 0..<stage.dimensionCount { stage.dimensions[index] = stage.dimensions[index].moved(by: base) }

        batch.text.append(contentsOf: texts)
        batch.offset.append(offset)
        batch.time.append(row.time)
        batch.requestID.append(row.requestID)
        batch.requestText.append(row.requestText.moved(by: base))
        batch.model.append(row.model)
        batch.version.append(row.version.moved(by: base))
        batch.score.append(row.score)
        batch.decision.append(row.decision)
        batch.latencyMs.append(row.latencyMs)
        batch.amount.append(row.amount)
        batch.signals.append(row.signals.use.rawValue)
        batch.signalSet.append(row.signals.set)
        batch.cost.append(row.cost)
        batch.status.append(row.status.rawValue)
        batch.explorationProbability.append(row.explorationProbability)
        batch.action.append(row.action.moved(by: base))
        batch.override.append(row.override.moved(by: base))
        batch.thresholdChallenge.append(row.thresholdChallenge)
        batch.thresholdBlock.append(row.thresholdBlock)
        batch.contentHash.append(row.contentHash)
        // Safe: the stage has as many values as the schema has names.
        batch.featureState.append(contentsOf: UnsafeBufferPointer(start: stage.featureState, count: stage.featureCount))
        batch.featureValue.append(contentsOf: UnsafeBufferPointer(start: stage.featureValue, count: stage.featureCount))
        batch.dimensions.append(contentsOf: UnsafeBufferPointer(start: stage.dimensions, count: stage.dimensionCount))
        batch.entities.append(contentsOf: UnsafeBufferPointer(start: stage.entities, count: stage.entityCount))
    }
}
