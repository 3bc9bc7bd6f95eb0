/// Slice numbers by the values of several dimensions. Exact: no two combinations share a key.
///
/// One table per dimension after the first maps the combination so far and the next value to
/// a number for both, so that a look-up of `d` values is `d - 1` probes and allocates nothing.
struct CombinationIndex {
    private var steps: ContiguousArray<HashIndex>

    /// - Parameter dimensions: how many values a combination has, at least two.
    init(dimensions: Int) { steps = ContiguousArray(repeating: HashIndex(), count: dimensions - 1) }

    /// The slice number of a combination; nil where it has none. O(dimensions).
    ///
    /// - Parameter value: the value of its dimension `place`.
    @inline(__always)
    func find(_ value: (_ place: Int) -> Int32) -> Int32? {
        var prefix = value(0)
        for step in steps.indices {
            guard let next = steps[step].find(UInt64(exact: prefix, value(step + 1))) else { return nil }
            prefix = Int32(truncatingIfNeeded: next)
        }
        return prefix
    }

    /// Enters a combination that is not there yet.
    mutating func set(_ values: ContiguousArray<Int32>, to number: Int32) {
        var prefix = values[0]
        for step in steps.indices {
            let key = UInt64(exact: prefix, values[step + 1])
            if step == steps.count - 1 {
                steps[step].set(key, to: Int(number))
            } else if let next = steps[step].find(key) {
                prefix = Int32(truncatingIfNeeded: next)
            } else {
                prefix = Int32(truncatingIfNeeded: steps[step].count)
                steps[step].set(key, to: Int(prefix))
            }
        }
    }
}

extension UInt64 {
    /// A key for ``HashIndex``, which wants well-mixed ones, that stands for exactly this pair.
    ///
    /// The finalizer of SplitMix64 (Steele, Lea and Flood, 2014) is a bijection: its shifts and
    /// its multiplications by odd numbers, which are meant to wrap, can be undone.
    @inline(__always)
    init(exact high: Int32, _ low: Int32) {
        var key = UInt64(UInt32(bitPattern: high)) << 32 | UInt64(UInt32(bitPattern: low))
        key = (key ^ key >> 30) &* 0xBF58_476D_1CE4_E5B9
        key = (key ^ key >> 27) &* 0x94D0_49BB_1331_11EB
        self = key ^ key >> 31
    }
}
