import VedetteCodec
import VedetteCore

/// What has to hold between keys, once each key is right on its own.
///
/// Places are looked up by key, so a relation whose key is not in the file (a default) points
/// at the nearest section that is.
struct Relations {
    let configuration: VedetteConfiguration
    let sink: IssueSink

    var topology: TopologyConfiguration { configuration.topology }

    static func check(_ configuration: VedetteConfiguration, sink: IssueSink) {
        let relations = Relations(configuration: configuration, sink: sink)
        relations.checkUniqueNames()
        relations.checkRowLimits()
        relations.checkTopics()
        relations.checkRecordSizes()
        relations.checkOverrides()
        relations.checkEncodings()
        // The rest divides by these; an error about them is already in the sink.
        guard topologyIsWhole(configuration.topology) else { return }
        let arePanesSound = relations.checkPanes()
        relations.checkTime()
        relations.checkJoin()
        relations.checkMonitors()
        // Every window would complain about panes that are wrong in themselves.
        guard arePanesSound else { return }
        relations.checkWindows()
        relations.checkReferences()
    }

    private static func topologyIsWhole(_ topology: TopologyConfiguration) -> Bool {
        topology.panes.levels.allSatisfy { $0.sizeMs > 0 && $0.keepMs > 0 }
            && topology.windows.allSatisfy { $0.sizeMs > 0 && $0.hopMs > 0 }
            && topology.time.granuleMs > 0 && topology.join.segmentMs > 0
    }

    // MARK: - Names

    private func checkUniqueNames() {
        unique(topology.models.map(\.name), "models", ".name")
        unique(topology.schema.entities, "entities", "")
        unique(topology.schema.dimensions, "slices.dimensions", "")
        unique(topology.windows.map(\.name), "windows", ".name")
        unique(topology.labelSources.map(\.pipeline), "labels.sources", ".pipeline")
        unique(topology.driftReferences.map(\.name), "drift", ".name")
        for (index, monitor) in topology.monitors.enumerated() {
            guard let first = topology.monitors.firstIndex(where: { $0.id == monitor.id }), first < index else { continue }
            sink.add("monitors[\(index)].id", expected: "an id of its own", found: "\"\(monitor.id)\", which monitors[\(first)] has")
        }
    }

    private func unique(_ names: [String], _ list: String, _ key: String) {
        for (index, name) in names.enumerated() where !name.isEmpty {
            guard let first = names.firstIndex(of: name), first < index else { continue }
            sink.add("\(list)[\(index)]\(key)", expected: "a name of its own", found: "\(ConfigurationText.quoted(name)), which \(list)[\(first)] has")
        }
    }

    private func checkRowLimits() {
        let schema = topology.schema
        for (key, names, limit) in [
            ("slices.dimensions", schema.dimensions, DecisionRow.maxDimensions), ("entities", schema.entities, DecisionRow.maxEntities),
        ] where names.count > limit {
            sink.add(key, expected: "at most \(limit)", found: "\(names.count)")
        }
    }

    private func checkTopics() {
        let inputs = configuration.inputs.topics.map { (key: "inputs.\($0.stream.word).topic", topic: $0.topic) }
        var taken = Array(inputs.prefix(1))
        let rest = inputs.dropFirst() + configuration.outputs.named.map { (key: "outputs.\($0.key)", topic: $0.topic) }
        for (key, topic) in rest where !topic.isEmpty {
            if let other = taken.first(where: { $0.topic == topic }) {
                sink.add(key, expected: "a topic of its own", found: "\(ConfigurationText.quoted(topic)), which \(other.key) has")
            }
            taken.append((key, topic))
        }
        if configuration.outputs.progress == nil {
            sink.add("outputs.progress", expected: "a topic for the commit protocol", found: "none; a restart may repeat alerts", .warning)
        }
        if configuration.outputs.alerts == nil {
            sink.add("outputs.alerts", expected: "a topic for alerts", found: "none; alerts go nowhere", .warning)
        }
    }

    /// A record that Kafka does not take would end the run, and so would every start after it.
    private func checkRecordSizes() {
        var messageBytes = Self.defaultMessageBytes
        switch configuration.kafka.properties["message.max.bytes"] {
        case .literal(let text): messageBytes = Int64(text) ?? messageBytes
        // What a variable or file holds is not looked at here.
        case .env, .file: return
        case nil: break
        }
        func check(_ key: String, _ bytes: Int, most: Int64, _ what: String) {
            guard Int64(bytes) > most else { return }
            sink.add(
                key, expected: "at most \(SizeText.format(most)), so that \(what) fits into kafka.properties.message.max.bytes, \(messageBytes)",
                found: SizeText.format(Int64(bytes)))
        }
        let limits = configuration.limits, outputs = configuration.outputs
        if outputs.deadLetters != nil {
            check("limits.dead_letter_bytes", limits.deadLetterBytes, most: max(0, messageBytes - Self.frameBytes) / 4 * 3, "a dead letter")
        }
        if outputs.metrics != nil {
            let room = messageBytes - Self.frameBytes - Int64(limits.stringBytes) * Self.textsOfMetricFrame
            check("limits.metric_bytes", outputs.metricBytes, most: max(0, room), "a metric record")
        }
        check("limits.string_bytes", limits.stringBytes, most: messageBytes / Self.textsOfRecord, "a record that quotes what it was sent")
    }

