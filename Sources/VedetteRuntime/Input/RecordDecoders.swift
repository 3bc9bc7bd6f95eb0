import Logging
import VedetteCodec
import VedetteCore

/// The decoders of one thread, shared by all the partitions that it reads.
final class RecordDecoders {
    let schema: EventSchema
    let limits: DecodeLimits
    let decisions: DecisionDecoder
    let labels: LabelDecoder
    let control: ControlDecoder
    /// Where schemas are looked up; nil where none are.
    let registry: RegistrySchemas?
    private let decisionTranscoder: (any RecordTranscoder)?
    private let labelTranscoder: (any RecordTranscoder)?

    /// - Parameter patience: how long a registry that does not answer is waited for, seconds; infinite for a live run.
    /// - Throws: `MappingError` where the mapping cannot be compiled, `FileError` or `SetupError` for schemas, `SecretError`.
    init(_ configuration: VedetteConfiguration, hash: KeyedHash, patience: Double, logger: Logger = Logger(label: "vedette.schemas")) throws {
        schema = configuration.topology.schema
        limits = configuration.limits
        let inputs = configuration.inputs
        decisions = try DecisionDecoder(schema: schema, mapping: inputs.decisions.mapping, limits: limits, hash: hash)
        labels = try LabelDecoder(schema: schema, mapping: inputs.labels.mapping, limits: limits, hash: hash)
        control = try ControlDecoder(limits: limits, hash: hash, targets: ControlTargets(configuration.topology))
        registry = try [inputs.decisions.encoding, inputs.labels.encoding].contains(where: \.looksUp)
            ? inputs.schemaRegistry.map { try RegistrySchemas(RegistryClient($0), patience: patience, logger: logger) } : nil
        decisionTranscoder = try inputs.decisions.encoding.transcoder(limits: limits, registry: registry)
        labelTranscoder = try inputs.labels.encoding.transcoder(limits: limits, registry: registry)
    }

    /// Of the records of a stream's topic; nil where they are JSON as they come.
    func transcoder(of stream: StreamKind) -> (any RecordTranscoder)? {
        switch stream {
        case .decisions: decisionTranscoder
        case .labels: labelTranscoder
        case .control: nil
        }
    }

    /// Nothing that was decoded since may be put out.
    ///
    /// - Throws: why a schema was not waited for, if one was not.
    func checkSchemas() throws { if let failure = registry?.failure { throw failure } }
}

extension RecordEncoding {
    /// Whether a record may have a schema that no file has.
    var looksUp: Bool { format == .avro && framing == .confluent && schemaFile == nil }

    /// What turns the records into JSON; nil where they are.
    ///
    /// - Throws: `FileError` or `SetupError`, naming the file.
    func transcoder(limits: DecodeLimits, registry: RegistrySchemas?) throws -> (any RecordTranscoder)? {
        switch format {
        case .json: return framing == .confluent ? FramedJSON() : nil
        case .avro:
            if let schemaFile { return AvroTranscoder(.one(try SchemaFiles.avro(schemaFile)), framing: framing, limits: limits) }
            let listed = try schemaFiles.mapValues(SchemaFiles.avro)
            return AvroTranscoder(.byID(FixedSchemas(listed, fallback: registry)), framing: framing, limits: limits)
        case .protobuf:
            return try schemaFile.map { ProtobufTranscoder(try SchemaFiles.protobuf($0, message: message), framing: framing, limits: limits) }
        }
    }
}
