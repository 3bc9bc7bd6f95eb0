/// The distinct numbers in up to ``Fingerprints/count`` buckets of four, and in how many buckets each stood.
///
/// Reused for every request: nothing is allocated, clearing is O(1), and no branch depends on what is found. Empty places of
/// buckets are one candidate more, of number -1.
package final class CandidateSet {
    package static let capacity = Fingerprints.count * 4
    /// Bits of a place among the candidates.
    private static let placeBits: UInt16 = 6
    private static let lastEpoch = UInt16.max >> placeBits

    /// Room for the buckets that are being looked at.
    let buckets = UnsafeMutablePointer<SIMD4<UInt32>>.allocate(capacity: Fingerprints.count)
    private let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    private let counts = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
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
        counts.initialize(repeating: 0, count: Self.capacity)
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
        epoch += 1
        guard epoch > Self.lastEpoch else { return }
        stamps.update(repeating: 0, count: size)
        epoch = 1
    }

    /// - Parameter bucket: numbers + 1, 0 where empty.
    @inline(__always)
    package func add(_ bucket: SIMD4<UInt32>) { for lane in 0..<4 { add(bucket[lane]) } }

    /// Safe: numbers are below the limit (``FingerprintIndex`` takes in no others), and a place is below the capacity
    /// because that many numbers are added at most.
    @inline(__always)
    private func add(_ entry: UInt32) {
        let stamp = stamps[Int(entry)]
        let isNew = stamp &>> Self.placeBits != epoch
        let place = isNew ? count : Int(stamp & (1 &<< Self.placeBits &- 1))
        stamps[Int(entry)] = epoch &<< Self.placeBits | UInt16(truncatingIfNeeded: place)
        numbers[place] = Int32(bitPattern: entry &- 1)
        counts[place] = (isNew ? 0 : counts[place]) &+ 1
        count &+= isNew ? 1 : 0
    }

    /// The numbers that stood in two buckets or more, and the first few of those that stood in one; in the order in which they were found.
    /// Valid until the next call. No branch depends on what is found.
    ///
    /// - Parameter loners: how many of those that stood in one.
    @inline(__always)
    package func select(loners limit: Int) -> UnsafeBufferPointer<Int32> {
        var (kept, loners) = (0, 0)
        for index in 0..<count {
            let number = numbers[index]
            let isTaken = number >= 0
            let isLoner = counts[index] < 2
            loners &+= isTaken && isLoner ? 1 : 0
            // Safe: there is room for all of them.
            chosen[kept] = number
            let isKept = isTaken && !(isLoner && loners > limit)
            kept &+= isKept ? 1 : 0
        }
        return UnsafeBufferPointer(start: chosen, count: kept)
    }

    @inline(__always) package func number(_ index: Int) -> Int { Int(numbers[index]) }
    @inline(__always) package func coincidences(_ index: Int) -> UInt8 { counts[index] }
}
