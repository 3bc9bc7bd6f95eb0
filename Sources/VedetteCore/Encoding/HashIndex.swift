import CProcessor

/// An open-addressing table from keys that are already good hashes to small integers.
///
/// Linear probing at a load of at most 1/2; expected O(1). Keys are keyed hashes, so an
/// attacker cannot choose them to collide, and hashing them again would be wasted work.
public struct HashIndex: Sendable {
    private struct Entry {
        var key: UInt64 = 0
        /// Value + 1; 0 marks an empty place.
        var value: Int32 = 0
    }

    private var entries: ContiguousArray<Entry> = []
    private var mask = 0
    public private(set) var count = 0

    public init() {}

    @inline(__always)
    private func home(of key: UInt64) -> Int { Int(truncatingIfNeeded: key &* 0x9E37_79B9_7F4A_7C15 &>> 20) & mask }

    @inline(__always)
    public func find(_ key: UInt64) -> Int? {
        guard count > 0 else { return nil }
        return entries.withUnsafeBufferPointer { entries in
            var place = home(of: key)
            while true {
                let entry = entries[place]
                if entry.value == 0 { return nil }
                if entry.key == key { return Int(entry.value) &- 1 }
                place = (place &+ 1) & mask
            }
        }
    }

    /// Asks for the memory of a key that will be looked for soon.
    @inline(__always)
    func prefetch(_ key: UInt64) {
        guard count > 0 else { return }
        entries.withUnsafeBufferPointer { entries in
            if let base = entries.baseAddress { vedette_prefetch(base + home(of: key)) }
        }
    }

    /// Adds or replaces.
    public mutating func set(_ key: UInt64, to value: Int) {
        if (count + 1) * 2 > entries.count { grow() }
        var place = home(of: key)
        while entries[place].value != 0, entries[place].key != key { place = (place &+ 1) & mask }
        if entries[place].value == 0 { count += 1 }
        entries[place] = Entry(key: key, value: Int32(value + 1))
    }

    /// Keeps the memory, for as many entries again.
    public mutating func removeAll() {
        for place in entries.indices { entries[place] = Entry() }
        count = 0
    }

    private mutating func grow() {
        let old = entries
        let size = max(16, old.count * 2)
        entries = ContiguousArray(unsafeUninitializedCapacity: size) { entries, count in
            LargePages.wish(for: UnsafeMutableRawBufferPointer(entries))
            entries.initialize(repeating: Entry())
            count = size
        }
        mask = size - 1
        count = 0
        for entry in old where entry.value != 0 { set(entry.key, to: Int(entry.value) - 1) }
    }
}
