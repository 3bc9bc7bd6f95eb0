/// One incident: the campaigns and hubs that share requests.
struct ProbingCase: Equatable {
    /// Hubs that are named; more are only counted.
    static let maxHubs = 16

    let id: Int64
    /// What the evidence first sufficed for; the incident's monitor never changes.
    let monitor: ProbingMonitor
    let startedAt: Int64
    /// When the evidence sufficed, or when the newest burst was recognised.
    var detectedAt: Int64
    var lastAt: Int64
    /// Of the fan-out table, in the order in which they joined.
    var hubs: [Int32] = []
    var hubCount: Int64 = 0
    /// Another case that it turned out to be part of, 0 for none.
    var into: Int64 = 0
    var isTouched = true
    var requests: Int64 = 0
    /// Most evidence that any part of it had, nats: what it was made of may be forgotten before it ends.
    var peak = 0.0
    /// Keyed digests of the entities whose tries are in it, the newest last, and how many tries each had.
    var entities: [EntityTries] = []
    static let maxEntities = 32

    struct EntityTries: Equatable {
        var digest: UInt64
        var tries: Int64
    }

    /// Requests since the last silence of ``silenceMs``, and how often it came back after one or moved on.
    var burst: Int64 = 0
    var returns: Int64 = 0

    /// A case that was silent for an hour and comes back in earnest is news again.
    private static let silenceMs: Int64 = 3_600_000
    private static let earnest: Int64 = 5

    mutating func add(request time: Int64) {
        if time - lastAt > Self.silenceMs { burst = 0 }
        burst += 1
        requests += 1
        lastAt = max(lastAt, time)
        isTouched = true
        if burst == Self.earnest, requests > 2 * Self.earnest {
            returns += 1
            detectedAt = time
        }
    }

    mutating func findsAnother(at time: Int64) {
        returns += 1
        detectedAt = time
        isTouched = true
    }

    /// Somebody who is new to a case that has been open for a while, and comes in earnest, is news as well: the case may
    /// be another attacker's who has the same habits, and be kept busy by him.
    mutating func add(entities digests: UnsafeBufferPointer<UInt64>, at time: Int64) {
        for digest in digests where digest != 0 {
            var entity = EntityTries(digest: digest, tries: 0)
            if let place = entities.firstIndex(where: { $0.digest == digest }) {
                entity = entities.remove(at: place)
            } else if entities.count == Self.maxEntities {
                entities.removeFirst()
            }
            entity.tries += 1
            entities.append(entity)
            if entity.tries == Self.earnest, time - detectedAt > Self.silenceMs { findsAnother(at: time) }
        }
    }

    /// Whether a request comes from somebody whose tries make up much of it.
    func knows(_ digests: UnsafeBufferPointer<UInt64>) -> Bool {
        entities.contains { $0.tries >= Self.leastShared && $0.tries * 4 >= requests && digests.contains($0.digest) }
    }
    private static let leastShared: Int64 = 3

    mutating func add(hub place: Int32) {
        hubCount += 1
        if hubs.count < Self.maxHubs { hubs.append(place) }
    }
}

/// The monitors of the probing families, as alerts and runbooks name them.
enum ProbingMonitor: UInt8, CaseIterable {
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

/// The open cases of one model. A request that touches two sources of evidence makes them one case.
struct CaseBook {
    /// Cases at once; beyond it the one that was quiet longest is dropped.
    static let capacity = 256

    private(set) var cases: [ProbingCase] = []
    private var ids: Int64 = 0

    func index(of id: Int64) -> Int? { id == 0 ? nil : cases.firstIndex { $0.id == id } }

    /// The case that `id` became part of in the end.
    func root(_ id: Int64) -> Int64 {
        var current = id
        while let place = index(of: current), cases[place].into != 0 { current = cases[place].into }
        return index(of: current) == nil ? 0 : current
    }

