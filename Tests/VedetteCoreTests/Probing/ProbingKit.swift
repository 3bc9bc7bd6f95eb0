import VedetteCore

/// Decisions of an invented shop, fed by hand into a topology with the probing detectors: six features, a user and a device.
struct ProbingKit {
    static let minute: Int64 = 60_000
    static let threshold = 0.5

    let schema: EventSchema
    let harness: DetectorHarness
    var random: SeededRandom
    var time: Int64 = 1_000_000 * minute

    /// - Parameter categories: names of features that are categories; of a number n they then have the text `n<n>`.
    init(seed: UInt64, categories: Set<String> = []) {
        schema = EventSchema(
            models: ["shop"],
            features: ["amount", "age", "hour", "kind", "share", "count"].map { .init(name: $0, kind: categories.contains($0) ? .category : .number) },
            dimensions: ["country"], entities: ["user", "device"], signals: ["model"])
        var configuration = DetectorHarness.configuration(schema: schema, detectors: [DetectorSpec(id: "probing", rule: .probing(ProbingRule()))])
        configuration.models[0].features = Array(schema.features.indices)
        harness = DetectorHarness(configuration)
        random = SeededRandom(seed: seed)
    }

    /// Everything before the start of the present minute; with `isWhole`, the present minute too.
    mutating func hear(isWhole: Bool = false) throws -> [AlertEvent] {
        if isWhole { time = alignDown(time, to: Self.minute) + Self.minute }
        return try harness.advance(to: alignDown(time, to: Self.minute))
    }

    /// - Parameters:
    ///   - features: NaN where the record has none.
    ///   - money: nil where the record has no amount.
    /// - Returns: the request's text.
    @discardableResult
    func send(_ features: [Double], score: Double, decision: Decision, money: Double?, user: UInt64, device: UInt64) -> String {
        let batch = DecisionBatch(schema: schema, partition: 0)
        let offset = harness.offset(0)
        func text(_ text: String) -> TextRef {
            defer { for byte in text.utf8 { batch.text.append(byte) } }
            return TextRef(offset: UInt32(batch.text.count), length: UInt32(text.utf8.count))
        }
        batch.offset.append(offset)
        batch.time.append(time)
        batch.requestID.append(DetectorHarness.hash.hash128("request-\(offset)"))
        batch.requestText.append(text("request-\(offset)"))
        batch.model.append(0)
        batch.version.append(text("v1"))
        batch.score.append(score)
        batch.decision.append(decision.rawValue)
        batch.latencyMs.append(.nan)
        batch.cost.append(.nan)
        batch.explorationProbability.append(.nan)
        batch.thresholdBlock.append(.nan)
        batch.thresholdChallenge.append(Self.threshold)
        batch.amount.append(money ?? .nan)
        batch.signals.append(SignalUse.unknown.rawValue)
        batch.signalSet.append(0)
        batch.status.append(RequestStatus.ok.rawValue)
        batch.action.append(.none)
        batch.override.append(.none)
        batch.contentHash.append(UInt64(offset))
        for (feature, value) in zip(schema.features, features) {
            let isCategory = feature.kind == .category
            batch.featureState.append((value.isNaN ? FeatureState.absent : isCategory ? .category : .number).rawValue)
            batch.featureValue.append(isCategory && !value.isNaN ? text("n\(Int(value))").packed : value)
        }
        batch.dimensions.append(text("FR"))
        batch.entities.append(user)
        batch.entities.append(device)
        harness.ingest(batch)
        return "request-\(offset)"
    }

    static func score(_ amount: Double, _ age: Double) -> Double {
        let odds = (amount / 150) * (amount / 150) * (age < 2 ? 2 : 1) * 0.5
        return odds / (1 + odds)
    }

    /// A customer with features of his own, a minute or so after the one before.
    mutating func honest(_ count: Int) {
        for _ in 0..<count {
            time += 20_000 + Int64(random.uniform() * 80_000)
            let user = UInt64(random.uniform() * 3_000) + 1
            let row = [
                5 / (1 - 0.98 * random.uniform()) * (0.5 + random.uniform()), random.uniform() * 400, (random.uniform() * 30).rounded(),
                (random.uniform() * 5).rounded(.down), random.uniform(), (random.uniform() * 50).rounded(),
            ]
            let score = Self.score(row[0], row[1])
            send(
                row, score: score, decision: score >= Self.threshold ? .challenge : .allow, money: row[0], user: user &* 0x9E37_79B9,
                device: user &* 0xC2B2_AE35)
        }
    }
}
