import VedetteCore

extension StreamKind {
    /// The word for the stream in records and metrics.
    public var word: String {
        switch self {
        case .decisions: "decisions"
        case .labels: "labels"
        case .control: "control"
        }
    }
}

extension DeadLetter {
    /// Writes the dead letter as one JSON object (`schemas/dead_letter.schema.json`).
    ///
    /// - Parameter sourceName: topic or file that the record came from.
    public func encode(sourceName: String, into json: inout JSONWriter) {
        json.beginObject()
        json.field("stream", stream.word)
        json.key("source")
        json.beginObject()
        json.field("name", sourceName)
        json.field("partition", partition)
        json.field("offset", offset)
        json.endObject()
        json.field("reason", reason.rawValue)
        json.field("detail", detail)
        json.key("payload_base64")
        json.value(base64: payload)
        json.field("payload_length", originalLength)
        json.field("truncated", originalLength > payload.count)
        json.endObject()
    }
}
