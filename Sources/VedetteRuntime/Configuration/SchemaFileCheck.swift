import VedetteCodec
import VedetteCore

/// Reads the schema files that the configuration names, and looks every mapped path up in them.
enum SchemaFileCheck {
    static func check(_ configuration: VedetteConfiguration, sink: IssueSink) {
        for stream in [StreamKind.decisions, .labels] {
            let encoding = configuration.encoding(of: stream)
            let place = "inputs.\(stream.word)"
            var shape: (any RecordShape)?
            if let file = encoding.schemaFile {
                shape = load("\(place).schema", sink) {
                    if encoding.format == .protobuf { return try SchemaFiles.protobuf(file, message: encoding.message) }
                    return try SchemaFiles.avro(file)
                }
            }
            // Of several the newest has to fit; records of the others may have had less.
            for (id, file) in encoding.schemaFiles.sorted(by: { $0.key < $1.key }) { shape = load("\(place).schemas.\(id)", sink) { try SchemaFiles.avro(file) } }
            guard let shape else { continue }
            for path in configuration.mappedPaths(of: stream) {
                if let problem = path.problem(in: shape) { sink.add(path.key, expected: problem.expected, found: problem.found) }
            }
        }
    }

    private static func load(_ key: String, _ sink: IssueSink, _ body: () throws -> any RecordShape) -> (any RecordShape)? {
        do { return try body() } catch {
            let error = error as? FileError
            sink.add(key, expected: "a schema file", found: error.map { "\(ConfigurationText.quoted($0.path)): \($0.what)" } ?? "one that can not be read")
            return nil
        }
    }
}
