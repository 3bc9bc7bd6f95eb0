/// One device, address or card over many accounts, and many of them at once.
///
/// For every pair of entity kinds (A, B), two things are asked of each hub A at each request with a B:
/// is this B new more often than with hubs of like past and volume (``NoveltyTable``), and do new ones come faster
/// than to this hub before? Both are cumulative sums of ln likelihood ratios (Page 1954), the first for odds
/// ``noveltyFactor`` times as large, the second for a Poisson rate ``rateFactor`` times as large. How large such sums
/// become with ordinary hubs is learned (``TailEstimate``, one vote per hub, day and pair), and that tail is the
/// p-value: what is usual among hubs is no news, whatever a Poisson law says of it. Attacks that spread thinly over many devices
/// gather per pair of kinds: more conspicuous hubs than there used to be.
///
/// Nothing is said before all this has been learned for as long as the counts span. Memory: a fixed table per kind, in
/// buckets of eight; when a bucket is full the hub without evidence that was idle longest goes.
struct FanOut: ~Copyable {
    private static let ways = 8
    /// A processor waits for two dozen cache lines at once and no more: the next request's are asked for in so many parts.
    static let parts = 3
    private static let dayMs: Int64 = 86_400_000
    /// Evidence above which a request is a hit, and a hub counts for its pair of kinds.
    static let joinAt = 3.0
    static let crossAt = 4.0
    /// What is past loses a tenth a day.
    private static let decay = 0.9
    private static let noveltyFactor = 20.0
    private static let rateFactor: Float = 4
    /// A hub that lost its place after so many requests is not new when it comes back; each day halves them.
    private static let returningFrom = 8
    private static let lnRateFactor: Float = 1.3862944

    let kinds: Int
    private let buckets: Int
    /// Of a digest, the bits that tell its bucket where the buckets are as many as a power of two; 0 where they are not.
    private let mask: UInt64
    private let rule: ProbingRule
    /// What the choice among two sums and the other kinds costs.
    private let choice: Double
    /// Keyed digests; 0 is an empty place.
    private var digests: FixedTable<UInt64>
    private var hubs: FixedTable<FanOutHub>
    /// Who goes last from a bucket: the largest. A function of the hub, kept beside the digests so that a look at a
    /// bucket is a look at two cache lines.
    private var ranks: FixedTable<UInt64>
    /// Per hub and other kind.
    private var links: FixedTable<FanOutLink>
    private var novelties: FixedTable<NoveltyTable>
    private var noveltyTails: FixedTable<TailEstimate>
    private var rateTails: FixedTable<TailEstimate>
    /// Per pair of kinds, all hubs together.
    private(set) var pairs: ContiguousArray<FanOutHub>
    private var pairRates: ContiguousArray<PairRate>
    /// Requests of hubs that lost their place, per kind.
    private var forgotten: FixedTable<CountMinSketch>
    private var forgottenOn: Int64 = 0
    private var requests: Int64 = 0
    /// Time of the first request, ms.
    private(set) var firstAt: Int64 = 0
    /// Places that the newest request gave evidence to, pairs included.
    private(set) var hits: ContiguousArray<Int32> = []
    /// Place of each kind's entity in the newest request.
    private var found: FixedTable<Int>

    init(kinds: Int, rule: ProbingRule) {
        self.kinds = kinds
        self.rule = rule
        choice = RealFunctions.log(2 * Double(max(1, kinds - 1)))
        buckets = max(1, rule.maxEntities / Self.ways)
        mask = buckets & (buckets - 1) == 0 ? UInt64(buckets - 1) : 0
        let places = kinds * buckets * Self.ways
        hubs = FixedTable(repeating: FanOutHub(), count: places)
        digests = FixedTable(repeating: 0, count: places)
        ranks = FixedTable(repeating: 0, count: places)
        found = FixedTable(repeating: 0, count: kinds)
        links = FixedTable(repeating: FanOutLink(), count: places * kinds)
        novelties = FixedTable(repeating: NoveltyTable(), count: kinds * kinds)
        noveltyTails = FixedTable(repeating: TailEstimate(), count: kinds * kinds)
        rateTails = FixedTable(repeating: TailEstimate(), count: 2 * kinds * kinds)
        pairs = ContiguousArray(repeating: FanOutHub(), count: kinds * kinds)
        forgotten = FixedTable(repeating: CountMinSketch(width: Self.sketchWidth(rule.maxEntities)), count: kinds)
        pairRates = ContiguousArray(repeating: PairRate(), count: kinds * kinds)
    }

