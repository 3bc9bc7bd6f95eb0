import Foundation

/// Whether the values that a configuration takes from the environment or from files can be had here.
///
/// A configuration is right or wrong wherever it is read; whether its secrets are there depends on the place. So this is a question
/// of its own, and its answer holds no value.
public struct SecretCheck: Sendable, Equatable {
    /// A key of the configuration, and why its value can not be had.
    public struct Missing: Sendable, Equatable, CustomStringConvertible {
        public var key: String
        public var error: SecretError

        public var description: String { "\(key): \(error)" }
    }

    /// By section, then by key.
    public let missing: [Missing]

    /// Looks at every one of them; reads files. O(values).
    public init(_ configuration: VedetteConfiguration, environment: [String: String] = ProcessInfo.processInfo.environment) {
        missing = configuration.properties.compactMap { key, value in
            do throws(SecretError) {
                _ = try value.resolve(environment: environment)
                return nil
            } catch { return Missing(key: key, error: error) }
        }
    }
}

extension VedetteConfiguration {
    /// Every value that may be kept elsewhere, with its key.
    fileprivate var properties: [(key: String, value: PropertyValue)] {
        var all: [(key: String, value: PropertyValue?)] = [("secrets.hash_key", secrets.hashKey), ("kafka.brokers", kafka.brokers)]
        all += kafka.properties.sorted { $0.key < $1.key }.map { ("kafka.properties.\($0.key)", $0.value) }
        if let registry = inputs.schemaRegistry {
            let section = "inputs.schema_registry"
            all += [("\(section).user", registry.user), ("\(section).password", registry.password), ("\(section).token", registry.token)]
        }
        for (index, destination) in (forward?.destinations ?? []).enumerated() {
            let section = "forward.destinations[\(index)]"
            all += [("\(section).url", destination.url), ("\(section).routing_key", destination.routingKey), ("\(section).signing_key", destination.signingKey)]
            all += destination.headers.sorted { $0.key < $1.key }.map { ("\(section).headers.\($0.key)", $0.value) }
        }
        return all.compactMap { key, value in value.map { (key, $0) } }
    }
}
