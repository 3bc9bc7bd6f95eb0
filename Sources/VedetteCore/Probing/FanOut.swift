/// What is known of one entity (a device, an address, a card) as a hub of others.
struct FanOutHub: Equatable {
    // What every request touches stands together.
    var day: Int64 = 0
    /// Request counter of the newest request.
    var newest: Int64 = 0
    var lastAt: Int64 = 0
    var requests: Int64 = 0
    var interventions: Int64 = 0
    var money = 0.0
    var peak = 0.0
    var isReported = false
    /// Kind whose distinct count carries the evidence.
    var over: Int32 = -1
    var startedAt: Int64 = 0
    var evidence = ScanEvidence(since: 0)
    var samples: [String] = []
    var distinct = 0.0
    /// Case that it belongs to, 0 for none yet.
    var caseID: Int64 = 0
}

/// One device, address or card over many accounts, and many of them at once.
///
/// For every pair of entity kinds (A, B) the tail of "how many different B did this A have within two days" is
/// learned from the stream; each new B of an A is a hit with that tail as its p-value. Evidence gathers per A
/// and, for attacks that spread thinly over many devices, per pair of kinds. Memory: a fixed table per kind, in
/// buckets of eight; when a bucket is full the hub without evidence that was idle longest goes.
struct FanOut {
    private static let ways = 8
    private static let dayMs: Int64 = 86_400_000
    private static let joinAt = 2.5
    private static let excludedAt = 3.0
    private static let ln2 = 0.6931471805599453
    /// Tail values are 8 ln(distinct): a power law becomes an exponential.
    private static let scale = 8.0
    /// 128-bit linear counting: estimate by the number of bits set, and its value for the tails.
    private static let estimates: ContiguousArray<(count: Double, value: Double)> = ContiguousArray(
        (0...128).map { set in
            let count = set == 128 ? 700 : -128 * RealFunctions.log(1 - Double(set) / 128)
            return (count, scale * RealFunctions.log(count))
        })

    let kinds: Int
    private let buckets: Int
    private let rule: ProbingRule
    /// Keyed digests; 0 is an empty place.
    private(set) var digests: ContiguousArray<UInt64>
    private(set) var hubs: ContiguousArray<FanOutHub>
    /// Who goes last from a bucket: the largest. A function of the hub, kept beside the digests so that a look at a
    /// bucket is a look at two cache lines.
    private var ranks: ContiguousArray<UInt64>
    /// Two words of today and two of yesterday per hub and other kind.
    private var bits: ContiguousArray<UInt64>
    private var tails: ContiguousArray<TailEstimate>
    /// Per pair of kinds, all hubs together.
    private(set) var pairs: ContiguousArray<FanOutHub>
    private var requests: Int64 = 0
    /// Places that the newest request gave evidence to, pairs included.
    private(set) var hits: ContiguousArray<Int32> = []
    /// Place of each kind's entity in the newest request.
    private var found: ContiguousArray<Int>

    init(kinds: Int, rule: ProbingRule) {
        self.kinds = kinds
        self.rule = rule
        buckets = max(1, rule.maxEntities / Self.ways)
        hubs = ContiguousArray(repeating: FanOutHub(), count: kinds * buckets * Self.ways)
        digests = ContiguousArray(repeating: 0, count: hubs.count)
        ranks = digests
        found = ContiguousArray(repeating: 0, count: kinds)
        bits = ContiguousArray(repeating: 0, count: hubs.count * kinds * 4)
        tails = ContiguousArray(repeating: TailEstimate(), count: kinds * kinds)
        pairs = ContiguousArray(repeating: FanOutHub(), count: kinds * kinds)
    }

    // MARK: Observing

    mutating func observe(_ request: ProbingRequest, entities: UnsafeBufferPointer<UInt64>, sample: () -> String) {
        requests += 1
        hits.removeAll(keepingCapacity: true)
        // All look-ups first: they wait for memory together and not one after the other.
        let day = floorDivide(request.time, Self.dayMs)
        for kind in 0..<kinds where entities[kind] != 0 { found[kind] = find(kind, entities[kind], request.time, day) }
        for kind in 0..<kinds where entities[kind] != 0 { observe(request, kind, found[kind], entities, sample) }
    }

