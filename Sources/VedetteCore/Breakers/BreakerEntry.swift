/// One breaker in one slice of one model: the machine, its triggers, what a person ordered, what was published.
struct BreakerEntry: Equatable {
    /// Alerts that drive one entry at once; more change nothing, it is tripped already.
    static let maxAlerts = 64

    /// Index into the configured breakers.
    var spec: Int
    /// Index into the inventory.
    var model: Int
    var slice: SliceName
    var machine: BreakerMachine
    var alerts: [BreakerCause] = []
    /// Tries until the first success that an alert behind it told of.
    var attempts: Double?
    /// Per trigger of the spec: whether its metric is over its bound; nil before it could be looked at.
    var metrics: [Bool?]
    /// When each metric went over its bound, ms.
    var metricsSince: [Int64]
    var forced: BreakerOrder?
    var sequence: Int64 = -1
    var publishedAt: Int64 = .min
    /// The beginning of the condition that tripped it last, ms.
    var causedAt: Int64?

    init(spec: Int, model: Int, slice: SliceName, triggers: Int, at time: Int64) {
        self.spec = spec
        self.model = model
        self.slice = slice
        machine = BreakerMachine(at: time)
        metrics = Array(repeating: nil, count: triggers)
        metricsSince = Array(repeating: 0, count: triggers)
    }

    /// What its triggers say. A metric that was never looked at leaves it unknown only where no alert could tell.
    func condition(_ triggers: [BreakerTrigger]) -> BreakerCondition {
        if !alerts.isEmpty || metrics.contains(true) { return .tripped }
        let isUnknown = zip(triggers, metrics).contains { trigger, state in
            if case .metric = trigger { state == nil } else { false }
        }
        return isUnknown ? .unknown : .clear
    }

    /// The state that is published: a person's word goes before the machine's.
    var state: BreakerState { forced?.state ?? machine.state }

    func causes(_ triggers: [BreakerTrigger]) -> [BreakerCause] {
        var causes = alerts.sorted { a, b in
            (b.severity ?? .p3, a.startedAt, a.fingerprint ?? "") < (a.severity ?? .p3, b.startedAt, b.fingerprint ?? "")
        }
        for (index, trigger) in triggers.enumerated() {
            guard case .metric(let rule) = trigger, metrics[index] == true else { continue }
            causes.append(BreakerCause(alertID: nil, fingerprint: nil, name: rule.metric.rawValue, severity: nil, startedAt: metricsSince[index]))
        }
        return causes
    }
}

extension BreakerEntry {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: model)
        slice.encode(into: &writer)
        machine.encode(into: &writer)
        writer.write(count: alerts.count)
        for alert in alerts { alert.encode(into: &writer) }
        writer.write(bool: attempts != nil)
        if let attempts { writer.write(double: attempts) }
        writer.write(count: metrics.count)
        for (state, since) in zip(metrics, metricsSince) {
            writer.write(byte: state.map { $0 ? 2 : 1 } ?? 0)
            writer.write(signed: since)
        }
        writer.write(bool: forced != nil)
        forced?.encode(into: &writer)
        writer.write(signed: sequence)
        writer.write(signed: publishedAt)
        writer.write(bool: causedAt != nil)
        if let causedAt { writer.write(signed: causedAt) }
    }

    init(spec: Int, from reader: inout ByteReader) throws {
        self.spec = spec
        model = Int(truncatingIfNeeded: try reader.readVarint())
        slice = try SliceName(from: &reader)
        machine = try BreakerMachine(from: &reader)
        for _ in 0..<(try reader.readCount()) { alerts.append(try BreakerCause(from: &reader)) }
        attempts = try reader.readBool() ? try reader.readDouble() : nil
        metrics = []
        metricsSince = []
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let state = try reader.readByte()
            metrics.append(state == 0 ? nil : state == 2)
            metricsSince.append(try reader.readSigned())
        }
        forced = try reader.readBool() ? try BreakerOrder(from: &reader) : nil
        sequence = try reader.readSigned()
        publishedAt = try reader.readSigned()
        causedAt = try reader.readBool() ? try reader.readSigned() : nil
    }
}

extension BreakerCause: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        for text in [alertID, fingerprint, severity?.rawValue] {
            writer.write(bool: text != nil)
            if let text { writer.write(string: text) }
        }
        writer.write(string: name)
        writer.write(signed: startedAt)
    }

    public init(from reader: inout ByteReader) throws {
        var texts: [String?] = []
        for _ in 0..<3 { texts.append(try reader.readBool() ? try reader.readString() : nil) }
        self.init(
            alertID: texts[0], fingerprint: texts[1], name: try reader.readString(), severity: texts[2].flatMap(Severity.init(rawValue:)),
            startedAt: try reader.readSigned())
    }
}

extension BreakerOrder: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        for text in [breaker, model, author, reason] { writer.write(string: text) }
        slice.encode(into: &writer)
        writer.write(byte: state.map { $0.rawValue + 1 } ?? 0)
        writer.write(bool: until != nil)
        if let until { writer.write(signed: until) }
    }

    public init(from reader: inout ByteReader) throws {
        let texts = [try reader.readString(), try reader.readString(), try reader.readString(), try reader.readString()]
        let slice = try SliceName(from: &reader)
        let raw = try reader.readByte()
        guard raw <= BreakerState.allCases.count else { throw CorruptBytes(offset: reader.offset, expected: "a breaker's state") }
        self.init(
            breaker: texts[0], model: texts[1], slice: slice, state: raw == 0 ? nil : BreakerState(rawValue: raw - 1), author: texts[2], reason: texts[3],
            until: try reader.readBool() ? try reader.readSigned() : nil)
    }
}

extension SliceName {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: parts.count)
        for part in parts {
            writer.write(string: part.dimension)
            writer.write(bool: part.value != nil)
            if let value = part.value { writer.write(string: value) }
        }
    }

    init(from reader: inout ByteReader) throws {
        self.init()
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let dimension = try reader.readString()
            parts.append(Part(dimension: dimension, value: try reader.readBool() ? try reader.readString() : nil))
        }
    }
}
