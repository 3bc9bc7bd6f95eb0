/// A slice: a group of dimensions and a value for each. Group -1 is all traffic.
public struct Slice: Sendable, Equatable {
    public var group: Int32
    public var values: ContiguousArray<Int32>
}

/// Numbers slices in the order of their first effect. Slice 0 is all traffic. Bounded.
struct SliceTable {
    private let configuration: SliceConfiguration
    private(set) var slices: ContiguousArray<Slice> = [Slice(group: -1, values: [])]
    /// Per group of one dimension: slice number by value, -1 for none yet.
    private var single: ContiguousArray<ContiguousArray<Int32>>
    /// Per group: its dimension, or -1 where it has several.
    private let onlyDimension: ContiguousArray<Int>
    /// Per group of several dimensions: slice number by values.
    private var combined: ContiguousArray<CombinationIndex>
    /// Slices of values that are in use no more: they take no room.
    private var buried: Set<Int32> = []
    /// Look-ups that fell into a group's "(other)" because `maxSlices` was reached.
    private(set) var overflowed: Int64 = 0

    init(configuration: SliceConfiguration) {
        self.configuration = configuration
        single = ContiguousArray(repeating: [], count: configuration.groups.count)
        onlyDimension = ContiguousArray(configuration.groups.map { $0.count == 1 ? $0[0] : -1 })
        combined = ContiguousArray(configuration.groups.map { CombinationIndex(dimensions: max(2, $0.count)) })
    }

    /// Slices in use, all traffic apart.
    var live: Int { slices.count - 1 - buried.count }
    var limit: Int { configuration.maxSlices }
    func isBuried(_ number: Int32) -> Bool { buried.contains(number) }

    /// Gives up the slices of values that are in use no more. O(slices).
    ///
    /// - Parameter isRetired: of a dimension and a value.
    mutating func bury(_ isRetired: (_ dimension: Int, _ value: Int32) -> Bool) {
        for (number, slice) in slices.enumerated() where slice.group >= 0 {
            let dimensions = configuration.groups[Int(slice.group)]
            if zip(dimensions, slice.values).contains(where: { isRetired($0, $1) }) { buried.insert(Int32(number)) }
        }
    }

    var groupCount: Int { configuration.groups.count }
    func dimensions(of group: Int32) -> [Int] { group < 0 ? [] : configuration.groups[Int(group)] }

    /// The slice of `group` that a row with these dimension values belongs to.
    @inline(__always)
    mutating func number(group: Int, values: DecisionRow.Values) -> Int32 {
        let dimension = onlyDimension[group]
        if dimension >= 0 {
            let value = Int(values[dimension])
            if value < single[group].count, single[group][value] >= 0 { return single[group][value] }
            return admit(group, [Int32(value)])
        }
        let found = configuration.groups[group].withUnsafeBufferPointer { dimensions in
            combined[group].find { values[dimensions[$0]] }
        }
        return found ?? admit(group, ContiguousArray(configuration.groups[group].map { values[$0] }))
    }

    func hasOwnGroup(_ dimension: Int) -> Bool { onlyDimension.contains(dimension) }

    /// The slice of the decisions without a value for a dimension; nil while there are none.
    func missing(_ dimension: Int) -> Int32? { onlyDimension.firstIndex(of: dimension).flatMap { find($0, [Interner.missing]) } }

    private mutating func admit(_ group: Int, _ values: ContiguousArray<Int32>) -> Int32 {
        let rest = ContiguousArray(repeating: Interner.other, count: values.count)
        // One place per group stays reserved for its "(other)".
        if live >= configuration.maxSlices, values != rest {
            overflowed += 1
            return find(group, rest) ?? add(group, rest)
        }
        return find(group, values) ?? add(group, values)
    }

    private func find(_ group: Int, _ values: ContiguousArray<Int32>) -> Int32? {
        guard values.count == 1 else { return combined[group].find { values[$0] } }
        let value = Int(values[0])
        return value < single[group].count && single[group][value] >= 0 ? single[group][value] : nil
    }

    private mutating func add(_ group: Int, _ values: ContiguousArray<Int32>) -> Int32 {
        let number = Int32(slices.count)
        slices.append(Slice(group: Int32(group), values: values))
        if values.count == 1 {
            let value = Int(values[0])
            while single[group].count <= value { single[group].append(-1) }
            single[group][value] = number
        } else {
            combined[group].set(values, to: number)
        }
        return number
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(signed: overflowed)
        writer.write(count: slices.count - 1)
        for slice in slices.dropFirst() {
            writer.write(signed: Int64(slice.group))
            for value in slice.values { writer.write(signed: Int64(value)) }
        }
    }

    init(configuration: SliceConfiguration, from reader: inout ByteReader) throws {
        self.init(configuration: configuration)
        overflowed = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let group = Int(try reader.readSigned())
            guard configuration.groups.indices.contains(group) else {
                throw CorruptBytes(offset: reader.offset, expected: "a slice group of this configuration")
            }
            var values = ContiguousArray<Int32>()
            for _ in configuration.groups[group] { values.append(Int32(truncatingIfNeeded: try reader.readSigned())) }
            _ = add(group, values)
        }
    }
}