    private mutating func observe(
        _ request: ProbingRequest, _ kind: Int, _ place: Int, _ entities: UnsafeBufferPointer<UInt64>, _ sample: () -> String
    ) {
        count(request, &hubs[place])
        for other in 0..<kinds where other != kind && entities[other] != 0 {
            let set = add(entities[other], other, to: place)
            guard set > 0 else { continue }
            let pair = kind * kinds + other
            let (count, value) = Self.estimates[set]
            if tails[pair].total >= rule.warmUp { hit(place, pair, other, count, tails[pair].logTail(value), request, sample) }
            if hubs[place].peak < Self.excludedAt { tails[pair].add(value) }
        }
        ranks[place] = Self.rank(hubs[place].isReported, hubs[place].peak, hubs[place].newest)
    }

    @inline(__always)
    private func count(_ request: ProbingRequest, _ hub: inout FanOutHub) {
        hub.newest = requests
        hub.lastAt = max(hub.lastAt, request.time)
        hub.requests += 1
        if request.decision.isIntervention { hub.interventions += 1 }
        if request.amount.isFinite { hub.money += request.amount }
    }

    /// How many bits are set after adding a new one of the other kind, or 0 where it was there already.
    @inline(__always)
    private mutating func add(_ digest: UInt64, _ other: Int, to place: Int) -> Int {
        let base = (place * kinds + other) * 4
        let bit = (digest &* 0xD6E8_FEB8_6659_FD93) &>> 57
        return bits.withUnsafeMutableBufferPointer { bits in
            let (word, mask) = (base + Int(bit &>> 6), 1 as UInt64 &<< (bit & 63))
            guard (bits[word] | bits[word + 2]) & mask == 0 else { return 0 }
            bits[word] |= mask
            return (bits[base] | bits[base + 2]).nonzeroBitCount + (bits[base + 1] | bits[base + 3]).nonzeroBitCount
        }
    }

    private mutating func hit(
        _ place: Int, _ pair: Int, _ other: Int, _ count: Double, _ logP: Double, _ request: ProbingRequest, _ sample: () -> String
    ) {
        let logE = ScanEvidence.logE(logP: logP) - Self.ln2
        guard logE > Self.joinAt else { return }
        let text = sample()
        Self.hit(&hubs[place], logE, other, count, requests, request, text)
        if hubs[place].peak >= rule.minFanOutEvidence { hubs[place].isReported = true }
        hits.append(Int32(place))
        // What is already a case is not counted twice.
        guard hubs[place].caseID == 0 else { return }
        Self.hit(&pairs[pair], logE, other, count, requests, request, text)
        pairs[pair].requests += 1
        if request.decision.isIntervention { pairs[pair].interventions += 1 }
        if pairs[pair].peak >= rule.minFanOutEvidence { pairs[pair].isReported = true }
        hits.append(Int32(-1 - pair))
    }

    private static func hit(
        _ hub: inout FanOutHub, _ logE: Double, _ other: Int, _ count: Double, _ now: Int64, _ request: ProbingRequest, _ sample: String
    ) {
        if hub.evidence.hits == 0 || hub.evidence.value(at: now) < 0 {
            hub.evidence = ScanEvidence(since: now)
            if !hub.isReported { hub.startedAt = request.time }
        }
        hub.evidence.add(logE)
        hub.peak = max(hub.isReported ? hub.peak : 0, hub.evidence.value(at: now))
        (hub.over, hub.distinct) = (Int32(other), count)
        hub.lastAt = max(hub.lastAt, request.time)
        if hub.samples.count == 10 { hub.samples.remove(at: 4) }
        hub.samples.append(sample)
    }

    mutating func setCase(_ id: Int64, of place: Int) {
        if place >= 0 { hubs[place].caseID = id } else { pairs[-1 - place].caseID = id }
    }

    /// The case is over: evidence starts anew.
    mutating func close(_ place: Int) {
        guard place >= 0 else { return pairs[-1 - place] = FanOutHub() }
        (hubs[place].isReported, hubs[place].peak, hubs[place].caseID) = (false, 0, 0)
        hubs[place].evidence = ScanEvidence(since: requests)
        ranks[place] = Self.rank(hubs[place].isReported, hubs[place].peak, hubs[place].newest)
    }