    /// Wide enough that most entities which come once do not look like one that came often.
    private static func sketchWidth(_ entities: Int) -> Int {
        var width = 1_024
        while width < 4 * entities, width < CountMinSketch.maxWidth { width *= 2 }
        return width
    }

    // MARK: Observing

    // `mutating` where something is only asked for or looked for, so that nothing is copied.

    /// Asks for the memory of a request that comes after the next one: the buckets that its entities are in. Changes nothing.
    mutating func expectSoon(_ entities: UnsafeBufferPointer<UInt64>) {
        for kind in 0..<kinds where entities[kind] != 0 {
            let start = bucket(kind, entities[kind])
            // A bucket's are a cache line each.
            digests.prefetch(start)
            ranks.prefetch(start)
        }
    }

    /// Asks for the memory of the request that comes next, of the `part`th of ``parts`` of its entities: a look at many places takes as
    /// long as a look at one, as long as they are not too many. Changes nothing.
    mutating func expect(_ entities: UnsafeBufferPointer<UInt64>, part: Int) {
        for kind in kinds * part / Self.parts..<kinds * (part + 1) / Self.parts where entities[kind] != 0 {
            let place = locate(kind, entities[kind])
            hubs.prefetch(place..<place + 1)
            // Nothing is known of a hub as its own partner.
            for other in 0..<kinds where other != kind { links.prefetch(place * kinds + other) }
            guard digests[place] != entities[kind] else { continue }
            forgotten[kind].prefetch(entities[kind])
            if digests[place] != 0 { forgotten[kind].prefetch(digests[place]) }
        }
    }

    mutating func observe(_ request: ProbingRequest, entities: UnsafeBufferPointer<UInt64>, sample: () -> String) {
        if requests == 0 { firstAt = request.time }
        requests += 1
        if !hits.isEmpty { hits.removeAll(keepingCapacity: true) }
        let day = floorDivide(request.time, Self.dayMs)
        if day > forgottenOn {
            forgottenOn = day
            for kind in forgotten.indices { forgotten[kind].halve() }
            teachSleepers(before: day)
        }
        for kind in 0..<kinds where entities[kind] != 0 { found[kind] = locate(kind, entities[kind]) }
        for kind in 0..<kinds where entities[kind] != 0 { take(found[kind], kind, entities[kind], request.time, day) }
        for kind in 0..<kinds where entities[kind] != 0 { observe(request, kind, found[kind], entities, sample) }
    }

    private mutating func observe(
        _ request: ProbingRequest, _ kind: Int, _ place: Int, _ entities: UnsafeBufferPointer<UInt64>, _ sample: () -> String
    ) {
        let elapsed = Float(requests - hubs[place].newest)
        // A hub without a past is compared with one that meets somebody new once a day.
        let span = hubs[place].isNew ? Double(requests) * Double(Self.dayMs) / Double(max(Self.dayMs, request.time - firstAt)) : hubs[place].span
        hubs[place].newest = requests
        hubs[place].count(request)
        // Sums begin when the shares of a day are known, and are judged when there are sums of a whole day to compare with.
        let gathers = request.time - firstAt >= Self.dayMs
        let judges = request.time - firstAt >= 3 * Self.dayMs
        var (best, over) = (-1.0, -1)
        for other in 0..<kinds where other != kind {
            let (pair, link) = (kind * kinds + other, place * kinds + other)
            if links[link].rate > 0 { drain(link, elapsed, span: span) }
            guard entities[other] != 0, links[link].samples(entities[other]) else { continue }
            guard meet(entities[other], pair, link, place, gathers: gathers), judges else { continue }
            let value = evidence(pair, place, other) - choice
            if value > best { (best, over) = (value, other) }
        }
        if over >= 0 { weigh(best, request, kind, over, place, sample) }
        ranks[place] = Self.rank(hubs[place])
    }

