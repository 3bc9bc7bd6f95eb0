/// The text of a decimal: a two's-complement integer of any length, most significant byte first, and a scale.
enum DecimalText {
    /// Bytes of the integer beyond which it is not read: some 150 digits, more than any declared precision.
    static let maxBytes = 64

    /// Writes the exact number. Integers beyond 64 bits end in `.0`: as integers JSON parsers would refuse them.
    ///
    /// - Returns: false where there are no bytes, or too many.
    static func write(_ bytes: UnsafeRawBufferPointer, scale: Int, to json: inout JSONWriter) -> Bool {
        guard !bytes.isEmpty, bytes.count <= maxBytes else { return false }
        let isNegative = bytes[0] >= 0x80
        var digits = digits(ofMagnitude: magnitude(bytes, isNegative: isNegative))
        let isWide = digits.count > 18
        while digits.count <= scale { digits.insert(0x30, at: 0) }
        if scale > 0 {
            digits.insert(0x2E, at: digits.count - scale)
        } else if isWide {
            digits += [0x2E, 0x30]
        }
        if isNegative { digits.insert(0x2D, at: 0) }
        digits.withUnsafeBytes { json.value(number: $0) }
        return true
    }

    /// In limbs of 32 bits, most significant first.
    private static func magnitude(_ bytes: UnsafeRawBufferPointer, isNegative: Bool) -> [UInt32] {
        var limbs: [UInt32] = []
        let sign: UInt8 = isNegative ? 0xFF : 0
        let padding = (4 - bytes.count % 4) % 4
        for start in stride(from: -padding, to: bytes.count, by: 4) {
            limbs.append((start..<start + 4).reduce(UInt32(0)) { $0 << 8 | UInt32(($1 < 0 ? sign : bytes[$1]) ^ sign) })
        }
        guard isNegative else { return limbs }
        // The complement is inverted above; one is added here.
        for index in limbs.indices.reversed() {
            let (sum, overflow) = limbs[index].addingReportingOverflow(1)
            limbs[index] = sum
            if !overflow { return limbs }
        }
        return [1] + limbs
    }

    /// Decimal digits, by repeated division; the limbs are few.
    private static func digits(ofMagnitude limbs: [UInt32]) -> [UInt8] {
        var limbs = limbs
        var digits: [UInt8] = []
        while limbs.contains(where: { $0 != 0 }) {
            var rest: UInt64 = 0
            for index in limbs.indices {
                let value = rest << 32 | UInt64(limbs[index])
                limbs[index] = UInt32(truncatingIfNeeded: value / 1_000_000_000)
                rest = value % 1_000_000_000
            }
            for _ in 0..<9 {
                digits.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
                rest /= 10
            }
        }
        while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
        return digits.isEmpty ? [0x30] : digits.reversed()
    }
}
