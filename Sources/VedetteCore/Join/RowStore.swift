/// The two kinds of row that a segment of the join keeps.
public enum RowTable: UInt8, Sendable, CaseIterable {
    case decisions, labels
}

/// Sealed rows of the join, on disk. The open ones are in ``JoinState``.
public protocol RowStore: AnyObject {
    /// Reads a row into `bytes` (replacing them); false where there is none.
    func read(segment: Int64, table: RowTable, id: RequestID, into bytes: inout [UInt8]) throws -> Bool
    /// Segments that hold decisions, ascending.
    var segments: [Int64] { get }
}

/// No sealed rows: everything is still in memory.
public final class EmptyRowStore: RowStore {
    public init() {}
    public func read(segment: Int64, table: RowTable, id: RequestID, into bytes: inout [UInt8]) throws -> Bool { false }
    public var segments: [Int64] { [] }
}
