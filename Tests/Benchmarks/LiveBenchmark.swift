import Foundation
import Logging
import VedetteCore
import VedetteKafka
import VedetteRuntime

/// The live pipeline with its commits and checkpoints: through Kafka where there is one, else without the wire.
enum LiveBenchmark {
    static let brokersVariable = "VEDETTE_TEST_BROKERS"

    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        let options = TrafficFiles.options(decisions: decisions, perSecond: ReplayBenchmark.perSecond)
        let files = try TrafficFiles(options, in: workspace)
        var configuration = try BenchmarkConfiguration.payments()
        configuration.state.directory = workspace.file("state")
        guard let brokers = ProcessInfo.processInfo.environment[brokersVariable], !brokers.isEmpty else {
            return try withoutWire(files, configuration)
        }
        try throughKafka(files, configuration, brokers: brokers)
    }

    private static func withoutWire(_ files: TrafficFiles, _ configuration: VedetteConfiguration) throws {
        var report = Report("live, without the wire (\(brokersVariable) names no broker): \(files.summary)")
        report.add("floor: lines, parse", records: files.recordCount, try Measurement.of { try Floor.parse(files) }.1)
        let port = MemoryPort()
        let pipeline = try Pipeline(configuration: configuration, output: port, wanted: Set(OutputKind.allCases))
        var feed = try PipelineFeed(pipeline, files)
        let (_, cost) = try Measurement.of { try feed.run() }
        report.add("pipeline: lines to committed output", records: files.recordCount, cost)
        report.add(fact: "output", "\(port.records) records, \(port.bytes >> 20) MiB")
        report.add(fact: "checkpoints", "\(feed.checkpointSeconds.count)")
        report.print()
    }

    private static func throughKafka(_ files: TrafficFiles, _ configuration: VedetteConfiguration, brokers: String) throws {
        let topics = try BenchmarkTopics(configuration, brokers: brokers)
        defer { topics.delete() }
        try topics.fill(with: files)
        var report = Report("live, through Kafka at \(brokers): \(files.summary)")
        report.add("floor: librdkafka, parse", records: files.recordCount, try Measurement.of { try topics.consumeAndParse(files.recordCount) }.1)
        let runner = KafkaRunner(configuration: topics.configuration, brokers: brokers, logger: topics.logger)
        let (_, cost) = try Measurement.of { try finish(runner, records: files.recordCount) }
        report.add("live", records: files.recordCount, cost)
        report.add(fact: "partitions per topic", "\(BenchmarkTopics.partitions)")
        report.print()
    }

    /// Longest wait for the next record.
    private static let patienceSeconds = 60.0

    /// Runs until as many records have been read, then stops, which commits and checkpoints.
    private static func finish(_ runner: KafkaRunner, records: Int) throws {
        let done = DispatchSemaphore(value: 0)
        let outcome = Outcome()
        let thread = Thread {
            outcome.result = Result { try runner.run() }
            done.signal()
        }
        thread.stackSize = 8 << 20
        thread.start()
        var read = 0
        var hasEnded = false
        var lastProgress = ProcessInfo.processInfo.systemUptime
        while read < records {
            if done.wait(timeout: .now() + .milliseconds(20)) == .success {
                hasEnded = true
                break
            }
            let now = ProcessInfo.processInfo.systemUptime
            if runner.status.recordsRead > read { lastProgress = now }
            read = runner.status.recordsRead
            if now - lastProgress > patienceSeconds { break }
        }
        runner.stop()
        if !hasEnded { done.wait() }
        try outcome.result?.get()
        guard runner.status.recordsRead >= records else { throw BenchmarkFailure("read \(read) of \(records) records") }
    }

    /// How the run ended.
    ///
    /// `@unchecked Sendable`: written before the semaphore is signalled, read after it was waited for.
    private final class Outcome: @unchecked Sendable {
        var result: Result<Void, any Error>?
    }
}
