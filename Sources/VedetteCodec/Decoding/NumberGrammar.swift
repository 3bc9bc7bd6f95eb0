/// Tells a number that JSON does not allow (`01`, `1.`) from one that is merely too large
/// (`1e999`), which simdjson reports as one error. Used on rejected records only.
enum NumberGrammar {
    /// Whether every number outside of strings follows RFC 8259, section 6. O(n).
    static func allNumbersWellFormed(_ json: UnsafeRawBufferPointer) -> Bool {
        var index = 0
        while index < json.count {
            switch json[index] {
            case 0x22:
                index += 1
                while index < json.count, json[index] != 0x22 { index += json[index] == 0x5C ? 2 : 1 }
                index += 1
            case 0x2D, 0x30...0x39:
                guard let end = end(ofNumberAt: index, in: json) else { return false }
                index = end
            default:
                index += 1
            }
        }
        return true
    }

    /// Index behind the number, or nil if it is malformed or runs into something else.
    private static func end(ofNumberAt start: Int, in json: UnsafeRawBufferPointer) -> Int? {
        func isDigit(_ index: Int) -> Bool { index < json.count && 0x30...0x39 ~= json[index] }
        func skipDigits(from index: Int) -> Int {
            var index = index
            while isDigit(index) { index += 1 }
            return index
        }
        var index = json[start] == 0x2D ? start + 1 : start
        guard isDigit(index) else { return nil }
        index = json[index] == 0x30 ? index + 1 : skipDigits(from: index)
        if index < json.count, json[index] == 0x2E {
            guard isDigit(index + 1) else { return nil }
            index = skipDigits(from: index + 1)
        }
        if index < json.count, json[index] | 0x20 == 0x65 {
            index += 1
            if index < json.count, json[index] == 0x2B || json[index] == 0x2D { index += 1 }
            guard isDigit(index) else { return nil }
            index = skipDigits(from: index)
        }
        guard index < json.count else { return index }
        switch json[index] {
        case 0x2C, 0x5D, 0x7D, 0x20, 0x09, 0x0A, 0x0D: return index
        default: return nil
        }
    }
}
