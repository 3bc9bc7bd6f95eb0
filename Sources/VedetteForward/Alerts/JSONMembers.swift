/// The members of a JSON object as they stand: so parts of a record are passed on unchanged, in their order.
enum JSONMembers {
    /// Names and the bytes of the values. O(n).
    ///
    /// - Parameter bytes: one object that is known to be valid JSON.
    static func split(_ bytes: [UInt8]) -> [(name: String, value: ArraySlice<UInt8>)] {
        var members: [(name: String, value: ArraySlice<UInt8>)] = []
        var index = bytes.firstIndex(of: UInt8(ascii: "{")).map { $0 + 1 } ?? bytes.count
        while let opening = bytes[index...].firstIndex(of: quote) {
            let closing = endOfString(bytes, from: opening)
            let name = String(decoding: bytes[opening + 1..<closing - 1], as: UTF8.self)
            guard let colon = bytes[closing...].firstIndex(of: UInt8(ascii: ":")),
                let start = bytes[(colon + 1)...].firstIndex(where: { !isSpace($0) })
            else { break }
            let end = endOfValue(bytes, from: start)
            members.append((name, bytes[start..<end]))
            index = end
        }
        return members
    }

    private static let quote = UInt8(ascii: "\"")

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 }

    /// The index behind the closing quote.
    private static func endOfString(_ bytes: [UInt8], from opening: Int) -> Int {
        var index = opening + 1
        while index < bytes.count, bytes[index] != quote { index += bytes[index] == UInt8(ascii: "\\") ? 2 : 1 }
        return min(index + 1, bytes.count)
    }

    /// The index behind a value of any kind.
    private static func endOfValue(_ bytes: [UInt8], from start: Int) -> Int {
        var index = start, depth = 0
        while index < bytes.count {
            switch bytes[index] {
            case quote:
                index = endOfString(bytes, from: index)
                if depth == 0 { return index }
                continue
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return trimmed(bytes, start, index) }
                depth -= 1
                if depth == 0 { return index + 1 }
            case UInt8(ascii: ",") where depth == 0: return trimmed(bytes, start, index)
            default: break
            }
            index += 1
        }
        return index
    }

    private static func trimmed(_ bytes: [UInt8], _ start: Int, _ end: Int) -> Int {
        var end = end
        while end > start, isSpace(bytes[end - 1]) { end -= 1 }
        return end
    }
}
