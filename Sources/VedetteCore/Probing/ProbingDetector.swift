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

    /// A try is a try, whatever ID it came under.
    func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>) {
        for place in decisions.indices {
            let model = Int(decisions[place].row.model)
            guard isWatched[model] else { continue }
            follow(decisions, place, decisions[place].batch, names, watch(model), model)
        }
    }

    /// The batch and the watch are parameters, which need not be counted each time that they are handed on.
    private func follow(
        _ decisions: Span<ObservedDecision>, _ place: Int, _ batch: DecisionBatch, _ names: ContiguousArray<Interner>, _ watch: ProbingWatch, _ model: Int
    ) {
        // Those after this one are mostly of this model: their memory is asked for meanwhile.
        withEntities(of: place + 2, in: decisions, model) { watch.fanOut.expectSoon($0) }
        withEntities(of: place + 1, in: decisions, model) { watch.fanOut.expect($0, part: 0) }
        let index = decisions[place].index
        read(batch, index, of: model)
        withEntities(of: place + 1, in: decisions, model) { watch.fanOut.expect($0, part: 1) }
        let request = Self.request(decisions, place, batch)
        // Safe: there is room for the features of any model.
        let row = UnsafeBufferPointer(start: row, count: inventory[model].features.count)
        let values = decisions[place].row.values
        // For the closures, which are handed on many times and called hardly ever: what they hold need not be counted. Safe: both outlive
        // this call, and so the closures.
        unowned(unsafe) let lent = batch
        unowned(unsafe) let detector = self
        withEntities(of: index, in: batch) { entities in
            watch.observe(
                request, row: row, entities: entities, values: values,
                name: { SliceName([.init(dimension: detector.schema.dimensions[$0], value: names[$0].name(values[$0]))]) },
                sample: { lent.string(lent.requestText[index]) },
                word: { detector.word(of: $0, model, lent, index) })
        }
        withEntities(of: place + 1, in: decisions, model) { watch.fanOut.expect($0, part: 2) }
    }

    @inline(__always)
    private func withEntities(of row: Int, in batch: DecisionBatch, _ body: (UnsafeBufferPointer<UInt64>) -> Void) {
        batch.entities.withValues(row * schema.entities.count..<(row + 1) * schema.entities.count, body)
    }

    /// The same of a decision that is yet to be followed, where there is such a one of this model.
    @inline(__always)
    private func withEntities(of place: Int, in decisions: Span<ObservedDecision>, _ model: Int, _ body: (UnsafeBufferPointer<UInt64>) -> Void) {
        guard place < decisions.count, Int(decisions[place].row.model) == model else { return }
        withEntities(of: decisions[place].index, in: decisions[place].batch, body)
    }

    private func word(of feature: Int, _ model: Int, _ batch: DecisionBatch, _ index: Int) -> String {
        let place = index * schema.features.count + inventory[model].features[feature]
        guard FeatureState(rawValue: batch.featureState[place]) == .category else { return "" }
        return batch.string(TextRef(packed: batch.featureValue[place]))
    }

    private func watch(_ model: Int) -> ProbingWatch {
        if let known = models[model] { return known }
        let made = ProbingWatch(
            rule: rule, features: inventory[model].features.count, entityKinds: schema.entities.count, salt: salt &+ UInt64(model))
        models[model] = made
        return made
    }

    /// Field by field, as everywhere here: to copy a decision costs more than to read it.
    private static func request(_ decisions: Span<ObservedDecision>, _ place: Int, _ batch: DecisionBatch) -> ProbingRequest {
        let index = decisions[place].index
        let (challenge, block) = (batch.thresholdChallenge[index], batch.thresholdBlock[index])
        let threshold = challenge.isNaN ? block : block.isNaN ? challenge : min(challenge, block)
        let (score, action) = (decisions[place].row.score, decisions[place].row.decision)
        // At least half of the threshold's odds: s / (1 - s) >= t / (1 - t) / 2.
        let isNear = !threshold.isNaN && score * (1 - threshold) * 2 >= threshold * (1 - score)
        var request = ProbingRequest(
            time: decisions[place].row.time, decision: action, isSuspicious: action.isIntervention || isNear, amount: batch.amount[index],
            score: score, threshold: threshold)
        request.effective = decisions[place].effective
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
