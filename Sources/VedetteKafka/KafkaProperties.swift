import CRdKafka

/// librdkafka settings in the order they were given; a later value for a key replaces the earlier one in place.
///
/// Every librdkafka property passes through unchanged. Values of secrets are given already resolved
/// (from the environment or a file) and are never printed: `description` redacts them.
public struct KafkaProperties: Hashable, Sendable, ExpressibleByDictionaryLiteral, CustomStringConvertible,
    CustomDebugStringConvertible, CustomReflectable
{
    private var entries: [Entry] = []

    private struct Entry: Hashable, Sendable {
        let key: String
        var value: String
    }

    public init() {}

    public init(dictionaryLiteral elements: (String, String)...) {
        for (key, value) in elements { self[key] = value }
    }

    public init(_ elements: some Sequence<(key: String, value: String)>) {
        for (key, value) in elements { self[key] = value }
    }

    /// The value of a property, or nil if it was not set. Setting nil removes it.
    public subscript(_ key: String) -> String? {
        get { entries.first { $0.key == key }?.value }
        set {
            let index = entries.firstIndex { $0.key == key }
            switch (index, newValue) {
            case (let index?, let value?): entries[index].value = value
            case (let index?, nil): entries.remove(at: index)
            case (nil, let value?): entries.append(Entry(key: key, value: value))
            case (nil, nil): break
            }
        }
    }

    /// The keys in order.
    public var keys: [String] { entries.map(\.key) }

    /// These properties, with `defaults` for the keys that are not set.
    public func withDefaults(_ defaults: KafkaProperties) -> KafkaProperties {
        var merged = defaults
        for entry in entries { merged[entry.key] = entry.value }
        return merged
    }

    /// Whether a value must never be shown. Errs on the side of hiding: private keys and certificates given
    /// inline, passwords, tokens, and free-form authentication settings that may hold them.
    public static func isSecret(_ key: String) -> Bool {
        let key = key.lowercased()
        let names = ["sasl.oauthbearer.config", "sasl.kerberos.kinit.cmd"]
        let isURL = key.hasSuffix(".url")
        return key.hasSuffix(".pem") || names.contains(key)
            || (!isURL && ["password", "secret", "token"].contains { key.contains($0) })
    }

    static let redacted = "[redacted]"

    public var description: String {
        "{"
            + entries.map { "\($0.key)=\(Self.isSecret($0.key) ? Self.redacted : $0.value)" }.joined(separator: ", ") + "}"
    }

    public var debugDescription: String { description }

    /// Keeps `dump` and string interpolation of enclosing types from reaching the stored values.
    public var customMirror: Mirror { Mirror(self, children: ["properties": description]) }

    /// A new librdkafka configuration with these properties; the caller owns it.
    /// - Throws: `KafkaError` naming the key and librdkafka's reason for an unknown property or a bad value.
    func makeConfiguration() throws(KafkaError) -> OpaquePointer {
        guard let configuration = rd_kafka_conf_new() else {
            throw KafkaError(RD_KAFKA_RESP_ERR__FAIL, operation: "create configuration")
        }
        for entry in entries {
            do {
                try Self.set(entry.key, entry.value, in: configuration)
            } catch {
                rd_kafka_conf_destroy(configuration)
                throw error
            }
        }
        return configuration
    }

    private static func set(_ key: String, _ value: String, in configuration: OpaquePointer) throws(KafkaError) {
        var result = RD_KAFKA_CONF_OK
        let reason = withErrorText { buffer, size in
            result = rd_kafka_conf_set(configuration, key, value, buffer, size)
        }
        switch result {
        case RD_KAFKA_CONF_OK: return
        case RD_KAFKA_CONF_UNKNOWN:
            throw KafkaError(
                code: .invalidArgument, message: "unknown Kafka property \"\(key)\": \(reason)", operation: "configure")
        default:
            // librdkafka quotes the value it refuses, and in an address a password may stand before an @.
            let shown = isSecret(key) || value.contains("@") ? "the value was refused" : reason
            throw KafkaError(
                code: .invalidArgument, message: "bad value for Kafka property \"\(key)\": \(shown)", operation: "configure")
        }
    }
}

/// Longest error text taken from librdkafka, in bytes; its own buffers are 512.
let errorTextCapacity = 512

/// Calls `body` with a zeroed C buffer for an error text and returns the text.
func withErrorText(_ body: (UnsafeMutablePointer<CChar>, Int) -> Void) -> String {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: errorTextCapacity) { buffer in
        buffer.initialize(repeating: 0)
        // Safe: the capacity is a positive constant, so the buffer has a base address; librdkafka terminates the text.
        guard let base = buffer.baseAddress else { return "" }
        body(base, errorTextCapacity)
        return String(cString: base)
    }
}
