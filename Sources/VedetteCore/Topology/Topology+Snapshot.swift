/// Where to read a source partition again after a restart.
public struct ResumePoint: Sendable, Equatable {
    public var partition: InputPartition
    public var offset: Int64
    /// The partition's clock just before that offset.
    public var clock: PartitionClock
    /// Punctuations at or after that offset.
    public var punctuations: [Punctuation]

    public init(partition: InputPartition, offset: Int64, clock: PartitionClock, punctuations: [Punctuation]) {
        self.partition = partition
        self.offset = offset
        self.clock = clock
        self.punctuations = punctuations
    }
}

/// The names under which a snapshot is stored. Durable: a change needs a new format version.
///
/// | key | value |
/// |---|---|
/// | `T` | everything but the panes, one blob |
/// | `E` kind(u8) part(u8) | when entities of a kind were first seen: part 0 the table, the others a filter each |
/// | `P` series(u32) level(u8) index(i64, sign bit flipped), big endian | one pane |
public enum SnapshotKey {
    public static let topology: [UInt8] = [0x54]
    public static let panePrefix: [UInt8] = [0x50]

    static func pane(series: Int, level: Int, index: Int64) -> [UInt8] {
        var key = panePrefix
        withUnsafeBytes(of: UInt32(series).bigEndian) { key.append(contentsOf: $0) }
        key.append(UInt8(level))
        withUnsafeBytes(of: (UInt64(bitPattern: index) ^ (1 << 63)).bigEndian) { key.append(contentsOf: $0) }
        return key
    }

    public static let entityPrefix: [UInt8] = [0x45]

    static func entities(kind: Int, part: Int) -> [UInt8] { entityPrefix + [UInt8(kind), UInt8(part)] }

    static func parsePane(_ key: [UInt8]) throws -> (series: Int, level: Int, index: Int64) {
        guard key.count == 14, key[0] == panePrefix[0] else { throw CorruptBytes(offset: 0, expected: "a pane key") }
        let series = key[1..<5].reduce(0) { $0 << 8 | Int($1) }
        let raw = key[6..<14].reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (series, Int(key[5]), Int64(bitPattern: raw ^ (1 << 63)))
    }
}

extension Topology {
    private static let formatVersion: UInt64 = 14

    /// Writes what changed since the last call: `put` and `delete` are the panes, the
    /// returned blob is the rest. O(changed panes).
    public func snapshot(put: ([UInt8], [UInt8]) throws -> Void, delete: ([UInt8]) throws -> Void) rethrows {
        var writer = ByteWriter()
        for (number, one) in panes.series.enumerated() {
            for gone in one.takeExpired() { try delete(SnapshotKey.pane(series: number, level: gone.level, index: gone.index)) }
            try one.takeChanged { level, index, bytes in
                try put(SnapshotKey.pane(series: number, level: level, index: index), bytes)
            }
        }
        try newEntities.snapshot { place, part, bytes in try put(SnapshotKey.entities(kind: place, part: part), bytes.bytes) }
        writer.removeAll()
        encodeRest(into: &writer)
        try put(SnapshotKey.topology, writer.bytes)
        sequencer.prunePunctuations()
    }

    /// Per partition, where a restart from the present state has to read again.
    public func resumePoints() -> [ResumePoint] {
        sequencer.partitions.indices.map { index in
            let partition = sequencer.partitions[index]
            let (offset, clock) = sequencer.restartPoint(of: index)
            return ResumePoint(
                partition: partition.identity, offset: offset, clock: clock,
                punctuations: partition.punctuations.filter { $0.offset >= offset })
        }
    }

    /// Punctuations that are in force, for the progress record.
    public func punctuations(of partition: Int) -> [Punctuation] { sequencer.partitions[partition].punctuations }

    public func position(of partition: Int) -> Int64 { sequencer.partitions[partition].position }

    private func encodeRest(into writer: inout ByteWriter) {
        writer.write(varint: Self.formatVersion)
        writer.write(count: configuration.labelSources.count)
        for source in configuration.labelSources { writer.write(string: source.pipeline) }
        writer.write(signed: sequencer.released)
        panes.encode(into: &writer)
        writer.write(signed: newestTime)
        counters.encode(into: &writer)
        for count in orphansBySource { writer.write(signed: count) }
        for interner in dimensions { interner.encode(into: &writer) }
        for interner in versions { interner.encode(into: &writer) }
        for fields in undeclared { fields.encode(into: &writer) }
        vocabulary.encode(into: &writer)
        slices.encode(into: &writer)
        writer.write(count: panes.series.count)
        for one in panes.series {
            writer.write(varint: UInt64(one.key.model))
            writer.write(varint: UInt64(one.key.version))
            writer.write(signed: Int64(one.key.slice))
            writer.write(count: one.corrected.count)
            for start in one.corrected { writer.write(signed: start) }
        }
        pending.encode(into: &writer)
        writer.write(count: windows.pinned.count)
        let pinned = windows.pinned.sorted {
            ($0.key.window, $0.key.start, $0.key.model, $0.key.slice) < ($1.key.window, $1.key.start, $1.key.model, $1.key.slice)
        }
        for (key, pane) in pinned {
            writer.write(count: key.window)
            writer.write(signed: key.start)
            writer.write(varint: UInt64(key.model))
            writer.write(signed: Int64(key.slice))
            pane.encode(into: &writer)
        }
        judge.encode(into: &writer)
        encodeDetectors(into: &writer)
        nowcasts.encode(into: &writer, asked: askedNowcasts)
        breakers.encode(into: &writer)
        encode(resumePoints(), into: &writer)
    }

