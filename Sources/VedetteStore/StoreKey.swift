/// The 96-bit key of a row: a digest of the request ID.
///
/// Stored as 12 bytes, big endian, so that the order of the bytes is the numeric order.
public struct StoreKey: Hashable, Comparable, Sendable {
    /// The upper 64 bits.
    public var high: UInt64
    /// The lower 32 bits.
    public var low: UInt32

    public init(high: UInt64, low: UInt32) {
        self.high = high
        self.low = low
    }

    /// Bytes of a stored key.
    static let byteCount = 12

    @inline(__always)
    public static func < (left: StoreKey, right: StoreKey) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }

    /// Writes the stored form to the first 12 bytes of `bytes`.
    @inline(__always)
    func store(to bytes: UnsafeMutableRawBufferPointer) {
        bytes.storeBytes(of: high.bigEndian, toByteOffset: 0, as: UInt64.self)
        bytes.storeBytes(of: low.bigEndian, toByteOffset: 8, as: UInt32.self)
    }

    /// Reads the stored form; nil unless there are exactly 12 bytes.
    init?(stored bytes: UnsafeRawBufferPointer) {
        guard bytes.count == Self.byteCount else { return nil }
        high = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self))
        low = UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self))
    }
}

/// The tables of a segment. A label lies in the segment of its decision's time, so that both expire together.
public enum SegmentTable: UInt8, CaseIterable, Sendable {
    case decisions
    case labels
}

/// A span of decision time whose rows are kept and dropped together.
public struct SegmentID: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Decision time divided by the segment length, rounded down; negative before the epoch.
    public var index: Int64

    public init(index: Int64) { self.index = index }

    public static func < (left: SegmentID, right: SegmentID) -> Bool { left.index < right.index }

    public var description: String { "segment \(index)" }
}
