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
    private var models: [ProbingWatch?]
    /// Reused for every decision: room for the features of any model.
    private let row: UnsafeMutablePointer<Float>

    init(_ spec: DetectorSpec, rule: ProbingRule, number: Int, configuration: TopologyConfiguration, hash: KeyedHash) {
        self.rule = rule
        self.number = number
        schema = configuration.schema
        inventory = configuration.models
        isWatched = configuration.models.map { spec.models.isEmpty || spec.models.contains($0.name) }
        salt = hash.hash64("probing fingerprints of \(spec.id)")
        models = Array(repeating: nil, count: configuration.models.count)
        let features = inventory.map(\.features.count).max() ?? 0
        row = .allocate(capacity: features)
        row.initialize(repeating: 0, count: features)
    }

    deinit { row.deallocate() }

    // MARK: Observing

    func observe(_ decision: borrowing ObservedDecision) {
        let model = Int(decision.row.model)
        guard isWatched[model] else { return }
        follow(decision, decision.batch, watch(model), model)
    }

    /// The batch and the watch are parameters, which need not be counted each time that they are handed on.
    private func follow(_ decision: borrowing ObservedDecision, _ batch: DecisionBatch, _ watch: ProbingWatch, _ model: Int) {
        let (index, next) = (decision.index, decision.index + 1)
        // The records after this one in its batch come next, or nearly, and are mostly of this model: their memory is asked for meanwhile.
        if isOf(model, next + 1, in: batch) { batch.entities.withValues(entities(of: next + 1)) { watch.fanOut.expectSoon($0) } }
        let hasNext = isOf(model, next, in: batch)
        if hasNext { batch.entities.withValues(entities(of: next)) { watch.fanOut.expect($0, part: 0) } }
        read(batch, index, of: model)
        if hasNext { batch.entities.withValues(entities(of: next)) { watch.fanOut.expect($0, part: 1) } }
        let request = Self.request(decision, batch)
        // Safe: there is room for the features of any model.
        let row = UnsafeBufferPointer(start: row, count: inventory[model].features.count)
        let (names, values) = (decision.dimensions, decision.row.values)
        // For the closures, which are handed on many times and called hardly ever: what they hold need not be counted. Safe: both outlive
        // this call, and so the closures.
        unowned(unsafe) let lent = batch
        unowned(unsafe) let detector = self
        batch.entities.withValues(entities(of: index)) { entities in
            watch.observe(
                request, row: row, entities: entities, values: values,
                name: { SliceName([.init(dimension: detector.schema.dimensions[$0], value: names[$0].name(values[$0]))]) },
                sample: { lent.string(lent.requestText[index]) },
                word: { detector.word(of: $0, model, lent, index) })
        }
        if hasNext { batch.entities.withValues(entities(of: next)) { watch.fanOut.expect($0, part: 2) } }
    }

    private func entities(of index: Int) -> Range<Int> { index * schema.entities.count..<(index + 1) * schema.entities.count }

    /// Whether the batch has such a record and it is of this model.
    @inline(__always)
    private func isOf(_ model: Int, _ index: Int, in batch: DecisionBatch) -> Bool { index < batch.count && Int(batch.model[index]) == model }

    private func word(of feature: Int, _ model: Int, _ batch: DecisionBatch, _ index: Int) -> String {
        let place = index * schema.features.count + inventory[model].features[feature]
        guard FeatureState(rawValue: batch.featureState[place]) == .category else { return "" }
        return batch.string(TextRef(packed: batch.featureValue[place]))
    }

    /// A try is a try, whatever ID it came under.
    func observe(conflict decision: borrowing ObservedDecision) { observe(decision) }

    private func watch(_ model: Int) -> ProbingWatch {
        if let known = models[model] { return known }
        let made = ProbingWatch(
            rule: rule, features: inventory[model].features.count, entityKinds: schema.entities.count, salt: salt &+ UInt64(model))
        models[model] = made
        return made
    }

    private static func request(_ decision: borrowing ObservedDecision, _ batch: DecisionBatch) -> ProbingRequest {
        let index = decision.index
        let (challenge, block) = (batch.thresholdChallenge[index], batch.thresholdBlock[index])
        let threshold = challenge.isNaN ? block : block.isNaN ? challenge : min(challenge, block)
        let (score, action) = (decision.row.score, decision.row.decision)
        // At least half of the threshold's odds: s / (1 - s) >= t / (1 - t) / 2.
        let isNear = !threshold.isNaN && score * (1 - threshold) * 2 >= threshold * (1 - score)
        var request = ProbingRequest(
            time: decision.row.time, decision: action, isSuspicious: action.isIntervention || isNear, amount: batch.amount[index],
            score: score, threshold: threshold)
        request.effective = decision.effective
        return request
    }

    /// The model's features as numbers: NaN where missing or of another type, a category by its keyed hash.
    private func read(_ batch: DecisionBatch, _ index: Int, of model: Int) {
        let (row, salt, width) = (row, salt, schema.features.count)
        let own = index * width..<(index + 1) * width
        inventory[model].features.withUnsafeBufferPointer { features in
            batch.featureState.withValues(own) { states in
                batch.featureValue.withValues(own) { values in
                    // Safe: a model's features are numbers of features of the schema, and there is room for those of any model.
                    for place in features.indices { row[place] = Self.number(states[features[place]], values[features[place]], batch, salt) }
                }
            }
        }
    }

    @inline(__always)
    private static func number(_ state: UInt8, _ value: Double, _ batch: DecisionBatch, _ salt: UInt64) -> Float {
        switch FeatureState(rawValue: state) {
        case .number, .boolean: Float(value)
        // 24 bits are a whole number in single precision.
        case .category: Float(batch.categoryHash(TextRef(packed: value), salt: salt) &>> 40)
        default: .nan
        }
    }

    // MARK: Speaking

    func close(at boundary: Int64) -> [IncidentReport] {
        var reports: [IncidentReport] = []
        for model in models.indices {
            guard let watch = models[model] else { continue }
            let author = ProbingAuthor(rule: rule, detector: number, model: model, spec: inventory[model], schema: schema, watch: watch)
            reports += speak(of: watch, author, at: boundary)
            for place in watch.boundary.takeTouched() { reports.append(author.report(cell: Int(place), phase: .open)) }
            for place in watch.boundary.cells.indices where watch.boundary.cells[place].isReported {
                guard boundary - watch.boundary.cells[place].seenAt > rule.quietMs else { continue }
                reports.append(author.report(cell: place, phase: quiet))
                watch.boundary.close(place)
            }
        }
        return reports
    }

    private var quiet: IncidentReport.Phase { .closed(reason: "nothing new for \(AlertNumbers.duration(rule.quietMs))") }

    private var dropped: IncidentReport.Phase {
        .closed(reason: "more than \(CaseBook.capacity) cases stand, and this one was quiet longest; what goes on becomes a case of its own")
    }

    private func speak(of watch: ProbingWatch, _ author: ProbingAuthor, at boundary: Int64) -> [IncidentReport] {
        var reports = watch.book.takeDropped().map { author.report($0, phase: dropped) }
        let cases = watch.book.cases
        for entry in cases {
            if entry.into != 0 {
                if entry.isTouched { reports.append(author.report(entry, phase: .merged(into: "case \(watch.book.root(entry.id))"))) }
            } else if boundary - entry.seenAt > rule.quietMs {
                reports.append(author.report(entry, phase: quiet))
                watch.close(entry.id)
            } else if entry.isTouched {
                reports += author.reports(entry)
            }
        }
        watch.book.clearNews()
        return reports
    }

    // MARK: Snapshot

    func encode(into writer: inout ByteWriter) {
        writer.write(count: models.count)
        for model in models {
            writer.write(bool: model != nil)
            model?.encode(into: &writer)
        }
    }

    func restore(from reader: inout ByteReader) throws {
        guard try reader.readCount() == models.count else { throw CorruptBytes(offset: reader.offset, expected: "\(models.count) models") }
        for model in models.indices {
            models[model] = nil
            if try reader.readBool() { try watch(model).restore(from: &reader) }
        }
    }
}

extension DecisionBatch {
    /// A secret hash of a category's text; the same text has the same in every batch.
    func categoryHash(_ ref: TextRef, salt: UInt64) -> UInt64 { KeyedHash(k0: salt, k1: 0x6361_7465_676f_7279).hash64(of: ref, in: text) }
}
