/// One incident: the campaigns and hubs that share requests.
package struct ProbingCase: Equatable {
    /// Hubs that are named; more are only counted.
    static let maxHubs = 16
    /// A case that was silent for so long and comes back in earnest is news again.
    private static let silenceMs: Int64 = 3_600_000
    private static let maxArrivals = 8

    package let id: Int64
    /// What the evidence first sufficed for; the incident's monitor never changes.
    let monitor: ProbingMonitor
    let startedAt: Int64
    /// When the evidence sufficed, or when it was news last.
    private(set) var detectedAt: Int64
    var lastAt: Int64
    /// When its newest request took effect: later than its time where it was late.
    package var seenAt: Int64
    /// Of the fan-out table, in the order in which they joined.
    var hubs: [Int32] = []
    var hubCount: Int64 = 0
    /// Another case that it turned out to be part of, 0 for none.
    var into: Int64 = 0
    var isTouched = true
    var requests: Int64 = 0
    /// Most evidence that any part of it had, nats: what it was made of may be forgotten before it ends.
    var peak = 0.0
    private var senders = CaseSenders()
    /// Requests since the last silence of ``silenceMs``.
    private var burst: Int64 = 0
    /// How often it was news since it was opened.
    private(set) var newsCount: Int64 = 0
    /// When it was opened, had somebody new, or another campaign, within the last hour.
    private var arrivals: [Int64]
    /// What is to be told at the next boundary.
    private(set) var news: [CaseNews] = []

    init(id: Int64, monitor: ProbingMonitor, startedAt: Int64, detectedAt: Int64) {
        self.id = id
        self.monitor = monitor
        self.startedAt = startedAt
        self.detectedAt = detectedAt
        lastAt = detectedAt
        seenAt = detectedAt
        arrivals = [detectedAt]
    }

    /// - Parameters:
    ///   - campaign: serial of the request's campaign, 0 for none.
    ///   - hub: a hub of the case that the request belongs to, `Int32.min` for none.
    ///   - sample: the request's text.
    mutating func add(request time: Int64, entities: UnsafeBufferPointer<UInt64>, campaign: Int64, hub: Int32, sample: String) {
        if time - lastAt > Self.silenceMs { burst = 0 }
        burst += 1
        requests += 1
        lastAt = max(lastAt, time)
        isTouched = true
        arrivals.removeAll { time - $0 > Self.silenceMs }
        let newcomer = senders.add(entities, sample, recent: arrivals.count)
        // Who opened the case has been told of.
        if requests == 1 || news.last?.at == time { return senders.tell(entities) }
        if let newcomer {
            tell(CaseNews(kind: .sender, at: time, campaign: campaign, hub: hub, samples: newcomer))
        } else if burst == CaseSenders.earnest, requests > 2 * CaseSenders.earnest {
            tell(CaseNews(kind: .comeback, at: time, campaign: campaign, hub: hub))
        }
    }

    mutating func tell(_ item: CaseNews) {
        newsCount += 1
        if item.kind == .sender || item.kind == .campaign, arrivals.count < Self.maxArrivals { arrivals.append(item.at) }
        detectedAt = item.at
        isTouched = true
        if news.count < CaseNews.capacity { news.append(item) }
    }

    /// Its news has been told.
    mutating func clearNews() { (isTouched, news) = (false, []) }

    /// Whether a request comes from somebody whose tries make up much of it.
    func knows(_ digests: UnsafeBufferPointer<UInt64>) -> Bool { senders.know(digests, of: requests) }

    mutating func add(hub place: Int32) {
        hubCount += 1
        if hubs.count < Self.maxHubs { hubs.append(place) }
    }

    /// Another case turned out to be part of it.
    mutating func takeIn(_ other: ProbingCase) {
        lastAt = max(lastAt, other.lastAt)
        seenAt = max(seenAt, other.seenAt)
        requests += other.requests
        peak = max(peak, other.peak)
        for hub in other.hubs { add(hub: hub) }
        isTouched = true
    }
}

/// The monitors of the probing families, as alerts and runbooks name them.
package enum ProbingMonitor: UInt8, CaseIterable {
    case fingerprint, trajectory, fanOut, boundary, smallAmounts

    var name: String {
        switch self {
        case .fingerprint: "probing.fingerprint"
        case .trajectory: "probing.trajectory"
        case .fanOut: "probing.fanout"
        case .boundary: "probing.boundary"
        case .smallAmounts: "probing.small_amounts"
        }
    }
}

extension ProbingCase {
    func encode(into writer: inout ByteWriter) {
        writer.write(byte: monitor.rawValue)
        for number in [id, startedAt, detectedAt, lastAt, seenAt, hubCount, into, requests, burst, newsCount] { writer.write(signed: number) }
        writer.write(double: peak)
        writer.write(count: hubs.count)
        for hub in hubs { writer.write(signed: Int64(hub)) }
        senders.encode(into: &writer)
        writer.write(count: arrivals.count)
        for time in arrivals { writer.write(signed: time) }
        writer.write(count: news.count)
        for item in news { item.encode(into: &writer) }
        writer.write(bool: isTouched)
    }

    /// - Parameter isHub: whether a place of the fan-out table exists.
    init(from reader: inout ByteReader, isHub: (Int) -> Bool) throws {
        guard let monitor = ProbingMonitor(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "a probing monitor") }
        self.init(id: try reader.readSigned(), monitor: monitor, startedAt: try reader.readSigned(), detectedAt: try reader.readSigned())
        lastAt = try reader.readSigned()
        seenAt = try reader.readSigned()
        hubCount = try reader.readSigned()
        into = try reader.readSigned()
        requests = try reader.readSigned()
        burst = try reader.readSigned()
        newsCount = try reader.readSigned()
        peak = try reader.readDouble()
        for _ in 0..<(try reader.readCount()) {
            let hub = try reader.readSigned()
            guard isHub(Int(hub)) else { throw CorruptBytes(offset: reader.offset, expected: "a hub") }
            hubs.append(Int32(hub))
        }
        senders = try CaseSenders(from: &reader)
        arrivals = []
        for _ in 0..<(try reader.readCount()) { arrivals.append(try reader.readSigned()) }
        for _ in 0..<(try reader.readCount(minimumSize: 5)) {
            let item = try CaseNews(from: &reader)
            guard item.hub == .min || isHub(Int(item.hub)) else { throw CorruptBytes(offset: reader.offset, expected: "a hub") }
            news.append(item)
        }
        isTouched = try reader.readBool()
    }
}
