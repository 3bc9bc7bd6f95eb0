import VedetteCore

extension LateRecord {
    /// Writes the late record as one JSON object (`schemas/late.schema.json`).
    public func encode(source: InputPartition, into json: inout JSONWriter) {
        json.beginObject()
        json.field("stream", stream.word)
        json.key("source")
        json.beginObject()
        json.field("name", source.source)
        json.field("partition", source.number)
        json.field("offset", offset)
        json.endObject()
        json.field("request_id", requestID)
        json.field("time", time: time)
        json.field("watermark", time: watermark)
        json.field("late_by_ms", lateByMs)
        json.field("joined", joined)
        json.endObject()
    }
}
