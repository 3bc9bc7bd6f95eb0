/// An open-addressing table from keys that are already good hashes to small integers.
///
/// Linear probing at a load of at most 1/2; expected O(1). Keys are keyed hashes, so an
/// attacker cannot choose them to collide, and hashing them again would be wasted work.
public struct HashIndex: Sendable {
    private var keys: ContiguousArray<UInt64> = []
    /// Value + 1; 0 marks an empty place.
    private var values: ContiguousArray<Int32> = []
    private var mask = 0
    public private(set) var count = 0

    public init() {}

    @inline(__always)
    public func find(_ key: UInt64) -> Int? {
        guard count > 0 else { return nil }
        var place = Int(truncatingIfNeeded: key &* 0x9E37_79B9_7F4A_7C15 &>> 20) & mask
        while true {
            let value = values[place]
            if value == 0 { return nil }
            if keys[place] == key { return Int(value) &- 1 }
            place = (place &+ 1) & mask
        }
    }

    /// Adds or replaces.
    public mutating func set(_ key: UInt64, to value: Int) {
        if (count + 1) * 2 > values.count { grow() }
        var place = Int(truncatingIfNeeded: key &* 0x9E37_79B9_7F4A_7C15 &>> 20) & mask
        while values[place] != 0 {
            if keys[place] == key {
                values[place] = Int32(value + 1)
                return
            }
            place = (place &+ 1) & mask
        }
        keys[place] = key
        values[place] = Int32(value + 1)
        count += 1
    }

    public mutating func removeAll() { self = HashIndex() }

    private mutating func grow() {
        let oldKeys = keys
        let oldValues = values
        let size = max(16, values.count * 2)
        keys = ContiguousArray(repeating: 0, count: size)
        values = ContiguousArray(repeating: 0, count: size)
        mask = size - 1
        count = 0
        for place in oldValues.indices where oldValues[place] != 0 { set(oldKeys[place], to: Int(oldValues[place]) - 1) }
    }
}
