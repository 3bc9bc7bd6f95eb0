/// An amount of money as a whole number of ten-thousandths, so that what was added can be taken
/// back exactly. 8 bytes.
///
/// Error: at most 0.00005 of the currency unit per amount; none for amounts with up to four
/// decimals. Amounts beyond ±10^10 are taken as that.
public struct Money: Sendable, Equatable {
    /// Ten-thousandths; `Int64.min` where there is none.
    public private(set) var units: Int64

    public static let unitsPerWhole: Int64 = 10_000
    public static let none = Money(units: .min)
    private static let limit = 1e10

    private init(units: Int64) { self.units = units }

    /// NaN is none.
    @inline(__always)
    public init(_ amount: Double) {
        guard !amount.isNaN else {
            self = .none
            return
        }
        units = Int64((max(-Self.limit, min(Self.limit, amount)) * Double(Self.unitsPerWhole)).rounded())
    }

    @inline(__always)
    public var isNone: Bool { units == .min }

    /// How it is written in a row: most amounts are whole cents.
    enum Form: UInt8 { case none, cents, units }

    private static let unitsPerCent: Int64 = 100

    var form: Form { isNone ? .none : units % Self.unitsPerCent == 0 ? .cents : .units }

    /// The number that is written; nil where there is none.
    func number(_ form: Form) -> Int64? {
        switch form {
        case .none: nil
        case .cents: units / Self.unitsPerCent
        case .units: units
        }
    }

    init(_ form: Form, from reader: inout ByteReader) throws {
        switch form {
        case .none: self = .none
        case .cents:
            let (units, overflow) = try reader.readSigned().multipliedReportingOverflow(by: Self.unitsPerCent)
            guard !overflow else { throw CorruptBytes(offset: reader.offset, expected: "an amount in cents") }
            self.init(units: units)
        case .units: self.init(units: try reader.readSigned())
        }
    }
}
