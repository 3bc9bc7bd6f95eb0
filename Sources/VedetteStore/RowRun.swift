/// Rows with 96-bit keys in order of arrival; what is sorted is an index of 24 bytes a row, the values stay where they are.
struct RowRun: Sendable {
    struct Entry: Sendable {
        var high: UInt64
        var low: UInt32
        var length: UInt32
        /// Where the value begins. Grows with each row, so it also tells which of two equal keys came later.
        var offset: Int

        @inline(__always)
        static func precedes(_ left: Entry, _ right: Entry) -> Bool {
            if left.high != right.high { return left.high < right.high }
            if left.low != right.low { return left.low < right.low }
            return left.offset < right.offset
        }
    }

    private var entries: ContiguousArray<Entry> = []
    private var values: ContiguousArray<UInt8> = []
    private var isSorted = true

    var count: Int { entries.count }
    var byteCount: Int { entries.count * MemoryLayout<Entry>.stride + values.count }

    @inline(__always)
    mutating func append(_ key: StoreKey, _ value: UnsafeRawBufferPointer) {
        precondition(value.count <= UInt32.max, "a row's value is at most 4 GiB - 1 bytes")
        entries.append(Entry(high: key.high, low: key.low, length: UInt32(value.count), offset: values.count))
        values.append(contentsOf: value)
        // Keeps the offsets of all entries different.
        if value.isEmpty { values.append(0) }
        isSorted = false
    }

    func forEachKey(_ body: (StoreKey) -> Void) {
        for entry in entries { body(StoreKey(high: entry.high, low: entry.low)) }
    }

    /// O(n) for digests, which are spread evenly; O(n log n) for any keys.
    mutating func sort() {
        if isSorted { return }
        if entries.count >= Self.distributedAtLeast { distribute() }
        sortRuns()
        isSorted = true
    }

    /// Fewer are sorted as they are.
    private static let distributedAtLeast = 256

    /// Puts the entries in the order of the topmost bits of their keys: four to eight of them share these bits, where keys are spread evenly.
    private mutating func distribute() {
        let bits = Int.bitWidth - 1 - (entries.count >> 2).leadingZeroBitCount
        let shift = UInt64(UInt64.bitWidth - bits)
        // Where the next entry of each part goes; at first, of the part before.
        var places = ContiguousArray<Int>(repeating: 0, count: (1 << bits) + 1)
        for entry in entries { places[Int(entry.high >> shift) + 1] += 1 }
        for part in 1..<places.count { places[part] += places[part - 1] }
        entries = ContiguousArray(unsafeUninitializedCapacity: entries.count) { target, count in
            // Safe: each place is written once, for the parts were counted above.
            for entry in entries {
                let part = Int(entry.high >> shift)
                target.initializeElement(at: places[part], to: entry)
                places[part] += 1
            }
            count = entries.count
        }
    }

    /// Insertion where an entry is near its place, as after ``distribute()``; from where one is not, the library sorts what is left.
    private mutating func sortRuns() {
        let isDone = entries.withUnsafeMutableBufferPointer { entries in
            for index in entries.indices.dropFirst() {
                let entry = entries[index]
                var hole = index
                while hole > 0, index - hole < Self.farthestInsertion, Entry.precedes(entry, entries[hole - 1]) {
                    entries[hole] = entries[hole - 1]
                    hole -= 1
                }
                entries[hole] = entry
                if index - hole == Self.farthestInsertion { return false }
            }
            return true
        }
        if !isDone { entries.sort(by: Entry.precedes) }
    }

    /// Places that an entry may be moved by before insertion is given up. Parts of evenly spread keys have four to eight on average.
    private static let farthestInsertion = 32

    /// Writes the rows in order of their keys, of equal keys the last one put. Call ``sort()`` before.
    ///
    /// - Returns: rows written.
    func write(to table: borrowing TableFile) throws -> Int {
        var written = 0
        try withUnsafeTemporaryAllocation(byteCount: StoreKey.byteCount, alignment: 8) { key in
            try values.withUnsafeBytes { values in
                for index in entries.indices {
                    let entry = entries[index]
                    let next = index + 1
                    if next < entries.count, entries[next].high == entry.high, entries[next].low == entry.low { continue }
                    StoreKey(high: entry.high, low: entry.low).store(to: key)
                    let value = values[entry.offset..<entry.offset + Int(entry.length)]
                    try table.put(key: UnsafeRawBufferPointer(key), value: UnsafeRawBufferPointer(rebasing: value))
                    written += 1
                }
            }
        }
        return written
    }
}
