/// Where labels came from, in words: as they join, and of what a checkpoint keeps.
extension Topology {
    func joined(_ label: LabelEntry, _ source: Int, _ decision: DecisionRow, _ id: RequestID, _ request: String, _ words: LabelWords) -> JoinedLabel {
        JoinedLabel(
            requestID: request, key: id, model: configuration.schema.models[Int(decision.model)],
            version: versions[Int(decision.model)].name(Int32(decision.version)) ?? "", decisionTime: decision.time, score: decision.score,
            decision: decision.decision, label: label, source: source, pipeline: words.pipeline, actor: words.actor, kind: words.kind,
            conditions: words.conditions)
    }

    /// Every word of one request that a checkpoint keeps, from the bytes of its rows, in no particular order.
    ///
    /// Rows hold numbers and hashes; the names are those of the restored topology. A pipeline that the registry does not
    /// list has left only its hash: it is named ``unlistedPipeline``. The key is the row's, 96 bits of the request's.
    ///
    /// - Throws: ``CorruptBytes``.
    public func provenance(key: RequestID, segment: Int64, decision: [UInt8], labels: [UInt8]) throws -> [JoinedLabel] {
        let start = segment * configuration.join.segmentMs
        let row = try DecisionRow(decision, segmentStart: start, dimensions: dimensions.count, entities: configuration.schema.entities.count)
        let set = try LabelSet(labels, segmentStart: start)
        guard Int(row.model) < configuration.schema.models.count else { throw CorruptBytes(offset: 0, expected: "a model of the inventory") }
        return set.entries.map { entry in
            let source = registryRow(of: entry), names = vocabulary.names(of: entry)
            let words = LabelWords(
                request: set.request, kind: names.kind, pipeline: source < 0 ? Self.unlistedPipeline : configuration.labelSources[source].pipeline,
                actor: names.actor, conditions: names.conditions)
            return joined(entry, source, row, key, set.request, words)
        }
    }

    /// Whether a word is part of what an accusation rests on that stands or stood, though it may have counted when it joined.
    public func isSuspected(_ word: JoinedLabel) -> Bool {
        guard word.source >= 0, word.label.standing != .inadmissible, let model = configuration.schema.models.firstIndex(of: word.model) else { return false }
        return labelDetectors.contains { detectors[$0].isSuspected(source: word.source, actor: word.actor, model: model, at: word.label.time) }
    }

    public static var unlistedPipeline: String { "(unlisted)" }

    /// Row of the registry of the source whose word it is, whatever its standing; -1 is unlisted.
    func registryRow(of entry: LabelEntry) -> Int { sourceRows[entry.standing.key(of: entry.source, isListed: true)] ?? -1 }
}
