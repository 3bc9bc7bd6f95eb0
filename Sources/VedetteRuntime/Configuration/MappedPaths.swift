import VedetteCodec
import VedetteCore

/// A path that records must have for the configuration to make sense, and the key that names it.
struct MappedPath {
    var key: String
    var path: FieldPath

    /// What is wrong with it where records have this shape; nil for nothing.
    func problem(in shape: any RecordShape) -> (expected: String, found: String)? {
        guard case .absent(let segment, let known) = shape.find(path) else { return nil }
        let parent = FieldPath(segments: Array(path.segments[..<segment]))
        let place = parent.segments.isEmpty ? "the record" : "\(parent)"
        guard segment < path.segments.count, !known.isEmpty else { return ("a path that the schema has", "\(path), but \(place) has no fields inside") }
        let near = Suggestion.phrase(for: path.segments[segment], among: known)
        let others = near.isEmpty ? "; it has \(known.prefix(12).joined(separator: ", "))\(known.count > 12 ? ", …" : "")" : near
        return ("a path that the schema has", "\(path), but \(place) has no field \"\(path.segments[segment])\"\(others)")
    }
}

extension VedetteConfiguration {
    /// Paths of what is required, of what the file maps itself, and of every declared feature, slice and entity. What
    /// stands at its default and may be missing is not among them.
    func mappedPaths(of stream: StreamKind) -> [MappedPath] {
        switch stream {
        case .decisions: decisionPaths(inputs.decisions.mapping)
        case .labels: labelPaths(inputs.labels.mapping)
        case .control: []
        }
    }

    private func decisionPaths(_ mapping: DecisionMapping) -> [MappedPath] {
        let usual = DecisionMapping()
        let at = "inputs.decisions.mapping"
        let required = [
            ("request_id", mapping.requestID), ("time", mapping.time), ("model_name", mapping.modelName), ("score", mapping.score),
            ("decision", mapping.decision),
        ]
        let optional = [
            ("model_version", mapping.modelVersion, usual.modelVersion), ("threshold_challenge", mapping.thresholdChallenge, usual.thresholdChallenge),
            ("threshold_block", mapping.thresholdBlock, usual.thresholdBlock), ("latency", mapping.latency, usual.latency),
            ("amount", mapping.amount, usual.amount), ("signals", mapping.signals.map { .path($0) }, usual.signals.map { .path($0) }),
            ("cost", mapping.cost, usual.cost), ("status", mapping.status, usual.status),
            ("exploration_probability", mapping.explorationProbability, usual.explorationProbability), ("action", mapping.action, usual.action),
            ("override", mapping.override, usual.override),
        ]
        let schema = topology.schema
        let named = [
            ("features", mapping.features, schema.features.map(\.name)),
            ("slices", mapping.slices, schema.dimensions.filter { !schema.learnedDimensions.contains($0) }), ("entities", mapping.entities, schema.entities),
        ]
        return Self.paths(at, required, optional) + named.flatMap { key, object, names in
            names.compactMap { name in
                guard case .path(let path)? = object.source(of: name) else { return nil }
                return MappedPath(key: object.overrides[name] == nil ? "\(at).\(key)" : "\(at).\(key).fields.\(name)", path: path)
            }
        }
    }

    private func labelPaths(_ mapping: LabelMapping) -> [MappedPath] {
        let usual = LabelMapping()
        return Self.paths(
            "inputs.labels.mapping", [("request_id", mapping.requestID), ("time", mapping.time), ("outcome", mapping.outcome)],
            [
                ("kind", mapping.kind, usual.kind), ("pipeline", mapping.pipeline, usual.pipeline), ("actor", mapping.actor, usual.actor),
                ("conditions", mapping.conditions, usual.conditions), ("decision_time", mapping.decisionTime, usual.decisionTime),
                ("sampling_weight", mapping.samplingWeight, usual.samplingWeight),
            ])
    }

    private static func paths(
        _ at: String, _ required: [(String, FieldSource)], _ optional: [(String, FieldSource?, FieldSource?)]
    ) -> [MappedPath] {
        let given = optional.compactMap { key, source, usual in source != usual ? source.map { (key, $0) } : nil }
        return (required + given).compactMap { key, source in
            if case .path(let path) = source { MappedPath(key: "\(at).\(key)", path: path) } else { nil }
        }
    }

    func encoding(of stream: StreamKind) -> RecordEncoding {
        switch stream {
        case .decisions: inputs.decisions.encoding
        case .labels: inputs.labels.encoding
        case .control: RecordEncoding()
        }
    }
}
