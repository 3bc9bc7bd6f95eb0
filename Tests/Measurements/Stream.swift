import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// What is wrong with a simulated stream from some moment on.
enum Fault: CustomStringConvertible {
    case none
    /// Share of `amount` that is null.
    case null(Double)
    case frozen
    /// Shift of the mean of `amount` in its standard deviations.
    case shift(Double)
    /// Fraud of one slice of a hundredth of the traffic, times this.
    case fraud(Double)
    /// Share of the fraud that is stopped; 0.9 before.
    case recall(Double)
    /// Another model version, whose scores are the same.
    case version(String)

    var description: String {
        switch self {
        case .none: "nothing"
        case .null(let share): "amount null in \(Int(share * 100)) %"
        case .frozen: "amount frozen"
        case .shift(let sigma): "mean of amount + \(sigma) sigma"
        case .fraud(let factor): "fraud x \(factor) in a slice of 1 %"
        case .recall(let recall): "recall 0.9 to \(recall)"
        case .version(let version): "version \(version)"
        }
    }
}

/// Resampled real lines at a steady rate through the real decoder, topology, windows, monitors and judge.
///
/// Every row is one of the pool's under a new id and time, in one of four slices, the smallest of
/// which has a hundredth of the traffic. Fraud is
/// labelled always and the rest in a fifth of the rows, one to three days later.
final class SimulatedStream: TopologySink {
    static let start: Int64 = 1_767_571_200_000
    static let day: Int64 = 86_400_000
    static let fraudShare = 0.02
    static let recall = 0.9

    private let topology: Topology
    private let decisions: DecisionDecoder
    private let labels: LabelDecoder
    private let pool: Pool
    private let fraudRows: [Bool: [Int]]
    private let legitRows: [Int]
    private var random: MeasureRandom
    private let decisionsPart: Int
    private let labelsPart: Int
    private var offset: Int64 = 0
    private var labelOffset: Int64 = 0
    /// Labels by the minute they arrive in.
    private var waiting: [Int64: [(id: String, isFraud: Bool, stopped: Bool, hot: Bool)]] = [:]
    /// The newest batches: what waited for the watermark when a checkpoint was made is read again from them.
    private var recent: [InputBatch] = []
    private(set) var alerts: [AlertEvent] = []
    private(set) var thresholds: FixedThresholds
    private let spread: Double

    /// - Parameter checkpoint: where to go on from; of a stream of the same pool and configuration.
    init(_ pool: Pool, configuration: VedetteConfiguration, seed: UInt64, from checkpoint: Checkpoint? = nil) throws {
        self.pool = pool
        random = MeasureRandom(seed: seed)
        let hash = KeyedHash(secret: "measure")
        var topologyConfiguration = configuration.topology
        topologyConfiguration.panes.scoreEntries = 512
        let sink = SinkBox()
        let topology = Topology(configuration: topologyConfiguration, hash: hash, store: checkpoint?.rows ?? EmptyRowStore(), sink: sink)
        decisions = try DecisionDecoder(
            schema: configuration.topology.schema, mapping: configuration.inputs.decisions.mapping, limits: configuration.limits, hash: hash)
        labels = try LabelDecoder(
            schema: configuration.topology.schema, mapping: configuration.inputs.labels.mapping, limits: configuration.limits, hash: hash)
        let points = try checkpoint.map { try $0.restore(topology) } ?? []
        decisionsPart = Self.partition(.decisions, "d", points, topology)
        labelsPart = Self.partition(.labels, "l", points, topology)
        self.topology = topology
        fraudRows = Dictionary(grouping: pool.rows.indices.filter { pool.rows[$0].isFraud }) { pool.rows[$0].isStopped }
        legitRows = pool.rows.indices.filter { !pool.rows[$0].isFraud }
        spread = pool.amountSpread
        thresholds = FixedThresholds(features: Pool.features.count)
        self.sink = sink
        sink.owner = self
        guard let checkpoint else { return }
        (random, offset, labelOffset, waiting, thresholds, recent) = checkpoint.feeder
        for batch in recent { topology.ingest(batch) }
    }

    private static func partition(_ stream: StreamKind, _ source: String, _ points: [ResumePoint], _ topology: Topology) -> Int {
        let identity = InputPartition(stream: stream, source: source, number: 0)
        guard let point = points.first(where: { $0.partition == identity }) else { return topology.addPartition(identity) }
        return topology.addPartition(identity, position: point.offset, clock: point.clock, punctuations: point.punctuations)
    }

    typealias Feeder = (
        random: MeasureRandom, offset: Int64, labelOffset: Int64, waiting: [Int64: [(id: String, isFraud: Bool, stopped: Bool, hot: Bool)]],
        thresholds: FixedThresholds, recent: [InputBatch]
    )

    /// Everything so far, for any number of streams that go on from here in different ways. This one is at its end.
    func checkpoint() throws -> Checkpoint {
        try Checkpoint(topology, (random, offset, labelOffset, waiting, thresholds, recent))
    }

    private func ingest(_ batch: InputBatch) {
        recent = recent.suffix(5) + [batch]
        topology.ingest(batch)
    }

