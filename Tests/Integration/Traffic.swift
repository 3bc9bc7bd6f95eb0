import Foundation
import VedetteCore
import VedetteKafka
import VedetteRuntime

/// Simulated records, each with the partition it goes to.
struct Traffic {
    struct Record {
        var stream: StreamKind
        var partition: Int
        var key: [UInt8]
        /// Nil is a tombstone.
        var line: [UInt8]?
        var timestampMs: Int64
    }

    var records: [Record] = []

    /// Not quite two hours with everything that can go wrong, labels within minutes, and two alerts that come and go.
    static func mixed(decisions: Int = 4_000, seed: UInt64 = 11) throws -> Traffic {
        var options = SimulationOptions()
        options.seed = seed
        options.length = .decisions(decisions)
        options.decisionsPerSecond = 2
        options.labelDelayMedianMs = 300_000
        options.deliversRemainingLabels = false
        options.scenarios = [
            SimulationScenario(.featureMissing, fromMs: 1_200_000, untilMs: 2_400_000, strength: 0.8),
            SimulationScenario(.volumeDrop, fromMs: 3_000_000, untilMs: 3_600_000, strength: 0.95),
            SimulationScenario(.duplicates), SimulationScenario(.disorder), SimulationScenario(.malformed), SimulationScenario(.labelCorrections),
        ]
        return Traffic(records: try TrafficSimulator(options).map { record in
            let partitions = UInt64(record.stream == .decisions ? Site.decisionPartitions : Site.labelPartitions)
            return Record(
                stream: record.stream, partition: Int(record.sequence % partitions), key: record.key, line: record.line,
                timestampMs: record.deliveryMs)
        })
    }

    /// With what people order the breaker `drill` to do, every two minutes of event time from the first record to the last.
    ///
    /// Often enough that the control topic holds no watermark back for long.
    func withOrders() -> Traffic {
        var orders: [Record] = []
        let first = records.map(\.timestampMs).min() ?? 0, last = records.map(\.timestampMs).max() ?? 0
        for (number, time) in stride(from: first, through: last, by: 120_000).enumerated() {
            let state = ["open", "closed", "half_open", "auto"][number % 4]
            // Every third ends by itself, in the middle between two others.
            let until = number % 3 == 0 ? ",\"until\":\(time + 60_000)" : ""
            let slice = number % 5 == 4 ? ",\"slice\":{\"channel\":\"app\"}" : ""
            let line = """
                {"kind":"breaker","time":\(time),"breaker":"drill","model":"payments-gbm","state":"\(state)","author":"on-call-\(number)","reason":"drill"\(slice)\(until)}
                """
            orders.append(Record(stream: .control, partition: 0, key: [], line: Array(line.utf8), timestampMs: time))
        }
        var merged: [Record] = []
        var waiting = orders[...]
        for record in records {
            while let order = waiting.first, order.timestampMs <= record.timestampMs { merged.append(waiting.removeFirst()) }
            merged.append(record)
        }
        return Traffic(records: merged + waiting)
    }

    var count: Int { records.count }

    /// The offset after the last record of each partition, by stream and number, where the topics hold nothing else.
    func ends() -> [String: Int64] {
        var ends: [String: Int64] = [:]
        for partition in 0..<Site.decisionPartitions { ends["\(StreamKind.decisions.word)-\(partition)"] = 0 }
        for partition in 0..<Site.labelPartitions { ends["\(StreamKind.labels.word)-\(partition)"] = 0 }
        for record in records { ends["\(record.stream.word)-\(record.partition)", default: 0] += 1 }
        return ends
    }

    /// Those before and those from a share of the records on.
    func split(at share: Double = 0.5) -> (first: Traffic, second: Traffic) {
        let middle = Int(Double(count) * share)
        return (Traffic(records: Array(records[..<middle])), Traffic(records: Array(records[middle...])))
    }

    /// - Parameter pauseMs: waited after every `burst` records.
    func produce(to site: Site, burst: Int = 100, pauseMs: Int = 0, transactional: Bool = false) throws {
        var properties: KafkaProperties = ["bootstrap.servers": site.brokers]
        if transactional { properties["transactional.id"] = "\(site.name).source" }
        let producer = try Producer(properties: properties, logger: Site.logger)
        defer { producer.close() }
        if transactional {
            try producer.initTransactions(timeoutMs: 30_000)
            try producer.begin()
        }
        for (index, record) in records.enumerated() {
            try producer.produce(
                topic: site.topic(record.stream), key: record.key, payload: record.line,
                partition: Int32(record.partition), timestampMs: record.timestampMs)
            if pauseMs > 0, index % burst == burst - 1 { producer.poll(timeoutMs: pauseMs) }
        }
        if transactional { try producer.commit(timeoutMs: 30_000) } else { try producer.flush(timeoutMs: 60_000) }
    }

    /// One file a partition, and the paths of each stream in the order of the partitions.
    func write(to site: Site) throws -> (decisions: [String], labels: [String], control: [String]) {
        func write(_ stream: StreamKind, _ partitions: Int) throws -> [String] {
            try (0..<partitions).map { partition in
                let path = site.file("\(stream.word)-\(partition).jsonl")
                var data = Data()
                for record in records where record.stream == stream && record.partition == partition {
                    data.append(contentsOf: record.line ?? [])
                    data.append(0x0A)
                }
                try data.write(to: URL(fileURLWithPath: path))
                return path
            }
        }
        return (
            try write(.decisions, Site.decisionPartitions), try write(.labels, Site.labelPartitions),
            site.hasOrders ? try write(.control, 1) : []
        )
    }
}

/// What a replay wrote, by kind.
struct Replayed {
    var lines: [OutputKind: [String]] = [:]
    subscript(_ kind: OutputKind) -> [String] { lines[kind] ?? [] }

    static func files(_ traffic: Traffic, _ site: Site) throws -> Replayed {
        let input = try traffic.write(to: site)
        return try collecting(site, "files") { paths in
            _ = try FileReplay(
                configuration: try site.configuration("files"), decisions: input.decisions, labels: input.labels, control: input.control,
                output: OutputFiles(paths), now: Int64(Date().timeIntervalSince1970 * 1_000)
            ).run()
        }
    }

    static func topics(_ site: Site, from: String? = nil, to: String? = nil) throws -> Replayed {
        try collecting(site, "topics") { paths in
            _ = try TopicReplay(
                configuration: try site.configuration("topics"), brokers: nil, from: from, to: to, output: OutputFiles(paths), alertsTopic: nil,
                logger: Site.logger
            ).run()
        }
    }

    private static func collecting(_ site: Site, _ stem: String, _ body: ([OutputKind: String]) throws -> Void) throws -> Replayed {
        let paths = Dictionary(uniqueKeysWithValues: OutputKind.allCases.map { ($0, site.file("\(stem)-\($0.rawValue).out")) })
        try body(paths)
        return Replayed(lines: try paths.mapValues { path in
            try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init)
        })
    }
}
