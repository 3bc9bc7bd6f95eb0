import Foundation
import VedetteCore

/// A value that may be a secret: given in the file, or only where to get it.
///
/// Its descriptions say where it comes from and never what it is, literals included, since a
/// literal may be a password that somebody put in the file all the same.
public enum PropertyValue: Sendable, Equatable {
    case literal(String)
    /// Name of an environment variable.
    case env(String)
    /// Path of a file; one trailing line break is not part of the value.
    case file(String)

    /// Largest secret file, in bytes; a PEM chain fits many times.
    public static let maxFileBytes = 1 << 20

    /// The value itself.
    ///
    /// - Throws: ``SecretError`` when the variable is not set or the file can not be read; the
    ///   error names the source, never the content.
    public func resolve(environment: [String: String] = ProcessInfo.processInfo.environment) throws(SecretError) -> String {
        switch self {
        case .literal(let text):
            return text
        case .env(let name):
            guard let value = environment[name], !value.isEmpty else { throw SecretError(source: "environment variable \(name)", problem: "it is not set, or empty") }
            return value
        case .file(let path):
            guard let data = FileManager.default.contents(atPath: path) else { throw SecretError(source: "file \(path)", problem: "it can not be read") }
            guard data.count <= Self.maxFileBytes else { throw SecretError(source: "file \(path)", problem: "it is larger than \(SizeText.format(Int64(Self.maxFileBytes)))") }
            guard var text = String(data: data, encoding: .utf8) else { throw SecretError(source: "file \(path)", problem: "it is not UTF-8") }
            // `\r\n` is one Character.
            if text.last?.isNewline == true { text.removeLast() }
            guard !text.isEmpty else { throw SecretError(source: "file \(path)", problem: "it is empty") }
            return text
        }
    }
}

/// A value that could not be had from where the configuration says it is.
public struct SecretError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `environment variable NAME` or `file PATH`.
    public var source: String
    public var problem: String

    public init(source: String, problem: String) {
        self.source = source
        self.problem = problem
    }

    public var description: String { "the configuration takes a value from \(source), but \(problem)" }
}

extension PropertyValue: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
    public var description: String {
        switch self {
        case .literal: "(set)"
        case .env(let name): "env(\(name))"
        case .file(let path): "file(\(path))"
        }
    }

    public var debugDescription: String { description }

    /// `dump` and debuggers look here.
    public var customMirror: Mirror { Mirror(self, children: []) }
}

extension SecretsConfiguration {
    /// Value of `secrets.hash_key` that asks for the public key.
    static let publicWord = "public"

    /// Known to everybody: an attacker who reads this source can aim for hash collisions.
    static let publicKey = KeyedHash(secret: "vedette public key")

    /// The hash over request IDs, entity values and slice values.
    ///
    /// - Throws: ``SecretError``.
    public func keyedHash(environment: [String: String] = ProcessInfo.processInfo.environment) throws(SecretError) -> KeyedHash {
        guard let hashKey else { return Self.publicKey }
        return KeyedHash(secret: try hashKey.resolve(environment: environment))
    }
}

extension KafkaConfiguration {
    /// Properties that the program sets itself, and the key of the configuration to use instead, if there is one.
    public static let reserved: [String: String] = [
        "bootstrap.servers": "kafka.brokers", "metadata.broker.list": "kafka.brokers", "group.id": "kafka.group",
        "transactional.id": "kafka.transactional", "enable.idempotence": "kafka.transactional",
        "enable.auto.commit": "", "enable.auto.offset.store": "", "isolation.level": "", "partition.assignment.strategy": "",
        "enable.partition.eof": "", "auto.offset.reset": "inputs.start",
    ]

    /// Whether a property holds a secret, going by its name.
    public static func isSecret(_ property: String) -> Bool {
        let words = ["password", "secret", "jaas", "key.pem", "token", "oauthbearer.config"]
        return words.contains { property.contains($0) }
    }

    /// Properties for librdkafka, sorted by name, secrets resolved, with `bootstrap.servers`.
    ///
    /// - Throws: ``SecretError``.
    public func resolvedProperties(
        environment: [String: String] = ProcessInfo.processInfo.environment
    ) throws(SecretError) -> [(name: String, value: String)] {
        var resolved: [(name: String, value: String)] = [("bootstrap.servers", try brokers.resolve(environment: environment))]
        for (name, value) in properties.sorted(by: { $0.key < $1.key }) {
            resolved.append((name, try value.resolve(environment: environment)))
        }
        return resolved
    }
}