    /// Places of hubs are 0 and above; pair `p` is -1 - p.
    func hub(_ place: Int) -> FanOutHub { place >= 0 ? hubs[place] : pairs[-1 - place] }
    func has(_ place: Int) -> Bool { place >= -pairs.count && place < hubs.count }
    func kind(of place: Int) -> Int { place >= 0 ? place / (buckets * Self.ways) : (-1 - place) / kinds }

    // MARK: Table

    private mutating func find(_ kind: Int, _ digest: UInt64, _ time: Int64, _ day: Int64) -> Int {
        let start = (kind * buckets + Int(digest % UInt64(buckets))) * Self.ways
        for place in start..<start + Self.ways where digests[place] == digest {
            if day > hubs[place].day { roll(place, to: day) }
            return place
        }
        var victim = start
        for place in start + 1..<start + Self.ways where ranks[place] < ranks[victim] { victim = place }
        hubs[victim] = FanOutHub()
        digests[victim] = digest
        hubs[victim].day = day
        hubs[victim].startedAt = time
        for word in victim * kinds * 4..<(victim + 1) * kinds * 4 { bits[word] = 0 }
        return victim
    }

    /// Least goes first; 0 is an empty place.
    @inline(__always)
    private static func rank(_ isReported: Bool, _ peak: Double, _ newest: Int64) -> UInt64 {
        (isReported ? 3 : peak > 0 ? 2 : 1) &<< 60 | UInt64(newest)
    }

    private mutating func roll(_ place: Int, to day: Int64) {
        let passed = day - hubs[place].day
        guard passed > 0 else { return }
        hubs[place].day = day
        for pair in place * kinds..<(place + 1) * kinds {
            for word in pair * 4..<pair * 4 + 2 {
                bits[word + 2] = passed == 1 ? bits[word] : 0
                bits[word] = 0
            }
        }
    }
}

extension FanOutHub: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for number in [day, newest, startedAt, lastAt, requests, interventions, Int64(over)] { writer.write(signed: number) }
        evidence.encode(into: &writer)
        for number in [peak, money, distinct] { writer.write(double: number) }
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
        writer.write(bool: isReported)
        writer.write(signed: caseID)
    }

    init(from reader: inout ByteReader) throws {
        day = try reader.readSigned()
        newest = try reader.readSigned()
        startedAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        requests = try reader.readSigned()
        interventions = try reader.readSigned()
        over = Int32(truncatingIfNeeded: try reader.readSigned())
        evidence = try ScanEvidence(from: &reader)
        peak = try reader.readDouble()
        money = try reader.readDouble()
        distinct = try reader.readDouble()
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
        isReported = try reader.readBool()
        caseID = try reader.readSigned()
    }
}

extension FanOut {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: requests)
        writer.write(words: digests)
        for place in hubs.indices where digests[place] != 0 { hubs[place].encode(into: &writer) }
        for pair in pairs {
            writer.write(bool: pair.evidence.hits > 0)
            if pair.evidence.hits > 0 { pair.encode(into: &writer) }
        }
        writer.write(words: bits)
        for tail in tails { tail.encode(into: &writer) }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        requests = try reader.readSigned()
        digests = try reader.readWords()
        guard digests.count == hubs.count else { throw CorruptBytes(offset: reader.offset, expected: "\(hubs.count) hubs") }
        for place in hubs.indices {
            hubs[place] = digests[place] != 0 ? try FanOutHub(from: &reader) : FanOutHub()
            ranks[place] = digests[place] != 0 ? Self.rank(hubs[place].isReported, hubs[place].peak, max(0, hubs[place].newest)) : 0
        }
        for place in pairs.indices { pairs[place] = try reader.readBool() ? try FanOutHub(from: &reader) : FanOutHub() }
        bits = try reader.readWords()
        for place in tails.indices { tails[place] = try TailEstimate(from: &reader) }
        guard bits.count == hubs.count * kinds * 4 else {
            throw CorruptBytes(offset: reader.offset, expected: "hubs of \(kinds) entity kinds")
        }
    }
}
