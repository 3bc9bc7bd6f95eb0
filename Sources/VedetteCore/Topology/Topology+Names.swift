extension TopologyConfiguration {
    /// After which a version or a value of a dimension that no decision, duplicate or label named makes room for another,
    /// once there is none: when no row and no pane can speak of it any more. Panes go a sixteenth of their time late at most.
    var nameIdleMs: Int64 {
        let coarsest = panes.levels[panes.levels.count - 1]
        return max(coarsest.keepMs + coarsest.keepMs / 16 + 2 * coarsest.sizeMs, join.retentionMs + join.segmentMs) + 86_400_000
    }
}

/// How full what has a limit is, and what fell beyond it since the state began.
public struct Cardinality: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable {
        /// Values of a slice dimension, versions of a model, slices, kinds, actors and conditions of labels: beyond, `(other)`.
        case dimension, version, slice
        case labelKind = "label_kind", labelActor = "label_actor", labelCondition = "label_condition"
        /// All names in labels that do not count.
        case inadmissibleLabel = "inadmissible_label"
        /// Findings of which the judge remembers something: beyond, no alert.
        case finding
    }

    public var kind: Kind
    /// Which dimension, or the versions of which model; empty where there is one only.
    public var name: String
    public var used: Int
    public var limit: Int
    /// Look-ups that found no room.
    public var overflowed: Int64

    /// `dimension country`.
    public var text: String { name.isEmpty ? kind.rawValue : "\(kind.rawValue) \(name)" }
}

/// Names with a limit: when they are used, and what goes with those that make room.
extension Topology {
    /// In a fixed order.
    public var cardinalities: [Cardinality] {
        func one(_ kind: Cardinality.Kind, _ name: String, _ names: Interner) -> Cardinality {
            Cardinality(kind: kind, name: name, used: names.live, limit: names.limit, overflowed: names.overflowed)
        }
        return zip(configuration.schema.dimensions, dimensions).map { one(.dimension, $0, $1) }
            + zip(configuration.schema.models, versions).map { one(.version, $0, $1) }
            + [
                Cardinality(kind: .slice, name: "", used: slices.live, limit: slices.limit, overflowed: slices.overflowed),
                one(.labelKind, "", vocabulary.kinds), one(.labelActor, "", vocabulary.actors), one(.labelCondition, "", vocabulary.conditions),
                one(.inadmissibleLabel, "", vocabulary.inadmissible),
                Cardinality(kind: .finding, name: "", used: judge.trackedCount, limit: Judge.maxTracked, overflowed: judge.refused),
            ]
    }

    /// What happened to this decision now will stand in panes of now.
    func touch(_ decision: DecisionRow, at effective: Int64) {
        versions[Int(decision.model)].touch(Int32(decision.version), at: effective)
        for index in dimensions.indices { dimensions[index].touch(decision.values[index], at: effective) }
    }

    /// Gives up what is kept of names that have made room for others. O(series).
    ///
    /// - Parameter time: of the record that needed the room, at which it takes effect, ms. Others of it may have taken effect already.
    func forgetRetired(at time: Int64) {
        for index in versions.indices { versions[index].didRetire = false }
        for index in dimensions.indices { dimensions[index].didRetire = false }
        slices.bury(at: time + 1) { dimensions[$0].isRetired($1) }
        nowcasts.forget(at: time) { slices.isBuried($0.slice) }
        for key in windows.pinned.keys where slices.isBuried(key.slice) { windows.pinned[key] = nil }
        listFamilies()
    }

    /// Families in the order of their oldest series in use.
    func listFamilies() {
        families = FamilyTable()
        for one in panes.series where !versions[Int(one.key.model)].isRetired(Int32(one.key.version)) && !slices.isBuried(one.key.slice) {
            families.add(one.key)
        }
    }
}
