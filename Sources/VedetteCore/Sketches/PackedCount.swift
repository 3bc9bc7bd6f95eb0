/// The 8-byte entries of ``SparseCounts``: a biased 24-bit key above a 40-bit count, so that
/// entries compare in key order. Free functions over buffers, without allocation per entry.
enum PackedCount {
    static let countBits: UInt64 = 40
    static let countMask: UInt64 = (1 << 40) - 1
    static let keyBits = 24
    /// Up to this many entries, comparing each with all, eight at a time and without a branch, beats the passes of the radix sort.
    static let rankingLimit = 128

    static func pack(_ key: Int32, _ count: Int64) -> UInt64 {
        precondition(key >= SparseCounts.minKey && key <= SparseCounts.maxKey, "a key must fit 24 bits")
        return UInt64(key - SparseCounts.minKey) << countBits | UInt64(count)
    }

    /// Safe without checks: 24 bits, and the bias brings them to `minKey...maxKey`.
    static func key(_ entry: UInt64) -> Int32 { Int32(truncatingIfNeeded: entry &>> countBits) &+ SparseCounts.minKey }

    static func count(_ entry: UInt64) -> Int64 { Int64(entry & countMask) }

    /// Sorts by key and adds up equal keys; returns how many entries at the front are left.
    static func sortAndCombine(_ buffer: UnsafeMutableBufferPointer<UInt64>) -> Int {
        guard buffer.count > 1 else { return buffer.count }
        return buffer.count <= rankingLimit ? rankAndCombine(buffer) : radixSortAndCombine(buffer)
    }

    /// Adds up neighbours whose keys are equal, or become so by `change`; returns how many entries of `target`, which may be the source
    /// itself, are written. There must be an entry.
    @inline(__always)
    private static func combine(
        _ source: UnsafeMutableBufferPointer<UInt64>, into target: UnsafeMutableBufferPointer<UInt64>, changing change: (UInt64) -> UInt64
    ) -> Int {
        var current = change(source[0])
        var (written, carried) = (0, UInt64(0))
        target[0] = current
        // Whether the next key is the same is as good as random, so the choice is arithmetic and not a branch. Wrapping: what counts carry
        // into a key is found at the end, and two of 40 bits are no sum of 64.
        for index in 1..<source.count {
            let entry = change(source[index])
            let isSame = (entry ^ current) &>> countBits == 0
            let sum = entry &+ (isSame ? current & countMask : 0)
            carried |= sum ^ entry
            written &+= isSame ? 0 : 1
            current = sum
            target[written] = sum
        }
        precondition(carried >> countBits == 0, "the count of one key overflows 40 bits")
        return written + 1
    }

    /// Replaces every key and adds up neighbours that become equal; returns how many entries at the front are left.
    @inline(__always)
    static func mapKeys(_ buffer: UnsafeMutableBufferPointer<UInt64>, _ transform: (Int32) -> Int32) -> Int {
        guard !buffer.isEmpty else { return 0 }
        return combine(buffer, into: buffer) { pack(transform(key($0)), count($0)) }
    }

