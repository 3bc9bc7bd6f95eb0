/// Request IDs in their bytes: most systems write numbers of 64 or 128 bits as text, which takes twice the room or more.
///
/// A form and the length first; then hexadecimal digits as half as many bytes, of a UUID 16, of anything else itself.
enum RequestText {
    /// Durable.
    private enum Form: UInt64 {
        case text
        /// An even number of lower-case hexadecimal digits.
        case digits
        /// The same 32, with dashes after 8, 12, 16 and 20.
        case uuid
    }

    private static let formBits: UInt64 = 2
    private static let uuidLength = 36

    private static func isDash(_ place: Int) -> Bool { place == 8 || place == 13 || place == 18 || place == 23 }

    /// 0 to 15; above, where it is not a lower-case hexadecimal digit.
    @inline(__always)
    private static func value(_ digit: UInt8) -> UInt8 {
        switch digit {
        case 0x30...0x39: digit &- 0x30
        case 0x61...0x66: digit &- 0x57
        default: 0xFF
        }
    }

    @inline(__always)
    private static func digit(_ value: UInt8) -> UInt8 { value < 10 ? 0x30 &+ value : 0x57 &+ value }

    private static func form(_ text: UnsafeRawBufferPointer) -> Form {
        if text.allSatisfy({ value($0) < 16 }) { return text.count % 2 == 0 ? .digits : .text }
        guard text.count == uuidLength else { return .text }
        for place in 0..<uuidLength {
            guard isDash(place) ? text[place] == 0x2D : value(text[place]) < 16 else { return .text }
        }
        return .uuid
    }

    static func write(_ text: UnsafeRawBufferPointer, into writer: inout ByteWriter) {
        let form = form(text)
        writer.write(varint: UInt64(text.count) << formBits | form.rawValue)
        guard form != .text else { return writer.write(bytes: text) }
        var high: UInt8?
        for byte in text where byte != 0x2D {
            if let first = high {
                writer.write(byte: first << 4 | value(byte))
                high = nil
            } else {
                high = value(byte)
            }
        }
    }

    /// Calls `body` with the pieces of the text, in order.
    static func read(from reader: inout ByteReader, _ body: (UnsafeRawBufferPointer) -> Void) throws {
        let head = try reader.readVarint()
        let length = head >> formBits
        guard let form = Form(rawValue: head & (1 << formBits - 1)), length <= UInt64(2 * reader.remaining) + 4 else {
            throw CorruptBytes(offset: reader.offset, expected: "the form and length of a request ID")
        }
        if form == .text { return try reader.readBytes(Int(length), body) }
        guard form == .uuid ? length == uuidLength : length % 2 == 0 else {
            throw CorruptBytes(offset: reader.offset, expected: "the length of a request ID")
        }
        try reader.readBytes(form == .uuid ? 16 : Int(length) / 2) { bytes in
            withUnsafeTemporaryAllocation(byteCount: Int(length), alignment: 1) { text in
                var place = 0
                for byte in bytes {
                    if form == .uuid, isDash(place) {
                        text[place] = 0x2D
                        place += 1
                    }
                    text[place] = digit(byte >> 4)
                    text[place + 1] = digit(byte & 15)
                    place += 2
                }
                body(UnsafeRawBufferPointer(text))
            }
        }
    }
}
