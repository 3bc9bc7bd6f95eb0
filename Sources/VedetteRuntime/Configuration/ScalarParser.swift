import VedetteCore

/// Turns the text of one value into the type that the table of keys states.
enum ScalarParser {
    static func integer(_ text: String, _ range: ClosedRange<Int64>) -> Int64? {
        // `500_000` reads better than `500000`, and YAML 1.1 knew it.
        guard !text.hasPrefix("_"), !text.hasSuffix("_"), let value = Int64(text.replacing("_", with: "")) else { return nil }
        return range.contains(value) ? value : nil
    }

    static func number(_ text: String, _ range: NumberRange) -> Double? {
        guard let value = finite(text) else { return nil }
        return range.contains(value) ? value : nil
    }

    static func share(_ text: String, _ range: NumberRange) -> Double? {
        guard text.hasSuffix("%") else { return number(text, range) }
        guard let percent = finite(String(text.dropLast())) else { return nil }
        return range.contains(percent / 100) ? percent / 100 : nil
    }

    static func duration(_ text: String, _ range: ClosedRange<Int64>) -> Int64? {
        DurationText.parse(text).flatMap { range.contains($0) ? $0 : nil }
    }

    static func size(_ text: String, _ range: ClosedRange<Int64>) -> Int64? {
        SizeText.parse(text).flatMap { range.contains($0) ? $0 : nil }
    }

    static func boolean(_ text: String) -> Bool? {
        switch text {
        case "true": true
        case "false": false
        default: nil
        }
    }

    static func isName(_ text: String, maxLength: Int) -> Bool {
        !text.isEmpty && text.utf8.count <= maxLength
            && text.utf8.allSatisfy { byte in
                byte >= 0x30 && byte <= 0x39 || byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A || byte == 0x5F || byte == 0x2D || byte == 0x2E
            }
    }

    static func name(_ text: String) -> String? { isName(text, maxLength: 100) ? text : nil }

    /// Kafka's own rule.
    static func topic(_ text: String) -> String? { isName(text, maxLength: 249) && text != "." && text != ".." ? text : nil }

    /// Without `inf`, `nan` and hexadecimal, which `Double.init` takes.
    private static func finite(_ text: String) -> Double? {
        guard text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0) }), let value = Double(text) else {
            return nil
        }
        return value.isFinite ? value : nil
    }
}
