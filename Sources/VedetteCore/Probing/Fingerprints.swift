/// Salted fingerprints of a request's ranks: each hashes the quantile bins of a few features.
///
/// Which features, and where the bins of each begin, follow from the secret salt alone, so that nobody outside
/// can tell which changes keep a fingerprint. After Blacklight's probabilistic fingerprints (Li et al. 2022),
/// moved from image segments to the quantiles of tabular features.
struct Fingerprints: Equatable {
    static let count = 12
    /// Quantile bins per feature.
    private static let bins: UInt64 = 8
    /// Features of the small, middle and large fingerprints: small ones survive a change of many features,
    /// large ones tell popular patterns apart.
    private static let shares = [0.2, 0.3, 0.42]

    private let salt: UInt64
    /// Feature numbers of all fingerprints, one after the other, and where each ends.
    private let members: ContiguousArray<Int32>
    private let offsets: ContiguousArray<UInt32>
    private let ends: ContiguousArray<Int32>

    init(features: Int, salt: UInt64) {
        self.salt = salt
        var random = SplitMix(seed: salt)
        var members = ContiguousArray<Int32>()
        var ends = ContiguousArray<Int32>()
        for number in 0..<Self.count {
            let share = Self.shares[number % Self.shares.count]
            // With few features a share of them is too few to tell old requests apart: at least three, four and five.
            let wanted = min(features, max(3 + number % 3, Int((share * Double(features)).rounded())))
            var pool = Array(0..<Int32(features))
            for _ in 0..<wanted { members.append(pool.remove(at: Int(random.next() % UInt64(pool.count)))) }
            ends.append(Int32(members.count))
        }
        self.members = members
        self.ends = ends
        offsets = ContiguousArray(members.map { _ in UInt32(truncatingIfNeeded: random.next() % 4_096) })
    }

    /// - Parameter size: rows behind the ranks.
    func compute(low: UnsafePointer<UInt16>, size: Int, into hashes: UnsafeMutablePointer<UInt64>) {
        // Fixed-point share of the sample, 4,096 being one whole; a missing value lies far beyond.
        let scale = (UInt64(4_096) << 16) / UInt64(size + 1)
        members.withUnsafeBufferPointer { members in
            offsets.withUnsafeBufferPointer { offsets in
                var place = 0
                for number in 0..<Self.count {
                    var hash = salt ^ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
                    let end = Int(ends[number])
                    while place < end {
                        let share = (UInt64(low[Int(members[place])]) &* scale) &>> 16 &+ UInt64(offsets[place])
                        // A keyed multiply-xor mix; wrapping is the algorithm.
                        hash = (hash ^ share / (4_096 / Self.bins)) &* 0xFF51_AFD7_ED55_8CCD
                        hash ^= hash &>> 32
                        place += 1
                    }
                    hashes[number] = hash &* 0xC4CE_B9FE_1A85_EC53
                }
            }
        }
    }
}

/// A deterministic sequence from a secret seed (Steele, Lea and Flood 2014).
struct SplitMix: Equatable {
    var state: UInt64
    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z &>> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z &>> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z &>> 31
    }
}

/// From a fingerprint to the newest requests that had it: buckets of four, of a fixed number.
///
/// Buckets are chosen by a keyed hash and keep no fingerprint: a collision only offers a candidate that the
/// exact comparison then refuses. O(1).
struct FingerprintIndex: ~Copyable {
    /// Request numbers + 1, newest first; 0 is empty.
    private var buckets: FixedTable<SIMD4<UInt32>>
    private let shift: UInt64

    /// - Parameter log2Buckets: 4...24.
    init(log2Buckets: Int) {
        buckets = FixedTable(repeating: SIMD4(), count: 1 << log2Buckets)
        shift = UInt64(64 - log2Buckets)
    }

    private func place(_ hash: UInt64) -> Int { Int(truncatingIfNeeded: hash &>> shift) }

    /// Asks for the memory that ``collect(_:into:)`` will read soon.
    func expect(_ hashes: UnsafePointer<UInt64>) {
        for number in 0..<Fingerprints.count { buckets.prefetch(place(hashes[number])) }
    }

    /// The newest requests that had any of ``Fingerprints/count`` fingerprints.
    func collect(_ hashes: UnsafePointer<UInt64>, into candidates: CandidateSet) {
        candidates.clear()
        // All are read before the first is looked at: they come from memory together, and not one after each guess. Most are empty where
        // there is little to remember, and the next one takes their room.
        var filled = 0
        for number in 0..<Fingerprints.count {
            let bucket = buckets[place(hashes[number])]
            candidates.buckets[filled] = bucket
            filled &+= bucket[0] != 0 ? 1 : 0
        }
        candidates.addBuckets(filled)
    }

    mutating func insert(_ number: Int, at hashes: UnsafePointer<UInt64>) {
        let entry = UInt32(truncatingIfNeeded: number &+ 1)
        for fingerprint in 0..<Fingerprints.count {
            let place = place(hashes[fingerprint])
            let old = buckets[place]
            if old[0] != entry { buckets[place] = SIMD4(entry, old[0], old[1], old[2]) }
        }
    }
}

extension FingerprintIndex {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: buckets.count)
        for place in buckets.indices { for lane in 0..<4 { writer.write(varint: UInt64(buckets[place][lane])) } }
    }

    /// - Parameter limit: numbers must be below it.
    mutating func restore(from reader: inout ByteReader, limit: Int) throws {
        guard try reader.readCount() == buckets.count else { throw CorruptBytes(offset: reader.offset, expected: "\(buckets.count) buckets") }
        for place in buckets.indices {
            var bucket = SIMD4<UInt32>()
            for lane in 0..<4 {
                let value = try reader.readVarint()
                guard value <= UInt64(limit) else { throw CorruptBytes(offset: reader.offset, expected: "a number up to \(limit)") }
                bucket[lane] = UInt32(value)
            }
            buckets[place] = bucket
        }
    }
}
