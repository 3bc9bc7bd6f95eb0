/// Alerts that stand for many others which are held back: one for each model and reason.
struct NoticeBook: Equatable {
    enum Kind: UInt8, CaseIterable, Comparable {
        /// Another model version decides than in the references.
        case versionChange
        /// More alerts than may be raised in an hour.
        case alertStorm

        var name: String {
            switch self {
            case .versionChange: "version_change"
            case .alertStorm: "alert_storm"
            }
        }
        /// Without anything held back for this long it is over.
        var lingerMs: Int64 {
            switch self {
            // A week: so long the same hours of the week before were those of the old version.
            case .versionChange: 7 * 86_400_000
            case .alertStorm: 3_600_000
            }
        }
        static func < (a: Kind, b: Kind) -> Bool { a.rawValue < b.rawValue }
    }

    struct Key: Hashable, Comparable {
        /// Index into the inventory.
        var model: Int
        var kind: Kind
        static func < (a: Key, b: Key) -> Bool { (a.model, a.kind) < (b.model, b.kind) }
    }

    /// One alert that is held back.
    struct Held: Equatable {
        var monitor: String
        var name: String
        var severity: Severity
        var strength: Double
        var value: Double
        var count: Int64
        var pValue: Double
        var startedAt: Int64
        var samples: [String]
    }

    struct State: Equatable {
        var isFiring = false
        var episode = 0
        var revision = 0
        var severity = Severity.p3
        var startedAt: Int64 = 0
        var detectedAt: Int64 = 0
        /// When something was held back last.
        var heldAt: Int64 = .min
        /// Alerts held back when it was last spoken of.
        var spokenCount = 0
        var held: [RequestID: Held] = [:]
        /// Held back beyond ``maxHeld``: counted only.
        var more = 0
        /// Such as `2018.06.1 to 2018.08.0`.
        var detail: String?
        var method = ""
        var alpha = 0.0
        var tests = 0

        var count: Int { held.count + more }
        /// The worst first.
        var ranked: [Held] {
            held.sorted { a, b in
                (b.value.severity, b.value.strength, a.key) < (a.value.severity, a.value.strength, b.key)
            }.map(\.value)
        }
    }

    /// Alerts that one notice names and tells apart.
    static let maxHeld = 500

    var states: [Key: State] = [:]

    mutating func hold(
        _ key: Key, _ alert: RequestID, _ held: Held, detail: String?, control: AlertEvent.FalseDiscoveryControl, at time: Int64,
        isRepeated: Bool = false
    ) {
        var state = states[key] ?? State()
        states[key] = nil
        if !state.isFiring, state.heldAt != time { state.held = [:]; state.more = 0 }
        if state.held[alert] != nil || state.held.count < Self.maxHeld { state.held[alert] = held } else if !isRepeated { state.more += 1 }
        state.heldAt = time
        state.detail = detail ?? state.detail
        (state.method, state.alpha, state.tests) = (control.method, control.alpha, control.tests)
        states[key] = state
    }
}

extension NoticeBook: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: states.count)
        for (key, state) in states.sorted(by: { $0.key < $1.key }) {
            writer.write(count: key.model)
            writer.write(byte: key.kind.rawValue)
            state.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let model = Int(truncatingIfNeeded: try reader.readVarint())
            guard let kind = Kind(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "a kind of notice") }
            states[Key(model: model, kind: kind)] = try State(from: &reader)
        }
    }
}

extension NoticeBook.State: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(bool: isFiring)
        for number in [episode, revision, spokenCount, more, tests] { writer.write(count: number) }
        writer.write(string: severity.rawValue)
        for time in [startedAt, detectedAt, heldAt] { writer.write(signed: time) }
        writer.write(bool: detail != nil)
        writer.write(string: detail ?? "")
        writer.write(string: method)
        writer.write(double: alpha)
        writer.write(count: held.count)
        for (key, one) in held.sorted(by: { $0.key < $1.key }) {
            writer.write(fixed64: key.high)
            writer.write(fixed64: key.low)
            one.encode(into: &writer)
        }
    }

    init(from reader: inout ByteReader) throws {
        self.init()
        isFiring = try reader.readBool()
        episode = Int(truncatingIfNeeded: try reader.readVarint())
        revision = Int(truncatingIfNeeded: try reader.readVarint())
        spokenCount = Int(truncatingIfNeeded: try reader.readVarint())
        more = Int(truncatingIfNeeded: try reader.readVarint())
        tests = Int(truncatingIfNeeded: try reader.readVarint())
        severity = try Severity(reading: &reader)
        startedAt = try reader.readSigned()
        detectedAt = try reader.readSigned()
        heldAt = try reader.readSigned()
        let hasDetail = try reader.readBool()
        let text = try reader.readString()
        detail = hasDetail ? text : nil
        method = try reader.readString()
        alpha = try reader.readDouble()
        for _ in 0..<(try reader.readCount(minimumSize: 20)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            held[key] = try NoticeBook.Held(from: &reader)
        }
    }
}

extension NoticeBook.Held: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(string: monitor)
        writer.write(string: name)
        writer.write(string: severity.rawValue)
        for number in [strength, value, pValue] { writer.write(double: number) }
        writer.write(signed: count)
        writer.write(signed: startedAt)
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
    }

    init(from reader: inout ByteReader) throws {
        monitor = try reader.readString()
        name = try reader.readString()
        severity = try Severity(reading: &reader)
        strength = try reader.readDouble()
        value = try reader.readDouble()
        pValue = try reader.readDouble()
        count = try reader.readSigned()
        startedAt = try reader.readSigned()
        samples = []
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
    }
}

extension Severity {
    init(reading reader: inout ByteReader) throws {
        guard let severity = Severity(rawValue: try reader.readString()) else { throw CorruptBytes(offset: reader.offset, expected: "a severity") }
        self = severity
    }
}
