/// A slice: a group of dimensions and a value for each. Group -1 is all traffic.
public struct Slice: Sendable, Equatable {
    public var group: Int32
    public var values: ContiguousArray<Int32>
}

/// Numbers slices in the order of their first effect. Slice 0 is all traffic. Bounded.
///
/// What found no room was counted under its group's "(other)", and its labels must find it there. So where the limit
/// has been raised since, or slices out of use have made room, a slice that got room only then has no decision from before:
/// those stay under "(other)".
struct SliceTable {
    /// There was room again after the limit had been reached.
    private struct Raise {
        /// Slices from this number on got room afterwards.
        var first: Int32
        /// All that had taken effect by then is from before this time, ms.
        var time: Int64
    }

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
    /// Ascending.
    private var raises: [Raise] = []
    /// Time of the newest of them.
    private var raisedAt: Int64 = .min

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
    /// - Parameters:
    ///   - isRetired: of a dimension and a value.
    ///   - time: all that took effect is from before it, ms; nil where they made room before already.
    mutating func bury(at time: Int64?, _ isRetired: (_ dimension: Int, _ value: Int32) -> Bool) {
        let wasFull = live >= configuration.maxSlices && overflowed > 0
        defer { if let time, wasFull, live < configuration.maxSlices { makeRoom(at: time) } }
        for (number, slice) in slices.enumerated() where slice.group >= 0 {
            let dimensions = configuration.groups[Int(slice.group)]
            if zip(dimensions, slice.values).contains(where: { isRetired($0, $1) }) { buried.insert(Int32(number)) }
        }
    }

    private mutating func makeRoom(at time: Int64) {
        raises.append(Raise(first: Int32(slices.count), time: time))
        raisedAt = time
    }

    var groupCount: Int { configuration.groups.count }
    func dimensions(of group: Int32) -> [Int] { group < 0 ? [] : configuration.groups[Int(group)] }

    /// The slice of `group` that a row of this time with these dimension values belongs to.
    @inline(__always)
    mutating func number(group: Int, values: DecisionRow.Values, time: Int64) -> Int32 {
        guard time >= raisedAt else { return numberBeforeRaise(group, values, time) }
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

    @inline(never)
    private mutating func numberBeforeRaise(_ group: Int, _ row: DecisionRow.Values, _ time: Int64) -> Int32 {
        let values = ContiguousArray(configuration.groups[group].map { row[$0] })
        if let known = find(group, values), raises.last(where: { $0.first <= known })?.time ?? .min <= time { return known }
        overflowed += 1
        return rest(group)
    }

    /// The group's "(other)", which has room always and all times.
    private mutating func rest(_ group: Int) -> Int32 {
        let values = ContiguousArray(repeating: Interner.other, count: configuration.groups[group].count)
        return find(group, values) ?? add(group, values)
    }

    private mutating func admit(_ group: Int, _ values: ContiguousArray<Int32>) -> Int32 {
        // One place per group stays reserved for its "(other)".
        if live >= configuration.maxSlices, values.contains(where: { $0 != Interner.other }) {
            overflowed += 1
            return rest(group)
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
        writer.write(count: configuration.maxSlices)
        writer.write(count: raises.count)
        for raise in raises {
            writer.write(signed: Int64(raise.first))
            writer.write(signed: raise.time)
        }
        writer.write(count: slices.count - 1)
        for slice in slices.dropFirst() {
            writer.write(signed: Int64(slice.group))
            for value in slice.values { writer.write(signed: Int64(value)) }
        }
    }

    /// Into a table without slices.
    ///
    /// - Parameter released: all that took effect is from before this time, ms.
    mutating func restore(from reader: inout ByteReader, at released: Int64) throws {
        overflowed = try reader.readSigned()
        let limit = try reader.readVarint()
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            raises.append(Raise(first: Int32(truncatingIfNeeded: try reader.readSigned()), time: try reader.readSigned()))
        }
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let group = Int(try reader.readSigned())
            guard configuration.groups.indices.contains(group) else {
                throw CorruptBytes(offset: reader.offset, expected: "a slice group of this configuration")
            }
            var values = ContiguousArray<Int32>()
            for _ in configuration.groups[group] { values.append(Int32(truncatingIfNeeded: try reader.readSigned())) }
            _ = add(group, values)
        }
        raisedAt = raises.last?.time ?? .min
        if overflowed > 0, configuration.maxSlices > limit { makeRoom(at: released) }
    }
}
