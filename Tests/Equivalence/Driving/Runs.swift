import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// What a run put out, by kind, in order.
package struct Output: Sendable, Equatable {
    package var lines: [OutputKind: [[UInt8]]] = [:]
    package var counters = Counters()

    package init() {}

    package subscript(_ kind: OutputKind) -> [[UInt8]] { lines[kind] ?? [] }

    package mutating func append(_ record: OutputRecord) { lines[record.kind, default: []].append(record.value) }
}

/// A directory that goes when the test is over.
package final class ScratchDirectory {
    package let path: String

    package init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-driving-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    package func file(_ name: String) -> String { path + "/" + name }
}

/// The present of every run: after all that is simulated, before all that is malformed.
package let presentMs: Int64 = 1_767_571_200_000 + 40 * 86_400_000

extension InputLog {
    /// Partition names that are paths, so that a replay and a pipeline name them alike.
    package init(_ stream: some Sequence<InputRecord>, decisions: Int, labels: Int, in directory: ScratchDirectory) {
        self.init(stream, decisions: decisions, labels: labels) { directory.file("\($0.word)-\($1).jsonl") }
    }

    private func writeFiles() throws {
        for (identity, records) in zip(identities, records) {
            var data = Data()
            for record in records {
                data.append(contentsOf: record.line)
                data.append(0x0A)
            }
            try data.write(to: URL(fileURLWithPath: identity.source))
        }
    }

    /// Replays the log from files.
    package func replay(_ configuration: VedetteConfiguration, in directory: ScratchDirectory) throws -> Output {
        try writeFiles()
        var paths: [OutputKind: String] = [:]
        for kind in OutputKind.allCases { paths[kind] = directory.file("out-\(kind.rawValue)") }
        let decisions = identities.filter { $0.stream == .decisions }.map(\.source)
        let labels = identities.filter { $0.stream == .labels }.map(\.source)
        let control = identities.filter { $0.stream == .control }.map(\.source)
        let replay = try FileReplay(
            configuration: configuration, decisions: decisions, labels: labels, control: control, output: try OutputFiles(paths), now: presentMs)
        _ = try replay.run()
        var output = Output()
        output.counters = replay.counters
        for (kind, path) in paths {
            let reader = try LineReader(path: path, lineLimit: 1 << 26, prefixBytes: 0)
            while let line = try reader.next() { output.lines[kind, default: []].append(Array(line.bytes)) }
        }
        return output
    }
}

/// Outputs that keep what is committed.
package final class MemoryOutput: OutputPort {
    /// What happens in the next commit.
    package enum Fault: Sendable { case none, beforeVisible, afterVisible }

    package struct Crash: Error { package init() {} }

    package private(set) var records: [OutputRecord] = []
    package private(set) var progress: [ProgressRecord] = []
    package var fault = Fault.none
    /// Without transactions a fault leaves this many of the records and no progress behind.
    package var leftBehind: ((Int) -> Int)?

    package init() {}

    package func commit(_ records: [OutputRecord], _ progress: ProgressRecord) throws {
        let fault = self.fault
        self.fault = .none
        if fault == .beforeVisible {
            if let leftBehind { self.records += records.prefix(leftBehind(records.count)) }
            throw Crash()
        }
        self.records += records
        self.progress.append(progress)
        if fault == .afterVisible { throw Crash() }
    }

    /// Through its bytes, as a restart reads it.
    package func lastProgress() throws -> ProgressRecord? {
        progress.last.flatMap { ProgressRecord(decoding: $0.encoded()) }
    }

    package func progress(after sequence: Int64) throws -> [ProgressRecord] {
        progress.filter { $0.sequence > sequence }.compactMap { ProgressRecord(decoding: $0.encoded()) }
    }

    package var output: Output {
        var output = Output()
        for record in records { output.append(record) }
        return output
    }
}
