import Foundation
import Logging
import VedetteCodec
import VedetteCore
import VedetteKafka
import VedetteStore

/// Replays the configured topics through the topology, up to where they end when it starts.
///
/// Outside of the consumer group: a replay commits nothing and disturbs nobody.
public final class TopicReplay {
    static let pollRecords = 8_192
    static let timeoutMs = 30_000
    /// How long a schema registry that does not answer is waited for, seconds.
    static let registryPatience = 30.0
    /// Look-ups by time go by the record's Kafka timestamp, which may be this much before its event time.
    static let clockSlackMs: Int64 = 3_600_000

    private enum Bound {
        case time(Int64)
        case offset(Int64)
    }

    private struct Source {
        var partition: TopicPartition
        var next: Int64
        var end: Int64
        /// Where the partition ended when the replay began.
        var available: Int64
        var isPaused = false
        var isDone = false
    }

    private let configuration: VedetteConfiguration
    private let consumer: Consumer
    private let logger: Logger
    private let files: OutputFiles
    private let collector: OutputCollector
    private let rows = SealedRows()
    private let topology: Topology
    private let hash: KeyedHash
    /// The present, ms: what is held at the end can be from no later.
    private let now = wallClockMs()
    private var decoders: RecordDecoders?
    private var feeds: [PartitionFeed] = []
    private var sources: [Source] = []
    private var places: [[Int]] = []
    private let alerts: (producer: Producer, topic: String)?
    private var taken: Int64 = 0
    public var onProgress: ((ReplayProgress) -> Void)?
    /// Called for every alert record as it is made.
    public var onAlert: ((AlertEvent) -> Void)? {
        get { collector.onAlert }
        set { collector.onAlert = newValue }
    }

    /// - Parameters:
    ///   - brokers: overrides `kafka.brokers`.
    ///   - from: an RFC 3339 event time (inclusive), or an offset in every partition; nil is the beginning.
    ///   - to: an RFC 3339 event time (exclusive), or an offset (exclusive); nil is the present end.
    ///   - alertsTopic: where alerts are also published; they say `"mode":"replay"`.
    /// - Throws: `KafkaError`, `SetupError` for bounds that make no sense or topics that are missing.
    public init(
        configuration: VedetteConfiguration, brokers: String?, from: String?, to: String?, output: OutputFiles, alertsTopic: String?,
        logger: Logger = Logger(label: "vedette.replay")
    ) throws {
        self.configuration = configuration
        files = output
        var wanted = output.kinds
        if alertsTopic != nil { wanted.insert(.alerts) }
        collector = OutputCollector(configuration, mode: .replay, wanted: wanted)
        hash = try configuration.secrets.keyedHash()
        topology = Topology(
            configuration: configuration.topology, hash: hash, store: rows, sink: collector, baselines: try configuration.loadBaselines())
        self.logger = logger
        consumer = try Consumer(properties: configuration.inputReaderProperties(brokers: brokers), logger: logger)
        alerts = try alertsTopic.map { (try Producer(properties: configuration.kafkaProperties(brokers: brokers), logger: logger), $0) }
        try open(from: try from.map { try Self.bound($0, "--from") }, to: try to.map { try Self.bound($0, "--to") })
    }

    private static func bound(_ text: String, _ option: String) throws -> Bound {
        if let offset = Int64(text) { return .offset(offset) }
        if let time = RFC3339.parse(text) { return .time(time) }
        throw SetupError(what: "\(option): '\(text)' is neither a time nor an offset", remedy: "write 2026-01-31T00:00:00Z or 12345")
    }

    private func open(from: Bound?, to: Bound?) throws {
        try Self.checkOrder(from, to)
        let decoders = try RecordDecoders(configuration, hash: hash, patience: Self.registryPatience, logger: logger)
        self.decoders = decoders
        var range: Range<Int64>?
        if case .time(let low) = from ?? .offset(0) { range = low..<(.max) }
        if case .time(let high) = to ?? .offset(0) { range = (range?.lowerBound ?? .min)..<high }
        let topics = configuration.inputs.topics
        let described: [String: TopicDescription]
        do { described = try consumer.metadata(topics.map(\.topic), timeoutMs: Self.timeoutMs) } catch { throw TopicCheck.explained(error) }
        for (stream, topic) in topics {
            guard let count = described[topic]?.partitionCount else {
                throw SetupError(what: "topic \(topic) does not exist", remedy: "correct inputs in the configuration, or name other brokers")
            }
            let id = try consumer.topicID(for: topic)
            while places.count <= id { places.append([]) }
            for number in 0..<Int32(count) {
                places[id].append(sources.count)
                try open(stream, TopicPartition(topic, number), from, to, range, decoders)
            }
        }
        if sources.allSatisfy(\.isDone) {
            logger.warning(
                "nothing to read between the bounds", metadata: ["ends": "\(sources.map { "\($0.partition) \($0.available)" }.joined(separator: ", "))"])
        }
        try consumer.assign(sources.filter { !$0.isDone }.map { $0.partition.at($0.next) })
    }

    private static func checkOrder(_ from: Bound?, _ to: Bound?) throws {
        let isInOrder =
            switch (from, to) {
            case (.time(let from), .time(let to)), (.offset(let from), .offset(let to)): from < to
            // A time and an offset: each partition has its own.
            default: true
            }
        if !isInOrder { throw SetupError(what: "--from is not before --to", remedy: "--from is the first that is read, --to the first that is not") }
    }

