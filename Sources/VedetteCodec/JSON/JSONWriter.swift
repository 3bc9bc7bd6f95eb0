/// Writes JSON by appending, in the order of the calls.
///
/// Objects and arrays are opened and closed by the caller, and must match; commas take care
/// of themselves. The text is compact, UTF-8, and a function of the calls alone.
public struct JSONWriter: Sendable {
    /// What has been written.
    public private(set) var bytes: [UInt8]

    /// Whether a value or member precedes at this level.
    private var needsComma = false

    public init(reservingCapacity capacity: Int = 0) {
        bytes = []
        bytes.reserveCapacity(capacity)
    }

    public var string: String { String(decoding: bytes, as: UTF8.self) }

    /// Begins anew, keeping the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        needsComma = false
    }

    /// Takes back everything from a place in an object on: a place after one of its members, before the next.
    mutating func removeMembers(from place: Int) {
        bytes.removeSubrange(place...)
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(0x2C) }
        needsComma = true
    }

    // MARK: Structure

    public mutating func beginObject() { begin(0x7B) }
    public mutating func endObject() { end(0x7D) }
    public mutating func beginArray() { begin(0x5B) }
    public mutating func endArray() { end(0x5D) }

    /// Ends the object with the bytes that another one ended with: its members from some member on, its closing brace included.
    mutating func endObject(repeating rest: ArraySlice<UInt8>) {
        bytes.append(contentsOf: rest)
        needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        bytes.append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        bytes.append(bracket)
        needsComma = true
    }

    /// The name of the member whose value is written next.
    public mutating func key(_ name: String) {
        separate()
        appendQuoted(name)
        bytes.append(0x3A)
        needsComma = false
    }

    /// Ends a line, for JSON Lines; the next value starts afresh.
    public mutating func endLine() {
        bytes.append(0x0A)
        needsComma = false
    }

    // MARK: Values

    public mutating func value(_ value: String) {
        separate()
        appendQuoted(value)
    }

    /// A string from bytes; what is not UTF-8 becomes U+FFFD.
    public mutating func value(utf8 bytes: some Sequence<UInt8>) {
        // Decoding is what replaces invalid bytes; valid text passes unchanged.
        value(String(decoding: Array(bytes), as: UTF8.self))
    }

    public mutating func value(_ value: some FixedWidthInteger) {
        separate()
        // Most counts are a digit; no text is made of those.
        if value >= 0, value < 10 { return bytes.append(0x30 + UInt8(truncatingIfNeeded: value)) }
        appendASCII(value.description)
    }

    /// A string from bytes as they are: what is not UTF-8 stays so, for a reader to find.
    mutating func value(unchecked text: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(text.bindMemory(to: UInt8.self))
    }

    /// A number from its text.
    mutating func value(number text: UnsafeRawBufferPointer) {
        separate()
        bytes.append(contentsOf: text)
    }

    /// The name of a member, from bytes as they are.
    mutating func key(unchecked name: UnsafeRawBufferPointer) {
        separate()
        appendQuoted(name.bindMemory(to: UInt8.self))
        bytes.append(0x3A)
        needsComma = false
    }

    /// The name of a member as ``key(_:)`` writes it, quotes and colon included.
    mutating func key(written name: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: name)
        needsComma = false
    }

    /// A value that is JSON already; it is not checked.
    mutating func value(written json: ArraySlice<UInt8>) {
        separate()
        bytes.append(contentsOf: json)
    }

    /// The shortest text that reads back as the same double; integral values below 2^54 end in
    /// `.0`, as in `3.0`. NaN and the infinities, which JSON cannot write, become null.
    public mutating func value(_ value: Double) {
        separate()
        appendASCII(value.isFinite ? value.description : "null")
    }

    public mutating func value(_ value: Bool) {
        separate()
        appendASCII(value ? "true" : "false")
    }

    public mutating func null() {
        separate()
        appendASCII("null")
    }

    /// A time, in milliseconds since 1970 UTC, as an RFC 3339 string; see ``RFC3339``.
    public mutating func value(time ms: Int64) {
        separate()
        bytes.append(0x22)
        bytes.appendRFC3339(ms)
        bytes.append(0x22)
    }

    /// Bytes as a base64 string.
    public mutating func value(base64 value: some RandomAccessCollection<UInt8>) {
        separate()
        bytes.append(0x22)
        Base64.append(value, to: &bytes)
        bytes.append(0x22)
    }

    /// A value that is JSON already; it is not checked.
    public mutating func value(json: [UInt8]) {
        separate()
        bytes.append(contentsOf: json)
    }

    // MARK: Fields: a name and its value. Nil is written as null.

    public mutating func field(_ name: String, _ value: String) { key(name); self.value(value) }
    public mutating func field(_ name: String, _ value: some FixedWidthInteger) { key(name); self.value(value) }
    public mutating func field(_ name: String, _ value: Double) { key(name); self.value(value) }
    public mutating func field(_ name: String, _ value: Bool) { key(name); self.value(value) }
    public mutating func field(_ name: String, time ms: Int64) { key(name); value(time: ms) }

    public mutating func field(_ name: String, _ value: String?) {
        key(name)
        if let value { self.value(value) } else { null() }
    }

    public mutating func field(_ name: String, _ value: (some FixedWidthInteger)?) {
        key(name)
        if let value { self.value(value) } else { null() }
    }

    public mutating func field(_ name: String, _ value: Double?) {
        key(name)
        if let value { self.value(value) } else { null() }
    }

    public mutating func field(_ name: String, _ value: Bool?) {
        key(name)
        if let value { self.value(value) } else { null() }
    }

    // MARK: Text

    private mutating func appendASCII(_ text: String) {
        var copy = text
        copy.withUTF8 { bytes.append(contentsOf: $0) }
    }

    /// Quoted, with the escapes that RFC 8259, section 7 demands, and no others.
    private mutating func appendQuoted(_ text: String) {
        var copy = text
        copy.withUTF8 { appendQuoted($0) }
    }

    private mutating func appendQuoted(_ source: UnsafeBufferPointer<UInt8>) {
        bytes.append(0x22)
        // Without a branch per byte: names and most values need no escape.
        var isSpecial = false
        for byte in source { isSpecial = Self.needsEscape(byte) ? true : isSpecial }
        if isSpecial { appendEscaped(source) } else { bytes.append(contentsOf: source) }
        bytes.append(0x22)
    }

    private mutating func appendEscaped(_ source: UnsafeBufferPointer<UInt8>) {
        var plain = 0
        for index in source.indices where Self.needsEscape(source[index]) {
            bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[plain..<index]))
            appendEscape(source[index])
            plain = index + 1
        }
        bytes.append(contentsOf: UnsafeBufferPointer(rebasing: source[plain...]))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    private mutating func appendEscape(_ byte: UInt8) {
        bytes.append(0x5C)
        switch byte {
        case 0x22, 0x5C: bytes.append(byte)
        case 0x08: bytes.append(0x62)
        case 0x09: bytes.append(0x74)
        case 0x0A: bytes.append(0x6E)
        case 0x0C: bytes.append(0x66)
        case 0x0D: bytes.append(0x72)
        default:
            appendASCII("u00")
            bytes.append(Base64.hexDigit(byte >> 4))
            bytes.append(Base64.hexDigit(byte & 0xF))
        }
    }
}

/// Base64 with padding: RFC 4648, section 4.
enum Base64 {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

    static func append<Source: RandomAccessCollection<UInt8>>(_ source: Source, to bytes: inout [UInt8]) {
        var index = 0
        func byte(_ at: Int) -> UInt32 { UInt32(source[source.index(source.startIndex, offsetBy: at)]) }
        while index < source.count {
            let left = source.count - index
            let group = byte(index) << 16 | (left > 1 ? byte(index + 1) << 8 : 0) | (left > 2 ? byte(index + 2) : 0)
            bytes.append(alphabet[Int(group >> 18)])
            bytes.append(alphabet[Int(group >> 12 & 63)])
            bytes.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : 0x3D)
            bytes.append(left > 2 ? alphabet[Int(group & 63)] : 0x3D)
            index += 3
        }
    }

    static func hexDigit(_ nibble: UInt8) -> UInt8 { nibble < 10 ? 0x30 + nibble : 0x61 + nibble - 10 }
}