    mutating func open(_ monitor: ProbingMonitor, startedAt: Int64, at time: Int64) -> Int64 {
        if cases.count == Self.capacity, let oldest = cases.indices.min(by: { cases[$0].lastAt < cases[$1].lastAt }) { cases.remove(at: oldest) }
        ids += 1
        cases.append(ProbingCase(id: ids, monitor: monitor, startedAt: startedAt, detectedAt: time, lastAt: time))
        return ids
    }

    mutating func update(_ id: Int64, _ change: (inout ProbingCase) -> Void) {
        guard let place = index(of: id) else { return }
        change(&cases[place])
    }

    /// The older of two cases takes the newer in.
    mutating func join(_ a: Int64, _ b: Int64) {
        let (first, second) = (min(root(a), root(b)), max(root(a), root(b)))
        guard first != 0, first != second else { return }
        let newer = cases[index(of: second)!]
        update(second) { ($0.into, $0.isTouched) = (first, true) }
        update(first) { older in
            older.lastAt = max(older.lastAt, newer.lastAt)
            older.requests += newer.requests
            older.peak = max(older.peak, newer.peak)
            for hub in newer.hubs { older.add(hub: hub) }
            older.isTouched = true
        }
    }

    /// The case that had news last, if another one's beginning so soon after it would be a coincidence: as often as
    /// cases have been opened since the model's first decision, one in twenty such times holds one.
    func current(at time: Int64, since first: Int64) -> Int64 {
        guard let newest = cases.filter({ $0.into == 0 }).max(by: { ($0.detectedAt, $0.id) < ($1.detectedAt, $1.id) }) else { return 0 }
        let expected = Double(ids) * Double(max(0, time - newest.detectedAt)) / Double(max(1, time - first))
        return expected < Self.coincidence ? newest.id : 0
    }
    private static let coincidence = 0.05

    mutating func remove(_ id: Int64) { cases.removeAll { $0.id == id } }
    mutating func clearTouched() { for place in cases.indices { cases[place].isTouched = false } }
}

extension CaseBook {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: ids)
        writer.write(count: cases.count)
        for entry in cases {
            writer.write(byte: entry.monitor.rawValue)
            for number in [entry.id, entry.startedAt, entry.detectedAt, entry.lastAt, entry.hubCount, entry.into, entry.requests, entry.burst, entry.returns] {
                writer.write(signed: number)
            }
            writer.write(double: entry.peak)
            writer.write(count: entry.hubs.count)
            for hub in entry.hubs { writer.write(signed: Int64(hub)) }
            writer.write(count: entry.entities.count)
            for entity in entry.entities {
                writer.write(fixed64: entity.digest)
                writer.write(signed: entity.tries)
            }
            writer.write(bool: entry.isTouched)
        }
    }

    /// - Parameter isHub: whether a place of the fan-out table exists.
    mutating func restore(from reader: inout ByteReader, isHub: (Int) -> Bool) throws {
        ids = try reader.readSigned()
        cases = []
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            guard let monitor = ProbingMonitor(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "a probing monitor") }
            var entry = ProbingCase(
                id: try reader.readSigned(), monitor: monitor, startedAt: try reader.readSigned(), detectedAt: try reader.readSigned(),
                lastAt: try reader.readSigned())
            entry.hubCount = try reader.readSigned()
            entry.into = try reader.readSigned()
            entry.requests = try reader.readSigned()
            entry.burst = try reader.readSigned()
            entry.returns = try reader.readSigned()
            entry.peak = try reader.readDouble()
            for _ in 0..<(try reader.readCount()) {
                let hub = try reader.readSigned()
                guard isHub(Int(hub)) else { throw CorruptBytes(offset: reader.offset, expected: "a hub") }
                entry.hubs.append(Int32(hub))
            }
            for _ in 0..<(try reader.readCount(minimumSize: 9)) {
                entry.entities.append(ProbingCase.EntityTries(digest: try reader.readFixed64(), tries: try reader.readSigned()))
            }
            entry.isTouched = try reader.readBool()
            cases.append(entry)
        }
    }
}
