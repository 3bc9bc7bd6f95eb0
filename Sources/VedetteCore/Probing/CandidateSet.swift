/// The distinct numbers in up to ``Fingerprints/count`` buckets of four, and in how many buckets each stood.
struct CandidateSet {
    static let capacity = Fingerprints.count * 4
    private static let slots = 128

    private(set) var numbers: ContiguousArray<Int32>
    private var counts: ContiguousArray<UInt8>
    private(set) var count = 0
    /// Open addressing over `numbers`; an entry of an earlier epoch is empty.
    private var places: ContiguousArray<UInt8>
    private var epochs: ContiguousArray<UInt32>
    private var epoch: UInt32 = 0

    init() {
        numbers = ContiguousArray(repeating: 0, count: Self.capacity)
        counts = ContiguousArray(repeating: 0, count: Self.capacity)
        places = ContiguousArray(repeating: 0, count: Self.slots)
        epochs = ContiguousArray(repeating: 0, count: Self.slots)
    }

    mutating func clear() {
        count = 0
        epoch &+= 1
        if epoch == 0 {
            for slot in 0..<Self.slots { epochs[slot] = 0 }
            epoch = 1
        }
    }

    mutating func add(_ bucket: SIMD4<UInt32>) {
        for lane in 0..<4 where bucket[lane] != 0 { add(Int32(bitPattern: bucket[lane] &- 1)) }
    }

    private mutating func add(_ number: Int32) {
        var slot = Int((UInt32(bitPattern: number) &* 0x9E37_79B1) &>> 25)
        while epochs[slot] == epoch {
            let place = Int(places[slot])
            if numbers[place] == number {
                counts[place] += 1
                return
            }
            slot = (slot + 1) & (Self.slots - 1)
        }
        epochs[slot] = epoch
        places[slot] = UInt8(count)
        numbers[count] = number
        counts[count] = 1
        count += 1
    }

    func coincidences(_ index: Int) -> UInt8 { counts[index] }
}