    /// A hub that meets nobody new for a while takes its rate back.
    private mutating func drain(_ link: Int, _ elapsed: Float, span: Double) {
        let usual = (links[link].past / Float(1 &<< UInt64(links[link].level)) + 1) / Float(span)
        links[link].rate = max(0, links[link].rate - (Self.rateFactor - 1) * usual * elapsed)
    }

    /// - Returns: whether the partner is new.
    @inline(__always)
    private mutating func meet(_ partner: UInt64, _ pair: Int, _ link: Int, _ place: Int, gathers: Bool) -> Bool {
        let set = links[link].set
        let repeats = links[link].repeats
        let isNew = links[link].add(partner, set: set)
        // The first partner is new by definition; so are many where another sample of them has just begun.
        guard !links[link].isSettling else { return false }
        if set > 0 {
            let state = NoveltyTable.state(pastClass: links[link].pastClass, set: set, repeats: repeats)
            if gathers, isNew || links[link].novelty > 0 {
                let share = novelties[pair].share(state)
                let scale = 1 + (Self.noveltyFactor - 1) * share
                let step = RealFunctions.log(isNew ? Self.noveltyFactor / scale : 1 / scale)
                links[link].novelty = max(0, links[link].novelty + Float(step))
            }
            if !hubs[place].isReported { novelties[pair].learn(state, isNew: isNew) }
        }
        guard gathers else { return isNew }
        let hasRate = hubs[place].hasRate
        if isNew, hasRate { links[link].rate += Self.lnRateFactor }
        links[link].vote(withRate: hasRate)
        return isNew
    }

    /// A hub's day becomes part of what is ordinary: its largest sums, one vote each.
    ///
    /// Not before the day is over, so that it is never compared with itself, and not at all where an incident had
    /// to do with it: an attack must not teach that attacks are ordinary.
    private mutating func teach(_ place: Int, of kind: Int) {
        guard !hubs[place].isReported, hubs[place].caseID == 0, !hubs[place].isSuspect else { return }
        for other in 0..<kinds where other != kind {
            // Field by field: a copy of a link is a call.
            let (novelty, rate) = (links[place * kinds + other].noveltyVote, links[place * kinds + other].rateVote)
            if novelty > 0 { noveltyTails[kind * kinds + other].add(bin: Int(novelty) - 1) }
            if rate > 0 { rateTails[rateTail(place, kind * kinds + other)].add(bin: Int(rate) - 1) }
        }
    }

    /// Hubs that have not come back: most never do where traffic is thin, and what was usual among them must be known
    /// all the same. Once a day. O(hubs).
    private mutating func teachSleepers(before day: Int64) {
        for place in hubs.indices where digests[place] != 0 && hubs[place].day < day {
            teach(place, of: place / (buckets * Self.ways))
            for link in place * kinds..<(place + 1) * kinds { links[link].forgetVotes() }
        }
    }

    /// Hubs without a past are compared with such: behind those of all pairs.
    private func rateTail(_ place: Int, _ pair: Int) -> Int { hubs[place].isNew ? kinds * kinds + pair : pair }

    /// The newest request is part of an incident of another kind.
    mutating func suspectNewest(_ entities: UnsafeBufferPointer<UInt64>) {
        for kind in 0..<kinds where entities[kind] != 0 { hubs[found[kind]].isSuspect = true }
    }

