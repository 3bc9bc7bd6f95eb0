import Testing
import VedetteCore

@Suite struct KeyedHashTests {
    /// Of the bytes 0, 1, … under the key 00 01 … 0f, by number of bytes: from another implementation of the paper, which with 2 and 4 rounds
    /// gives the first vector that its authors published (a3 81 7f 04 …) and here has 1 and 3.
    private static let vectors: [(high: UInt64, low: UInt64)] = [
        (0xbea58827b2bc7ee7, 0x013030dd6adb62fd),
        (0xa8edd36004376ffc, 0x63f02f2bcc73055e),
        (0x9b836905097f7875, 0x95ea6a8c54c95b85),
        (0x9ff7dc1efaccc56b, 0x43d7eb1277182348),
        (0x5a282bac714e780c, 0x252cbf8fe7928e9f),
        (0x0c625b3489db28f3, 0x3e849526a4295279),
        (0x10e743f7293dd0dc, 0xf8a68539e8b05109),
        (0xc3e0aaf223b98410, 0x77ab4808c82e2fa6),
        (0xb4dae3d5e1fe12aa, 0x99c7f935ab164f72),
        (0x9439f32c04b8dd81, 0x427c1394000e72f4),
        (0x898e495d1d54aa4f, 0xb42fb287c3a40eba),
        (0xdb914455f39a3b72, 0x4e0c6efc3d63d6b1),
        (0xa819489e85923fe5, 0x658cea9f739506dc),
        (0x1d80eac9c758f8b2, 0x4478656d5903d653),
        (0x7222c9db6862e787, 0x78e3645f66cab026),
        (0x6c52bdb205557ec1, 0x09017e1eeccd2129),
        (0xeb8e511557d9a8d0, 0x93179e3df8b013b5),
    ]

    @Test("The vectors of another implementation, for every number of bytes after the last whole eight")
    func vectors() {
        let hash = KeyedHash(k0: 0x0706_0504_0302_0100, k1: 0x0f0e_0d0c_0b0a_0908)
        for (count, vector) in Self.vectors.enumerated() {
            let bytes = (0..<count).map { UInt8($0) }
            bytes.withUnsafeBytes {
                #expect(hash.hash128($0) == RequestID(high: vector.high, low: vector.low), "\(count) bytes")
                #expect(hash.hash64($0) == vector.high, "\(count) bytes")
            }
        }
    }

    @Test("Bytes anywhere in memory, of any length: those of a slow implementation", arguments: 0..<70)
    func anywhere(count: Int) {
        var random = SeededRandom(seed: UInt64(count))
        let (k0, k1) = (random.next(), random.next())
        let hash = KeyedHash(k0: k0, k1: k1)
        let bytes = (0..<count + 9).map { _ in UInt8(truncatingIfNeeded: random.next()) }
        for start in 0..<9 {
            let wanted = Self.slow(Array(bytes[start..<start + count]), k0, k1)
            bytes.withUnsafeBytes { #expect(hash.hash128(UnsafeRawBufferPointer(rebasing: $0[start..<start + count])) == wanted) }
        }
    }

    /// Eight bytes at a time, the last filled up with zeros and the number of bytes, as the paper has it.
    private static func slow(_ bytes: [UInt8], _ k0: UInt64, _ k1: UInt64) -> RequestID {
        var v = [k0 ^ 0x736f_6d65_7073_6575, k1 ^ 0x646f_7261_6e64_6f6d ^ 0xee, k0 ^ 0x6c79_6765_6e65_7261, k1 ^ 0x7465_6462_7974_6573]
        func rotate(_ place: Int, _ bits: UInt64) { v[place] = v[place] << bits | v[place] >> (64 - bits) }
        func round() {
            for (a, b, first, second) in [(0, 1, 13, 32), (2, 3, 16, 0), (0, 3, 21, 0), (2, 1, 17, 32)] as [(Int, Int, UInt64, UInt64)] {
                v[a] = v[a] &+ v[b]
                rotate(b, first)
                v[b] ^= v[a]
                if second > 0 { rotate(a, second) }
            }
        }
        var padded = bytes
        while padded.count % 8 != 7 { padded.append(0) }
        padded.append(UInt8(truncatingIfNeeded: bytes.count))
        for first in stride(from: 0, to: padded.count, by: 8) {
            let word = padded[first..<first + 8].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
            v[3] ^= word
            round()
            v[0] ^= word
        }
        v[2] ^= 0xee
        for _ in 0..<3 { round() }
        let high = v.reduce(0, ^)
        v[1] ^= 0xdd
        for _ in 0..<3 { round() }
        return RequestID(high: high, low: v.reduce(0, ^))
    }
}
