/// The judge's memory in a checkpoint: monitors by their ids, so that a configuration with
/// other monitors still reads it; what no longer exists is left out.
extension Judge {
    public func encode(into writer: inout ByteWriter) {
        writer.write(count: configuration.monitors.count)
        for monitor in configuration.monitors { writer.write(string: monitor.id) }
        writer.write(count: episodeFloor)
        writer.write(signed: newestEnd)
        writer.write(signed: refused)
        silences.encode(into: &writer)
        encodeHygiene(into: &writer)
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
        var places: [Int?] = []
        for _ in 0..<(try reader.readCount()) {
            let id = try reader.readString()
            places.append(configuration.monitors.firstIndex { $0.id == id })
        }
        episodeFloor = Int(truncatingIfNeeded: try reader.readVarint())
        newestEnd = try reader.readSigned()
        refused = try reader.readSigned()
        silences = try SilenceBook(configuration.silences, from: &reader)
        try restoreHygiene(from: &reader, places: places)
        for _ in 0..<(try reader.readCount(minimumSize: 40)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            var state = try AlertState(from: &reader)
            guard places.indices.contains(state.monitor), configuration.models.indices.contains(state.identity.model) else {
                throw CorruptBytes(offset: reader.offset, expected: "one of \(places.count) monitors, of a known model")
            }
            guard let monitor = places[state.monitor] else {
                episodeFloor = max(episodeFloor, state.episode)
                continue
            }
            state.monitor = monitor
            states[key] = state
            trackedByMonitor[monitor] += 1
            if state.phase == .firing, state.isAnnounced { spokenKeys.insert(key) }
        }
    }

    private func encodeHygiene(into writer: inout ByteWriter) {
        notices.encode(into: &writer)
        writer.write(count: announcements.count)
        for (model, times) in announcements.sorted(by: { $0.key < $1.key }) {
            writer.write(count: model)
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
            let model = Int(truncatingIfNeeded: try reader.readVarint())
            announcements[model] = try (0..<(try reader.readCount())).map { _ in try reader.readSigned() }
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
