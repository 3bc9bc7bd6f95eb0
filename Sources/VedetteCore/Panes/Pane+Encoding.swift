/// The bytes of a pane: in checkpoints, in baseline files, and in memory while nobody uses it. So they are short:
/// what is 0 or not there takes no room, and most panes of small slices hold a decision or two.
extension Pane {
    /// How many plain counts a pane has; those by decision come first.
    static let countsStated = 12

    /// What a pane has beside its counts, scores and latencies. Durable.
    struct Parts: OptionSet {
        let rawValue: UInt64
        static let features = Parts(rawValue: 1 << 0)
        static let outcomes = Parts(rawValue: 1 << 1)
        static let operations = Parts(rawValue: 1 << 2)
        static let samples = Parts(rawValue: 1 << 3)
        static let acted = Parts(rawValue: 1 << 4)
        static let arrivedAges = Parts(rawValue: 1 << 5)
        static let outcomeAges = Parts(rawValue: 1 << 6)
        static let delays = Parts(rawValue: 1 << 7)
        static let fraudSamples = Parts(rawValue: 1 << 8)
        static let explored = Parts(rawValue: 1 << 9)
        static let undeclared = Parts(rawValue: 1 << 10)
        static let all = Parts(rawValue: 1 << 11 - 1)
    }

    private var parts: Parts {
        var parts: Parts = []
        if !features.isEmpty { parts.insert(.features) }
        if hasOutcomes { parts.insert(.outcomes) }
        if operations != nil { parts.insert(.operations) }
        if !samples.isEmpty { parts.insert(.samples) }
        if acted != nil { parts.insert(.acted) }
        if !arrivedAges.isEmpty { parts.insert(.arrivedAges) }
        if let boxedOutcomes, !boxedOutcomes.ages.isEmpty { parts.insert(.outcomeAges) }
        if delays != nil { parts.insert(.delays) }
        if !fraudSamples.isEmpty { parts.insert(.fraudSamples) }
        if explored != nil { parts.insert(.explored) }
        if undeclared != nil { parts.insert(.undeclared) }
        return parts
    }

    /// - Parameter hash: of request IDs. Whoever reads it must have the same; without it, IDs of samples are written out.
    public func encode(into writer: inout ByteWriter, hash: KeyedHash? = nil) {
        // First what ``Counts`` reads.
        writer.write(signed: labelled)
        writer.write(sparse: [
            decisions.allow, decisions.challenge, decisions.block, decisions.escalate, decisions.log,
            modelOnly, signalsKnown, late, duplicates, conflicts, arrivedFraud, arrivedLegit,
        ])
        let parts = parts
        writer.write(varint: parts.rawValue)
        // Before what names some of them by their places.
        if parts.contains(.samples) { samples.encode(into: &writer, hash) }
        score.encode(into: &writer)
        scores.encode(into: &writer)
        latency.encode(into: &writer)
        latencies.encode(into: &writer)
        if parts.contains(.features) {
            writer.write(count: features.count)
            for feature in features { feature.encode(into: &writer, hash, besides: samples) }
        }
        boxedOutcomes?.outcomes.encode(into: &writer)
        operations?.encode(into: &writer, hash, besides: samples)
        delays?.encode(into: &writer)
        if parts.contains(.arrivedAges) { arrivedAges.encode(into: &writer) }
        if parts.contains(.outcomeAges) { boxedOutcomes?.ages.encode(into: &writer) }
        acted?.encode(into: &writer)
        explored?.encode(into: &writer)
        undeclared?.encode(into: &writer)
        if parts.contains(.fraudSamples) { fraudSamples.encode(into: &writer, hash) }
    }
}
