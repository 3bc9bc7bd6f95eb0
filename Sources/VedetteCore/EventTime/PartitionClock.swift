/// The event-time clock of one source partition. It never runs backwards.
///
/// Its state is a function of the records of that partition up to an offset (and of the
/// punctuations written into the progress record), so lateness does not depend on how
/// partitions interleave.
public struct PartitionClock: Sendable, Equatable, Snapshottable {
    /// Newest event time seen, `Int64.min` before the first record.
    public private(set) var maxTime: Int64 = .min
    /// A watermark set from outside: idleness, or the end of the input.
    public private(set) var floor: Int64 = .min

    public init() {}

    /// No record that is not late is older than this.
    @inlinable
    public func watermark(outOfOrderness: Int64) -> Int64 {
        maxTime == .min ? floor : max(maxTime - outOfOrderness, floor)
    }

    /// When the record takes effect: its own time, or the partition's watermark where it is late.
    ///
    /// This is what makes a late record's effect a function of its partition's log alone.
    @inlinable
    public mutating func observe(_ time: Int64, outOfOrderness: Int64) -> Int64 {
        let before = watermark(outOfOrderness: outOfOrderness)
        advance(to: time)
        return max(time, before)
    }

    @usableFromInline
    mutating func advance(to time: Int64) { if time > maxTime { maxTime = time } }

    /// Raises the watermark to at least `watermark`; a lower one has no effect.
    public mutating func punctuate(_ watermark: Int64) { floor = max(floor, watermark) }

    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: maxTime)
        writer.write(signed: floor)
    }

    public init(from reader: inout ByteReader) throws {
        maxTime = try reader.readSigned()
        floor = try reader.readSigned()
    }
}
