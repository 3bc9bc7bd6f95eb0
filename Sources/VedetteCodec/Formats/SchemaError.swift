/// What is wrong with a schema.
public struct SchemaError: Error, Sendable, Equatable, CustomStringConvertible {
    public var what: String
    public init(_ what: String) { self.what = what }
    public var description: String { what }
}

/// Where the schema of a record comes from, by the id in its header.
///
/// Ids are immutable: what was once found under an id is what is found ever after, so a record decodes to the same
/// values live, after a restart and in a replay.
public protocol SchemaSource: AnyObject {
    /// May wait for as long as the source can not be asked.
    func find(_ id: UInt32) -> SchemaAnswer
}

public enum SchemaAnswer {
    case schema(AvroSchema)
    /// There is none that could be used; the words say why.
    case unusable(String)
    /// The wait was given up. Whoever gave it up must not go on with what was decoded since.
    case interrupted
}

/// Schemas from files, by id.
public final class FixedSchemas: SchemaSource {
    private let schemas: [UInt32: AvroSchema]
    private let fallback: (any SchemaSource)?

    /// - Parameter fallback: asked for ids that are not listed; nil for none.
    public init(_ schemas: [UInt32: AvroSchema], fallback: (any SchemaSource)? = nil) {
        self.schemas = schemas
        self.fallback = fallback
    }

    public func find(_ id: UInt32) -> SchemaAnswer {
        if let schema = schemas[id] { return .schema(schema) }
        return fallback?.find(id) ?? .unusable("schema \(id) is not among the configured schemas")
    }
}
