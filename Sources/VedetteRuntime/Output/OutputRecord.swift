import VedetteCodec
import VedetteCore

/// The kinds of output, each with a topic or a file of its own.
public enum OutputKind: String, Sendable, CaseIterable {
    case alerts, metrics
    case deadLetters = "dead_letters"
    case late, breakers
}

/// One record on its way out.
public struct OutputRecord: Sendable {
    public var kind: OutputKind
    public var key: [UInt8]
    /// One JSON object, without a newline.
    public var value: [UInt8]
    public var headers: [(name: String, value: String)] = []
    /// Event time up to which everything had been judged when it was made; nil for dead letters, which follow their input.
    public var at: Int64?
}

/// Encodes what the topology puts out, in order.
public final class OutputCollector: TopologySink {
    private let metrics: MetricEncoder
    private let alerts: AlertEncoder
    private let breakers: BreakerEncoder
    /// Kinds that nobody takes are not encoded.
    private let wanted: Set<OutputKind>
    /// Source partitions by index, for naming the source of a record.
    public var partitions: [InputPartition] = []
    private(set) var records: [OutputRecord] = []
    /// Everything judged up to here has been put out before the restart: make it again, silently.
    public var silentThrough: Int64 = .min
    public private(set) var counts: [OutputKind: Int] = [:]
    private var json = JSONWriter()
    /// The newest metric record that repeats none, for results that repeat it or some of it.
    private var newestMetric: (written: MetricEncoder.Written, bytes: [UInt8])?
    /// Sees every alert that is put out.
    public var onAlert: ((AlertEvent) -> Void)?
    public var onWindow: ((WindowResult) -> Void)?

    public init(_ configuration: VedetteConfiguration, mode: RunMode, wanted: Set<OutputKind>) {
        metrics = MetricEncoder(recordBytes: configuration.outputs.metricBytes)
        alerts = AlertEncoder(mode: mode, application: configuration.application)
        breakers = BreakerEncoder(mode: mode)
        self.wanted = wanted
    }

    /// Everything that came since the last call.
    public func take() -> [OutputRecord] {
        defer { records.removeAll(keepingCapacity: true) }
        return records
    }

    public var isEmpty: Bool { records.isEmpty }
    public var hasAlerts: Bool { records.contains { $0.kind == .alerts } }

    public var wantsWindows: Bool { wanted.contains(.metrics) || onWindow != nil }

    public func isSilent(at: Int64) -> Bool { at <= silentThrough }

    public func window(_ result: WindowResult, at: Int64) {
        guard at > silentThrough else { return }
        counts[.metrics, default: 0] += 1
        onWindow?(result)
        guard wanted.contains(.metrics) else { return }
        if result.repeatsPrevious, let newest = newestMetric {
            metrics.encode(result, repeating: newest.bytes[newest.written.bodyStart...], into: &json)
            append(.metrics, key: metrics.key(result), at: at)
        } else {
            let written = metrics.encode(result, previous: newestMetric, into: &json)
            newestMetric = (written, append(.metrics, key: metrics.key(result), at: at))
        }
    }

    public func alert(_ event: AlertEvent, at: Int64) {
        guard at > silentThrough else { return }
        counts[.alerts, default: 0] += 1
        onAlert?(event)
        guard wanted.contains(.alerts) else { return }
        alerts.encode(event, into: &json)
        append(.alerts, key: Array(event.fingerprint.utf8), headers: alerts.headers(event), at: at)
    }

    public func breaker(_ record: BreakerRecord, at: Int64) {
        guard at > silentThrough else { return }
        counts[.breakers, default: 0] += 1
        guard wanted.contains(.breakers) else { return }
        breakers.encode(record, into: &json)
        append(.breakers, key: Array(breakers.key(record).utf8), at: at)
    }

    public func late(_ record: LateRecord, at: Int64) {
        guard at >= silentThrough else { return }
        counts[.late, default: 0] += 1
        guard wanted.contains(.late) else { return }
        record.encode(source: partitions[record.partition], into: &json)
        append(.late, key: Array(record.requestID.utf8), at: at)
    }

    /// A dead letter; silence is the caller's business, since it goes by offset.
    public func deadLetter(_ letter: DeadLetter) {
        counts[.deadLetters, default: 0] += 1
        guard wanted.contains(.deadLetters) else { return }
        let source = partitions[letter.partition]
        var named = letter
        named.partition = Int(source.number)
        named.encode(sourceName: source.source, into: &json)
        append(.deadLetters, key: [], at: nil)
    }

    @discardableResult
    private func append(_ kind: OutputKind, key: [UInt8], headers: [(name: String, value: String)] = [], at: Int64?) -> [UInt8] {
        let value = json.bytes
        records.append(OutputRecord(kind: kind, key: key, value: value, headers: headers, at: at))
        json.removeAll()
        return value
    }
}
