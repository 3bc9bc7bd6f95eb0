import VedetteCore

/// Decodes decision records into a ``DecisionBatch``. One per thread.
///
/// A record becomes one row, or a ``Rejection`` and no trace in the batch: everything is
/// staged, and the columns are touched only once the record is known to be good. The steady
/// state allocates nothing beyond the growth of the batch's columns.
///
/// How values are read:
/// - Texts (request ID, version, slices, entities): strings; integers as their decimal text;
///   for slices and entities also numbers with a fraction, in their shortest text, where 3.0
///   is `3`; for slices also `true` and `false`. Empty texts count as absent. Any other type
///   rejects the record.
/// - Features of kind number take JSON numbers, boolean takes `true` and `false`, category
///   takes strings (an empty one is a value), integers and booleans as their text (codes such
///   as 5411 are often written as numbers). Anything else is ``FeatureState/wrongType``,
///   which is for the monitors to judge and does not reject the record.
/// - Undeclared features are counted in ``unknownFeatureFields``; of their values nothing is read, their
///   names go with the row (``DecisionBatch/undeclared``), as many as the limits allow.
public final class DecisionDecoder {
    public let schema: EventSchema
    public let mapping: DecisionMapping
    public let limits: DecodeLimits

    /// Members of features objects that the schema does not declare, over all records taken.
    public private(set) var unknownFeatureFields = 0

    let reader: RecordReader
    let hash: KeyedHash
    let models: WordTable
    let words: WordTable
    let signalWords: WordTable
    let signalNames: WordTable
    let statusWords: WordTable
    let kinds: UnsafeMutablePointer<FeatureKind>
    let stage: DecisionStage

    /// Compiles the mapping.
    ///
    /// - Parameter hash: keyed with the deployment's secret; request IDs and entities are known by it only.
    /// - Throws: a ``MappingError`` with everything that is wrong with the mapping, the schema or the limits.
    public init(schema: EventSchema, mapping: DecisionMapping, limits: DecodeLimits, hash: KeyedHash) throws(MappingError) {
        let plan = ReadPlan(decisions: mapping, schema: schema, limits: limits)
        guard plan.problems.isEmpty else { throw MappingError(problems: plan.problems) }
        self.schema = schema
        self.mapping = mapping
        self.limits = limits
        self.hash = hash
        reader = try RecordReader(plan: plan, limits: limits)
        models = WordTable(schema.models.enumerated().map { ($1, $0) })
        words = WordTable(mapping.decisionValues.map { ($0, Int($1.rawValue)) })
        signalWords = WordTable([(mapping.modelSignal, 0)])
        signalNames = WordTable(schema.signals.enumerated().map { ($1, $0) })
        statusWords = WordTable(mapping.statusValues.map { ($0, Int($1.rawValue)) })
        kinds = .allocate(capacity: max(1, schema.features.count))
        kinds.initialize(repeating: .number, count: max(1, schema.features.count))
        for (index, feature) in schema.features.enumerated() { kinds[index] = feature.kind }
        stage = DecisionStage(schema: schema)
    }

    deinit { kinds.deallocate() }

    /// Decodes one record and appends it to the batch, or says why not.
    ///
    /// - Parameters:
    ///   - bytes: the payload, at most `limits.recordBytes`. It is copied before it is parsed.
    ///   - offset: Kafka offset or line number, for the row.
    ///   - batch: a batch of this decoder's schema whose texts stay below 4 GiB.
    /// - Returns: nil if the record was taken. Future times are not checked here.
    /// - Complexity: O(bytes).
    public func decode(_ bytes: UnsafeRawBufferPointer, offset: Int64, into batch: DecisionBatch) -> Rejection? {
        precondition(
            batch.schema.features.count == stage.featureCount && batch.schema.dimensions.count == stage.dimensionCount
                && batch.schema.entities.count == stage.entityCount, "the batch has another schema than its decoder")
        let row: StagedDecision
        do throws(Fault) {
            row = try read(bytes)
        } catch {
            return reader.rejection(error)
        }
        commit(row, offset: offset, to: batch)
        if reader.unknownFeatures > 0, row.model != OtherModels.index { commitUndeclared(to: batch) }
        return nil
    }

