/// Money at stake, by what was decided: exact sums of ten-thousandths, which corrections move.
///
/// Right while every true sum is below 9.2 × 10^14 currency units in magnitude. Additions wrap:
/// what was added can be taken back even where a flood of absurd amounts drives a sum beyond that.
public struct MoneyTotals: Sendable, Equatable, Snapshottable {
    /// Decisions with an amount.
    public private(set) var count: Int64 = 0
    private var allow: Int64 = 0
    private var challenge: Int64 = 0
    private var block: Int64 = 0
    private var escalate: Int64 = 0
    private var log: Int64 = 0

    public init() {}

    /// Adds (`sign` 1) or takes back (-1) the amount of one decision; none counts nothing.
    @inline(__always)
    mutating func add(_ amount: Money, _ decision: Decision, sign: Int64 = 1) {
        guard !amount.isNone else { return }
        count += sign
        let units = amount.units &* sign
        switch decision {
        case .allow: allow &+= units
        case .challenge: challenge &+= units
        case .block: block &+= units
        case .escalate: escalate &+= units
        case .log: log &+= units
        }
    }

    mutating func merge(_ other: MoneyTotals) {
        count += other.count
        allow &+= other.allow
        challenge &+= other.challenge
        block &+= other.block
        escalate &+= other.escalate
        log &+= other.log
    }

    /// In currency units.
    public subscript(_ decision: Decision) -> Double {
        switch decision {
        case .allow: Self.whole(allow)
        case .challenge: Self.whole(challenge)
        case .block: Self.whole(block)
        case .escalate: Self.whole(escalate)
        case .log: Self.whole(log)
        }
    }

    public var total: Double { Self.whole(allow &+ challenge &+ block &+ escalate &+ log) }
    /// What passed: allowed or only logged.
    public var passed: Double { Self.whole(allow &+ log) }
    /// Challenged, blocked or escalated.
    public var intervened: Double { Self.whole(challenge &+ block &+ escalate) }

    private static func whole(_ units: Int64) -> Double { Double(units) / Double(Money.unitsPerWhole) }

    public func encode(into writer: inout ByteWriter) {
        writer.write(sparse: [count, allow, challenge, block, escalate, log])
    }

    public init(from reader: inout ByteReader) throws {
        var numbers = try reader.readSparse(of: 6)
        count = try numbers.next(&reader)
        allow = try numbers.next(&reader)
        challenge = try numbers.next(&reader)
        block = try numbers.next(&reader)
        escalate = try numbers.next(&reader)
        log = try numbers.next(&reader)
    }
}
