/// What the ``Judge`` remembers of one fingerprint between rounds.
struct AlertState: Equatable {
    enum Phase: UInt8 {
        /// Nothing wrong now; kept for the episode's number and for withdrawal.
        case idle
        /// The condition holds, but not yet for long enough.
        case pending
        /// The condition held for long enough and has not been clear for long enough since.
        case firing
    }

    /// Index into the configured monitors.
    var monitor: Int
    let identity: AlertIdentity
    var phase = Phase.idle
    /// Whether the present episode has been spoken of; an alert can be held back for its parent's sake.
    var isAnnounced = false
    /// Episodes and records spoken of so far.
    var episode: Int
    var revision = 0
    /// The most severe word of this episode so far.
    var severity = Severity.p3
    /// The most severe that this episode was judged, told or not: what breakers hear.
    var worst = Severity.p3
    /// The alert that fires in a slice which holds this one, or which this one holds, and says the same; nil where this one speaks for itself.
    var about: RequestID?
    /// A change of the model's version explains it: it compares a version with the past of another.
    var isOfVersions = false
    /// The strongest effect of this episode so far that was spoken of.
    var peak = 0.0
    /// The strongest effect while it was held back and its cause was new.
    var heldPeak = 0.0
    /// Alerts held back because this one explains them, the first ``maxExplained``; how many of them were told.
    var explained: [AlertEvent.Contributor] = []
    var spokenExplained = 0
    /// Whether this one's cause has been told of it.
    var isExplained = false
    /// When the last record of this episode was emitted (event time), ms.
    var emittedAt: Int64 = 0
    /// Start of the first window of the condition that holds now, and of that of the last episode, ms.
    var pendingSince: Int64 = 0
    var startedAt: Int64 = 0
    var detectedAt: Int64 = 0
    /// Observed event time that the condition has held, and been clear, without interruption, ms.
    var heldMs: Int64 = 0
    var clearMs: Int64 = 0
    /// End of the newest window with enough data, ms.
    var seenAt: Int64 = .min
    /// End of the newest window in which the condition held, ms.
    var metAt: Int64 = .min
    /// What the episode rests on: the window that made it fire, and what was seen there.
    var basis: Basis?
    /// The newest window in which the condition held; the basis falls back on it.
    var latest: Basis?
    /// The reference that the episode fired against, where the window's own would be spoilt by the fault.
    var frozen: ReferenceSummary?

    struct Basis: Equatable {
        var start: Int64
        var end: Int64
        var value: Double
    }

    init(monitor: Int, identity: AlertIdentity, episode: Int) {
        self.monitor = monitor
        self.identity = identity
        self.episode = episode
    }

    static let maxExplained = 10

    /// Notes an alert that this one explains; false where it has enough of them.
    mutating func explain(_ other: AlertEvent.Contributor) -> Bool {
        guard explained.count < Self.maxExplained else { return false }
        explained.append(other)
        return true
    }

    /// Nothing in here will be asked for again except the episode's number.
    var isInactive: Bool { phase != .firing }
}

extension AlertState: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: monitor)
        identity.encode(into: &writer)
        writer.write(byte: phase.rawValue)
        writer.write(bool: isAnnounced)
        writer.write(count: episode)
        writer.write(count: revision)
        writer.write(string: severity.rawValue)
        writer.write(string: worst.rawValue)
        writer.write(bool: about != nil)
        if let about {
            writer.write(fixed64: about.high)
            writer.write(fixed64: about.low)
        }
        writer.write(bool: isOfVersions)
        writer.write(double: peak)
        writer.write(double: heldPeak)
        writer.write(bool: isExplained)
        writer.write(count: spokenExplained)
        writer.write(count: explained.count)
        for one in explained { one.encode(into: &writer) }
        for time in [emittedAt, pendingSince, startedAt, detectedAt, heldMs, clearMs, seenAt, metAt] { writer.write(signed: time) }
        for one in [basis, latest] {
            writer.write(bool: one != nil)
            guard let one else { continue }
            writer.write(signed: one.start)
            writer.write(signed: one.end)
            writer.write(double: one.value)
        }
        writer.write(bool: frozen != nil)
        frozen?.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        monitor = Int(truncatingIfNeeded: try reader.readVarint())
        identity = try AlertIdentity(from: &reader)
        guard let phase = Phase(rawValue: try reader.readByte()) else {
            throw CorruptBytes(offset: reader.offset, expected: "an alert's phase")
        }
        self.phase = phase
        isAnnounced = try reader.readBool()
        episode = Int(truncatingIfNeeded: try reader.readVarint())
        revision = Int(truncatingIfNeeded: try reader.readVarint())
        severity = try Severity(reading: &reader)
        worst = try Severity(reading: &reader)
        about = try reader.readBool() ? RequestID(high: try reader.readFixed64(), low: try reader.readFixed64()) : nil
        isOfVersions = try reader.readBool()
        peak = try reader.readDouble()
        heldPeak = try reader.readDouble()
        isExplained = try reader.readBool()
        spokenExplained = Int(truncatingIfNeeded: try reader.readVarint())
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            explained.append(try AlertEvent.Contributor(from: &reader))
        }
        emittedAt = try reader.readSigned()
        pendingSince = try reader.readSigned()
        startedAt = try reader.readSigned()
        detectedAt = try reader.readSigned()
        heldMs = try reader.readSigned()
        clearMs = try reader.readSigned()
        seenAt = try reader.readSigned()
        metAt = try reader.readSigned()
        basis = try Self.readBasis(&reader)
        latest = try Self.readBasis(&reader)
        frozen = try reader.readBool() ? try ReferenceSummary(from: &reader) : nil
    }

    private static func readBasis(_ reader: inout ByteReader) throws -> Basis? {
        guard try reader.readBool() else { return nil }
        return Basis(start: try reader.readSigned(), end: try reader.readSigned(), value: try reader.readDouble())
    }
}

extension AlertEvent.Contributor: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(string: name)
        writer.write(double: value)
        writer.write(signed: count)
    }

    public init(from reader: inout ByteReader) throws {
        self.init(name: try reader.readString(), value: try reader.readDouble(), count: try reader.readSigned())
    }
}