    /// The topology holds its sink unowned and wants it at its own birth.
    private final class SinkBox: TopologySink {
        weak var owner: SimulatedStream?
        var wantsWindows: Bool { false }
        func window(_ result: WindowResult, at: Int64) {}
        func alert(_ event: AlertEvent, at: Int64) { owner?.alert(event, at: at) }
        func breaker(_ record: BreakerRecord, at: Int64) {}
        func late(_ record: LateRecord, at: Int64) {}
    }
    private let sink: SinkBox

    var wantsWindows: Bool { false }
    func window(_ result: WindowResult, at: Int64) {}
    func breaker(_ record: BreakerRecord, at: Int64) {}
    func late(_ record: LateRecord, at: Int64) {}
    func alert(_ event: AlertEvent, at: Int64) { alerts.append(event) }

    /// Feeds one day at `perDay` decisions; `stop` is asked every hour.
    func feed(day: Int, perDay: Int, fault: Fault, stop: () -> Bool = { false }) throws {
        let from = Self.start + Int64(day) * Self.day
        for hour in 0..<24 {
            let batch = DecisionBatch(schema: decisions.schema, partition: decisionsPart)
            let hourly = perDay / 24
            for index in 0..<hourly {
                let time = from + Int64(hour) * 3_600_000 + Int64(index) * 3_600_000 / Int64(hourly)
                try add(at: time, fault, to: batch)
            }
            ingest(.decisions(batch))
            try feedLabels(until: from + Int64(hour + 1) * 3_600_000)
            try topology.advance()
            if stop() { return }
        }
        thresholds.close(day: day)
    }

    private func add(at time: Int64, _ fault: Fault, to batch: DecisionBatch) throws {
        let draw = random.below(100)
        let isHot = draw == 0
        let slice = isHot ? 0 : 1 + draw % 3
        var fraudShare = Self.fraudShare
        if case .fraud(let factor) = fault, isHot { fraudShare *= factor }
        let isFraud = random.uniform() < fraudShare
        var recall = Self.recall
        if case .recall(let now) = fault { recall = now }
        let isStopped = isFraud && random.uniform() < recall
        let rows = isFraud ? fraudRows[isStopped] ?? legitRows : legitRows
        let row = pool.rows[rows[random.below(rows.count)]]
        offset += 1
        let id = String(format: "%016llx", UInt64(offset) &* 0x9E37_79B9_7F4A_7C15)
        var amount: String?
        var version: String?
        switch fault {
        case .null(let share): if random.uniform() < share { amount = "null" }
        case .frozen: amount = "27.0"
        case .version(let name): version = name
        case .shift(let sigma): amount = String(row.values[0] + sigma * spread)
        default: break
        }
        thresholds.add(row, amount: amount)
        let line = rewritten(row, id: id, time: time, amount: amount, slice: slice, version: version)
        let rejection = line.withUnsafeBytes { decisions.decode($0, offset: offset, into: batch) }
        if let rejection { throw MeasureFailure("\(rejection)") }
        guard isFraud || random.uniform() < 0.2 else { return }
        let arrival = time + Self.day + Int64(random.below(2 * Int(Self.day)))
        waiting[arrival / 60_000, default: []].append((id, isFraud, row.isStopped, isHot))
    }

    /// The parts of the line in the order in which they stand in it.
    private func rewritten(_ row: Pool.Row, id: String, time: Int64, amount: String?, slice: Int, version: String?) -> [UInt8] {
        var line: [UInt8] = []
        line.reserveCapacity(row.line.count + 16)
        var changes: [(Range<Int>, [UInt8])] = [
            (row.id, Array("\"\(id)\"".utf8)), (row.time, Array(String(time).utf8)), (row.amount, amount.map { Array($0.utf8) } ?? Array(row.line[row.amount])),
            (row.slice, Array("\"s\(slice)\"".utf8)),
        ]
        if let version { changes.append((row.version, Array("\"\(version)\"".utf8))) }
        changes.sort { $0.0.lowerBound < $1.0.lowerBound }
        var at = 0
        for (range, bytes) in changes {
            line += row.line[at..<range.lowerBound]
            line += bytes
            at = range.upperBound
        }
        line += row.line[at...]
        return line
    }

    private func feedLabels(until end: Int64) throws {
        let batch = LabelBatch(partition: labelsPart)
        var minute = (end - 3_600_000) / 60_000
        var newest: Int64 = 0
        while minute < end / 60_000 {
            for label in waiting.removeValue(forKey: minute) ?? [] {
                labelOffset += 1
                let outcome = label.isFraud ? "fraud" : "legit"
                let text = "{\"request_id\":\"\(label.id)\",\"time\":\(minute * 60_000),\"outcome\":\"\(outcome)\",\"source\":{\"pipeline\":\"issuer-chargebacks\"}}"
                let rejection = Array(text.utf8).withUnsafeBytes { labels.decode($0, offset: labelOffset, into: batch) }
                if let rejection { throw MeasureFailure("\(rejection)") }
                thresholds.add(label: label.isFraud, blocked: label.stopped, hot: label.hot)
                newest = minute
            }
            minute += 1
        }
        if newest > 0 { ingest(.labels(batch)) }
        topology.punctuate(labelsPart, watermark: end)
    }
}
