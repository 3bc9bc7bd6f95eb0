/// The bytes of moments, as few as they can be without losing a bit.
///
/// The count; then, where it is not 0, a byte that says which of the four numbers are whole millionths (bits 0 to 3: mean,
/// sum of squares, minimum, maximum) and which follow from others (bits 4 to 6, ``Form``); then those that do not: a varint
/// of millionths each, or 8 bytes. Most panes of small slices hold a number or two, with few decimals.
extension Moments: Snapshottable {
    /// Which numbers are not written because minimum and maximum tell them. Durable.
    private enum Form: UInt8, CaseIterable {
        /// All are written.
        case stated
        /// All numbers were the same: only one is written.
        case constant
        /// Two numbers: one with the other merged in, or added the one after the other.
        case merged, ascending, descending
    }

    private static let millionths = 1e6

    public func encode(into writer: inout ByteWriter) {
        writer.write(varint: UInt64(count))
        guard count > 0 else { return }
        let form = form
        let numbers: [Double]
        switch form {
        case .stated: numbers = [lowest, highest, meanOrZero, sumOfSquares]
        case .constant: numbers = [lowest]
        case .merged, .ascending, .descending: numbers = [lowest, highest]
        }
        var shape = form.rawValue << 4
        for (place, number) in numbers.enumerated() where Self.wholeMillionths(number) != nil { shape |= 1 << UInt8(place) }
        writer.write(byte: shape)
        for number in numbers {
            if let whole = Self.wholeMillionths(number) { writer.write(signed: whole) } else { writer.write(double: number) }
        }
    }

    public init(from reader: inout ByteReader) throws {
        let count = try reader.readVarint()
        guard count <= UInt64(Int64.max) else { throw CorruptBytes(offset: reader.offset, expected: "a 63-bit count") }
        guard count > 0 else { return }
        let shape = try reader.readByte()
        guard let form = Form(rawValue: shape >> 4), form == .stated || form == .constant || count == 2 else {
            throw CorruptBytes(offset: reader.offset, expected: "a form of moments")
        }
        func next(_ place: UInt8) throws -> Double {
            shape >> place & 1 == 1 ? Double(try reader.readSigned()) / Self.millionths : try reader.readDouble()
        }
        let low = try next(0)
        let high = form == .constant ? low : try next(1)
        if let told = Self.told(form, low, high, count: Int64(count)) {
            self = told
        } else {
            (lowest, highest, meanOrZero, sumOfSquares) = (low, high, try next(2), try next(3))
            self.count = Int64(count)
        }
        guard sumOfSquares >= 0, lowest <= highest, meanOrZero >= lowest, meanOrZero <= highest else {
            throw CorruptBytes(offset: reader.offset, expected: "moments with minimum <= mean <= maximum")
        }
    }

    private var form: Form {
        let candidates: [Form] = lowest.bitPattern == highest.bitPattern ? [.constant] : count == 2 ? [.merged, .ascending, .descending] : []
        return candidates.first { form in
            guard let told = Self.told(form, lowest, highest, count: count) else { return false }
            return told.meanOrZero.bitPattern == meanOrZero.bitPattern && told.sumOfSquares.bitPattern == sumOfSquares.bitPattern
        } ?? .stated
    }

    /// What minimum and maximum tell; nil where they do not.
    private static func told(_ form: Form, _ low: Double, _ high: Double, count: Int64) -> Moments? {
        var all = Moments()
        switch form {
        case .stated: return nil
        case .constant: (all.count, all.meanOrZero, all.lowest, all.highest) = (count, low, low, low)
        case .merged:
            var other = Moments()
            all.add(low)
            other.add(high)
            all.merge(other)
        case .ascending:
            all.add(low)
            all.add(high)
        case .descending:
            all.add(high)
            all.add(low)
        }
        return all
    }

    /// A number of few decimals as millionths; nil where that would not give it back to the last bit.
    private static func wholeMillionths(_ x: Double) -> Int64? {
        let scaled = x * millionths
        guard scaled.magnitude < 0x1p44 else { return nil }
        // Conversion truncates: half a unit more is rounding, and never a call.
        let whole = Int64(scaled + (scaled < 0 ? -0.5 : 0.5))
        return (Double(whole) / millionths).bitPattern == x.bitPattern ? whole : nil
    }
}
