import VedetteCodec
import VedetteCore

/// A baseline file: what a good period looked like, per model and slice.
public struct ArchivedBaseline {
    public var name: String
    /// Deployment that it was built for.
    public var application: String
    /// The period, half-open, ms since 1970 UTC.
    public var start: Int64
    public var end: Int64
    public var featureNames: [String]
    public var labelKinds: [String]
    public var labelSources: [String]
    public var entries: [Baseline.Entry]
    /// The part of the configuration that the distributions depend on, by key.
    var shape: [(key: String, value: String)]
}

/// Baseline files on disk: magic, description, entries, and a checksum over all of it. Durable.
public enum BaselineArchive {
    /// First bytes and format version.
    static let magic: [UInt8] = Array("VDTBASE7".utf8)
    private static let family = Array("VDTBASE".utf8)
    /// Largest file that is read, bytes.
    static let maxBytes = 1 << 30

    static func encode(_ baseline: ArchivedBaseline) -> [UInt8] {
        var writer = ByteWriter()
        for byte in magic { writer.write(byte: byte) }
        writer.write(string: baseline.name)
        writer.write(string: baseline.application)
        writer.write(signed: baseline.start)
        writer.write(signed: baseline.end)
        for list in [baseline.featureNames, baseline.labelKinds, baseline.labelSources] {
            writer.write(count: list.count)
            for name in list { writer.write(string: name) }
        }
        writer.write(count: baseline.shape.count)
        for entry in baseline.shape {
            writer.write(string: entry.key)
            writer.write(string: entry.value)
        }
        writer.write(count: baseline.entries.count)
        for entry in baseline.entries {
            writer.write(string: entry.model)
            entry.slice.encode(into: &writer)
            entry.pane.encode(into: &writer)
        }
        writer.write(fixed64: checksum(writer.bytes[...]))
        return writer.bytes
    }

    /// - Throws: `FileError` that says what is wrong with the file.
    public static func read(_ path: String) throws -> ArchivedBaseline {
        try decode(try WholeFile.read(path, maxBytes: maxBytes), path: path)
    }

    static func decode(_ bytes: [UInt8], path: String) throws -> ArchivedBaseline {
        func broken(_ what: String) -> FileError {
            FileError(path: path, what: what, remedy: "build it again with `vedette baseline build`")
        }
        guard bytes.starts(with: family) else { throw broken("is not a baseline file") }
        guard bytes.starts(with: magic) else { throw broken("is a baseline file of another version of vedette") }
        guard bytes.count > magic.count + 8 else { throw broken("is cut off") }
        let body = bytes[..<(bytes.count - 8)]
        let stored = bytes[(bytes.count - 8)...].enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << (8 * UInt64($1.offset)) }
        guard stored == checksum(body) else { throw broken("its checksum does not match: it is cut off or was changed") }
        do {
            var reader = ByteReader(Array(body[magic.count...]))
            return try read(from: &reader)
        } catch let error as CorruptBytes {
            throw broken("\(error)")
        }
    }

    private static func read(from reader: inout ByteReader) throws -> ArchivedBaseline {
        let (name, application) = (try reader.readString(), try reader.readString())
        let (start, end) = (try reader.readSigned(), try reader.readSigned())
        var lists: [[String]] = []
        for _ in 0..<3 {
            var list: [String] = []
            for _ in 0..<(try reader.readCount()) { list.append(try reader.readString()) }
            lists.append(list)
        }
        var shape: [(key: String, value: String)] = []
        for _ in 0..<(try reader.readCount()) { shape.append((try reader.readString(), try reader.readString())) }
        var entries: [Baseline.Entry] = []
        for _ in 0..<(try reader.readCount()) {
            entries.append(.init(model: try reader.readString(), slice: try SliceName(from: &reader), pane: try Pane(from: &reader)))
        }
        return ArchivedBaseline(
            name: name, application: application, start: start, end: end, featureNames: lists[0], labelKinds: lists[1],
            labelSources: lists[2], entries: entries, shape: shape)
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.withUnsafeBytes { KeyedHash(k0: 0, k1: 0).hash64($0) }
    }

    /// What must agree between the configuration that a baseline was built with and the one that uses it:
    /// features lie in panes by position, sketches compare at one accuracy, categories by their keyed hash.
    static func shape(_ topology: TopologyConfiguration, hash: KeyedHash) -> [(key: String, value: String)] {
        [
            ("models[].features", topology.schema.features.map { "\($0.name):\($0.kind.rawValue)" }.joined(separator: ",")),
            ("panes.quantile_accuracy", "\(topology.panes.quantileAccuracy)"),
            // A hash of a fixed text: tells another key without telling the key.
            ("secrets.hash_key", String(hash.hash64("vedette baseline"), radix: 16)),
        ]
    }
}

extension ArchivedBaseline {
    /// - Throws: `FileError` where it was built with a configuration that this one does not fit.
    func check(against topology: TopologyConfiguration, hash: KeyedHash, path: String) throws {
        let wanted = BaselineArchive.shape(topology, hash: hash)
        guard let different = zip(wanted, shape).first(where: { $0.0 != $0.1 }) else { return }
        let (now, then) = different
        let what = now.key == "secrets.hash_key" ? "\(now.key) changed" : "\(now.key) was '\(then.value)' and is '\(now.value)'"
        throw FileError(
            path: path, what: "was built with another configuration: \(what)",
            remedy: "put the configuration back, or build it again with `vedette baseline build`")
    }
}

extension VedetteConfiguration {
    /// Reads the baseline files that references name, by the name they are known by.
    ///
    /// - Throws: `FileError`, `SecretError`.
    func loadBaselines() throws -> [String: Baseline] {
        var loaded: [String: Baseline] = [:]
        guard !baselines.isEmpty else { return loaded }
        let hash = try secrets.keyedHash()
        for file in baselines {
            let archive = try BaselineArchive.read(file.path)
            try archive.check(against: topology, hash: hash, path: file.path)
            loaded[file.name] = Baseline(name: file.name, entries: archive.entries)
        }
        return loaded
    }

    /// What a baseline is built with: no monitors, and no references, which may be the very files that are to be built.
    public var forBaseline: VedetteConfiguration {
        var copy = self
        copy.baselines = []
        copy.topology.monitors = []
        copy.topology.detectors = []
        copy.topology.driftReferences = []
        return copy
    }

    /// Writes what a topology keeps of its last `lastMs` of event time; call it after the end of a replay.
    ///
    /// - Returns: what was written.
    /// - Throws: ``OutputError``, `SecretError`; a `FileError` that says so where nothing was decided in that time.
    func writeBaseline(of topology: Topology, lastMs: Int64, name: String, to path: String) throws -> ArchivedBaseline {
        let (entries, start, end) = topology.baselineEntries(lastMs: lastMs)
        guard !entries.isEmpty else {
            throw FileError(path: path, what: "no decisions in the period, so there is nothing to write", remedy: "check the inputs and --until")
        }
        let baseline = ArchivedBaseline(
            name: name, application: application, start: start, end: end, featureNames: topology.configuration.schema.features.map(\.name),
            labelKinds: topology.labelKindNames, labelSources: topology.configuration.labelSources.map(\.pipeline), entries: entries,
            shape: BaselineArchive.shape(topology.configuration, hash: try secrets.keyedHash()))
        let bytes = BaselineArchive.encode(baseline)
        try OutputError.wrapping { () throws(FileError) in
            let sink = try FileSink(path: path)
            try sink.write(bytes)
            try sink.close()
        }
        return baseline
    }
}
