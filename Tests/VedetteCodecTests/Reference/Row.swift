import VedetteCore

/// Whether every column has as many values as the batch has rows, and every text is inside of the arena.
package func isConsistent(_ batch: DecisionBatch) -> Bool {
    let rows = batch.count
    let schema = batch.schema
    let sizes: [Int] = [
        batch.offset.count, batch.requestID.count, batch.requestText.count, batch.model.count, batch.version.count, batch.score.count,
        batch.decision.count, batch.latencyMs.count, batch.amount.count, batch.signals.count, batch.thresholdChallenge.count,
        batch.thresholdBlock.count, batch.contentHash.count, batch.signalSet.count, batch.cost.count, batch.status.count,
        batch.explorationProbability.count, batch.action.count, batch.override.count,
    ]
    guard
        sizes.allSatisfy({ $0 == rows }), batch.featureState.count == rows * schema.features.count,
        batch.featureValue.count == rows * schema.features.count, batch.dimensions.count == rows * schema.dimensions.count,
        batch.entities.count == rows * schema.entities.count
    else { return false }
    let categories = batch.featureValue.indices.filter { batch.featureState[$0] == FeatureState.category.rawValue }
        .map { TextRef(packed: batch.featureValue[$0]) }
    var texts = categories
    texts += batch.requestText.elements + batch.version.elements + batch.action.elements + batch.override.elements + batch.dimensions.elements
    return texts.allSatisfy {
        $0.isNone || Int($0.offset) + Int($0.length) <= batch.text.count
    }
}

/// A row in plain types, for comparison.
package struct Row: Equatable {
    package var time: Int64
    package var requestID: RequestID
    package var requestText: String
    package var model: UInt16
    package var version: String?
    package var score: UInt64
    package var decision: UInt8
    package var latency: UInt64?
    package var amount: UInt64?
    package var signals: UInt8
    package var signalSet: UInt64
    package var cost: UInt64?
    package var status: UInt8
    package var exploration: UInt64?
    package var action: String?
    package var override: String?
    package var challenge: UInt64?
    package var block: UInt64?
    package var states: [UInt8]
    /// Bits of a number; the text of a category.
    package var values: [String]
    package var dimensions: [String?]
    package var entities: [UInt64]
}

package func row(_ batch: DecisionBatch, _ index: Int) -> Row {
    let schema = batch.schema
    func bits(_ value: Double) -> UInt64? { value.isNaN ? nil : value.bitPattern }
    func text(_ ref: TextRef) -> String? { ref.isNone ? nil : batch.string(ref) }
    let features = index * schema.features.count..<(index + 1) * schema.features.count
    let dimensions = index * schema.dimensions.count..<(index + 1) * schema.dimensions.count
    let entities = index * schema.entities.count..<(index + 1) * schema.entities.count
    return Row(
        time: batch.time[index], requestID: batch.requestID[index], requestText: batch.string(batch.requestText[index]),
        model: batch.model[index], version: text(batch.version[index]), score: batch.score[index].bitPattern,
        decision: batch.decision[index], latency: bits(batch.latencyMs[index]), amount: bits(batch.amount[index]),
        signals: batch.signals[index], signalSet: batch.signalSet[index], cost: bits(batch.cost[index]), status: batch.status[index],
        exploration: bits(batch.explorationProbability[index]), action: text(batch.action[index]), override: text(batch.override[index]),
        challenge: bits(batch.thresholdChallenge[index]), block: bits(batch.thresholdBlock[index]),
        states: features.map { batch.featureState[$0] },
        values: features.map {
            batch.featureState[$0] == FeatureState.category.rawValue
                ? "text " + batch.string(TextRef(packed: batch.featureValue[$0])) : "bits \(batch.featureValue[$0].bitPattern)"
        },
        dimensions: dimensions.map { text(batch.dimensions[$0]) }, entities: entities.map { batch.entities[$0] })
}
