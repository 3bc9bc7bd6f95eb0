import VedetteCore

/// JSON records behind the header of the Confluent wire format, as its JSON Schema serializer writes them. The schema
/// is not asked for: the text says it all.
public final class FramedJSON: RecordTranscoder {
    public init() {}

    public func decode(_ record: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Rejection?) -> Rejection? {
        guard !record.isEmpty else { return Rejection(reason: .emptyPayload, detail: "the payload is empty; expected one JSON object") }
        var cursor = BinaryCursor(record)
        do throws(BinaryFault) { _ = try WireHeader.read(&cursor) } catch { return error.rejection(malformed: .malformedJSON) }
        return body(cursor.slice(WireHeader.bytes..<record.count))
    }
}
