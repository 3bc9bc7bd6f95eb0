import ArgumentParser
import Foundation
import Logging
import VedetteCodec
import VedetteKafka
import VedetteRuntime

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Make believable traffic of a payments model, with late labels and named scenarios.",
        discussion: """
            EXAMPLES
              vedette simulate --decisions-out d.jsonl.zst --labels-out l.jsonl.zst --count 1000000
              vedette simulate --decisions-out d.jsonl --labels-out l.jsonl --count 200000 \\
                --scenario feature_missing:from=2h,until=3h,strength=0.5,feature=device_age_days
              vedette simulate --brokers localhost:9092 --decisions-topic decisions --labels-topic labels --rate 200 --start now

            SCENARIOS  \(ScenarioKind.allCases.map(\.rawValue).joined(separator: ", "))
              NAME[:from=2h,until=3h,strength=0.5,feature=NAME,slice=channel=app,bound=4s]; times count from the start.
              strength: of score_drift logits, -10 to 10 (1.5); of fraud_spike_new_users a factor, 1 to 100 (5);
                of all others a share, 0 to 1, of the decisions or labels that it is about.
              feature: of feature_missing (device_age_days). bound: of disorder, 1s to 1d (4s).
              slice: of feature_missing, score_drift and volume_drop; country, channel, browser or account_age.
            What must fire is said before: by the default monitors, and for a slice or a feature only where a monitor
            looks at that slice, or the configuration marks the feature important.

            The same seed and options give the same bytes. --rate paces to the wall clock; without it, full speed.
            """)

    @Option(help: ArgumentHelp("Decisions to make.", valueName: "n"))
    var count: Int?

    @Option(help: ArgumentHelp("Event time to cover, such as 36h or 14d, instead of --count.", valueName: "duration"))
    var duration: String?

    @Option(help: ArgumentHelp("Seed of the generator. (default: 1; with --start now another each time, so that no request ID comes twice)", valueName: "seed"))
    var seed: UInt64?

    @Option(help: ArgumentHelp("Mean decisions per second of event time.", valueName: "n"))
    var density: Double = 50

    @Option(help: ArgumentHelp("First event time, RFC 3339, or `now`.", valueName: "time"))
    var start: String?

    @Option(help: ArgumentHelp("Median delay of fraud labels, such as 12h.", valueName: "duration"))
    var labelDelay: String?

    @Option(help: ArgumentHelp("A scenario; may be repeated.", valueName: "scenario"))
    var scenario: [String] = []

    @Option(help: ArgumentHelp("Where decisions go; - is standard output.", valueName: "file"))
    var decisionsOut: String?

    @Option(help: ArgumentHelp("Where labels go.", valueName: "file"))
    var labelsOut: String?

    @Option(help: ArgumentHelp("Write to topics of these brokers instead of files.", valueName: "host:port"))
    var brokers: String?

    @Option(help: ArgumentHelp("Topic for decisions.", valueName: "topic"))
    var decisionsTopic = "decisions"

    @Option(help: ArgumentHelp("Topic for labels.", valueName: "topic"))
    var labelsTopic = "labels"

    @Option(help: ArgumentHelp("Records per second of wall clock (with --start now: decisions, on average over the day); without it, as fast as possible.", valueName: "n"))
    var rate: Double?

    func validate() throws {
        guard brokers != nil || decisionsOut != nil || labelsOut != nil else {
            throw ValidationError("nowhere to write: name files with --decisions-out and --labels-out, or --brokers")
        }
        guard brokers == nil || decisionsOut == nil && labelsOut == nil else { throw ValidationError("either files or --brokers, not both") }
        guard count == nil || duration == nil else { throw ValidationError("either --count or --duration, not both") }
        if let rate, !(rate > 0 && rate.isFinite) { throw ValidationError("--rate: expected a number above 0, found \(rate)") }
        try requireOwnFiles([("--decisions-out", decisionsOut), ("--labels-out", labelsOut)])
    }

    func run() async throws {
        try await reporting {
            let options = try makeOptions()
            for scenario in options.scenarios {
                let expectation = scenario.expectation(labelDelayMedianMs: options.labelDelayMedianMs)
                complain("\(scenario.kind.rawValue): \(expectation.text)")
            }
            var target: any SimulationTarget =
                if let brokers {
                    try TopicTarget(brokers: brokers, decisions: decisionsTopic, labels: labelsTopic)
                } else {
                    try FileTarget(decisions: decisionsOut, labels: labelsOut)
                }
            try send(TrafficSimulator(options), to: &target)
        }
    }

    private func makeOptions() throws -> SimulationOptions {
        var options = SimulationOptions()
        options.decisionsPerSecond = rate != nil && start == "now" ? rate ?? density : density
        if let count { options.length = .decisions(count) }
        if let duration { options.length = .durationMs(try milliseconds(duration, "--duration")) }
        if count == nil, duration == nil, rate != nil { options.length = .unbounded }
        if let start {
            if start == "now" {
                options.startMs = Int64(Date().timeIntervalSince1970 * 1_000)
            } else if let time = RFC3339.parse(start) {
                options.startMs = time
            } else {
                throw ValidationError("--start: expected a time like 2026-01-05T00:00:00Z or now, found '\(start)'")
            }
        }
        options.seed = seed ?? (start == "now" ? UInt64(options.startMs) : 1)
        if let labelDelay { options.labelDelayMedianMs = try milliseconds(labelDelay, "--label-delay") }
        do {
            options.scenarios = try scenario.map { try SimulationScenario(parsing: $0) }
        } catch {
            throw ValidationError("--scenario: \(error)")
        }
        return options
    }

    private func milliseconds(_ text: String, _ option: String) throws -> Int64 {
        guard let value = DurationText.parse(text) else {
            throw ValidationError("\(option): expected a duration like 90s, 12h or 14d, found '\(text)'")
        }
        return value
    }

    /// Brokers refuse records whose time is further ahead of their clock than they allow (an hour by default), and a run takes
    /// what is ahead of its own for a bad clock.
    private static let clockSlackSeconds = 60.0

    /// When a record is to go out; nil for at once.
    private func due(_ record: SimulatedRecord, number: Int, from started: Date) -> Date? {
        guard let rate else { return nil }
        // Traffic of the present goes out at its own times. Paced by its count, it would run ahead of the clock at night.
        if start == "now" { return Date(timeIntervalSince1970: Double(record.deliveryMs) / 1_000) }
        return started.addingTimeInterval(Double(number) / rate)
    }

    private func send(_ simulator: TrafficSimulator, to target: inout any SimulationTarget) throws {
        let started = Date()
        var sent = 0
        for record in simulator {
            if let due = due(record, number: sent, from: started), due.timeIntervalSinceNow > 0.001 { Thread.sleep(until: due) }
            if brokers != nil, Double(record.deliveryMs) / 1_000 > Date().timeIntervalSince1970 + Self.clockSlackSeconds {
                complain("stopped at the present: what comes later, such as labels of the last decisions, is not sent")
                break
            }
            try target.write(record)
            sent += 1
        }
        try target.close()
        complain("\(sent) records")
    }
}

