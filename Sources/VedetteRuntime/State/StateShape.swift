import VedetteCore

/// The part of a configuration that the state on disk is laid out by: rows refer to models,
/// dimensions and entities by position, panes to features and levels, keys to the hash.
/// A checkpoint carries it, so that a changed configuration is told from corruption.
struct StateShape: Equatable {
    /// State key. Durable.
    static let key: [UInt8] = [0x53]

    private let entries: [(name: String, value: String)]

    init(_ topology: TopologyConfiguration, hash: KeyedHash) {
        let schema = topology.schema
        let names = { (index: Int) in schema.dimensions[index] }
        let references = topology.driftReferences.map(\.reference) + topology.monitors.map(\.reference)
        let hasPinned = references.contains { if case .pinned = $0 { true } else { false } }
        entries = [
            ("models", schema.models.joined(separator: ",")),
            ("features", schema.features.map { "\($0.name):\($0.kind.rawValue)" }.joined(separator: ",")),
            ("slices.dimensions", schema.dimensions.joined(separator: ",")),
            ("slices", topology.slices.groups.map { $0.map(names).joined(separator: "×") }.joined(separator: ",")),
            ("slices.features_in_slices", "\(topology.slices.featuresInSlices)"),
            ("slices.entity_memory", topology.slices.newEntities.isEmpty ? "none" : "\(topology.slices.entityMemory)"),
            ("slices.dimensions[].new_entity", topology.slices.newEntities.map { "\(names($0.dimension)):\(schema.entities[$0.entity])" }.joined(separator: ",")),
            ("entities", schema.entities.joined(separator: ",")),
            // Only pinned references are kept by window; other windows may come and go.
            ("windows", hasPinned ? topology.windows.map { "\($0.name) \($0.sizeMs)/\($0.hopMs)+\($0.offsetMs)" }.joined(separator: ",") : "any"),
            ("panes.levels", topology.panes.levels.map { "\($0.sizeMs)" }.joined(separator: ",")),
            ("panes.quantile_accuracy", "\(topology.panes.quantileAccuracy)"),
            ("nowcast.cohort", "\(topology.nowcast.cohortMs)"),
            ("nowcast.horizon", "\(topology.nowcast.horizonMs)"),
            ("join.segment", "\(topology.join.segmentMs)"),
            ("time.granule", "\(topology.time.granuleMs)"),
            ("labels.sources", topology.labelSources.map(\.pipeline).joined(separator: ",")),
            // A hash of a fixed text: tells another key without telling the key.
            ("secrets.hash_key", String(hash.hash64("vedette state"), radix: 16)),
        ]
    }

    static func == (a: StateShape, b: StateShape) -> Bool { a.encoded == b.encoded }

    var encoded: [UInt8] {
        var writer = ByteWriter()
        writer.write(count: entries.count)
        for entry in entries {
            writer.write(string: entry.name)
            writer.write(string: entry.value)
        }
        return writer.bytes
    }

    /// The first key that differs, for a person; nil where the state fits. Values of the hash key are not shown.
    func difference(from saved: [UInt8]) -> String? {
        guard saved != encoded else { return nil }
        var reader = ByteReader(saved)
        guard let count = try? reader.readCount() else { return "it does not say which" }
        for _ in 0..<count {
            guard let name = try? reader.readString(), let value = try? reader.readString() else { break }
            guard let now = entries.first(where: { $0.name == name }), now.value != value else { continue }
            return name == "secrets.hash_key" ? "secrets.hash_key changed" : "\(name) was '\(value)' and is '\(now.value)'"
        }
        return "it has other keys"
    }
}