    /// Appends the names of what the newest row has and the schema does not declare.
    @inline(never)
    private func commitUndeclared(to batch: DecisionBatch) {
        unknownFeatureFields += reader.unknownFeatures
        guard limits.undeclaredFeatures > 0 else { return }
        let row = batch.count - 1
        for name in reader.notedNames {
            let bytes = UnsafeBufferPointer(rebasing: name.prefix(UndeclaredMember.nameBytes))
            precondition(batch.text.count < Int(UInt32.max) - bytes.count, "a batch holds less than 4 GiB of text")
            let start = UInt32(truncatingIfNeeded: batch.text.count)
            batch.text.append(contentsOf: bytes)
            batch.undeclared.append(UndeclaredMember(row: row, name: TextRef(offset: start, length: UInt32(truncatingIfNeeded: bytes.count))))
        }
        if reader.unknownFeatures > reader.notedNames.count { batch.undeclared.append(UndeclaredMember(row: row, name: .none)) }
    }

    /// Reads the record into the stage.
    private func read(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> StagedDecision {
        let tape = try reader.read(bytes)
        let reader = reader
        guard let id = try reader.text(DecisionTarget.requestID, tape, .identifier) else {
            throw missing(DecisionTarget.requestID, .nonEmptyIdentifier, tape)
        }
        let requestID = hash.hash128(id.raw)
        let requestText = reader.keep(id)
        guard let time = try reader.time(DecisionTarget.time, tape, mapping.timeFormat) else {
            throw missing(DecisionTarget.time, .time, tape)
        }
        guard let name = try reader.text(DecisionTarget.modelName, tape, .identifier) else {
            throw missing(DecisionTarget.modelName, .nonEmptyIdentifier, tape)
        }
        guard let model = models.find(name.bytes, name.length) else {
            guard schema.otherModels == .ignore else {
                throw reader.fault(.unknownModel, .knownModel, .string, DecisionTarget.modelName)
            }
            stage.clear()
            return StagedDecision(ofOtherModel: requestID, requestText, time: time)
        }
        var content = ContentHash()
        content.add(column: 0, tag: 0, bits: UInt64(truncatingIfNeeded: model))
        var version = TextRef.none
        if let text = try reader.text(DecisionTarget.modelVersion, tape, .text) {
            content.add(column: 1, tag: 1, bits: ContentHash.text(text.bytes, text.length))
            version = reader.keep(text)
        }
        let score = try reader.unitNumber(DecisionTarget.score, tape, scale: mapping.scoreScale)
        guard !score.isNaN else { throw missing(DecisionTarget.score, .unitInterval, tape) }
        content.add(column: 2, tag: 0, bits: score.bitPattern)
        let decision = try word(tape)
        content.add(column: 3, tag: 0, bits: UInt64(decision))
        let challenge = try reader.unitNumber(DecisionTarget.thresholdChallenge, tape, scale: mapping.scoreScale)
        let block = try reader.unitNumber(DecisionTarget.thresholdBlock, tape, scale: mapping.scoreScale)
        let latency = try reader.number(DecisionTarget.latency, tape, scale: mapping.latencyScale)
        guard !(latency < 0) else { throw reader.fault(.outOfRange, .nonNegative, .double, DecisionTarget.latency) }
        let amount = try reader.number(DecisionTarget.amount, tape, scale: mapping.amountScale)
        let signals = try signalUse(tape)
        let cost = try reader.number(DecisionTarget.cost, tape, scale: mapping.costScale)
        guard !(cost < 0) else { throw reader.fault(.outOfRange, .nonNegative, .double, DecisionTarget.cost) }
        let status = try status(tape)
        let exploration = try reader.unitNumber(DecisionTarget.exploration, tape, scale: 1)
        let action = try reader.text(DecisionTarget.action, tape, .text).map(reader.keep) ?? .none
        let override = try override(tape)
        try stageFeatures(tape, &content)
        try stageSlices(tape, &content)
        try stageEntities(tape)
        return StagedDecision(
            time: time, requestID: requestID, requestText: requestText, model: UInt16(truncatingIfNeeded: model),
            version: version, score: score, decision: decision, latencyMs: latency, amount: amount, signals: signals,
            cost: cost, status: status, explorationProbability: exploration, action: action, override: override,
            thresholdChallenge: challenge, thresholdBlock: block, contentHash: content.value)
    }

    private func missing(_ target: Int, _ expected: Expectation, _ tape: JSONTape) -> Fault {
        reader.fault(.missingField, expected, reader.value(target, tape).kind, target)
    }

    private func word(_ tape: JSONTape) throws(Fault) -> UInt8 {
        guard let text = try reader.text(DecisionTarget.decision, tape, .word) else {
            throw missing(DecisionTarget.decision, .word, tape)
        }
        guard let word = words.find(text.bytes, text.length) else {
            throw reader.fault(.unknownValue, .knownWord, .string, DecisionTarget.decision)
        }
        return UInt8(truncatingIfNeeded: word)
    }

    /// A word that the mapping does not know says nothing: a status is no reason to lose a decision.
    private func status(_ tape: JSONTape) throws(Fault) -> RequestStatus {
        guard let text = try reader.text(DecisionTarget.status, tape, .word), let word = statusWords.find(text.bytes, text.length) else {
            return .unknown
        }
        return RequestStatus(rawValue: UInt8(truncatingIfNeeded: word)) ?? .unknown
    }

    /// `false` says that there was no override.
    private func override(_ tape: JSONTape) throws(Fault) -> TextRef {
        if reader.value(DecisionTarget.override, tape).kind == .no { return .none }
        return try reader.text(DecisionTarget.override, tape, .scalar).map(reader.keep) ?? .none
    }

    /// Whether all the signals are the model's own, and which of the declared ones are there.
    private func signalUse(_ tape: JSONTape) throws(Fault) -> (use: SignalUse, set: UInt64) {
        let value = reader.value(DecisionTarget.signals, tape)
        if value.kind == .absent || value.kind == .null { return (.unknown, 0) }
        guard value.kind == .array else { throw reader.fault(.wrongType, .arrayOfStrings, value.kind, DecisionTarget.signals) }
        let array = Int(truncatingIfNeeded: value.bits)
        let end = tape.closing(of: array)
        var position = array + 1
        var use = SignalUse.unknown
        var set: UInt64 = 0
        while position < end {
            let signal = tape.value(at: position)
            guard signal.kind == .string, let text = signal.text else {
                throw reader.fault(.wrongType, .arrayOfStrings, signal.kind, DecisionTarget.signals)
            }
            set |= signalNames.find(text, signal.length).map { 1 &<< UInt64($0) } ?? EventSchema.otherSignal
            if use != .several { use = signalWords.find(text, signal.length) == nil ? .several : .modelOnly }
            position = tape.index(after: position)
        }
        return (use, set)
    }
}

// MARK: - Declared names

extension DecisionDecoder {
    /// First column number of the features in the content hash; the dimensions follow.
    private static let hashedFields = 4

