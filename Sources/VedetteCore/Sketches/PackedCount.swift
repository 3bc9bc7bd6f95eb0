/// The 8-byte entries of ``SparseCounts``: a biased 24-bit key above a 40-bit count, so that
/// entries compare in key order. Free functions over buffers, without allocation per entry.
enum PackedCount {
    static let countBits: UInt64 = 40
    static let countMask: UInt64 = (1 << 40) - 1
    /// Up to this many entries, insertion sort beats the three counting passes of the radix sort.
    static let insertionLimit = 40

    static func pack(_ key: Int32, _ count: Int64) -> UInt64 {
        precondition(key >= SparseCounts.minKey && key <= SparseCounts.maxKey, "a key must fit 24 bits")
        return UInt64(key - SparseCounts.minKey) << countBits | UInt64(count)
    }

    /// Safe without checks: 24 bits, and the bias brings them to `minKey...maxKey`.
    static func key(_ entry: UInt64) -> Int32 { Int32(truncatingIfNeeded: entry &>> countBits) &+ SparseCounts.minKey }

    static func count(_ entry: UInt64) -> Int64 { Int64(entry & countMask) }

    static func adding(_ entry: UInt64, _ count: Int64) -> UInt64 {
        precondition(self.count(entry) <= SparseCounts.maxCount - count, "the count of one key overflows 40 bits")
        return entry + UInt64(count)
    }

    /// Sorts by key and adds up equal keys; returns how many entries at the front are left.
    static func sortAndCombine(_ buffer: UnsafeMutableBufferPointer<UInt64>) -> Int {
        guard !buffer.isEmpty else { return 0 }
        if buffer.count <= insertionLimit { insertionSort(buffer) } else { radixSort(buffer) }
        var written = 0
        for index in 1..<buffer.count {
            let entry = buffer[index]
            if entry >> countBits == buffer[written] >> countBits {
                buffer[written] = adding(buffer[written], count(entry))
            } else {
                written += 1
                buffer[written] = entry
            }
        }
        return written + 1
    }

    /// Replaces every key and adds up neighbours that become equal; returns how many entries at the front are left.
    @inline(__always)
    static func mapKeys(_ buffer: UnsafeMutableBufferPointer<UInt64>, _ transform: (Int32) -> Int32) -> Int {
        guard !buffer.isEmpty else { return 0 }
        var written = 0
        var current = pack(transform(key(buffer[0])), count(buffer[0]))
        for index in 1..<buffer.count {
            let entry = pack(transform(key(buffer[index])), count(buffer[index]))
            if entry >> countBits == current >> countBits {
                current = adding(current, count(entry))
            } else {
                buffer[written] = current
                written += 1
                current = entry
            }
        }
        buffer[written] = current
        return written + 1
    }

    private static func insertionSort(_ buffer: UnsafeMutableBufferPointer<UInt64>) {
        for index in 1..<buffer.count {
            let entry = buffer[index]
            var hole = index
            while hole > 0, buffer[hole - 1] > entry {
                buffer[hole] = buffer[hole - 1]
                hole -= 1
            }
            buffer[hole] = entry
        }
    }

    /// Least significant digit first, 8 bits of the key at a time; digits that all entries share are skipped.
    private static func radixSort(_ buffer: UnsafeMutableBufferPointer<UInt64>) {
        var differing: UInt64 = 0
        let first = buffer[0]
        for entry in buffer { differing |= entry ^ first }
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: buffer.count) { scratch in
            // Safe: every slot is written by a scattering pass before a pass reads it.
            var source = buffer
            var target = scratch
            for digit: UInt64 in 0..<3 where (differing >> (countBits + 8 * digit)) & 0xFF != 0 {
                scatter(source, to: target, shift: countBits + 8 * digit)
                swap(&source, &target)
            }
            if source.baseAddress != buffer.baseAddress { _ = buffer.update(from: source) }
        }
    }

    private static func scatter(
        _ source: UnsafeMutableBufferPointer<UInt64>, to target: UnsafeMutableBufferPointer<UInt64>, shift: UInt64
    ) {
        // 1,024 bytes: as much as is taken from the stack without asking whether there is room.
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: 256) { starts in
            starts.initialize(repeating: 0)
            // Wrapping throughout: no more entries than 2^32 are ever sorted at once, that is 32 GiB of them.
            for entry in source { starts[Int(truncatingIfNeeded: (entry &>> shift) & 0xFF)] &+= 1 }
            var sum: UInt32 = 0
            for digit in 0..<256 {
                let size = starts[digit]
                starts[digit] = sum
                sum &+= size
            }
            for entry in source {
                let digit = Int(truncatingIfNeeded: (entry &>> shift) & 0xFF)
                target[Int(starts[digit])] = entry
                starts[digit] &+= 1
            }
        }
    }

    /// Merges the sorted `buffer[prefix..<prefix + tail]` into the sorted `buffer[..<prefix]`,
    /// adding up equal keys; returns how many entries at the front are left.
    ///
    /// Works from the back, so that keys below the tail's smallest stay where they are.
    static func mergeTail(_ buffer: UnsafeMutableBufferPointer<UInt64>, prefix: Int, tail: Int) -> Int {
        guard prefix > 0, tail > 0 else { return prefix + tail }
        if buffer[prefix - 1] >> countBits < buffer[prefix] >> countBits { return prefix + tail }
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: tail) { scratch in
            for index in 0..<tail { scratch[index] = buffer[prefix + index] }
            var left = prefix - 1
            var right = tail - 1
            var write = prefix + tail - 1
            var carried: UInt64 = 0
            // Which side comes next is as good as random, so the choice is arithmetic and not a branch.
            while left >= 0, right >= 0 {
                let held = buffer[left]
                let added = scratch[right]
                let takesHeld = held &>> countBits >= added &>> countBits
                let takesAdded = held &>> countBits <= added &>> countBits
                let larger = takesHeld ? held : added
                // Wrapping: two counts of 40 bits can not leave 64; what they carry into the key is found at the end.
                let sum = larger &+ (takesHeld && takesAdded ? added & countMask : 0)
                carried |= sum ^ larger
                buffer[write] = sum
                left &-= takesHeld ? 1 : 0
                right &-= takesAdded ? 1 : 0
                write &-= 1
            }
            precondition(carried >> countBits == 0, "the count of one key overflows 40 bits")
            while right >= 0 {
                buffer[write] = scratch[right]
                right -= 1
                write -= 1
            }
            // Keys that were in both leave a gap between the untouched front and the merged back.
            let gap = write - left
            guard gap > 0 else { return prefix + tail }
            for index in (write + 1)..<(prefix + tail) { buffer[index - gap] = buffer[index] }
            return prefix + tail - gap
        }
    }
}
