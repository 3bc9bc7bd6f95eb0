import VedetteCore

/// Turns the bytes of one record into the JSON text that the decoders read, so that every format has one mapping, one
/// set of limits and one decoder. One per thread.
public protocol RecordTranscoder: AnyObject {
    /// Hands the record's JSON text to `body`, for the length of the call.
    ///
    /// - Parameter record: the payload as it came.
    /// - Returns: why the record has no JSON text, or what `body` returned.
    /// - Complexity: O(bytes of the record and of the text). Neither is more than `limits.record_bytes`.
    func decode(_ record: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) -> Rejection?) -> Rejection?
}

/// What stands in front of a record's value.
public enum RecordFraming: String, CaseIterable, Sendable {
    /// The Confluent wire format: a zero byte and four bytes of schema id, and for Protobuf the message's index.
    case confluent
    /// Nothing.
    case none
}

/// How the records of a topic are written.
public enum RecordFormat: String, CaseIterable, Sendable {
    case json, avro, protobuf
}

/// Why a record of a binary format has no JSON text, before it has words.
struct BinaryFault: Error {
    enum Kind: UInt8 { case malformed, tooDeep, oversized }
    var kind: Kind
    /// Where in the payload, in bytes.
    var offset: Int
    var expected: StaticString

    /// - Parameter malformed: the reason for a value that its schema does not describe.
    func rejection(malformed: RejectReason) -> Rejection {
        let reason: RejectReason =
            switch kind {
            case .malformed: malformed
            case .tooDeep: .tooDeep
            case .oversized: .oversized
            }
        return Rejection(reason: reason, detail: "at byte \(offset): expected \(expected)")
    }
}

/// The JSON text of one record as it is written, within the limits of records.
///
/// The memory is kept from record to record, and grows with what is written, never with what a length claims.
struct TranscodedText {
    var json = JSONWriter(reservingCapacity: 4_096)
    let recordBytes: Int
    let depth: Int

    init(limits: DecodeLimits) {
        recordBytes = limits.recordBytes
        depth = limits.depth
    }

    /// Called after each value, and before each one that is as long as the record.
    @inline(__always)
    func check(adding count: Int = 0, at offset: Int) throws(BinaryFault) {
        guard json.count + count <= recordBytes else {
            throw BinaryFault(kind: .oversized, offset: offset, expected: "a record that is no longer than limits.record_bytes as JSON")
        }
    }

    /// - Parameter level: containers around, the record itself included. One more than the limit is let through: it may
    ///   be empty, and then it does not count; the decoder knows.
    @inline(__always)
    func check(level: Int, at offset: Int) throws(BinaryFault) {
        guard level <= depth + 1 else { throw BinaryFault(kind: .tooDeep, offset: offset, expected: "no more levels than limits.depth") }
    }

    /// Numbers that are none, which JSON can not write, are null: a feature counts as missing then.
    @inline(__always)
    mutating func write(_ value: Double) { json.value(value) }

    mutating func write(_ value: Int64) { write(magnitude: value.magnitude, isNegative: value < 0) }
    mutating func write(_ value: UInt64) { write(magnitude: value, isNegative: false) }

    private mutating func write(magnitude: UInt64, isNegative: Bool) {
        withUnsafeTemporaryAllocation(byteCount: 24, alignment: 1) { space in
            // Safe: a sign and at most 20 digits.
            var start = 24
            var rest = magnitude
            repeat {
                start -= 1
                space[start] = 0x30 + UInt8(truncatingIfNeeded: rest % 10)
                rest /= 10
            } while rest > 0
            if isNegative {
                start -= 1
                space[start] = 0x2D
            }
            json.value(number: UnsafeRawBufferPointer(rebasing: space[start...]))
        }
    }
}