    private func stageFeatures(_ tape: JSONTape, _ content: inout ContentHash) throws(Fault) {
        for index in 0..<stage.featureCount {
            let value = reader.value(DecisionTarget.named + index, tape)
            var state = FeatureState.wrongType
            var number = 0.0
            var bits: UInt64 = 0
            switch (value.kind, kinds[index]) {
            case (.absent, _): state = .absent
            case (.null, _): state = .null
            case (.double, .number), (.integer, .number), (.unsigned, .number):
                state = .number
                number = value.number ?? 0
                bits = number.bitPattern
            case (.yes, .boolean), (.no, .boolean):
                state = .boolean
                number = value.kind == .yes ? 1 : 0
                bits = number.bitPattern
            case (.string, .category), (.integer, .category), (.unsigned, .category), (.yes, .category), (.no, .category):
                state = .category
                (number, bits) = try stageCategory(DecisionTarget.named + index, tape)
            default: break
            }
            stage.featureState[index] = state.rawValue
            stage.featureValue[index] = number
            content.add(column: Self.hashedFields + index, tag: UInt64(state.rawValue), bits: bits)
        }
    }

    /// The packed reference of a category's text (relative to the arena) and the hash of the text.
    private func stageCategory(_ target: Int, _ tape: JSONTape) throws(Fault) -> (Double, UInt64) {
        guard let text = try reader.text(target, tape, .word) else {
            return (TextRef(offset: 0, length: 0).packed, 0)
        }
        let bits = ContentHash.text(text.bytes, text.length)
        return (reader.keep(text).packed, bits)
    }

    private func stageSlices(_ tape: JSONTape, _ content: inout ContentHash) throws(Fault) {
        let first = DecisionTarget.named + stage.featureCount
        for index in 0..<stage.dimensionCount {
            guard let text = try reader.text(first + index, tape, .scalar) else {
                stage.dimensions[index] = .none
                continue
            }
            content.add(
                column: Self.hashedFields + stage.featureCount + index, tag: 1, bits: ContentHash.text(text.bytes, text.length))
            stage.dimensions[index] = reader.keep(text)
        }
    }

    private func stageEntities(_ tape: JSONTape) throws(Fault) {
        let first = DecisionTarget.named + stage.featureCount + stage.dimensionCount
        for index in 0..<stage.entityCount {
            var digest: UInt64 = 0
            // 0 says "none", so the one text in 2^64 that hashes to it gets a neighbour's digest.
            if let text = try reader.text(first + index, tape, .text) { digest = max(1, hash.hash64(text.raw)) }
            stage.entities[index] = digest
        }
    }
}
