/// Messages that JSON has a value for.
extension ProtobufTranscoder {
    func wellKnown(_ message: ProtobufSchema.Message, _ frame: ProtobufScan.Frame, _ level: Int) throws(BinaryFault) {
        switch message.wellKnown {
        case .timestamp: timestamp(seconds: number(1, message, frame), nanos: number(2, message, frame))
        case .duration: duration(seconds: number(1, message, frame), nanos: number(2, message, frame))
        case .none: break
        case .wrapper, .structure, .list:
            guard let field = message.field(1) else { return text.json.null() }
            // The level of this message is that of the value inside, which counts for itself.
            try value(schema.fields[field], scan.chain(field, of: message, frame), level - 1)
        case .value:
            let field = message.fields.first { scan.chain($0, of: message, frame).last >= 0 }
            guard let field else { return text.json.null() }
            try value(schema.fields[field], scan.chain(field, of: message, frame), level - 1)
        }
    }

    private func number(_ field: Int, _ message: ProtobufSchema.Message, _ frame: ProtobufScan.Frame) -> Int64 {
        guard let index = message.field(field) else { return 0 }
        let last = scan.chain(index, of: message, frame).last
        return last < 0 ? 0 : schema.fields[index].kind.signed(scan.occurrences[last].bits)
    }

    /// RFC 3339, cut to the millisecond that times here have; null where it is none.
    private func timestamp(seconds: Int64, nanos: Int64) {
        let limit = RFC3339.range.upperBound / 1_000
        guard nanos >= 0, nanos < 1_000_000_000, seconds.magnitude <= limit.magnitude else { return text.json.null() }
        let ms = seconds * 1_000 + nanos / 1_000_000
        if RFC3339.range.contains(ms) { text.json.value(time: ms) } else { text.json.null() }
    }

    /// The exact number of seconds; null where the parts have different signs.
    private func duration(seconds: Int64, nanos: Int64) {
        guard nanos.magnitude < 1_000_000_000, seconds == 0 || nanos == 0 || (seconds < 0) == (nanos < 0) else { return text.json.null() }
        let sign = seconds < 0 || nanos < 0 ? "-" : ""
        let fraction = String(nanos.magnitude)
        var number = "\(sign)\(seconds.magnitude).\(String(repeating: "0", count: 9 - fraction.count))\(fraction)"
        number.withUTF8 { text.json.value(number: UnsafeRawBufferPointer($0)) }
    }
}
