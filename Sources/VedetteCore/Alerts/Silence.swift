/// A stretch of time in which alerts of some kind are not spoken of: planned maintenance, or a known trouble.
///
/// What is silenced is still judged: an alert that holds when the silence ends is raised then,
/// and one that was raised before is resolved or withdrawn aloud, since somebody waits for it.
public struct Silence: Sendable, Equatable {
    /// Which alerts; an absent part matches everything.
    public struct Matcher: Sendable, Equatable {
        /// A monitor's id or the name of its kind.
        public var monitor: String?
        public var model: String?
        public var subject: String?
        /// The alert's slice has all of these parts.
        public var slice = SliceName()

        public init(monitor: String? = nil, model: String? = nil, subject: String? = nil, slice: SliceName = SliceName()) {
            self.monitor = monitor
            self.model = model
            self.subject = subject
            self.slice = slice
        }

        public func matches(_ target: Target) -> Bool {
            if let monitor, monitor != target.monitorID, monitor != target.monitor { return false }
            if let model, model != target.model { return false }
            if let subject, subject != target.subject { return false }
            return slice.parts.allSatisfy { target.slice.parts.contains($0) }
        }
    }

    /// An alert, as far as a silence cares.
    public struct Target: Sendable {
        public var monitorID: String
        public var monitor: String
        public var model: String
        public var slice: SliceName
        public var subject: String?

        public init(monitorID: String, monitor: String, model: String, slice: SliceName, subject: String?) {
            self.monitorID = monitorID
            self.monitor = monitor
            self.model = model
            self.slice = slice
            self.subject = subject
        }
    }

    public var id: String
    public var matcher: Matcher
    /// First stretch, half-open, ms since 1970 UTC.
    public var from: Int64
    public var until: Int64
    /// The stretch comes again this often, ms; 0 for once.
    public var everyMs: Int64
    public var reason: String
    public var author: String

    /// A silence is at most this long; what lasts longer is a matter for the configuration.
    public static let maxMs: Int64 = 90 * 86_400_000

    public init(id: String, matcher: Matcher, from: Int64, until: Int64, everyMs: Int64 = 0, reason: String, author: String) {
        self.id = id
        self.matcher = matcher
        self.from = from
        self.until = until
        self.everyMs = everyMs
        self.reason = reason
        self.author = author
    }

    /// Whether it holds at `time`, ms.
    public func isActive(at time: Int64) -> Bool {
        guard time >= from else { return false }
        guard everyMs > 0 else { return time < until }
        return (time - from) % everyMs < until - from
    }

    /// Whether it can never hold again.
    public func isOver(at time: Int64) -> Bool { everyMs == 0 && time >= until }
}

extension Silence: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        for text in [id, reason, author] { writer.write(string: text) }
        for time in [from, until, everyMs] { writer.write(signed: time) }
        for text in [matcher.monitor, matcher.model, matcher.subject] {
            writer.write(bool: text != nil)
            writer.write(string: text ?? "")
        }
        writer.write(count: matcher.slice.parts.count)
        for part in matcher.slice.parts {
            writer.write(string: part.dimension)
            writer.write(bool: part.value != nil)
            writer.write(string: part.value ?? "")
        }
    }

    public init(from reader: inout ByteReader) throws {
        id = try reader.readString()
        reason = try reader.readString()
        author = try reader.readString()
        from = try reader.readSigned()
        until = try reader.readSigned()
        everyMs = try reader.readSigned()
        matcher = Matcher()
        matcher.monitor = try Self.readOptional(&reader)
        matcher.model = try Self.readOptional(&reader)
        matcher.subject = try Self.readOptional(&reader)
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            matcher.slice.parts.append(.init(dimension: try reader.readString(), value: try Self.readOptional(&reader)))
        }
    }

    private static func readOptional(_ reader: inout ByteReader) throws -> String? {
        let isPresent = try reader.readBool()
        let text = try reader.readString()
        return isPresent ? text : nil
    }
}

/// The silences of the configuration and those that control records set. Bounded.
public struct SilenceBook: Sendable {
    /// Silences from control records at once; beyond it the one that ends first goes.
    public static let maxDynamic = 1_000

    /// From the configuration: not part of a snapshot.
    private let fixed: [Silence]
    public private(set) var dynamic: [String: Silence] = [:]

    public init(_ fixed: [Silence]) { self.fixed = fixed }

    public mutating func apply(_ action: ControlRecord.Action) {
        switch action {
        case .silence(let silence):
            if dynamic[silence.id] == nil, dynamic.count >= Self.maxDynamic {
                let first = dynamic.values.min { ($0.until, $0.id) < ($1.until, $1.id) }
                if let first { dynamic[first.id] = nil }
            }
            dynamic[silence.id] = silence
        case .breaker: break
        case .unsilence(let id): dynamic[id] = nil
        }
    }

    /// Forgets what can never hold again.
    public mutating func prune(at time: Int64) {
        guard !dynamic.isEmpty else { return }
        dynamic = dynamic.filter { !$0.value.isOver(at: time) }
    }

    /// The silence that an alert falls under at `time`; the configuration's first.
    public func find(_ target: Silence.Target, at time: Int64) -> Silence? {
        if let found = fixed.first(where: { $0.isActive(at: time) && $0.matcher.matches(target) }) { return found }
        return dynamic.values.filter { $0.isActive(at: time) && $0.matcher.matches(target) }.min { $0.id < $1.id }
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(count: dynamic.count)
        for silence in dynamic.values.sorted(by: { $0.id < $1.id }) { silence.encode(into: &writer) }
    }

    public init(_ fixed: [Silence], from reader: inout ByteReader) throws {
        self.init(fixed)
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            let silence = try Silence(from: &reader)
            dynamic[silence.id] = silence
        }
    }
}
