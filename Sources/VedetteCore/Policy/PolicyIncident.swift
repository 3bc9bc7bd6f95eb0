/// What is remembered of one floor of one model while it is being broken. Bounded.
struct PolicyIncident: Equatable {
    static let maxSamples = 10
    static let maxVersions = 8

    var breaks: Int64 = 0
    /// Of them, those of which it could not be told.
    var untold: Int64 = 0
    var amount = AmountSum()
    var startedAt: Int64 = 0
    /// Event time of the newest.
    var lastAt: Int64 = .min
    /// When the last one took effect: later than its event time where it was late. The incident ends by it, or a partition that lags
    /// by more than ``PolicyRuleSet/keepFiringForMs`` would never be heard.
    var seenAt: Int64 = .min
    var samples: [String] = []
    var versions: [String] = []

    var isOpen: Bool { breaks > 0 }

    mutating func add(_ batch: DecisionBatch, _ row: Int, isUntold: Bool, at effective: Int64) {
        let time = batch.time[row]
        startedAt = breaks == 0 ? time : min(startedAt, time)
        lastAt = max(lastAt, time)
        seenAt = max(seenAt, effective)
        breaks += 1
        if isUntold { untold += 1 }
        amount.add(Money(batch.amount[row]))
        if samples.count < Self.maxSamples { samples.append(batch.string(batch.requestText[row])) }
        guard versions.count < Self.maxVersions else { return }
        let version = batch.string(batch.version[row])
        if !version.isEmpty, !versions.contains(version) { versions.append(version) }
    }
}

extension PolicyIncident: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for value in [breaks, untold, startedAt, lastAt, seenAt] { writer.write(signed: value) }
        amount.encode(into: &writer)
        for list in [samples, versions] {
            writer.write(count: list.count)
            for text in list { writer.write(string: text) }
        }
    }

    init(from reader: inout ByteReader) throws {
        breaks = try reader.readSigned()
        untold = try reader.readSigned()
        startedAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        seenAt = try reader.readSigned()
        amount = try AmountSum(from: &reader)
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
        for _ in 0..<(try reader.readCount()) { versions.append(try reader.readString()) }
    }
}

/// One cap of one model in its present period.
struct PolicyShare: Equatable {
    /// Start of the period, ms; `Int64.min` before the first decision.
    var period: Int64 = .min
    var evidence: BernoulliEProcess
    /// Whether an incident is open: from this period or an earlier one that was not followed by a better one.
    var isOpen = false
    var startedAt: Int64 = 0
    var lastAt: Int64 = 0
    /// Of the decisions that are counted.
    var amount = AmountSum()
    var samples: [String] = []

    init(share: Double) { evidence = BernoulliEProcess(rate: share) }

    var count: Int64 { evidence.successes + evidence.failures }
    var share: Double { count > 0 ? Double(evidence.successes) / Double(count) : 0 }

    mutating func add(_ isCounted: Bool, _ batch: DecisionBatch, _ row: Int) {
        evidence.add(successes: isCounted ? 1 : 0, failures: isCounted ? 0 : 1)
        guard isCounted else { return }
        amount.add(Money(batch.amount[row]))
        lastAt = max(lastAt, batch.time[row])
        if samples.count < PolicyIncident.maxSamples { samples.append(batch.string(batch.requestText[row])) }
    }

    /// An incident that is open goes on under another bound: what was counted against the old one says nothing of the new one.
    func carried(to share: Double) -> PolicyShare {
        var next = PolicyShare(share: share)
        (next.isOpen, next.startedAt, next.lastAt) = (isOpen, startedAt, lastAt)
        return next
    }

    mutating func start(period: Int64, share: Double) {
        self.period = period
        evidence = BernoulliEProcess(rate: share)
        amount = AmountSum()
        samples.removeAll()
    }
}

extension PolicyShare: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for value in [period, startedAt, lastAt] { writer.write(signed: value) }
        writer.write(bool: isOpen)
        evidence.encode(into: &writer)
        amount.encode(into: &writer)
        writer.write(count: samples.count)
        for text in samples { writer.write(string: text) }
    }

    init(from reader: inout ByteReader) throws {
        period = try reader.readSigned()
        startedAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        isOpen = try reader.readBool()
        evidence = try BernoulliEProcess(from: &reader)
        amount = try AmountSum(from: &reader)
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
    }
}