    /// Every entry's place is the number of smaller ones; of equal keys, the one in front is the smaller. O(n^2), eight at a time.
    private static func rankAndCombine(_ buffer: UnsafeMutableBufferPointer<UInt64>) -> Int {
        let (count, lanes) = (buffer.count, SIMD8<Int32>.scalarCount)
        let one = SIMD8<Int32>(repeating: 1)
        let wordSize = MemoryLayout<Int32>.size
        // Room for ``rankingLimit`` entries, on the stack for certain: temporary memory that asks to be aligned comes from the allocator,
        // however little it is.
        var words = InlineArray<16, SIMD8<Int32>>(repeating: SIMD8())
        var sorted = InlineArray<128, UInt64>(repeating: 0)
        return withUnsafeMutableBytes(of: &words) { words in
            withUnsafeMutableBytes(of: &sorted) { sorted in
                let sorted = sorted.bindMemory(to: UInt64.self)
                // 24 bits of key and 7 of place: no two are equal, and none is negative. What the last block has beyond them is 0; its
                // ranks are not read.
                for index in 0..<count {
                    let word = Int32(truncatingIfNeeded: (buffer[index] &>> countBits) &<< 7) | Int32(truncatingIfNeeded: index)
                    words.storeBytes(of: word, toByteOffset: index &* wordSize, as: Int32.self)
                }
                for first in stride(from: 0, to: count, by: lanes) {
                    let mine = words.load(fromByteOffset: first &* wordSize, as: SIMD8<Int32>.self)
                    var ranks = SIMD8<Int32>()
                    for other in 0..<count {
                        let word = SIMD8(repeating: words.load(fromByteOffset: other &* wordSize, as: Int32.self))
                        ranks &+= SIMD8<Int32>().replacing(with: one, where: word .< mine)
                    }
                    for lane in 0..<Swift.min(lanes, count &- first) { sorted[Int(truncatingIfNeeded: ranks[lane])] = buffer[first &+ lane] }
                }
                // Safe: ranks are the numbers from 0 on, so as many are written as there are.
                return combine(UnsafeMutableBufferPointer(rebasing: sorted[..<count]), into: buffer) { $0 }
            }
        }
    }

    /// Least significant digit first. Digits are as long as the keys' common range asks for, which is shorter than the key as a rule.
    private static func radixSortAndCombine(_ buffer: UnsafeMutableBufferPointer<UInt64>) -> Int {
        var differing: UInt64 = 0
        let first = buffer[0]
        for entry in buffer { differing |= entry ^ first }
        let (passes, bits) = digits(of: 64 - Int(countBits) - Swift.min(keyBits, differing.leadingZeroBitCount), count: buffer.count)
        return withUnsafeTemporaryAllocation(of: UInt64.self, capacity: buffer.count + (1 << bits)) { scratch in
            // Safe: every slot is written by a scattering pass before a pass reads it.
            var source = buffer
            var target = UnsafeMutableBufferPointer(rebasing: scratch[..<buffer.count])
            let starts = UnsafeMutableBufferPointer(rebasing: scratch[buffer.count...])
            for pass in 0..<passes {
                scatter(source, to: target, shift: countBits + UInt64(pass * bits), starts)
                swap(&source, &target)
            }
            return combine(source, into: buffer) { $0 }
        }
    }

    private static let mostDigitBits = 11

    /// The cheapest way to sort by so many bits of the key. A pass reads and writes every entry and runs through the digit's values:
    /// an entry costs about four times what a value does.
    private static func digits(of width: Int, count: Int) -> (passes: Int, bits: Int) {
        var best = (passes: 0, bits: 0)
        var least = Int.max
        for passes in 1...4 where width > 0 {
            let bits = (width + passes - 1) / passes
            let cost = passes * (4 * count + (1 << bits))
            if bits <= mostDigitBits, cost < least { (best, least) = ((passes, bits), cost) }
        }
        return best
    }

    /// - Parameter starts: room for a number for each value of the digit.
    private static func scatter(
        _ source: UnsafeMutableBufferPointer<UInt64>, to target: UnsafeMutableBufferPointer<UInt64>, shift: UInt64,
        _ starts: UnsafeMutableBufferPointer<UInt64>
    ) {
        let mask = UInt64(starts.count) &- 1
        starts.initialize(repeating: 0)
        // Wrapping throughout: an array has fewer entries than 64 bits count.
        for entry in source { starts[Int(truncatingIfNeeded: (entry &>> shift) & mask)] &+= 1 }
        var sum: UInt64 = 0
        for digit in 0..<starts.count {
            let size = starts[digit]
            starts[digit] = sum
            sum &+= size
        }
        for entry in source {
            let digit = Int(truncatingIfNeeded: (entry &>> shift) & mask)
            target[Int(truncatingIfNeeded: starts[digit])] = entry
            starts[digit] &+= 1
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
