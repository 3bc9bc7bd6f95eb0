import VedetteCore

/// Rows to run expressions over.
enum PolicyKit {
    static let schema = EventSchema(
        models: ["payments", "logins"],
        features: [
            .init(name: "yes", kind: .boolean), .init(name: "no", kind: .boolean), .init(name: "gone", kind: .boolean),
            .init(name: "age", kind: .number), .init(name: "browser", kind: .category), .init(name: "odd name", kind: .number),
            .init(name: "broken", kind: .number),
        ],
        dimensions: ["country", "channel"], entities: ["user", "device"], signals: ["model", "device", "mfa"])

    static let vocabulary = PolicyVocabulary(schema: schema)

    /// One row; what is nil is missing.
    struct Row {
        var model = 0
        var version: String? = "v1"
        var action: String? = "password_reset"
        var override: String?
        var decision = Decision.allow
        var status = RequestStatus.ok
        var score = 0.25
        var amount: Double? = 100
        var latency: Double? = 12
        var cost: Double?
        var exploration: Double?
        var challenge: Double? = 0.5
        var block: Double? = 0.75
        var signals: UInt64 = 0b001
        var age: Double? = 30
        var browser: String? = "firefox"
        var odd = FeatureState.number
        var country: String? = "FR"
        var channel: String?
        var user: UInt64 = 7
        var device: UInt64 = 0
        var time: Int64 = 1_000
    }

    /// - Parameter first: offset and number of the first row; each row has a request of its own.
    static func batch(_ rows: [Row], first: Int = 0) -> DecisionBatch {
        let batch = DecisionBatch(schema: schema, partition: 0)
        for (index, row) in rows.enumerated() { append(row, first + index, to: batch) }
        return batch
    }

    static func batch(_ row: Row = Row()) -> DecisionBatch { batch([row]) }

    /// A row that came at `offset` under the ID of the row of number `request`.
    static func repeated(_ row: Row, of request: Int, offset: Int, content: UInt64) -> DecisionBatch {
        let batch = DecisionBatch(schema: schema, partition: 0)
        append(row, offset, request: request, content: content, to: batch)
        return batch
    }

    private static func append(_ row: Row, _ index: Int, request: Int? = nil, content: UInt64? = nil, to batch: DecisionBatch) {
        func text(_ text: String?) -> TextRef {
            guard let text else { return .none }
            defer { for byte in text.utf8 { batch.text.append(byte) } }
            return TextRef(offset: UInt32(batch.text.count), length: UInt32(text.utf8.count))
        }
        batch.offset.append(Int64(index))
        batch.time.append(row.time)
        batch.requestID.append(DetectorHarness.hash.hash128("request-\(request ?? index)"))
        batch.requestText.append(text("request-\(request ?? index)"))
        batch.model.append(UInt16(row.model))
        batch.version.append(text(row.version))
        batch.score.append(row.score)
        batch.decision.append(row.decision.rawValue)
        batch.latencyMs.append(row.latency ?? .nan)
        batch.amount.append(row.amount ?? .nan)
        batch.signals.append((row.signals == 0 ? SignalUse.unknown : row.signals == 1 ? .modelOnly : .several).rawValue)
        batch.signalSet.append(row.signals)
        batch.cost.append(row.cost ?? .nan)
        batch.status.append(row.status.rawValue)
        batch.explorationProbability.append(row.exploration ?? .nan)
        batch.action.append(text(row.action))
        batch.override.append(text(row.override))
        batch.thresholdChallenge.append(row.challenge ?? .nan)
        batch.thresholdBlock.append(row.block ?? .nan)
        batch.contentHash.append(content ?? UInt64(index))
        let features: [(FeatureState, Double)] = [
            (.boolean, 1), (.boolean, 0), (.absent, 0), row.age.map { (.number, $0) } ?? (.null, 0),
            row.browser.map { (.category, text($0).packed) } ?? (.absent, 0), (row.odd, -3.5), (.wrongType, 0),
        ]
        for (state, value) in features {
            batch.featureState.append(state.rawValue)
            batch.featureValue.append(value)
        }
        batch.dimensions.append(text(row.country))
        batch.dimensions.append(text(row.channel))
        batch.entities.append(row.user)
        batch.entities.append(row.device)
    }

    static func verdict(_ source: String, _ row: Row = Row()) throws -> PolicyVerdict {
        try PolicyProgram(source, vocabulary: vocabulary).evaluate(batch(row), 0)
    }
}

extension KeyedHash {
    func hash128(_ text: String) -> RequestID { Array(text.utf8).withUnsafeBytes { hash128($0) } }
}
