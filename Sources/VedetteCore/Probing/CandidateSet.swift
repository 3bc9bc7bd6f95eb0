/// The distinct numbers in up to ``Fingerprints/count`` buckets of four, and in how many buckets each stood.
///
/// Reused for every request: nothing is allocated, and clearing is O(1).
final class CandidateSet {
    static let capacity = Fingerprints.count * 4
    private static let slots = 128

    private let numbers = UnsafeMutablePointer<Int32>.allocate(capacity: capacity)
    private let counts = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
    /// Open addressing over `numbers`: the epoch, and the place in the lowest byte. An entry of an earlier epoch is empty.
    private let table = UnsafeMutablePointer<UInt64>.allocate(capacity: slots)
    private(set) var count = 0
    private var epoch: UInt64 = 0

    init() {
        numbers.initialize(repeating: 0, count: Self.capacity)
        counts.initialize(repeating: 0, count: Self.capacity)
        table.initialize(repeating: 0, count: Self.slots)
    }

    deinit {
        numbers.deallocate()
        counts.deallocate()
        table.deallocate()
    }

    @inline(__always)
    func clear() {
        count = 0
        epoch += 1
    }

    /// - Parameter bucket: numbers + 1, 0 where empty.
    @inline(__always)
    func add(_ bucket: SIMD4<UInt32>) {
        for lane in 0..<4 where bucket[lane] != 0 { add(Int32(bitPattern: bucket[lane] &- 1)) }
    }

    @inline(__always)
    private func add(_ number: Int32) {
        var slot = Int((UInt32(bitPattern: number) &* 0x9E37_79B1) &>> 25)
        while table[slot] &>> 8 == epoch {
            let place = Int(table[slot] & 0xFF)
            if numbers[place] == number {
                counts[place] &+= 1
                return
            }
            slot = (slot &+ 1) & (Self.slots - 1)
        }
        table[slot] = epoch &<< 8 | UInt64(count)
        numbers[count] = number
        counts[count] = 1
        count &+= 1
    }

    @inline(__always) func number(_ index: Int) -> Int { Int(numbers[index]) }
    @inline(__always) func coincidences(_ index: Int) -> UInt8 { counts[index] }
}
