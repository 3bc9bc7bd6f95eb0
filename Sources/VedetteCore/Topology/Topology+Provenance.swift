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
            let source = registryRow(of: entry)
            let words = LabelWords(
                request: set.request, kind: labelKinds.name(entry.kind) ?? "",
                pipeline: source < 0 ? Self.unlistedPipeline : configuration.labelSources[source].pipeline, actor: labelActors.name(entry.actor) ?? "",
                conditions: labelConditions.name(entry.conditions) ?? "")
            return joined(entry, source, row, key, set.request, words)
        }
    }

    public static var unlistedPipeline: String { "(unlisted)" }

    /// The source whose word it is, also where it stands under a key of its own; -1 is unlisted.
    private func registryRow(of entry: LabelEntry) -> Int {
        sourceRows[entry.source] ?? (entry.isQuarantined ? sourceRows[entry.source ^ 1] : sourceRows[~entry.source]) ?? -1
    }
}