    /// librdkafka's own limit of a record, in bytes.
    private static let defaultMessageBytes: Int64 = 1_000_000
    /// Room for what has a bounded length beside the payload of a dead letter or the body of a metric record, in bytes.
    private static let frameBytes: Int64 = 4_096
    /// Texts of a record in a metric record beside its body: the version, of which JSON may write a byte as six, and what is in the key.
    private static let textsOfMetricFrame: Int64 = 16
    /// Texts of a record in an alert: ten request IDs and some names, of which JSON may write a byte as six.
    private static let textsOfRecord: Int64 = 80

    /// Names in a mapping that nothing declares are typing errors.
    private func checkOverrides() {
        let mapping = configuration.inputs.decisions.mapping
        let sets = [
            ("features", mapping.features, topology.schema.features.map(\.name)),
            ("slices", mapping.slices, topology.schema.dimensions),
            ("entities", mapping.entities, topology.schema.entities),
        ]
        for (key, object, declared) in sets {
            let place = "inputs.decisions.mapping.\(key)"
            for name in object.overrides.keys.sorted() where !declared.contains(name) {
                sink.add(
                    "\(place).fields.\(name)", expected: "a declared name of \(key)",
                    found: ConfigurationText.quoted(name) + Suggestion.phrase(for: name, among: declared))
            }
            let homeless = object.container == nil ? declared.filter { object.overrides[$0] == nil && !topology.schema.learnedDimensions.contains($0) } : []
            if !homeless.isEmpty {
                sink.add("\(place).fields", expected: "a source for every name, as there is no container", found: "none for \(homeless.joined(separator: ", "))")
            }
        }
    }

    // MARK: - Panes, time, join

    /// Whether the ladder of levels is one.
    private func checkPanes() -> Bool {
        let levels = topology.panes.levels, before = sink.errorCount
        for index in levels.indices {
            let level = levels[index], place = "panes.levels[\(index)]"
            if level.keepMs < level.sizeMs {
                sink.add("\(place).keep", expected: "at least the size, \(DurationText.format(level.sizeMs))", found: DurationText.format(level.keepMs))
            }
            guard index > 0 else { continue }
            let finer = levels[index - 1]
            if level.sizeMs <= finer.sizeMs || level.sizeMs % finer.sizeMs != 0 {
                sink.add(
                    "\(place).size", expected: "a multiple of the size before it, \(DurationText.format(finer.sizeMs)), and more than it",
                    found: DurationText.format(level.sizeMs))
            }
            if finer.keepMs < level.sizeMs {
                sink.add(
                    "panes.levels[\(index - 1)].keep", expected: "at least the next size, \(DurationText.format(level.sizeMs)), so that panes can roll up",
                    found: DurationText.format(finer.keepMs))
            }
            if level.keepMs < finer.keepMs {
                sink.add("\(place).keep", expected: "at least the keep before it, \(DurationText.format(finer.keepMs))", found: DurationText.format(level.keepMs))
            }
        }
        let isSound = sink.errorCount == before
        multiple("panes.revise_every", topology.panes.reviseEveryMs, of: topology.panes.paneMs, "the pane")
        return isSound
    }

    private func checkTime() {
        let time = topology.time, pane = topology.panes.paneMs
        if pane % time.granuleMs != 0 {
            sink.add("time.granule", expected: "a divisor of the pane, \(DurationText.format(pane))", found: DurationText.format(time.granuleMs))
        }
    }

    private func checkJoin() {
        let join = topology.join
        multiple("join.segment", join.segmentMs, of: topology.panes.paneMs, "the pane")
        multiple("join.retention", join.retentionMs, of: join.segmentMs, "join.segment")
        for (key, value) in [("maturity", join.maturityMs), ("pending_ttl", join.pendingTTLMs), ("duplicate_window", join.duplicateWindowMs)]
        where value > join.retentionMs {
            sink.add("join.\(key)", expected: "at most join.retention, \(DurationText.format(join.retentionMs))", found: DurationText.format(value))
        }
        if let last = topology.panes.levels.indices.last, topology.panes.levels[last].keepMs < join.retentionMs {
            sink.add(
                "panes.levels[\(last)].keep",
                expected: "at least join.retention, \(DurationText.format(join.retentionMs)), so that every label corrects its pane",
                found: DurationText.format(topology.panes.levels[last].keepMs), .warning)
        }
    }

    /// Whether it is; reported if not.
    @discardableResult
    func multiple(_ key: String, _ value: Int64, of unit: Int64, _ name: String) -> Bool {
        guard value <= 0 || value % unit != 0 else { return true }
        sink.add(key, expected: "a multiple of \(name), \(DurationText.format(unit))", found: DurationText.format(value))
        return false
    }
}
