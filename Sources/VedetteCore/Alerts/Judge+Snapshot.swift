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
        for _ in 0..<(try reader.readCount(minimumSize: 40)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            var state = try AlertState(from: &reader)
            guard places.indices.contains(state.monitor) else {
                throw CorruptBytes(offset: reader.offset, expected: "one of \(places.count) monitors")
            }
            guard let monitor = places[state.monitor] else {
                episodeFloor = max(episodeFloor, state.episode)
                continue
            }
            state.monitor = monitor
            states[key] = state
            trackedByMonitor[monitor] += 1
        }
    }
}
