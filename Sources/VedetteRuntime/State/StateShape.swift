import VedetteCore

/// The part of a configuration that the state on disk is laid out by: rows refer to models,
/// dimensions and entities by position, panes to features and levels, keys to the hash.
/// A checkpoint carries it, so that a changed configuration is told from corruption.
///
/// What is not here may change. Most of it only says what becomes of later records; where it also says in which pane a
/// label finds its decision again, the state remembers what held when the decision was counted:
/// - `panes.levels[].keep`: ``PaneStore`` knows what each level has let go;
/// - `slices.max_slices`: ``SliceTable`` knows what was counted under "(other)" before it was raised;
/// - `slices.max_values`, `slices.max_versions`, `join.max_label_kinds`, `join.max_label_actors`, `slices.dimensions[].within`,
///   trust, weights, amounts and exploration probabilities: rows and labels carry what was found or stated then;
/// - `panes.score_entries`, `panes.quantile_bins`, `panes.categories`: every sketch carries its own limit and resolution;
/// - `nowcast.enabled`, `nowcast.slices`, `nowcast.max_series`, `nowcast.half_life`: ``NowcastBook`` knows from which cohort on a
///   series has counted all labels.
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
            // The probing detectors keep rows of these.
            ("models[].features", topology.models.map { $0.features.map { schema.features[$0].name }.joined(separator: "+") }.joined(separator: ",")),
            ("features", schema.features.map { "\($0.name):\($0.kind.rawValue)" }.joined(separator: ",")),
            ("slices.dimensions", schema.dimensions.joined(separator: ",")),
            ("slices", topology.slices.groups.map { $0.map(names).joined(separator: "×") }.joined(separator: ",")),
            ("slices.features_in_slices", "\(topology.slices.featuresInSlices)"),
            // Whoever was seen before the rule was there would be new. Before the memory's size, which differs where the first rule comes or the last goes.
            ("slices.dimensions[].new_entity", topology.slices.newEntities.map { "\(names($0.dimension)):\(schema.entities[$0.entity])" }.joined(separator: ",")),
            ("slices.entity_memory", topology.slices.newEntities.isEmpty ? "none" : "\(topology.slices.entityMemory)"),
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
    ///
    /// A key that only one of them has is of another version of the program: the snapshot's format tells those apart.
    func difference(from saved: [UInt8]) -> String? {
        var reader = ByteReader(saved)
        guard let count = try? reader.readCount() else { return "it does not say which" }
        for _ in 0..<count {
            guard let name = try? reader.readString(), let value = try? reader.readString() else { break }
            guard let now = entries.first(where: { $0.name == name }), now.value != value else { continue }
            return name == "secrets.hash_key" ? "secrets.hash_key changed" : "\(name) was '\(value)' and is '\(now.value)'"
        }
        return nil
    }
}