/// Where simulated records go.
protocol SimulationTarget {
    mutating func write(_ record: SimulatedRecord) throws
    mutating func close() throws
}

struct FileTarget: SimulationTarget {
    private let decisions: FileSink?
    private let labels: FileSink?

    init(decisions: String?, labels: String?) throws {
        func sink(_ path: String) throws -> FileSink { try OutputError.wrapping { () throws(FileError) in try FileSink(path: path) } }
        self.decisions = try decisions.map(sink)
        self.labels = try labels.map(sink)
    }

    func write(_ record: SimulatedRecord) throws {
        guard let sink = record.stream == .decisions ? decisions : labels else { return }
        try OutputError.wrapping { () throws(FileError) in try sink.writeLine(record.line) }
    }

    func close() throws {
        for case let sink? in [decisions, labels] { try OutputError.wrapping { () throws(FileError) in try sink.close() } }
    }
}

struct TopicTarget: SimulationTarget {
    private static let flushTimeoutMs = 60_000
    private let producer: Producer
    private let decisions: String
    private let labels: String

    init(brokers: String, decisions: String, labels: String) throws {
        producer = try Producer(properties: ["bootstrap.servers": brokers, "linger.ms": "20"], logger: Logger(label: "vedette.simulate"))
        self.decisions = decisions
        self.labels = labels
    }

    func write(_ record: SimulatedRecord) throws {
        try producer.produce(
            topic: record.stream == .decisions ? decisions : labels, key: record.key, payload: record.line, timestampMs: record.deliveryMs)
    }

    func close() throws {
        try producer.flush(timeoutMs: Self.flushTimeoutMs)
        producer.close()
    }
}
