/// A 64-bit hash of a decision's content, to tell a retry from a record that reuses an ID.
///
/// Each column's value is multiplied with constants of its own and the products are added,
/// so the columns' multiplications do not wait for each other (the construction of NH: Black
/// et al., "UMAC: Fast and Secure Message Authentication", 1999), and the order of members
/// in the record has no part in it. It is unkeyed and not made to withstand an attacker: it
/// is compared only between records that claim the same request ID.
///
/// Stored rows carry it: a change here makes every retry across the change look like a conflict.
struct ContentHash {
    private(set) var sum: UInt64 = 0x7665_6465_7474_6531

    /// Adds one column: `bits` of the value, `tag` for what kind of value it is. `column` from 0, each used once.
    @inline(__always)
    mutating func add(column: Int, tag: UInt64, bits: UInt64) {
        // Wrapping sums and products are the hash. The odd constants are those of wyhash.
        let number = UInt64(truncatingIfNeeded: column) &+ 1
        let a = bits ^ number &* 0xA076_1D64_78BD_642F
        let b = tag &+ number &* 0xE703_7ED1_A0B4_28DB
        let product = a.multipliedFullWidth(by: b)
        sum &+= product.high ^ product.low
    }

    /// The hash, every input bit spread over all output bits (the finaliser of MurmurHash3).
    @inline(__always)
    var value: UInt64 {
        var hash = sum
        hash = (hash ^ hash &>> 33) &* 0xFF51_AFD7_ED55_8CCD
        hash = (hash ^ hash &>> 33) &* 0xC4CE_B9FE_1A85_EC53
        return hash ^ hash &>> 33
    }

    /// Hash of a text, for the `bits` of a column. `text` has ``ByteKey/padding`` readable bytes behind it.
    @inline(__always)
    static func text(_ text: UnsafePointer<UInt8>, _ length: Int) -> UInt64 {
        var hash = UInt64(truncatingIfNeeded: length) ^ 0x8EBC_6AF0_9C88_C6E3
        var index = 0
        repeat {
            let word = ByteKey.firstWord(text + index, length - index)
            let product = (hash ^ word).multipliedFullWidth(by: 0x5899_65CC_7537_4CC3)
            hash = product.high ^ product.low ^ hash &* 0xE703_7ED1_A0B4_28DB
            index += 8
        } while index < length
        return hash
    }
}
