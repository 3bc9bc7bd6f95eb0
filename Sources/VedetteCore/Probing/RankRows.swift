/// Ranks in rows of a fixed length, the first of which begins at a cache line: a row as long as a line is one line of memory and not two.
struct RankRows: ~Copyable {
    private static var line: Int { 64 }

    /// Valid until the next change.
    private(set) var base: UnsafeMutablePointer<UInt16>
    private(set) var count = 0
    private var capacity = 0

    init() { base = Self.room(for: 0) }

    deinit { base.deallocate() }

    private static func room(for ranks: Int) -> UnsafeMutablePointer<UInt16> {
        UnsafeMutableRawPointer.allocate(byteCount: ranks * MemoryLayout<UInt16>.stride, alignment: line).bindMemory(to: UInt16.self, capacity: ranks)
    }

    /// Makes so many ranks exist; new ones are 0. Amortised O(new ones).
    mutating func grow(to wanted: Int) {
        guard wanted > count else { return }
        if wanted > capacity {
            capacity = max(wanted, 2 * capacity)
            let larger = Self.room(for: capacity)
            larger.moveInitialize(from: base, count: count)
            base.deallocate()
            base = larger
        }
        (base + count).initialize(repeating: 0, count: wanted - count)
        count = wanted
    }

    subscript(place: Int) -> UInt16 {
        get {
            precondition(place >= 0 && place < count, "no such rank")
            return base[place]
        }
        set {
            precondition(place >= 0 && place < count, "no such rank")
            base[place] = newValue
        }
    }
}
