/// Writes JSON by appending, in the order of the calls.
///
/// Objects and arrays are opened and closed by the caller, and must match; commas take care
/// of themselves. The text is compact, UTF-8, and a function of the calls alone.
public struct JSONWriter: Sendable {
    /// The text, and room behind it: a record is some thousand short appends, and to an array that has to grow each of them would
    /// cost several times what storing its bytes does.
    private var room: [UInt8]
    /// Length of what has been written, in bytes.
    public private(set) var count = 0

    /// Whether a value or member precedes at this level.
    private var needsComma = false

    public init(reservingCapacity capacity: Int = 0) { room = Array(repeating: 0, count: capacity) }

    /// A copy of what has been written. O(count).
    public var bytes: [UInt8] { withUnsafeBytes { Array($0) } }

    /// Lends out what has been written.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try room.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
    }

    public var string: String { withUnsafeBytes { String(decoding: $0, as: UTF8.self) } }

    /// Begins anew, keeping the memory.
    public mutating func removeAll() {
        count = 0
        needsComma = false
    }

    /// Takes back everything from a place in an object on: a place after one of its members, before the next.
    mutating func removeMembers(from place: Int) {
        count = place
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { append(0x2C) }
        needsComma = true
    }

    // MARK: Appending

    @inline(__always)
    private mutating func makeRoom(_ length: Int) {
        if room.count - count < length { grow(length) }
    }

    @inline(never)
    private mutating func grow(_ length: Int) { room.append(contentsOf: repeatElement(0, count: max(length, room.count, Self.leastGrowth))) }

    private static let leastGrowth = 256

    @inline(__always)
    private mutating func append(_ byte: UInt8) {
        makeRoom(1)
        room[count] = byte
        count += 1
    }

    @inline(__always)
    private mutating func append(contentsOf source: UnsafeRawBufferPointer) {
        makeRoom(source.count)
        let start = count
        room.withUnsafeMutableBytes { UnsafeMutableRawBufferPointer(rebasing: $0[start...]).copyMemory(from: source) }
        count = start + source.count
    }

    private mutating func append(contentsOf source: ArraySlice<UInt8>) { source.withUnsafeBytes { append(contentsOf: $0) } }

    // MARK: Structure

    public mutating func beginObject() { begin(0x7B) }
    public mutating func endObject() { end(0x7D) }
    public mutating func beginArray() { begin(0x5B) }
    public mutating func endArray() { end(0x5D) }

    /// Ends the object with the bytes that another one ended with: its members from some member on, its closing brace included.
    mutating func endObject(repeating rest: ArraySlice<UInt8>) {
        append(contentsOf: rest)
        needsComma = true
    }

    /// Adds members with the bytes that they had in another object, the comma before the first included: there must be a member before them.
    mutating func members(repeating members: ArraySlice<UInt8>) {
        append(contentsOf: members)
        needsComma = true
    }

    private mutating func begin(_ bracket: UInt8) {
        separate()
        append(bracket)
        needsComma = false
    }

    private mutating func end(_ bracket: UInt8) {
        append(bracket)
        needsComma = true
    }

    /// The name of the member whose value is written next.
    public mutating func key(_ name: String) { name.utf8Span.span.withUnsafeBufferPointer { appendQuoted($0, isKey: true) } }

    // MARK: Values

    /// Here and for keys: a span, since a string that is copied to lend out its bytes is counted each time.
    public mutating func value(_ value: String) { value.utf8Span.span.withUnsafeBufferPointer { appendQuoted($0) } }

    /// A string from bytes; what is not UTF-8 becomes U+FFFD.
    public mutating func value(utf8 bytes: some Sequence<UInt8>) {
        // Decoding is what replaces invalid bytes; valid text passes unchanged.
        value(String(decoding: Array(bytes), as: UTF8.self))
    }

    public mutating func value(_ value: some FixedWidthInteger) {
        separate()
        guard let digits = UInt64(exactly: value.magnitude) else { return append(contentsOf: Array(value.description.utf8)[...]) }
        if value < 0 { append(0x2D) }
        append(digits: digits)
    }

    /// A string from bytes as they are: what is not UTF-8 stays so, for a reader to find.
    mutating func value(unchecked text: UnsafeRawBufferPointer) { appendQuoted(text.bindMemory(to: UInt8.self)) }

    /// A number from its text.
    mutating func value(number text: UnsafeRawBufferPointer) {
        separate()
        append(contentsOf: text)
    }

    /// The name of a member, from bytes as they are.
    mutating func key(unchecked name: UnsafeRawBufferPointer) { appendQuoted(name.bindMemory(to: UInt8.self), isKey: true) }

    /// The name of a member as ``key(_:)`` writes it, quotes and colon included.
    mutating func key(written name: ArraySlice<UInt8>) {
        separate()
        append(contentsOf: name)
        needsComma = false
    }

    /// A value that is JSON already; it is not checked.
    mutating func value(written json: ArraySlice<UInt8>) {
        separate()
        append(contentsOf: json)
    }

    /// The shortest text that reads back as the same double; integral values below 2^54 end in
    /// `.0`, as in `3.0`. NaN and the infinities, which JSON cannot write, become null.
    public mutating func value(_ value: Double) {
        separate()
        // Sums, and shares of nothing, are whole more often than not. Of 0 there are two; conversion truncates and, unlike rounding, is no call.
        if value >= 0, value < Self.wholeBound, value.sign == .plus, value == Double(Int64(value)) {
            append(digits: UInt64(Int64(value)))
            return appendASCII(".0")
        }
        guard value.isFinite else { return appendASCII("null") }
        var text = DoubleText()
        value.write(to: &text)
        text.withUnsafeBytes { append(contentsOf: $0) }
    }

    /// Whole numbers below have all their digits and `.0` in their shortest text.
    private static let wholeBound = 0x1p53

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
        var text: [UInt8] = []
        text.reserveCapacity(RFC3339.length)
        text.appendRFC3339(ms)
        text.withUnsafeBufferPointer { appendQuoted($0) }
    }

    /// Bytes as a base64 string.
    public mutating func value(base64 value: some RandomAccessCollection<UInt8>) {
        var text: [UInt8] = []
        Base64.append(value, to: &text)
        text.withUnsafeBufferPointer { appendQuoted($0) }
    }

    /// A value that is JSON already; it is not checked.
    public mutating func value(json: [UInt8]) { value(written: json[...]) }

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

    private mutating func appendASCII(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: UnsafeRawBufferPointer($0)) }
    }

    /// Most counts are a digit; no text is made of any.
    private mutating func append(digits value: UInt64) {
        if value < 10 { return append(0x30 + UInt8(truncatingIfNeeded: value)) }
        // 20 digits hold every 64-bit number.
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
            var (rest, place) = (value, 20)
            while rest > 0 {
                place -= 1
                digits[place] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            }
            append(contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: digits[place...])))
        }
    }

    /// Quoted, with the escapes that RFC 8259, section 7 demands, and no others; after a comma where there has to be one.
    ///
    /// - Parameter isKey: a colon follows, and then a value.
    private mutating func appendQuoted(_ source: UnsafeBufferPointer<UInt8>, isKey: Bool = false) {
        // A comma, two quotes and a colon.
        makeRoom(source.count + 4)
        let (start, comma) = (count, needsComma)
        needsComma = !isKey
        // Nil where something has to be escaped: names and most values need none, so that is found out while they are copied.
        let end = room.withUnsafeMutableBufferPointer { room -> Int? in
            var place = start
            if comma {
                room[place] = 0x2C
                place &+= 1
            }
            room[place] = 0x22
            place &+= 1
            // Safe: there is room for all of it.
            let isSpecial = Self.copy(source, to: UnsafeMutableRawPointer(room.baseAddress! + place))
            place &+= source.count
            room[place] = 0x22
            if isKey { room[place &+ 1] = 0x3A }
            return isSpecial ? nil : place &+ (isKey ? 2 : 1)
        }
        if let end { count = end } else { appendEscaped(source, comma, isKey) }
    }

    /// Copies text, eight bytes at a time, and answers whether some of it has to be escaped.
    @inline(__always)
    private static func copy(_ source: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableRawPointer) -> Bool {
        guard source.count >= 8, let text = UnsafeRawPointer(source.baseAddress) else {
            var isSpecial = false
            for place in source.indices {
                isSpecial = needsEscape(source[place]) ? true : isSpecial
                target.storeBytes(of: source[place], toByteOffset: place, as: UInt8.self)
            }
            return isSpecial
        }
        // The last eight may be partly those before them.
        let last = source.count &- 8
        var (place, special) = (0, UInt64(0))
        while true {
            let eight = text.loadUnaligned(fromByteOffset: place, as: UInt64.self)
            special |= escapes(in: eight)
            target.storeBytes(of: eight, toByteOffset: place, as: UInt64.self)
            guard place < last else { return special != 0 }
            place = min(place &+ 8, last)
        }
    }

    /// Not 0 where ``needsEscape(_:)`` holds of one of eight bytes: "has a byte below n" and "has a zero byte" of Mycroft (1987).
    @inline(__always)
    private static func escapes(in bytes: UInt64) -> UInt64 {
        let (ones, highs): (UInt64, UInt64) = (0x0101_0101_0101_0101, 0x8080_8080_8080_8080)
        let (quotes, backslashes) = (bytes ^ ones &* 0x22, bytes ^ ones &* 0x5C)
        let below = (bytes &- ones &* 0x20) & ~bytes
        return (below | (quotes &- ones) & ~quotes | (backslashes &- ones) & ~backslashes) & highs
    }

    private mutating func appendEscaped(_ source: UnsafeBufferPointer<UInt8>, _ comma: Bool, _ isKey: Bool) {
        if comma { append(0x2C) }
        append(0x22)
        appendEscaped(source)
        append(0x22)
        if isKey { append(0x3A) }
    }

    private mutating func appendEscaped(_ source: UnsafeBufferPointer<UInt8>) {
        var plain = 0
        for index in source.indices where Self.needsEscape(source[index]) {
            append(contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: source[plain..<index])))
            appendEscape(source[index])
            plain = index + 1
        }
        append(contentsOf: UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: source[plain...])))
    }

    private static func needsEscape(_ byte: UInt8) -> Bool { byte < 0x20 || byte == 0x22 || byte == 0x5C }

    private mutating func appendEscape(_ byte: UInt8) {
        append(0x5C)
        switch byte {
        case 0x22, 0x5C: append(byte)
        case 0x08: append(0x62)
        case 0x09: append(0x74)
        case 0x0A: append(0x6E)
        case 0x0C: append(0x66)
        case 0x0D: append(0x72)
        default:
            appendASCII("u00")
            append(Base64.hexDigit(byte >> 4))
            append(Base64.hexDigit(byte & 0xF))
        }
    }
}

/// The shortest text of a double, without memory of its own as a string of more than 15 bytes has.
private struct DoubleText: TextOutputStream {
    /// The longest is `-1.2345678901234567e-308`, 24 bytes.
    private var bytes = InlineArray<32, UInt8>(repeating: 0)
    private var count = 0

    mutating func write(_ string: String) {
        for byte in string.utf8 { append(byte) }
    }

    /// How the standard library writes numbers to a stream that takes bytes.
    mutating func _writeASCII(_ buffer: UnsafeBufferPointer<UInt8>) {
        for byte in buffer { append(byte) }
    }

    private mutating func append(_ byte: UInt8) {
        bytes[count] = byte
        count += 1
    }

    func withUnsafeBytes(_ body: (UnsafeRawBufferPointer) -> Void) {
        bytes.span.withUnsafeBufferPointer { body(UnsafeRawBufferPointer(UnsafeBufferPointer(rebasing: $0[..<count]))) }
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
