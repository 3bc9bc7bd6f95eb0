import Foundation
import VedetteCodec

/// What a format needs, and what it has no use for.
extension Relations {
    func checkEncodings() {
        for (stream, encoding) in [("decisions", configuration.inputs.decisions.encoding), ("labels", configuration.inputs.labels.encoding)] {
            check(encoding, at: "inputs.\(stream)")
        }
        if let registry = configuration.inputs.schemaRegistry { check(registry) }
    }

    private func check(_ encoding: RecordEncoding, at place: String) {
        switch encoding.format {
        case .json: break
        case .avro:
            if encoding.framing == .none {
                if encoding.schemaFile == nil { sink.add("\(place).schema", expected: "a file: records without framing do not name their schema", found: "nothing") }
            } else if encoding.schemaFile == nil, encoding.schemaFiles.isEmpty, configuration.inputs.schemaRegistry == nil {
                sink.add("\(place).format", expected: "with avro one of \(place).schema, \(place).schemas and inputs.schema_registry", found: "none of them")
            }
        case .protobuf:
            if encoding.schemaFile == nil { sink.add("\(place).schema", expected: "a descriptor set for protobuf", found: "nothing") }
        }
        let given = [
            ("schema", encoding.schemaFile != nil, encoding.format != .json, "no schema for json"),
            ("schemas", !encoding.schemaFiles.isEmpty, encoding.format == .avro && encoding.framing == .confluent && encoding.schemaFile == nil,
             "schemas by id only with avro, framing confluent and no schema for all records"),
            ("message", encoding.message != nil, encoding.format == .protobuf, "a message type only with protobuf"),
        ]
        for (key, isGiven, isUseful, expected) in given where isGiven && !isUseful {
            sink.add("\(place).\(key)", expected: expected, found: "one")
        }
    }

    private func check(_ registry: SchemaRegistryConfiguration) {
        let place = "inputs.schema_registry"
        checkAddress(registry.url, at: "\(place).url")
        if registry.token != nil, registry.user != nil || registry.password != nil {
            sink.add("\(place).token", expected: "either a token, or user and password", found: "both")
        } else if (registry.user == nil) != (registry.password == nil) {
            let missing = registry.user == nil ? "user" : "password"
            sink.add("\(place).\(missing)", expected: "user and password together", found: "only one of them")
        }
        let isUsed = configuration.inputs.decisions.encoding.looksUp || configuration.inputs.labels.encoding.looksUp
        if !isUsed { sink.add(place, expected: "an input that looks schemas up", found: "none", .warning) }
    }

    private func checkAddress(_ text: String, at place: String) {
        let url = URLComponents(string: text)
        // Without a scheme, what stands in front of the host is taken for one.
        let hasUser = text.contains("@") || url?.user != nil || url?.password != nil
        let isKnown = url?.scheme == "http" || url?.scheme == "https"
        let isWhole = url?.host?.isEmpty == false && url?.query == nil && url?.fragment == nil
        guard hasUser || !isKnown || !isWhole else { return }
        // What stands in front of the host may be a password.
        sink.add(
            place, expected: "an address such as https://registry.example.com:8081, without user or query",
            found: hasUser ? "one with a user" : ConfigurationText.quoted(text))
    }
}
