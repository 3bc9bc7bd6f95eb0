import Foundation
import VedetteCodec

/// Schemas that the configuration names as files.
enum SchemaFiles {
    static func avro(_ path: String) throws -> AvroSchema {
        try compiled(path, "not an Avro schema that can be used") { bytes throws(SchemaError) in try AvroSchema(parsing: bytes) }
    }

    static func protobuf(_ path: String, message: String?) throws -> ProtobufSchema {
        try compiled(path, "not a descriptor set that can be used") { bytes throws(SchemaError) in
            try ProtobufSchema(descriptorSet: bytes, message: message)
        }
    }

    private static func compiled<Schema>(_ path: String, _ what: String, _ compile: ([UInt8]) throws(SchemaError) -> Schema) throws -> Schema {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw FileError(path: path, what: "no schema that can be read", remedy: "correct inputs in the configuration; paths are relative to the working directory")
        }
        do { return try compile(Array(data)) } catch { throw FileError(path: path, what: "\(what): \(error)", remedy: "correct the file or its name in the configuration") }
    }
}
