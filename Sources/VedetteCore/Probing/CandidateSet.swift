/// The distinct numbers in up to ``Fingerprints/count`` buckets of four, and in how many buckets each stood.
///
/// Reused for every request: nothing is allocated, clearing is O(1), and no branch of filling depends on what is found. Empty places of
/// buckets are one candidate more, of number -1.
package final class CandidateSet {
    package static let capacity = Fingerprints.count * 4
    /// Bits of a place among the candidates.
    private static let placeBits: UInt16 = 6
    private static let lastEpoch = UInt16.max >> placeBits

    /// Room for the buckets that are being looked at.
    let buckets = UnsafeMutablePointer<SIMD4<UInt32>>.allocate(capacity: Fingerprints.count)
    private let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    /// Eight more than candidates, which stay 0.
    private let counts = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity + 8)
    /// Room for the candidates that ``select(loners:)`` chose.
    private let chosen = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    /// Per number + 1: the epoch in which it was found last, and its place among the candidates then.
    private let stamps: UnsafeMutablePointer<UInt16>
    private let size: Int
    package private(set) var count = 0
    private var epoch: UInt16 = 0

    /// - Parameter numbers: one more than the largest number.
    package init(numbers limit: Int) {
        precondition(Self.capacity <= 1 << Int(Self.placeBits))
        size = limit + 1
        stamps = .allocate(capacity: size)
        stamps.initialize(repeating: 0, count: size)
        buckets.initialize(repeating: SIMD4(), count: Fingerprints.count)
        numbers.initialize(repeating: 0, count: Self.capacity)
        counts.initialize(repeating: 0, count: Self.capacity + 8)
        chosen.initialize(repeating: 0, count: Self.capacity)
    }

    deinit {
        buckets.deallocate()
        numbers.deallocate()
        counts.deallocate()
        chosen.deallocate()
        stamps.deallocate()
    }

    @inline(__always)
    package func clear() {
        count = 0
        counts.update(repeating: 0, count: Self.capacity)
        epoch += 1
        guard epoch > Self.lastEpoch else { return }
        stamps.update(repeating: 0, count: size)
        epoch = 1
    }

    /// One bucket by itself, as tests have it.
    ///
    /// - Parameter bucket: numbers + 1, 0 where empty.
    package func add(_ bucket: SIMD4<UInt32>) {
        buckets[0] = bucket
        addBuckets(1)
    }

    /// Adds the first few of ``buckets``.
    ///
    /// Safe: numbers are below the limit (``FingerprintIndex`` takes in no others), and a place is below the capacity because that many
    /// numbers are added at most.
    @inline(__always)
    func addBuckets(_ filled: Int) {
        // Kept out of memory: whoever writes to a pointer might have changed this object.
        let (buckets, numbers, counts, stamps) = (buckets, numbers, counts, stamps)
        let (own, tag) = (epoch, epoch &<< Self.placeBits)
        var count = count
        for number in 0..<filled {
            let bucket = buckets[number]
            for lane in 0..<4 {
                let entry = bucket[lane]
                let stamp = stamps[Int(entry)]
                let isNew = stamp &>> Self.placeBits != own
                let place = isNew ? count : Int(stamp & (1 &<< Self.placeBits &- 1))
                stamps[Int(entry)] = tag | UInt16(truncatingIfNeeded: place)
                numbers[place] = Int32(bitPattern: entry &- 1)
                // Of a new one it is 0.
                counts[place] &+= 1
                count &+= isNew ? 1 : 0
            }
        }
        self.count = count
    }

    /// The numbers that stood in two buckets or more, and the first few of those that stood in one; in the order in which they were found.
    /// Valid until the next call.
    ///
    /// - Parameter loners: how many of those that stood in one.
    @inline(__always)
    package func select(loners limit: Int) -> UnsafeBufferPointer<Int32> {
        var (kept, loners, index) = (0, 0, 0)
        // Safe, here and below: there is room for all of them.
        while index < count, loners < limit {
            let number = numbers[index]
            // Numbers, 1 for true: of conditions the compiler makes branches.
            let isTaken = Int(1 &+ number &>> 31)
            loners &+= isTaken & (counts[index] < 2 ? 1 : 0)
            chosen[kept] = number
            kept &+= isTaken
            index &+= 1
        }
        // Of the others most stand alone: eight are passed over at once. Behind the last one come as many zeros.
        while index < count {
            let eight = UInt64(littleEndian: UnsafeRawPointer(counts + index).loadUnaligned(as: UInt64.self))
            // No count is above 64, so no sum reaches the next byte.
            var repeated = (eight &+ 0x7E7E_7E7E_7E7E_7E7E) & 0x8080_8080_8080_8080
            while repeated != 0 {
                let number = numbers[index &+ repeated.trailingZeroBitCount / 8]
                chosen[kept] = number
                kept &+= Int(1 &+ number &>> 31)
                repeated &= repeated &- 1
            }
            index &+= 8
        }
        return UnsafeBufferPointer(start: chosen, count: kept)
    }

    // What was found, for tests.
    @inline(__always) package func number(_ index: Int) -> Int { Int(numbers[index]) }
    @inline(__always) package func coincidences(_ index: Int) -> UInt8 { counts[index] }
}
