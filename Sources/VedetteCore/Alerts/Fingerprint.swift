/// Names one thing that can be wrong: application, monitor, model, slice and subject.
///
/// A 128-bit hash under a fixed key, so that it is the same in every deployment and release
/// and a consumer can recompute it. The parts are length-prefixed: no two lists of parts run together.
public enum Fingerprint {
    /// Fixed for good: changing it renames every alert.
    private static let hash = KeyedHash(k0: 0x7665_6465_7474_652d, k1: 0x616c_6572_742d_7631)

    static func key(application: String, monitor: String, model: String, slice: SliceName, subject: String?) -> RequestID {
        var writer = ByteWriter(reservingCapacity: 128)
        writer.write(string: application)
        writer.write(string: monitor)
        writer.write(string: model)
        writer.write(count: slice.parts.count)
        for part in slice.parts {
            writer.write(string: part.dimension)
            writer.write(bool: part.value != nil)
            writer.write(string: part.value ?? "")
        }
        writer.write(bool: subject != nil)
        writer.write(string: subject ?? "")
        return writer.bytes.withUnsafeBytes { hash.hash128($0) }
    }

    /// 16 lower-case hex digits for any text, under the same key.
    static func text(of text: String) -> String { hex(hash.hash64(text)) }

    /// 32 lower-case hex digits.
    static func text(_ key: RequestID) -> String { hex(key.high) + hex(key.low) }

    private static func hex(_ word: UInt64) -> String {
        let digits = String(word, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }

    /// The fingerprint of an alert, as it stands in ``AlertEvent/fingerprint``.
    public static func text(application: String, monitor: String, model: String, slice: SliceName, subject: String?) -> String {
        text(key(application: application, monitor: monitor, model: model, slice: slice, subject: subject))
    }
}
