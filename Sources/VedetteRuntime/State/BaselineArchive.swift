import VedetteCodec
import VedetteCore

/// A pinned baseline on disk: magic, name, span, entries, and a checksum over all of it.
enum BaselineArchive {
    /// First bytes and format version. Durable.
    static let magic: [UInt8] = Array("VDTBASE1".utf8)
    /// Largest file that is read, bytes.
    static let maxBytes = 1 << 30

    static func encode(name: String, entries: [Baseline.Entry]) -> [UInt8] {
        var writer = ByteWriter()
        for byte in magic { writer.write(byte: byte) }
        writer.write(string: name)
        writer.write(count: entries.count)
        for entry in entries {
            writer.write(string: entry.model)
            writer.write(count: entry.slice.parts.count)
            for part in entry.slice.parts {
                writer.write(string: part.dimension)
                writer.write(bool: part.value != nil)
                if let value = part.value { writer.write(string: value) }
            }
            entry.pane.encode(into: &writer)
        }
        writer.write(fixed64: checksum(writer.bytes[...]))
        return writer.bytes
    }

    /// - Throws: `FileError` that says what is wrong with the file.
    static func decode(_ bytes: [UInt8], path: String) throws -> Baseline {
        func broken(_ what: String) -> FileError {
            FileError(path: path, what: what, remedy: "build it again with `vedette replay --baseline-out`")
        }
        guard bytes.count > magic.count + 8, Array(bytes[..<magic.count]) == magic else { throw broken("is not a baseline file of this version") }
        let body = bytes[..<(bytes.count - 8)]
        let stored = bytes[(bytes.count - 8)...].enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        guard stored == checksum(body) else { throw broken("its checksum does not match") }
        do {
            var reader = ByteReader(Array(body[magic.count...]))
            let name = try reader.readString()
            var entries: [Baseline.Entry] = []
            for _ in 0..<(try reader.readCount()) {
                let model = try reader.readString()
                var parts: [SliceName.Part] = []
                for _ in 0..<(try reader.readCount()) {
                    let dimension = try reader.readString()
                    parts.append(.init(dimension: dimension, value: try reader.readBool() ? try reader.readString() : nil))
                }
                entries.append(.init(model: model, slice: SliceName(parts), pane: try Pane(from: &reader)))
            }
            return Baseline(name: name, entries: entries)
        } catch let error as CorruptBytes {
            throw broken("\(error)")
        }
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { KeyedHash(k0: 0, k1: 0).hash64($0) }
    }
}

extension VedetteConfiguration {
    /// Reads the baseline files that monitors refer to, by the name they are known by.
    ///
    /// - Throws: `FileError`.
    func loadBaselines() throws -> [String: Baseline] {
        var loaded: [String: Baseline] = [:]
        for file in baselines {
            loaded[file.name] = try BaselineArchive.decode(try WholeFile.read(file.path, maxBytes: BaselineArchive.maxBytes), path: file.path)
        }
        return loaded
    }
}
