import VedetteCore

/// Numbers of a label's fields.
enum LabelTarget {
    static let requestID = 0
    static let time = 1
    static let outcome = 2
    static let kind = 3
    static let pipeline = 4
    static let actor = 5
    static let decisionTime = 6
    static let samplingWeight = 7
    static let conditions = 8
}

extension ReadPlan {
    /// The plan of a label mapping, with everything that is wrong with it.
    init(labels mapping: LabelMapping, limits: DecodeLimits) {
        self.init(key: "labels")
        problems += limits.problems
        add(varying: mapping.requestID, "request_id")
        add(varying: mapping.time, "time")
        add(word: mapping.outcome, "outcome", known: Array(mapping.outcomeValues.keys), values: "outcome_values")
        add(text: mapping.kind, "kind", limit: limits.stringBytes)
        add(text: mapping.pipeline, "source.pipeline", limit: limits.stringBytes)
        add(text: mapping.actor, "source.actor", limit: limits.stringBytes)
        if let source = mapping.decisionTime { add(varying: source, "decision_time") } else { sources.append(nil) }
        add(number: mapping.samplingWeight, "sampling_weight", scale: 1, within: Double.leastNonzeroMagnitude...Double.greatestFiniteMagnitude)
        add(text: mapping.conditions, "source.conditions", limit: limits.stringBytes)
    }
}

/// Decodes label records into a ``LabelBatch``. One per thread.
///
/// A record becomes one row, or a ``Rejection`` and no trace in the batch. Texts are read as
/// ``DecisionDecoder`` reads them. The outcome may be a string, an integer or a boolean
/// (`"is_fraud": true` with a value map of `true` and `false`).
public final class LabelDecoder {
    public let mapping: LabelMapping
    public let limits: DecodeLimits

    private let reader: RecordReader
    private let hash: KeyedHash
    private let words: WordTable

    /// Compiles the mapping.
    ///
    /// - Parameters:
    ///   - schema: of the decisions; labels refer to nothing in it today.
    ///   - hash: the same as the decisions', or nothing joins.
    /// - Throws: a ``MappingError`` with everything that is wrong with the mapping or the limits.
    public init(schema: EventSchema, mapping: LabelMapping, limits: DecodeLimits, hash: KeyedHash) throws(MappingError) {
        let plan = ReadPlan(labels: mapping, limits: limits)
        guard plan.problems.isEmpty else { throw MappingError(problems: plan.problems) }
        self.mapping = mapping
        self.limits = limits
        self.hash = hash
        reader = try RecordReader(plan: plan, limits: limits)
        words = WordTable(mapping.outcomeValues.map { ($0, Int($1.rawValue)) })
    }

    /// Decodes one record and appends it to the batch, or says why not; see ``DecisionDecoder/decode(_:offset:into:)``.
    public func decode(_ bytes: UnsafeRawBufferPointer, offset: Int64, into batch: LabelBatch) -> Rejection? {
        do throws(Fault) {
            try read(bytes, offset: offset, into: batch)
            return nil
        } catch {
            return reader.rejection(error)
        }
    }

    private func read(_ bytes: UnsafeRawBufferPointer, offset: Int64, into batch: LabelBatch) throws(Fault) {
        let tape = try reader.read(bytes)
        guard let id = try reader.text(LabelTarget.requestID, tape, .identifier) else {
            throw missing(LabelTarget.requestID, .nonEmptyIdentifier, tape)
        }
        let requestID = hash.hash128(id.raw)
        let requestText = reader.keep(id)
        guard let time = try reader.time(LabelTarget.time, tape, mapping.timeFormat) else {
            throw missing(LabelTarget.time, .time, tape)
        }
        guard let word = try reader.text(LabelTarget.outcome, tape, .word) else { throw missing(LabelTarget.outcome, .word, tape) }
        guard let outcome = words.find(word.bytes, word.length) else {
            throw reader.fault(.unknownValue, .knownWord, .string, LabelTarget.outcome)
        }
        let kind = try keep(LabelTarget.kind, tape)
        let pipeline = try keep(LabelTarget.pipeline, tape)
        let actor = try keep(LabelTarget.actor, tape)
        let conditions = try keep(LabelTarget.conditions, tape)
        let decisionTime = try reader.time(LabelTarget.decisionTime, tape, mapping.timeFormat)

        let weight = try reader.number(LabelTarget.samplingWeight, tape, scale: 1)
        guard !(weight <= 0) else { throw reader.fault(.outOfRange, .positive, .double, LabelTarget.samplingWeight) }

        // Nothing below can fail: a rejected record leaves no trace.
        let texts = reader.keptTexts
        precondition(batch.text.count < Int(UInt32.max) - texts.count, "a batch holds less than 4 GiB of text")
        let base = UInt32(truncatingIfNeeded: batch.text.count)
        batch.text.append(contentsOf: texts)
        batch.offset.append(offset)
        batch.time.append(time)
        batch.requestID.append(requestID)
        batch.requestText.append(requestText.moved(by: base))
        batch.outcome.append(UInt8(truncatingIfNeeded: outcome))
        batch.kind.append(kind.moved(by: base))
        batch.pipeline.append(pipeline.moved(by: base))
        batch.actor.append(actor.moved(by: base))
        batch.conditions.append(conditions.moved(by: base))
        batch.decisionTime.append(decisionTime ?? .min)
        batch.samplingWeight.append(weight)
    }

    private func keep(_ target: Int, _ tape: JSONTape) throws(Fault) -> TextRef {
        guard let text = try reader.text(target, tape, .text) else { return .none }
        return reader.keep(text)
    }

    private func missing(_ target: Int, _ expected: Expectation, _ tape: JSONTape) -> Fault {
        reader.fault(.missingField, expected, reader.value(target, tape).kind, target)
    }
}
