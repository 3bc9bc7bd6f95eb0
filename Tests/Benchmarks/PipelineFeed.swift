import VedetteCodec
import VedetteCore
import VedetteRuntime

/// Drives a pipeline with the lines of files, as the Kafka loop drives it with what it polls.
struct PipelineFeed {
    /// Records of one turn, as many as the loop takes from a poll.
    static let turnRecords = 8_192
    /// Turns between two commits: about a second's worth at the aimed rate.
    static let turnsPerCommit = 12

    private struct Source {
        var reader: LineReader
        var index: Int
        var ended = false
    }

    let pipeline: Pipeline
    private var sources: [Source] = []
    private(set) var checkpointSeconds: [Double] = []

    init(_ pipeline: Pipeline, _ files: TrafficFiles) throws {
        self.pipeline = pipeline
        for (stream, path) in [(StreamKind.decisions, files.decisions), (.labels, files.labels)] {
            let identity = InputPartition(stream: stream, source: path, number: 0)
            _ = pipeline.addPartition(identity)
            guard let index = pipeline.index(of: identity) else { throw BenchmarkFailure("the pipeline has no \(path)") }
            sources.append(Source(reader: try LineReader(path: path, limits: pipeline.configuration.limits), index: index))
        }
    }

    /// Reads to the end of the files, commits and checkpoints on the way, and once more at the end.
    mutating func run() throws {
        var turns = 0
        while let next = furthestBehind() {
            try read(next)
            try pipeline.step()
            turns += 1
            if turns % Self.turnsPerCommit == 0 { try pipeline.commit() }
            if pipeline.topology.openRows >= pipeline.configuration.state.spillRows { try checkpoint() }
        }
        try checkpoint()
    }

    private mutating func checkpoint() throws {
        let (_, cost) = try Measurement.of { try pipeline.checkpoint() }
        checkpointSeconds.append(cost.wallSeconds)
    }

    private func furthestBehind() -> Int? {
        sources.indices.filter { !sources[$0].ended }
            .min { pipeline.topology.watermark(of: sources[$0].index) < pipeline.topology.watermark(of: sources[$1].index) }
    }

    private mutating func read(_ place: Int) throws {
        for _ in 0..<Self.turnRecords {
            guard let line = try sources[place].reader.next() else {
                sources[place].ended = true
                try pipeline.step()
                pipeline.topology.end(sources[place].index)
                return
            }
            pipeline.add(line.bytes, partition: sources[place].index, offset: line.number, clock: .max)
        }
    }
}
