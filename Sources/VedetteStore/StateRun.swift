/// Changes of state keys in order of arrival: values put, and deletions.
///
/// Bytes lie in chunks that never move: growing one large array would hold it twice while it is copied, which at
/// thousands of slices was a fifth of the memory of the process.
struct StateRun: Sendable {
    private struct Entry: Sendable {
        var chunk: UInt32
        /// Where the key begins in its chunk; the value follows it.
        var start: UInt32
        var keyCount: UInt32
        /// Bytes of the value; negative for a deletion.
        var valueCount: Int32
    }

    /// The largest value, in bytes: what a block of a table can hold and compress.
    static let maxValueBytes = Int(Int32.max)

    private let limit: Int
    private var entries: ContiguousArray<Entry> = []
    private var chunks: ContiguousArray<StateChunk> = []
    /// The first value that was larger.
    private var oversized: (key: [UInt8], bytes: Int)?

    /// - Parameter limit: bytes of a value, at most ``maxValueBytes``.
    init(limit: Int = StateRun.maxValueBytes) { self.limit = limit }

    var count: Int { entries.count }
    var byteCount: Int { entries.count * MemoryLayout<Entry>.stride + chunks.reduce(0) { $0 + $1.used } }

    /// A value that is too large is not kept: ``write(to:)`` will say so.
    mutating func append(key: [UInt8], value: UnsafeRawBufferPointer?) {
        if let value, value.count > limit {
            oversized = oversized ?? (key, value.count)
            return
        }
        let size = 1 + key.count + (value?.count ?? 0)
        // A chunk that a copy of this run shares may not be added to.
        if chunks.isEmpty || !isKnownUniquelyReferenced(&chunks[chunks.count - 1]) || chunks[chunks.count - 1].room < size {
            chunks.append(StateChunk(capacity: max(size, StateChunk.usualCapacity)))
        }
        let chunk = chunks[chunks.count - 1]
        entries.append(
            Entry(
                chunk: UInt32(chunks.count - 1), start: UInt32(chunk.used), keyCount: UInt32(key.count + 1),
                valueCount: value.map { Int32($0.count) } ?? -1))
        // In its stored form, so that writing needs no second copy.
        chunk.append(StoreFormat.statePrefix)
        key.withUnsafeBytes { chunk.append($0) }
        if let value { chunk.append(value) }
    }

    mutating func removeAll() {
        entries.removeAll()
        chunks.removeAll()
        oversized = nil
    }

    mutating func sort() {
        chunks.withUnsafeBufferPointer { chunks in
            entries.sort { left, right in
                let order = Self.compare(left, right, chunks)
                return order != 0 ? order < 0 : (left.chunk, left.start) < (right.chunk, right.start)
            }
        }
    }

    /// Writes the changes in order of their keys, of equal keys the last one. Call ``sort()`` before.
    ///
    /// - Returns: keys written.
    /// - Throws: ``StoreError``, of kind `tooLarge` before anything is written.
    func write(to table: borrowing TableFile) throws -> Int {
        if let oversized { throw StoreError.tooLarge(table.path, key: oversized.key, bytes: oversized.bytes, limit: limit) }
        var written = 0
        try chunks.withUnsafeBufferPointer { chunks in
            for index in entries.indices {
                let entry = entries[index]
                if index + 1 < entries.count, Self.compare(entry, entries[index + 1], chunks) == 0 { continue }
                let key = Self.key(entry, chunks)
                if entry.valueCount < 0 {
                    try table.delete(key: key)
                } else {
                    let start = Int(entry.start + entry.keyCount)
                    try table.put(key: key, value: chunks[Int(entry.chunk)].bytes(start, Int(entry.valueCount)))
                }
                written += 1
            }
        }
        return written
    }

    private static func key(_ entry: Entry, _ chunks: UnsafeBufferPointer<StateChunk>) -> UnsafeRawBufferPointer {
        chunks[Int(entry.chunk)].bytes(Int(entry.start), Int(entry.keyCount))
    }

    /// Orders as RocksDB does: by unsigned bytes, a prefix first.
    private static func compare(_ left: Entry, _ right: Entry, _ chunks: UnsafeBufferPointer<StateChunk>) -> Int {
        compareBytes(key(left, chunks), key(right, chunks))
    }
}

/// A piece of memory that is filled from its beginning.
///
/// `@unchecked Sendable`: what has been written never changes, and only the one run that refers to it writes.
private final class StateChunk: @unchecked Sendable {
    static let usualCapacity = 1 << 20

    private let memory: UnsafeMutableRawBufferPointer
    private(set) var used = 0

    init(capacity: Int) { memory = .allocate(byteCount: capacity, alignment: 8) }
    deinit { memory.deallocate() }

    var room: Int { memory.count - used }

    func append(_ byte: UInt8) {
        memory[used] = byte
        used += 1
    }

    func append(_ source: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[used..<used + source.count]).copyMemory(from: source)
        used += source.count
    }

    /// Valid while the chunk is.
    func bytes(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: memory[start..<start + count]) }
}
