/// One count per ``Decision``.
public struct DecisionCounts: Sendable, Equatable, Snapshottable {
    public var allow: Int64 = 0
    public var challenge: Int64 = 0
    public var block: Int64 = 0
    public var escalate: Int64 = 0
    public var log: Int64 = 0

    public init() {}

    public var total: Int64 { allow + challenge + block + escalate + log }
    /// Decisions that put something in the requester's way: challenge, block, escalate.
    public var interventions: Int64 { challenge + block + escalate }

    @inlinable
    public mutating func add(_ decision: Decision, _ count: Int64 = 1) {
        switch decision {
        case .allow: allow += count
        case .challenge: challenge += count
        case .block: block += count
        case .escalate: escalate += count
        case .log: log += count
        }
    }

    public mutating func merge(_ other: DecisionCounts) {
        allow += other.allow
        challenge += other.challenge
        block += other.block
        escalate += other.escalate
        log += other.log
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(sparse: [allow, challenge, block, escalate, log])
    }

    public init(from reader: inout ByteReader) throws {
        var counts = try reader.readSparse(of: Decision.allCases.count)
        for decision in Decision.allCases { add(decision, try counts.next(&reader)) }
    }
}
