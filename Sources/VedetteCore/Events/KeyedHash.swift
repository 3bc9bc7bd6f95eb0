/// SipHash-1-3 with a 128-bit result, keyed with a secret.
///
/// Everything that an attacker can choose (request IDs, entity values, slice values) is
/// hashed with this before it becomes a table key, so that nobody outside can aim for a
/// collision. Source: Aumasson and Bernstein, "SipHash: a fast short-input PRF", 2012;
/// 128-bit output as in the reference implementation. O(n) in the bytes.
public struct KeyedHash: Sendable, Equatable {
    @usableFromInline let k0: UInt64
    @usableFromInline let k1: UInt64

    public init(k0: UInt64, k1: UInt64) {
        self.k0 = k0
        self.k1 = k1
    }

    /// Derives a key from any secret text: two hashes of it under fixed keys.
    public init(secret: String) {
        let seed = KeyedHash(k0: 0x7665_6465_7474_6531, k1: 0x7665_6465_7474_6532)
        var text = secret
        let derived = text.withUTF8 { seed.hash128(UnsafeRawBufferPointer($0)) }
        self.init(k0: derived.high, k1: derived.low)
    }

    @inlinable
    public func hash128(_ bytes: UnsafeRawBufferPointer) -> RequestID {
        var state = absorbed(bytes)
        let high = state.squeeze()
        state.v1 ^= 0xdd
        return RequestID(high: high, low: state.squeeze())
    }

    /// The first half of ``hash128(_:)``.
    @inlinable
    public func hash64(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var state = absorbed(bytes)
        return state.squeeze()
    }

    /// Four words that never leave the registers: everything of them is inlined.
    @usableFromInline
    struct State {
        @usableFromInline var (v0, v1, v2, v3): (UInt64, UInt64, UInt64, UInt64)

        @inlinable @inline(__always)
        init(_ k0: UInt64, _ k1: UInt64) {
            v0 = 0x736f_6d65_7073_6575 ^ k0
            v1 = 0x646f_7261_6e64_6f6d ^ k1 ^ 0xee
            v2 = 0x6c79_6765_6e65_7261 ^ k0
            v3 = 0x7465_6462_7974_6573 ^ k1
        }

        // SipHash is defined on wrapping 64-bit addition: &+ is the algorithm, not a shortcut.
        @inlinable @inline(__always)
        mutating func round() {
            v0 = v0 &+ v1; v1 = v1 &<< 13 | v1 &>> 51; v1 ^= v0; v0 = v0 &<< 32 | v0 &>> 32
            v2 = v2 &+ v3; v3 = v3 &<< 16 | v3 &>> 48; v3 ^= v2
            v0 = v0 &+ v3; v3 = v3 &<< 21 | v3 &>> 43; v3 ^= v0
            v2 = v2 &+ v1; v1 = v1 &<< 17 | v1 &>> 47; v1 ^= v2; v2 = v2 &<< 32 | v2 &>> 32
        }

        @inlinable @inline(__always)
        mutating func absorb(_ word: UInt64) {
            v3 ^= word
            round()
            v0 ^= word
        }

        @inlinable @inline(__always)
        mutating func squeeze() -> UInt64 {
            round(); round(); round()
            return v0 ^ v1 ^ v2 ^ v3
        }
    }

    @inlinable @inline(__always)
    func absorbed(_ bytes: UnsafeRawBufferPointer) -> State {
        var state = State(k0, k1)
        let count = bytes.count
        var index = 0
        while index &+ 8 <= count {
            state.absorb(UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
            index &+= 8
        }
        state.absorb(UInt64(truncatingIfNeeded: count) &<< 56 | Self.rest(of: bytes))
        state.v2 ^= 0xee
        return state
    }

    /// The bytes after the last whole eight, the first lowest. No loop: how many there are is as good as random. What is read twice is the
    /// same both times.
    @inlinable @inline(__always)
    static func rest(of bytes: UnsafeRawBufferPointer) -> UInt64 {
        let count = bytes.count
        let rest = count & 7
        guard rest > 0 else { return 0 }
        if count > 8 {
            return UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: count &- 8, as: UInt64.self)) &>> UInt64(8 &* (8 &- rest))
        }
        if count >= 4 {
            let low = UInt32(littleEndian: bytes.loadUnaligned(as: UInt32.self))
            let high = UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: count &- 4, as: UInt32.self))
            return UInt64(low) | UInt64(high) &<< UInt64(8 &* (count &- 4))
        }
        let middle = count / 2
        return UInt64(bytes[0]) | UInt64(bytes[middle]) &<< UInt64(8 &* middle) | UInt64(bytes[count &- 1]) &<< UInt64(8 &* (count &- 1))
    }
}

extension KeyedHash {
    public func hash64(_ string: String) -> UInt64 {
        var text = string
        return text.withUTF8 { hash64(UnsafeRawBufferPointer($0)) }
    }

    @inline(__always)
    func hash64(of ref: TextRef, in text: borrowing Column<UInt8>) -> UInt64 { text.withText(ref) { hash64($0) } }
}

/// The 128-bit keyed hash of a request ID: the key of the join.
///
/// Stored rows keep the first 96 bits; at a billion rows the chance that any two of them
/// share those is about 6e-12.
public struct RequestID: Hashable, Comparable, Sendable, BitwiseCopyable {
    public var high: UInt64
    public var low: UInt64

    @inlinable
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Where the join keeps that a model which is ignored decided this request: apart from the listed models' own
    /// decision under the same ID, which counts whichever came first.
    var ofOtherModel: RequestID { RequestID(high: ~high, low: low) }

    @inlinable
    public static func < (a: RequestID, b: RequestID) -> Bool { (a.high, a.low) < (b.high, b.low) }

    @inlinable
    public func hash(into hasher: inout Hasher) { hasher.combine(high) }
}