    /// -ln of the chance that an ordinary hub gets so far on a day.
    private func evidence(_ pair: Int, _ place: Int, _ other: Int) -> Double {
        let link = links[place * kinds + other]
        var best = 0.0
        if noveltyTails[pair].total >= rule.warmUp { best = -noveltyTails[pair].logTail(Double(link.novelty)) }
        let tail = rateTail(place, pair)
        if link.rate > 0, rateTails[tail].total >= rule.warmUp { best = max(best, -rateTails[tail].logTail(Double(link.rate))) }
        return best
    }

    private mutating func weigh(_ value: Double, _ request: ProbingRequest, _ kind: Int, _ other: Int, _ place: Int, _ sample: () -> String) {
        guard value > Self.joinAt else {
            if !hubs[place].isReported { (hubs[place].peak, hubs[place].isConspicuous) = (0, false) }
            return
        }
        let text = sample()
        let distinct = links[place * kinds + other].distinct
        hubs[place].hit(value, over: other, distinct: distinct, request, text, limit: rule.minFanOutEvidence)
        hits.append(Int32(place))
        // What is already a case is not counted twice.
        guard hubs[place].caseID == 0, value > Self.crossAt, !hubs[place].isConspicuous else { return }
        hubs[place].isConspicuous = true
        let pair = kind * kinds + other
        let sum = pairRates[pair].add(at: requests, day: hubs[place].day, factor: Double(Self.rateFactor))
        guard sum > Self.joinAt else {
            if !pairs[pair].isReported { pairs[pair].peak = 0 }
            return
        }
        pairs[pair].count(request)
        pairs[pair].hit(sum, over: other, distinct: distinct, request, text, limit: rule.minFanOutEvidence)
        hits.append(Int32(-1 - pair))
    }

    mutating func setCase(_ id: Int64, of place: Int) {
        guard place >= 0 else { return pairs[-1 - place].caseID = id }
        hubs[place].caseID = id
        ranks[place] = Self.rank(hubs[place])
    }

    mutating func setAcquaintance(_ id: Int64, of place: Int) { hubs[place].acquaintance = id }

    /// The case is over: evidence starts anew.
    mutating func close(_ place: Int) {
        guard place >= 0 else {
            pairRates[-1 - place].sum = 0
            return pairs[-1 - place] = FanOutHub()
        }
        hubs[place].clear()
        for link in place * kinds..<(place + 1) * kinds { (links[link].novelty, links[link].rate) = (0, 0) }
        ranks[place] = Self.rank(hubs[place])
    }

    /// Places of hubs are 0 and above; pair `p` is -1 - p.
    func hub(_ place: Int) -> FanOutHub { place >= 0 ? hubs[place] : pairs[-1 - place] }
    func has(_ place: Int) -> Bool { place >= -pairs.count && place < hubs.count }
    func kind(of place: Int) -> Int { place >= 0 ? place / (buckets * Self.ways) : (-1 - place) / kinds }

    // MARK: Table

    /// First place of an entity's bucket.
    @inline(__always)
    private mutating func bucket(_ kind: Int, _ digest: UInt64) -> Int {
        // A division takes as long as all the rest of a look.
        let number = mask > 0 ? digest & mask : digest % UInt64(buckets)
        return (kind * buckets + Int(number)) * Self.ways
    }

    /// Where an entity is, or the place that it would take. All places of a bucket at once, and both answers: no branch can tell them apart
    /// beforehand.
    @inline(__always)
    private mutating func locate(_ kind: Int, _ digest: UInt64) -> Int {
        let start = bucket(kind, digest)
        let own = digests.eight(from: start).first(equalTo: Int64(bitPattern: digest))
        // Ranks are below 2^63, so that their order is that of signed numbers.
        let last = ranks.eight(from: start)
        let victim = last.first(equalTo: last.least)
        return start + (own < Self.ways ? own : victim)
    }

