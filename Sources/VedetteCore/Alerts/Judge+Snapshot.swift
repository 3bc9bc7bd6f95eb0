/// The judge's memory in a checkpoint: monitors by their ids and by what they compare, so that a configuration with
/// other monitors still reads it. What no longer exists, or compares something else under an id that it had before, is
/// left out: evidence and references are of what was compared then. What was told as open of it is abandoned.
extension Judge {
    public func encode(into writer: inout ByteWriter) {
        writer.write(count: configuration.monitors.count)
        for monitor in configuration.monitors {
            writer.write(string: monitor.id)
            writer.write(string: comparison(of: monitor))
        }
        writer.write(count: episodeFloor)
        writer.write(signed: newestEnd)
        writer.write(signed: refused)
        silences.encode(into: &writer)
        encodeHygiene(into: &writer)
        AbandonedAlert.write(abandoned, into: &writer)
        writer.write(count: states.count)
        for (key, state) in states.sorted(by: { $0.key < $1.key }) {
            writer.write(fixed64: key.high)
            writer.write(fixed64: key.low)
            state.encode(into: &writer)
        }
    }

    /// Throws ``CorruptBytes`` where the bytes are not a judge's.
    public init(configuration: TopologyConfiguration, from reader: inout ByteReader) throws {
        self.init(configuration: configuration)
        let saved = try (0..<(try reader.readCount(minimumSize: 2))).map { _ in (id: try reader.readString(), comparison: try reader.readString()) }
        let places = saved.map { one in configuration.monitors.firstIndex { $0.id == one.id && comparison(of: $0) == one.comparison } }
        episodeFloor = Int(truncatingIfNeeded: try reader.readVarint())
        newestEnd = try reader.readSigned()
        refused = try reader.readSigned()
        silences = try SilenceBook(configuration.silences, from: &reader)
        try restoreHygiene(from: &reader, places: places)
        abandoned = try AbandonedAlert.read(configuration, from: &reader)
        for _ in 0..<(try reader.readCount(minimumSize: 40)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            var state = try AlertState(from: &reader)
            guard places.indices.contains(state.monitor), configuration.models.indices.contains(state.identity.model) else {
                throw CorruptBytes(offset: reader.offset, expected: "one of \(places.count) monitors, of a known model")
            }
            guard let monitor = places[state.monitor], isJudged(state.identity, by: configuration.monitors[monitor]) else {
                abandon(key, state, monitorID: saved[state.monitor].id)
                continue
            }
            state.monitor = monitor
            states[key] = state
            trackedByMonitor[monitor] += 1
            if state.isAnnounced { spokenKeys.insert(key) }
            if state.about != nil { followers.insert(key) }
        }
    }

    /// What a monitor measures, in which windows and against what: all but its limits and where it looks.
    private func comparison(of spec: MonitorSpec) -> String {
        let window = configuration.windows[spec.window]
        let words = [spec.rule.name] + spec.rule.base.words + [spec.rule.base.needs.reference ? spec.referenceLabel : "nothing"]
        return "\(words.joined(separator: " ")) \(window.sizeMs)/\(window.hopMs)+\(window.offsetMs)"
    }

    private mutating func abandon(_ key: RequestID, _ state: AlertState, monitorID: String) {
        episodeFloor = max(episodeFloor, state.episode)
        guard state.phase == .firing, state.isAnnounced else { return }
        abandoned.append(
            AbandonedAlert(
                key: key, identity: state.identity, monitorID: monitorID, severity: state.severity, episode: state.episode, revision: state.revision,
                startedAt: state.startedAt, detectedAt: state.detectedAt))
    }

    /// Whether a monitor still looks at what an alert of its id is about.
    private func isJudged(_ identity: AlertIdentity, by spec: MonitorSpec) -> Bool {
        let model = configuration.models[identity.model]
        guard spec.models.isEmpty || spec.models.contains(model.name), isWatched(identity.slice, by: spec) else { return false }
        guard let subject = identity.subject, let feature = configuration.schema.features.firstIndex(where: { $0.name == subject }) else { return true }
        switch spec.rule.base {
        case is MissingFeaturesRule: return model.importantFeatures.contains(feature)
        case let rule as FeatureDriftRule: return (rule.scope == .important ? model.importantFeatures : model.features).contains(feature)
        case is FeatureCollapseRule, is SchemaChangeRule: return model.features.contains(feature)
        default: return true
        }
    }

    private func isWatched(_ slice: SliceName, by spec: MonitorSpec) -> Bool {
        switch spec.slices {
        case .overall: return slice.isOverall
        case .all: return true
        case .groups(let groups):
            guard !slice.isOverall else { return false }
            let dimensions = slice.parts.map(\.dimension)
            return groups.contains { $0.map { configuration.schema.dimensions[$0] } == dimensions } || spec.sliceValues.contains(slice)
        }
    }

    private func encodeHygiene(into writer: inout ByteWriter) {
        notices.encode(into: &writer)
        writer.write(count: announcements.count)
        for (room, times) in announcements.sorted(by: { $0.key < $1.key }) {
            room.encode(into: &writer)
            writer.write(count: times.count)
            for time in times { writer.write(signed: time) }
        }
        writer.write(count: versionWords.count)
        for (model, key) in versionWords.sorted(by: { $0.key < $1.key }) {
            writer.write(count: model)
            writer.write(fixed64: key.high)
            writer.write(fixed64: key.low)
        }
        for ledger in ledgers {
            writer.write(bool: ledger != nil)
            ledger?.encode(into: &writer)
        }
    }

    /// - Parameter places: of the monitors in the snapshot, where they are now.
    private mutating func restoreHygiene(from reader: inout ByteReader, places: [Int?]) throws {
        notices = try NoticeBook(from: &reader)
        guard notices.states.keys.allSatisfy({ configuration.models.indices.contains($0.model) }) else {
            throw CorruptBytes(offset: reader.offset, expected: "notices of known models")
        }
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let room = try AlertRoom(from: &reader)
            announcements[room] = try (0..<(try reader.readCount())).map { _ in try reader.readSigned() }
        }
        for _ in 0..<(try reader.readCount(minimumSize: 17)) {
            let model = Int(truncatingIfNeeded: try reader.readVarint())
            versionWords[model] = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
        }
        for place in places where try reader.readBool() {
            let ledger = try EvidenceLedger(spanMs: Self.evidenceSpanMs, from: &reader)
            // A monitor that accumulates no more has no use for it.
            if let place, ledgers[place] != nil { ledgers[place] = ledger }
        }
    }
}