    private func encode(_ points: [ResumePoint], into writer: inout ByteWriter) {
        writer.write(count: points.count)
        for point in points { point.encode(into: &writer) }
    }

    /// Restores the blob into a topology that has taken nothing in yet; panes follow with
    /// ``restorePane(key:value:)``. Returns where to read on; the partitions are not yet registered.
    ///
    /// - Throws: ``CorruptBytes``.
    public func restore(_ blob: [UInt8]) throws -> [ResumePoint] {
        var reader = ByteReader(blob)
        guard try reader.readVarint() == Self.formatVersion else {
            throw CorruptBytes(offset: 0, expected: "snapshot format \(Self.formatVersion)")
        }
        try requireSources(from: &reader)
        sequencer = Sequencer(configuration: configuration.time, released: try reader.readSigned())
        try panes.restore(from: &reader)
        newestTime = try reader.readSigned()
        restoreCounters(try Counters(from: &reader), try orphansBySource.map { _ in try reader.readSigned() })
        for index in dimensions.indices { try dimensions[index].restore(from: &reader) }
        newEntities.number(in: &dimensions, hash: hash)
        for index in versions.indices { try versions[index].restore(from: &reader) }
        undeclared = ContiguousArray(try undeclared.map { _ in try UndeclaredFields(from: &reader) })
        try vocabulary.restore(from: &reader)
        try slices.restore(from: &reader, at: sequencer.released)
        slices.bury(at: nil) { dimensions[$0].isRetired($1) }
        for _ in 0..<(try reader.readCount(minimumSize: 4)) {
            let model = UInt16(truncatingIfNeeded: try reader.readVarint())
            let version = UInt16(truncatingIfNeeded: try reader.readVarint())
            let key = SeriesKey(model: model, version: version, slice: Int32(truncatingIfNeeded: try reader.readSigned()))
            let number = panes.number(of: key)
            for _ in 0..<(try reader.readCount()) { panes.series[Int(number)].noteCorrection(try reader.readSigned()) }
        }
        listFamilies()
        pending = try PendingLabels(configuration.join, from: &reader)
        for _ in 0..<(try reader.readCount(minimumSize: 8)) {
            let window = Int(try reader.readVarint())
            let start = try reader.readSigned()
            let model = UInt16(truncatingIfNeeded: try reader.readVarint())
            let slice = Int32(truncatingIfNeeded: try reader.readSigned())
            windows.pinned[.init(window: window, start: start, model: model, slice: slice)] = try Pane(from: &reader)
        }
        judge = try Judge(configuration: configuration, from: &reader)
        try restoreDetectors(from: &reader)
        try nowcasts.restore(from: &reader, asked: askedNowcasts, isAsked: isNowcastAsked, at: sequencer.released)
        try breakers.restore(from: &reader)
        breakers.reconcile(with: incidents.firingSignals() + judge.firingSignals(), at: panes.closed)
        var points: [ResumePoint] = []
        for _ in 0..<(try reader.readCount()) { points.append(try ResumePoint(from: &reader)) }
        return points
    }

    /// Panes, counters and the label monitors know a source by its place in the registry.
    private func requireSources(from reader: inout ByteReader) throws {
        let saved = try (0..<(try reader.readCount())).map { _ in try reader.readString() }
        let known = configuration.labelSources.map(\.pipeline)
        guard saved == known else {
            throw CorruptBytes(offset: reader.offset, expected: "the label sources \(known.joined(separator: ", ")), not \(saved.joined(separator: ", "))")
        }
    }

    /// Restores when entities were first seen; keys in ascending order.
    public func restoreEntities(key: [UInt8], value: [UInt8]) throws {
        guard key.count == 3 else { throw CorruptBytes(offset: 0, expected: "a key of first-seen times") }
        var reader = ByteReader(value)
        try newEntities.restore(place: Int(key[1]), part: Int(key[2]), &reader)
    }

    public func restorePane(key: [UInt8], value: [UInt8]) throws {
        let place = try SnapshotKey.parsePane(key)
        guard place.series < panes.series.count, place.level < configuration.panes.levels.count else {
            throw CorruptBytes(offset: 0, expected: "a pane of a known series")
        }
        try panes.restore(series: place.series, level: place.level, index: place.index, value)
    }
}

extension ResumePoint: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(byte: partition.stream.rawValue)
        writer.write(string: partition.source)
        writer.write(signed: Int64(partition.number))
        writer.write(signed: offset)
        clock.encode(into: &writer)
        writer.write(count: punctuations.count)
        for punctuation in punctuations {
            writer.write(signed: punctuation.offset)
            writer.write(signed: punctuation.watermark)
            writer.write(signed: punctuation.present)
        }
    }

    public init(from reader: inout ByteReader) throws {
        guard let stream = StreamKind(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "a stream kind") }
        let source = try reader.readString()
        let number = Int32(truncatingIfNeeded: try reader.readSigned())
        let offset = try reader.readSigned()
        let clock = try PartitionClock(from: &reader)
        var punctuations: [Punctuation] = []
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            punctuations.append(Punctuation(offset: try reader.readSigned(), watermark: try reader.readSigned(), present: try reader.readSigned()))
        }
        self.init(
            partition: InputPartition(stream: stream, source: source, number: number), offset: offset, clock: clock,
            punctuations: punctuations)
    }
}
