import VedetteCodec
import VedetteCore

/// The decoders of one thread, shared by all the partitions that it reads.
final class RecordDecoders {
    let schema: EventSchema
    let limits: DecodeLimits
    let decisions: DecisionDecoder
    let labels: LabelDecoder
    let control: ControlDecoder

    /// - Throws: `MappingError` where the mapping cannot be compiled.
    init(_ configuration: VedetteConfiguration, hash: KeyedHash) throws {
        schema = configuration.topology.schema
        limits = configuration.limits
        decisions = try DecisionDecoder(
            schema: schema, mapping: configuration.inputs.decisions.mapping, limits: configuration.limits, hash: hash)
        labels = try LabelDecoder(
            schema: schema, mapping: configuration.inputs.labels.mapping, limits: configuration.limits, hash: hash)
        control = try ControlDecoder(limits: configuration.limits, hash: hash, targets: ControlTargets(configuration.topology))
    }
}
