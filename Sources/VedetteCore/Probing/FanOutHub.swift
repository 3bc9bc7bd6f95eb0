/// What is known of one entity (a device, an address, a card) as a hub of others, or of one pair of kinds.
struct FanOutHub: Equatable {
    // What every request touches stands together.
    var day: Int64 = 0
    /// Request counter of the newest request.
    var newest: Int64 = 0
    var lastAt: Int64 = 0
    var requests: Int64 = 0
    var interventions: Int64 = 0
    /// Since ``startedAt``.
    var tries = Tries()
    /// Evidence of the newest request that brought a new partner; once reported, the most of all. 0 below ``FanOut/joinAt``.
    var peak = 0.0
    var isReported = false
    /// Kind whose distinct count carries the evidence.
    var over: Int32 = -1
    /// Request counter at the start of the day.
    var daySince: Int64 = 0
    /// Requests of the model during the hub's completed days, and how many days it was active on; both decayed.
    var span = 0.0
    var days: Float = 0
    /// It had lost its place in the table after some requests: its past is not known.
    var isReturning = false
    /// Without a completed day, and never seen before.
    var isNew: Bool { span == 0 && !isReturning }
    /// Whether it is known how often it used to meet somebody new.
    var hasRate: Bool { span > 0 || !isReturning }
    /// Its evidence has risen above ``FanOut/crossAt``, and not fallen below ``FanOut/joinAt`` since.
    var isConspicuous = false
    /// Today's requests are part of an incident of another kind.
    var isSuspect = false
    var startedAt: Int64 = 0
    /// Requests that carried evidence, since ``startedAt``.
    var hits: Int64 = 0
    var samples: [String] = []
    var distinct = 0.0
    /// Case that it belongs to, 0 for none yet.
    var caseID: Int64 = 0
    /// Case of which one request came through it: once is chance.
    var acquaintance: Int64 = 0

    /// What somebody tried, and what passed of it.
    struct Tries: Equatable {
        var count: Int64 = 0
        var passed: Int64 = 0
        /// Of those that passed.
        var money = AmountSum()

        mutating func add(_ request: ProbingRequest) {
            count += 1
            guard !request.isIntervention else { return }
            passed += 1
            money.add(request.money)
        }
    }

    mutating func count(_ request: ProbingRequest) {
        lastAt = max(lastAt, request.time)
        requests += 1
        if request.isIntervention { interventions += 1 }
        tries.add(request)
    }

    mutating func hit(_ value: Double, over kind: Int, distinct count: Double, _ request: ProbingRequest, _ sample: String, limit: Double) {
        if peak == 0 {
            startedAt = request.time
            hits = 0
            tries = Tries()
            tries.add(request)
        }
        hits += 1
        // What is told of a reported one is its strongest moment, numbers and evidence alike.
        if !isReported || value >= peak { (over, distinct) = (Int32(kind), count) }
        peak = isReported ? max(peak, value) : value
        if peak >= limit { isReported = true }
        lastAt = max(lastAt, request.time)
        if samples.count == 10 { samples.remove(at: 4) }
        samples.append(sample)
    }

    /// The case is over: evidence starts anew.
    mutating func clear() { (isReported, isConspicuous, peak, caseID, acquaintance, hits, samples) = (false, false, 0, 0, 0, 0, []) }
}

extension FanOutHub: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for number in [day, newest, startedAt, lastAt, requests, interventions, Int64(over), daySince, hits, tries.count, tries.passed] { writer.write(signed: number) }
        for number in [peak, distinct, span] { writer.write(double: number) }
        tries.money.encode(into: &writer)
        writer.write(fixed32: days.bitPattern)
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
        writer.write(bool: isReported)
        writer.write(bool: isReturning)
        writer.write(bool: isConspicuous)
        writer.write(bool: isSuspect)
        writer.write(signed: caseID)
        writer.write(signed: acquaintance)
    }

    init(from reader: inout ByteReader) throws {
        day = try reader.readSigned()
        newest = try reader.readSigned()
        startedAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        requests = try reader.readSigned()
        interventions = try reader.readSigned()
        over = Int32(truncatingIfNeeded: try reader.readSigned())
        daySince = try reader.readSigned()
        hits = try reader.readSigned()
        tries.count = try reader.readSigned()
        tries.passed = try reader.readSigned()
        peak = try reader.readDouble()
        distinct = try reader.readDouble()
        span = try reader.readDouble()
        tries.money = try AmountSum(from: &reader)
        days = Float(bitPattern: try reader.readFixed32())
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
        isReported = try reader.readBool()
        isReturning = try reader.readBool()
        isConspicuous = try reader.readBool()
        isSuspect = try reader.readBool()
        caseID = try reader.readSigned()
        acquaintance = try reader.readSigned()
    }
}
