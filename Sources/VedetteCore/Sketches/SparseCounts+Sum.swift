/// Adding up many values at once, as a window does with its panes.
///
/// Merging one after the other moves what has been merged before each time; here every entry
/// is read once. The result is the same.
protocol KeyMap {
    /// The key that a key is counted at; it does not decrease where the key increases.
    func callAsFunction(_ key: Int32) -> Int32
}

extension SparseCounts {
    /// Up to so many array slots per entry are cheaper to run through than the entries are to sort.
    private static let slotsPerEntry = 4
    private static let fewSlots = 1_024

    /// The counts of all parts together. O(entries + their span) or O(entries), whichever is cheaper.
    ///
    /// - Parameter maps: one per part.
    static func sum<Map: KeyMap>(_ parts: ContiguousArray<SparseCounts>, _ maps: ContiguousArray<Map>) -> SparseCounts {
        var (count, total) = (0, Int64(0))
        var (low, high) = (Int32.max, Int32.min)
        for (index, part) in parts.enumerated() where !part.isEmpty {
            let range = part.keyRange
            count += part.entries.count
            total += part.total
            low = Swift.min(low, maps[index](range.lowerBound))
            high = Swift.max(high, maps[index](range.upperBound))
        }
        guard count > 0 else { return SparseCounts() }
        let span = Int(high) - Int(low) + 1
        guard span <= Swift.max(fewSlots, slotsPerEntry * count) else { return gathered(parts, maps, count) }
        return total <= Int64(UInt32.max) ? dense(parts, maps, low, span, count, UInt32.self) : dense(parts, maps, low, span, count, UInt64.self)
    }

    /// Whether there are more than `most` different keys after mapping, where these lie from 0 to `bound`, exclusive.
    /// O(entries + bound); as a rule a few parts are enough to tell that there are.
    static func hasMore<Map: KeyMap>(
        than most: Int, _ parts: ContiguousArray<SparseCounts>, _ maps: ContiguousArray<Map>, below bound: Int
    ) -> Bool {
        // A bit each: a byte each would push out of the nearer caches what the next windows need.
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: (bound + 63) / 64) { isNew in
            isNew.initialize(repeating: .max)
            var distinct = 0
            for (index, part) in parts.enumerated() {
                let map = maps[index]
                part.entries.withUnsafeBufferPointer { entries in
                    forEachOfFour(entries) { entry in
                        let key = Int(map(PackedCount.key(entry)))
                        let (word, bit) = (isNew[key &>> 6], UInt64(truncatingIfNeeded: key & 63))
                        // Wrapping: an array has fewer entries than an Int counts.
                        distinct &+= Int(truncatingIfNeeded: word &>> bit & 1)
                        isNew[key &>> 6] = word & ~(1 &<< bit)
                    }
                }
                if distinct > most { return true }
            }
            return false
        }
    }

    /// Calls `body` with every entry, of four quarters in turn. Neighbours often share a key, and what is added to it has to be stored before
    /// more can be: so three others are on their way meanwhile, and four places are read ahead of.
    @inline(__always)
    private static func forEachOfFour(_ entries: UnsafeBufferPointer<UInt64>, _ body: (UInt64) -> Void) {
        let quarter = entries.count / 4
        for place in 0..<quarter {
            body(entries[place])
            body(entries[place &+ quarter])
            body(entries[place &+ 2 &* quarter])
            body(entries[place &+ 3 &* quarter])
        }
        for place in (4 &* quarter)..<entries.count { body(entries[place]) }
    }

    /// Smallest and largest key; there must be one.
    private var keyRange: ClosedRange<Int32> {
        var smallest = entries[0]
        var largest = entries[Swift.max(0, sortedCount - 1)]
        for entry in entries[sortedCount...] {
            smallest = Swift.min(smallest, entry)
            largest = Swift.max(largest, entry)
        }
        return PackedCount.key(smallest)...PackedCount.key(largest)
    }

    /// - Parameter _: what holds the count of all parts; the smaller, the more slots the nearest cache has.
    private static func dense<Map: KeyMap, Slot: FixedWidthInteger & UnsignedInteger>(
        _ parts: ContiguousArray<SparseCounts>, _ maps: ContiguousArray<Map>, _ low: Int32, _ span: Int, _ count: Int, _: Slot.Type
    ) -> SparseCounts {
        withUnsafeTemporaryAllocation(of: Slot.self, capacity: span) { slots in
            slots.initialize(repeating: 0)
            var result = SparseCounts()
            for (index, part) in parts.enumerated() {
                result.total += part.total
                let map = maps[index]
                part.entries.withUnsafeBufferPointer { entries in
                    forEachOfFour(entries) { entry in
                        // Wrapping: a slot holds the count of all parts, and 64 bits the largest count of 2^23; the sum is checked below.
                        slots[Int(map(PackedCount.key(entry)) &- low)] &+= Slot(truncatingIfNeeded: PackedCount.count(entry))
                    }
                }
            }
            result.entries = ContiguousArray(unsafeUninitializedCapacity: Swift.min(span, count) + 1) { buffer, used in
                var (key, seen, taken) = (PackedCount.pack(low, 0), UInt64(0), 0)
                // Which slots are empty is as good as random: all are written, and the next takes an empty one's place. Safe: there is room
                // for one more than are taken. Wrapping: keys go up to the largest of the parts'.
                for slot in 0..<span {
                    let count = UInt64(slots[slot])
                    buffer[taken] = key | count
                    taken &+= count != 0 ? 1 : 0
                    seen |= count
                    key &+= 1 &<< PackedCount.countBits
                }
                precondition(seen <= PackedCount.countMask, "the count of one key overflows 40 bits")
                used = taken
            }
            result.sortedCount = result.entries.count
            return result
        }
    }

    private static func gathered<Map: KeyMap>(
        _ parts: ContiguousArray<SparseCounts>, _ maps: ContiguousArray<Map>, _ count: Int
    ) -> SparseCounts {
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { all in
            var written = 0
            var result = SparseCounts()
            for (index, part) in parts.enumerated() {
                result.total += part.total
                let map = maps[index]
                part.entries.withUnsafeBufferPointer { entries in
                    for entry in entries {
                        all[written] = PackedCount.pack(map(PackedCount.key(entry)), PackedCount.count(entry))
                        written += 1
                    }
                }
            }
            let distinct = PackedCount.sortAndCombine(all)
            result.entries = ContiguousArray(all[..<distinct])
            result.sortedCount = distinct
            return result
        }
    }
}