    /// The place that ``locate(_:_:)`` found becomes the entity's.
    private mutating func take(_ place: Int, _ kind: Int, _ digest: UInt64, _ time: Int64, _ day: Int64) {
        guard digests[place] != digest else {
            if day > hubs[place].day { roll(place, of: kind, to: day) }
            return
        }
        if digests[place] != 0 {
            teach(place, of: kind)
            forgotten[kind].take(digests[place], count: Int(min(hubs[place].requests, 1_000)))
        }
        hubs[place] = FanOutHub()
        digests[place] = digest
        (hubs[place].day, hubs[place].daySince, hubs[place].newest) = (day, requests, requests)
        hubs[place].startedAt = time
        hubs[place].isReturning = forgotten[kind].count(of: digest) >= Self.returningFrom
        for other in 0..<kinds where other != kind { links[place * kinds + other] = FanOutLink() }
    }

    /// Least goes first; 0 is an empty place.
    @inline(__always)
    private static func rank(_ hub: FanOutHub) -> UInt64 {
        (hub.isReported ? 3 : hub.peak > 0 || hub.caseID != 0 ? 2 : 1) &<< 60 | UInt64(max(0, hub.newest))
    }

    /// A day is over: it becomes the hub's past.
    private mutating func roll(_ place: Int, of kind: Int, to day: Int64) {
        teach(place, of: kind)
        hubs[place].isSuspect = false
        let passed = day - hubs[place].day
        let decay = RealFunctions.pow(Self.decay, Double(passed))
        hubs[place].day = day
        hubs[place].span = decay * (hubs[place].span + Double(requests - hubs[place].daySince))
        hubs[place].days = Float(decay) * (hubs[place].days + 1)
        hubs[place].daySince = requests
        let days = hubs[place].days
        for other in 0..<kinds where other != kind { links[place * kinds + other].roll(passed: passed, decay: Float(decay), days: days) }
    }
}

extension FanOut {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: requests)
        writer.write(signed: firstAt)
        writer.write(signed: forgottenOn)
        for kind in forgotten.indices { forgotten[kind].encode(into: &writer) }
        writer.write(words: ContiguousArray(digests.indices.map { digests[$0] }))
        for place in hubs.indices where digests[place] != 0 {
            hubs[place].encode(into: &writer)
            for link in place * kinds..<(place + 1) * kinds {
                writer.write(bool: !links[link].isEmpty)
                if !links[link].isEmpty { links[link].encode(into: &writer) }
            }
        }
        for pair in pairs { pair.encode(into: &writer) }
        for pair in pairRates { pair.encode(into: &writer) }
        for pair in 0..<kinds * kinds where pair / kinds != pair % kinds {
            novelties[pair].encode(into: &writer)
            noveltyTails[pair].encode(into: &writer)
            for tail in [pair, kinds * kinds + pair] { rateTails[tail].encode(into: &writer) }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        requests = try reader.readSigned()
        firstAt = try reader.readSigned()
        forgottenOn = try reader.readSigned()
        for kind in forgotten.indices { try forgotten[kind].restore(from: &reader) }
        let words = try reader.readWords()
        guard words.count == digests.count else { throw CorruptBytes(offset: reader.offset, expected: "\(digests.count) hubs") }
        for place in hubs.indices {
            digests[place] = words[place]
            let isKnown = digests[place] != 0
            hubs[place] = isKnown ? try FanOutHub(from: &reader) : FanOutHub()
            ranks[place] = isKnown ? Self.rank(hubs[place]) : 0
            for link in place * kinds..<(place + 1) * kinds {
                links[link] = isKnown ? try reader.readBool() ? try FanOutLink(from: &reader) : FanOutLink() : FanOutLink()
            }
        }
        for place in pairs.indices { pairs[place] = try FanOutHub(from: &reader) }
        for place in pairRates.indices { pairRates[place] = try PairRate(from: &reader) }
        for pair in 0..<kinds * kinds where pair / kinds != pair % kinds {
            novelties[pair] = try NoveltyTable(from: &reader)
            noveltyTails[pair] = try TailEstimate(from: &reader)
            for tail in [pair, kinds * kinds + pair] { rateTails[tail] = try TailEstimate(from: &reader) }
        }
    }
}
