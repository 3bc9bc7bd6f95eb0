/// Where in the heap of a ``SpaceSaving`` each key stands: open addressing with linear probing
/// over positions; the keys themselves stay in the heap. At most half full, so probes are short.
struct HashSlots: Sendable {
    /// Heap positions, -1 where empty; the size is a power of two, or 0.
    private var table: ContiguousArray<Int32> = []

    typealias Heap = ContiguousArray<SpaceSaving.Hitter>

    init() {}

    init(_ heap: Heap) { rebuild(heap) }

    func position(of key: UInt64, in heap: Heap) -> Int? { slot(of: key, in: heap).map { Int(table[$0]) } }

    /// Enters the key that was just appended to the heap.
    mutating func insertLast(of heap: Heap) {
        if heap.count * 2 > table.count { rebuild(heap) } else { insert(heap[heap.count - 1].key, at: heap.count - 1) }
    }

    /// Enters a key that has no slot, where there is room.
    mutating func insert(_ key: UInt64, at position: Int) {
        var slot = home(of: key)
        while table[slot] >= 0 { slot = (slot + 1) & (table.count - 1) }
        table[slot] = Int32(position)
    }

    /// Takes a key out; the heap must still hold it. Later keys of the probe chain move up.
    mutating func remove(_ key: UInt64, in heap: Heap) {
        guard var hole = slot(of: key, in: heap) else { return }
        let mask = table.count - 1
        var next = (hole + 1) & mask
        while table[next] >= 0 {
            let start = home(of: heap[Int(table[next])].key)
            // The entry may fill the hole only if its probe chain passes there.
            if (next - start) & mask >= (next - hole) & mask {
                table[hole] = table[next]
                hole = next
            }
            next = (next + 1) & mask
        }
        table[hole] = -1
    }

    /// Two keys change places in the heap, which must still be in the old order.
    mutating func exchange(_ a: UInt64, _ b: UInt64, in heap: Heap) {
        guard let first = slot(of: a, in: heap), let second = slot(of: b, in: heap) else { return }
        table.swapAt(first, second)
    }

    private mutating func rebuild(_ heap: Heap) {
        var size = 8
        while size < heap.count * 4 { size *= 2 }
        table = ContiguousArray(repeating: -1, count: size)
        for position in heap.indices { insert(heap[position].key, at: position) }
    }

    private func slot(of key: UInt64, in heap: Heap) -> Int? {
        guard !table.isEmpty else { return nil }
        var slot = home(of: key)
        while table[slot] >= 0 {
            if heap[Int(table[slot])].key == key { return slot }
            slot = (slot + 1) & (table.count - 1)
        }
        return nil
    }

    /// Fibonacci hashing: the multiplication is meant to wrap.
    private func home(of key: UInt64) -> Int {
        Int((key &* 0x9E37_79B9_7F4A_7C15) >> 32) & (table.count - 1)
    }
}
