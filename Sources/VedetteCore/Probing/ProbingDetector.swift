/// The probing detectors of all models: who studies the model, and who has begun to use what he learned.
///
/// Silent by construction: it writes alerts to the alert topic and nothing else anywhere.
final class ProbingDetector: StreamDetector {
    private let rule: ProbingRule
    /// Index of this detector in the configuration.
    private let number: Int
    private let schema: EventSchema
    private let inventory: [ModelSpec]
    /// Models that are watched.
    private let isWatched: [Bool]
    private var salt: UInt64
    private var models: [ProbingModel?]
    /// Reported campaigns that still run, as (model, place), in the order of their opening.
    private var open: [(model: Int, place: Int, serial: Int64)] = []
    private var row: ContiguousArray<Float> = []

    init(_ spec: DetectorSpec, rule: ProbingRule, number: Int, configuration: TopologyConfiguration, hash: KeyedHash) {
        self.rule = rule
        self.number = number
        schema = configuration.schema
        inventory = configuration.models
        isWatched = configuration.models.map { spec.models.isEmpty || spec.models.contains($0.name) }
        salt = hash.hash64("probing fingerprints of \(spec.id)")
        models = Array(repeating: nil, count: configuration.models.count)
    }

    // MARK: Observing

    func observe(_ decision: borrowing ObservedDecision) {
        let model = Int(decision.row.model)
        guard isWatched[model] else { return }
        let (batch, index) = (decision.batch, decision.index)
        read(batch, index, of: model)
        let request = Self.request(decision)
        let kinds = schema.entities.count
        let watcher = watcher(model)
        row.withUnsafeBufferPointer { row in
            batch.entities.withUnsafeBufferPointer { entities in
                watcher.observe(request, row: row, entities: UnsafeBufferPointer(rebasing: entities[index * kinds..<(index + 1) * kinds])) {
                    batch.string(batch.requestText[index])
                }
            }
        }
    }

    private func watcher(_ model: Int) -> ProbingModel {
        if let known = models[model] { return known }
        let made = ProbingModel(
            rule: rule, features: inventory[model].features.count, entityKinds: schema.entities.count, salt: salt &+ UInt64(model))
        models[model] = made
        return made
    }

    private static func request(_ decision: borrowing ObservedDecision) -> ProbingRequest {
        let (batch, index) = (decision.batch, decision.index)
        let (challenge, block) = (batch.thresholdChallenge[index], batch.thresholdBlock[index])
        let threshold = challenge.isNaN ? block : block.isNaN ? challenge : min(challenge, block)
        let (score, action) = (decision.row.score, decision.row.decision)
        // At least half of the threshold's odds: s / (1 - s) >= t / (1 - t) / 2.
        let isNear = !threshold.isNaN && score * (1 - threshold) * 2 >= threshold * (1 - score)
        return ProbingRequest(
            time: decision.row.time, decision: action, isSuspicious: action.isIntervention || isNear, amount: batch.amount[index],
            score: score, threshold: threshold)
    }

    /// The model's features as numbers: NaN where missing or of another type, a category by its keyed hash.
    private func read(_ batch: DecisionBatch, _ index: Int, of model: Int) {
        row.removeAll(keepingCapacity: true)
        let base = index * schema.features.count
        for feature in inventory[model].features {
            switch FeatureState(rawValue: batch.featureState[base + feature]) {
            case .number, .boolean: row.append(Float(batch.featureValue[base + feature]))
            case .category:
                let hash = batch.categoryHash(TextRef(packed: batch.featureValue[base + feature]), salt: salt)
                // 24 bits are a whole number in single precision.
                row.append(Float(hash &>> 40))
            default: row.append(.nan)
            }
        }
    }

    // MARK: Speaking

    func close(at boundary: Int64) -> [IncidentReport] {
        var reports: [IncidentReport] = []
        for model in models.indices {
            guard let watcher = models[model] else { continue }
            let writer = CampaignReport(rule: rule, detector: number, model: model, spec: inventory[model], schema: schema, watcher: watcher)
            for (campaign, reason) in watcher.campaigns.takeEnded() { reports.append(writer.report(campaign, phase: .closed(reason: reason))) }
            for place in watcher.campaigns.takeTouched() {
                guard let campaign = watcher.campaigns[Int(place)], campaign.isReported else { continue }
                if !open.contains(where: { $0.model == model && $0.serial == campaign.serial }) { open.append((model, Int(place), campaign.serial)) }
                reports.append(writer.report(campaign, phase: .open))
            }
        }
        open.removeAll { entry in
            guard let watcher = models[entry.model], let campaign = watcher.campaigns[entry.place], campaign.serial == entry.serial else { return true }
            guard boundary - campaign.lastAt > rule.quietMs else { return false }
            let writer = CampaignReport(
                rule: rule, detector: number, model: entry.model, spec: inventory[entry.model], schema: schema, watcher: watcher)
            reports.append(writer.report(campaign, phase: .closed(reason: "no try for \(AlertNumbers.duration(rule.quietMs))")))
            watcher.forget(entry.place)
            watcher.campaigns.close(entry.place)
            return true
        }
        return reports
    }

    // MARK: Snapshot

    func encode(into writer: inout ByteWriter) {
        writer.write(count: models.count)
        for model in models {
            writer.write(bool: model != nil)
            model?.encode(into: &writer)
        }
        writer.write(count: open.count)
        for entry in open {
            writer.write(count: entry.model)
            writer.write(count: entry.place)
            writer.write(signed: entry.serial)
        }
    }

    func restore(from reader: inout ByteReader) throws {
        guard try reader.readCount() == models.count else { throw CorruptBytes(offset: reader.offset, expected: "\(models.count) models") }
        for model in models.indices {
            models[model] = nil
            if try reader.readBool() { try watcher(model).restore(from: &reader) }
        }
        open = []
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            let entry = (model: Int(try reader.readVarint()), place: Int(try reader.readVarint()), serial: try reader.readSigned())
            guard models.indices.contains(entry.model), let watcher = models[entry.model], watcher.campaigns.has(entry.place) else {
                throw CorruptBytes(offset: reader.offset, expected: "a campaign of a watched model")
            }
            open.append(entry)
        }
    }
}

extension DecisionBatch {
    /// A secret hash of a category's text; the same text has the same in every batch.
    func categoryHash(_ ref: TextRef, salt: UInt64) -> UInt64 { KeyedHash(k0: salt, k1: 0x6361_7465_676f_7279).hash64(of: ref, in: text) }
}
