/// Reading where the entries are, instead of by an iterator that holds on to them.
extension SparseCounts {
    /// Calls `body(key, count)` in ascending key order. The adds must be folded in.
    @inline(__always)
    func forEachEntry(_ body: (Int32, Int64) -> Void) {
        precondition(isCompact, "fold the adds in before")
        entries.withUnsafeBufferPointer { entries in
            for entry in entries { body(PackedCount.key(entry), PackedCount.count(entry)) }
        }
    }

    /// Calls `body(key, count in a, count in b)` for every key of two values in ascending order. Their adds must be folded in.
    @inline(__always)
    static func forEachKey(_ a: SparseCounts, _ b: SparseCounts, _ body: (Int32, Int64, Int64) -> Void) {
        precondition(a.isCompact && b.isCompact, "fold the adds in before")
        a.entries.withUnsafeBufferPointer { a in
            b.entries.withUnsafeBufferPointer { b in
                var (left, right) = (0, 0)
                while left < a.count || right < b.count {
                    // At its end, one is at the last key there can be or beyond the other's. Which one comes next is as good as random, so the
                    // choice is arithmetic and not a branch.
                    let x = left < a.count ? a[left] : UInt64.max
                    let y = right < b.count ? b[right] : UInt64.max
                    let takesLeft = left < a.count && x &>> PackedCount.countBits <= y &>> PackedCount.countBits
                    let takesRight = right < b.count && y &>> PackedCount.countBits <= x &>> PackedCount.countBits
                    body(PackedCount.key(takesLeft ? x : y), takesLeft ? PackedCount.count(x) : 0, takesRight ? PackedCount.count(y) : 0)
                    left &+= takesLeft ? 1 : 0
                    right &+= takesRight ? 1 : 0
                }
            }
        }
    }
}
