import Foundation
import VedetteCodec
import VedetteCore

/// The schema that the tests decode for: every kind of feature, two of everything else.
let testSchema = EventSchema(
    models: ["cards-gbm", "other-model"],
    features: [
        EventSchema.Feature(name: "amount", kind: .number),
        EventSchema.Feature(name: "is_weekend", kind: .boolean),
        EventSchema.Feature(name: "mcc", kind: .category),
        EventSchema.Feature(name: "terminal_risk_over_30d", kind: .number),
    ],
    dimensions: ["country", "channel"],
    entities: ["user", "device"],
    signals: ["model", "otp"])

let testHash = KeyedHash(secret: "test")

/// A valid decision with every mapped field.
let wholeDecision = """
    {"request_id":"r-1","time":"2018-06-11T00:04:52.454Z","model":{"name":"cards-gbm","version":"2018.06.1"},\
    "score":0.25,"decision":"challenge","threshold":{"challenge":0.0311,"block":0.6334},\
    "features":{"amount":27.5,"is_weekend":true,"mcc":"5411","terminal_risk_over_30d":3},\
    "entities":{"user":"c2968","device":"da62"},"slices":{"country":"FR","channel":"app"},\
    "latency_ms":12.614,"amount":27.5,"signals":["model"],"cost":0.002,"status":"timeout",\
    "exploration_probability":0.05,"action":"password_reset","override":"analyst-7"}
    """

/// A valid label with every mapped field.
let wholeLabel = """
    {"request_id":"r-1","time":"2018-06-12T03:11:39.585Z","outcome":"fraud","kind":"chargeback",\
    "source":{"pipeline":"issuer","actor":"batch"},"decision_time":1528675492454,"sampling_weight":5}
    """

/// One decision decoded: its batch (of one row or none), and the rejection.
struct DecodedDecision {
    var batch: DecisionBatch
    var rejection: Rejection?
    var isAccepted: Bool { rejection == nil && batch.count == 1 }
}

func makeDecoder(
    _ mapping: DecisionMapping = DecisionMapping(), limits: DecodeLimits = DecodeLimits(), schema: EventSchema = testSchema
) throws -> DecisionDecoder {
    try DecisionDecoder(schema: schema, mapping: mapping, limits: limits, hash: testHash)
}

func decode(_ json: String, with decoder: DecisionDecoder) -> DecodedDecision { decode(Array(json.utf8), with: decoder) }

func decode(_ json: [UInt8], with decoder: DecisionDecoder) -> DecodedDecision {
    let batch = DecisionBatch(schema: decoder.schema, partition: 0)
    let rejection = json.withUnsafeBytes { decoder.decode($0, offset: 7, into: batch) }
    return DecodedDecision(batch: batch, rejection: rejection)
}

func decode(
    _ json: String, _ mapping: DecisionMapping = DecisionMapping(), limits: DecodeLimits = DecodeLimits(), schema: EventSchema = testSchema
) throws -> DecodedDecision {
    decode(json, with: try makeDecoder(mapping, limits: limits, schema: schema))
}

func decodeLabel(
    _ json: String, _ mapping: LabelMapping = LabelMapping(), limits: DecodeLimits = DecodeLimits()
) throws -> (batch: LabelBatch, rejection: Rejection?) {
    let decoder = try LabelDecoder(schema: testSchema, mapping: mapping, limits: limits, hash: testHash)
    let batch = LabelBatch(partition: 0)
    let rejection = Array(json.utf8).withUnsafeBytes { decoder.decode($0, offset: 7, into: batch) }
    return (batch, rejection)
}

func digest(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { testHash.hash64($0) } }
func identity(_ text: String) -> RequestID { Array(text.utf8).withUnsafeBytes { testHash.hash128($0) } }

/// Whether every column has as many values as the batch has rows, and every text is inside of the arena.
func isConsistent(_ batch: DecisionBatch) -> Bool {
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
struct Row: Equatable {
    var time: Int64
    var requestID: RequestID
    var requestText: String
    var model: UInt16
    var version: String?
    var score: UInt64
    var decision: UInt8
    var latency: UInt64?
    var amount: UInt64?
    var signals: UInt8
    var signalSet: UInt64
    var cost: UInt64?
    var status: UInt8
    var exploration: UInt64?
    var action: String?
    var override: String?
    var challenge: UInt64?
    var block: UInt64?
    var states: [UInt8]
    /// Bits of a number; the text of a category.
    var values: [String]
    var dimensions: [String?]
    var entities: [UInt64]
}

func row(_ batch: DecisionBatch, _ index: Int) -> Row {
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

/// A small generator with a printable seed (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
}

/// A directory that is removed with this object.
final class Scratch {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-codec-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func path(_ name: String) -> String { url.appendingPathComponent(name).path }

    @discardableResult
    func write(_ name: String, _ bytes: [UInt8]) throws -> String {
        try Data(bytes).write(to: url.appendingPathComponent(name))
        return path(name)
    }
}
