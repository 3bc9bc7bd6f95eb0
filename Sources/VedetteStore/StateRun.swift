/// Changes of state keys in order of arrival: values put, and deletions.
struct StateRun: Sendable {
    private struct Entry: Sendable {
        /// Where the key begins; the value follows it. Grows with each entry.
        var offset: Int
        var keyCount: Int
        /// Bytes of the value; negative for a deletion.
        var valueCount: Int
    }

    private var entries: ContiguousArray<Entry> = []
    private var bytes: ContiguousArray<UInt8> = []

    var count: Int { entries.count }
    var byteCount: Int { entries.count * MemoryLayout<Entry>.stride + bytes.count }

    mutating func append(key: [UInt8], value: UnsafeRawBufferPointer?) {
        entries.append(Entry(offset: bytes.count, keyCount: key.count + 1, valueCount: value?.count ?? -1))
        // In its stored form, so that writing needs no second copy. It also keeps the offsets different.
        bytes.append(StoreFormat.statePrefix)
        bytes.append(contentsOf: key)
        if let value { bytes.append(contentsOf: value) }
    }

    mutating func removeAll() {
        entries.removeAll(keepingCapacity: true)
        bytes.removeAll(keepingCapacity: true)
    }

    mutating func sort() {
        bytes.withUnsafeBytes { bytes in
            entries.sort { left, right in
                let order = Self.compare(left, right, bytes)
                return order != 0 ? order < 0 : left.offset < right.offset
            }
        }
    }

    /// Writes the changes in order of their keys, of equal keys the last one. Call ``sort()`` before.
    ///
    /// - Returns: keys written.
    func write(to table: borrowing TableFile) throws -> Int {
        var written = 0
        try bytes.withUnsafeBytes { bytes in
            for index in entries.indices {
                let entry = entries[index]
                if index + 1 < entries.count, Self.compare(entry, entries[index + 1], bytes) == 0 { continue }
                let key = Self.key(entry, bytes)
                if entry.valueCount < 0 {
                    try table.delete(key: key)
                } else {
                    let start = entry.offset + entry.keyCount
                    try table.put(key: key, value: UnsafeRawBufferPointer(rebasing: bytes[start..<start + entry.valueCount]))
                }
                written += 1
            }
        }
        return written
    }

    private static func key(_ entry: Entry, _ bytes: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[entry.offset..<entry.offset + entry.keyCount])
    }

    /// Orders as RocksDB does: by unsigned bytes, a prefix first.
    private static func compare(_ left: Entry, _ right: Entry, _ bytes: UnsafeRawBufferPointer) -> Int {
        compareBytes(key(left, bytes), key(right, bytes))
    }
}