    private func open(
        _ stream: StreamKind, _ partition: TopicPartition, _ from: Bound?, _ to: Bound?, _ range: Range<Int64>?, _ decoders: RecordDecoders
    ) throws {
        let available = try consumer.watermarkOffsets(partition, timeoutMs: Self.timeoutMs)
        var next = available.low
        switch from {
        case .offset(let offset): next = max(next, offset)
        case .time(let time):
            let found = try consumer.offsetsForTimes([partition: max(0, time - Self.clockSlackMs)], timeoutMs: Self.timeoutMs)[partition]
            if case .offset(let offset) = found { next = max(next, offset) }
        case nil: break
        }
        var end = available.high
        if case .offset(let offset) = to { end = min(end, offset) }
        let identity = InputPartition(stream: stream, source: partition.topic, number: partition.partition)
        let index = topology.addPartition(identity, position: next)
        collector.partitions.append(identity)
        feeds.append(
            PartitionFeed(
                identity: identity, index: index, decoders: decoders, transcoder: decoders.transcoder(of: stream), time: configuration.topology.time,
                nextOffset: next, maxTime: .min,
                range: range, reject: { [collector] in collector.deadLetter($0) }))
        let isDone = next >= end
        sources.append(Source(partition: partition, next: next, end: end, available: available.high, isDone: isDone))
        if isDone { topology.end(index) }
    }

    /// Reads to the end, emits every window in its final state, and closes everything.
    public func run() throws -> ReplaySummary {
        defer { consumer.close() }
        var turns = 0
        while sources.contains(where: { !$0.isDone }) {
            try turn()
            turns += 1
            // A turn may be a second without a record.
            try Task.checkCancellation()
            if turns % 16 == 0 { onProgress?(progress) }
        }
        try topology.finish()
        try put(collector.take())
        try files.close()
        if let alerts {
            try alerts.producer.flush(timeoutMs: Self.timeoutMs)
            alerts.producer.close()
        }
        return ReplaySummary(
            records: counters.records, rejected: feeds.reduce(0) { $0 + $1.rejected },
            alerts: collector.counts[.alerts] ?? 0, metrics: collector.counts[.metrics] ?? 0)
    }

    /// The last `lastMs` of what was replayed as a baseline file; call it after ``run()``.
    ///
    /// - Throws: `FileError`, `SecretError`.
    public func writeBaseline(lastMs: Int64, name: String, to path: String) throws -> ArchivedBaseline {
        try configuration.writeBaseline(of: topology, lastMs: lastMs, name: name, to: path)
    }

    public var counters: Counters { topology.counters }

    private func turn() throws {
        try consumer.poll(max: Self.pollRecords, timeoutMs: 1_000) { record in
            let topic = record.topicID
            let isOurs = topic >= 0 && topic < places.count && places[topic].indices.contains(Int(record.partition))
            let place = isOurs ? places[topic][Int(record.partition)] : nil
            switch record.kind {
            case .message: if let place { take(record, place) }
            case .endOfPartition: if let place, record.offset >= sources[place].end { sources[place].next = sources[place].end }
            case .error: try complain(of: record, place)
            }
        }
        for place in sources.indices where !sources[place].isDone {
            let isDone = sources[place].next >= sources[place].end
            if isDone { feeds[place].release(present: now) }
            if let batch = feeds[place].take() { topology.ingest(batch) }
            guard isDone else { continue }
            sources[place].isDone = true
            topology.end(place)
            try consumer.pause([sources[place].partition])
        }
        try decoders?.checkSchemas()
        while try !topology.advance(boundaries: FileReplay.batchBoundaries) {
            try put(collector.take())
            try Task.checkCancellation()
            onProgress?(progress)
        }
        try put(collector.take())
        try adjustPauses()
        if topology.openRows > configuration.state.spillRows { try rows.spill(topology) }
    }

    /// What may pass is waited out. Where a partition can not be read that would be to wait without end.
    private func complain(of record: borrowing ConsumerRecord, _ place: Int?) throws {
        guard let error = record.error else { return }
        if error.code == .noSuchOffset, let place {
            let next = sources[place].next
            let range = try consumer.watermarkOffsets(sources[place].partition, timeoutMs: Self.timeoutMs)
            throw range.low > next
                ? SetupError.deleted(sources[place].partition, next..<range.low)
                : SetupError.shortened(sources[place].partition, end: range.high, readTo: next)
        }
        if error.isFatal || (place != nil && !error.isRetriable) { throw consumer.fatalCause ?? error }
        logger.warning("kafka", metadata: ["error": "\(error)"])
    }

    private func take(_ record: borrowing ConsumerRecord, _ place: Int) {
        let offset = record.offset
        guard !sources[place].isDone, offset < sources[place].end else { return }
        sources[place].next = offset + 1
        taken += 1
        if let payload = record.payload {
            feeds[place].add(payload, offset: offset, clock: record.timestampMs ?? .max)
        } else {
            feeds[place].addTombstone(offset: offset)
        }
    }

    private func adjustPauses() throws {
        for place in sources.indices where !sources[place].isDone {
            let isAhead = topology.isAhead(place, isPaused: sources[place].isPaused)
            guard isAhead != sources[place].isPaused else { continue }
            sources[place].isPaused = isAhead
            if isAhead { try consumer.pause([sources[place].partition]) } else { try consumer.resume([sources[place].partition]) }
        }
    }

    private func put(_ records: [OutputRecord]) throws {
        try files.write(records)
        guard let alerts else { return }
        for record in records where record.kind == .alerts {
            try alerts.producer.produce(
                topic: alerts.topic, key: record.key, payload: record.value, headers: record.headers.map { RecordHeader($0.name, $0.value) })
        }
    }

    private var progress: ReplayProgress {
        let total = sources.reduce(Int64(0)) { $0 + $1.end }
        let read = sources.reduce(Int64(0)) { $0 + $1.next }
        let reached = topology.judgedTo
        return ReplayProgress(
            records: taken, eventTime: reached == .min ? nil : reached, fraction: total > 0 ? Double(read) / Double(total) : nil)
    }
}
