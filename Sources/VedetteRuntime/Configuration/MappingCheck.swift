import VedetteCodec
import VedetteCore

/// Lets the decoders compile the mappings, which finds what only they know: paths that
/// contradict each other, constants that do not fit what they stand for.
enum MappingCheck {
    static func check(_ configuration: VedetteConfiguration, sink: IssueSink) {
        let schema = configuration.topology.schema, limits = configuration.limits
        // Nothing is decoded, so the key of the hash does not matter.
        let hash = SecretsConfiguration.publicKey
        do {
            _ = try DecisionDecoder(schema: schema, mapping: configuration.inputs.decisions.mapping, limits: limits, hash: hash)
        } catch {
            report(error, stream: "decisions", sink: sink)
        }
        do {
            _ = try LabelDecoder(schema: schema, mapping: configuration.inputs.labels.mapping, limits: limits, hash: hash)
        } catch {
            report(error, stream: "labels", sink: sink)
        }
        SchemaFileCheck.check(configuration, sink: sink)
    }

    private static func report(_ error: MappingError, stream: String, sink: IssueSink) {
        for problem in error.problems {
            sink.add(place(of: problem.key, stream: stream), expected: "a mapping that can be read", found: problem.message)
        }
    }

    /// `decisions.model.name` is `inputs.decisions.mapping.model_name` in the file.
    private static func place(of key: String, stream: String) -> String {
        let mapping = "inputs.\(stream).mapping"
        let field = key.hasPrefix("\(stream).") ? String(key.dropFirst(stream.count + 1)) : ""
        if field.isEmpty { return mapping }
        for object in ["features", "slices", "entities"] where field.hasPrefix("\(object).") {
            return "\(mapping).\(object).fields.\(field.dropFirst(object.count + 1))"
        }
        let name = field.hasPrefix("source.") ? String(field.dropFirst("source.".count)) : field.replacing(".", with: "_")
        return "\(mapping).\(name)"
    }
}
