/// The amounts of some decisions: an exact sum that knows whether there were any. 16 bytes.
///
/// Wraps like ``MoneyTotals`` beyond 9.2 × 10^14 currency units.
public struct AmountSum: Sendable, Equatable, Snapshottable {
    /// Decisions with an amount.
    public private(set) var count: Int64 = 0
    private var units: Int64 = 0

    public init() {}

    @inline(__always)
    public mutating func add(_ amount: Money) {
        guard !amount.isNone else { return }
        count += 1
        units &+= amount.units
    }

    /// Takes back an amount that was added.
    mutating func remove(_ amount: Money) {
        guard !amount.isNone, count > 0 else { return }
        count -= 1
        units &-= amount.units
    }

    public mutating func add(_ other: AmountSum) {
        count += other.count
        units &+= other.units
    }

    /// Currency units; nil where no decision had an amount.
    public var whole: Double? { count > 0 ? Double(units) / Double(Money.unitsPerWhole) : nil }

    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: count)
        writer.write(signed: units)
    }

    public init(from reader: inout ByteReader) throws {
        count = try reader.readSigned()
        units = try reader.readSigned()
    }
}

extension AmountSum {
    /// The part of it that is neither usual nor within policy.
    ///
    /// - Parameters:
    ///   - share: of these decisions, taken as 0...1.
    ///   - subject: the decisions, in the words of the reason.
    func figure(_ share: Double = 1, of subject: String) -> IncidentFigure {
        whole.map { .known($0 * min(1, max(0, share))) } ?? .none(because: "\(subject) carry no amount")
    }
}
