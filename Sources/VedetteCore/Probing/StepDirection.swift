/// Which features a step moved, and whether up or down: the first 64 of them.
struct StepDirection: Equatable {
    private var up: UInt64 = 0
    private var down: UInt64 = 0

    mutating func move(_ feature: Int, by delta: Float) {
        guard feature < UInt64.bitWidth, delta != 0, !delta.isNaN else { return }
        if delta > 0 { up |= 1 << UInt64(feature) } else { down |= 1 << UInt64(feature) }
    }

    /// Whether the cosine of the two, each with a 1 for up and a -1 for down, is one half or more: two updates of one search,
    /// whatever their lengths and the features' units.
    func isAligned(with other: StepDirection) -> Bool {
        let same = (up & other.up | down & other.down).nonzeroBitCount, opposite = (up & other.down | down & other.up).nonzeroBitCount
        let product = same - opposite
        return product > 0 && 4 * product * product >= count * other.count
    }

    private var count: Int { (up | down).nonzeroBitCount }
}

extension StepDirection: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(fixed64: up)
        writer.write(fixed64: down)
    }

    init(from reader: inout ByteReader) throws {
        up = try reader.readFixed64()
        down = try reader.readFixed64()
    }
}
