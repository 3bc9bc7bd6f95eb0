/// One request as the probing detectors see it.
package struct ProbingRequest {
    let time: Int64
    /// When it took effect, ms: later than its time where it was late. What is quiet is told by it.
    var effective: Int64
    let decision: Decision
    // Asked by every hub and every slice of it: made once.
    let isIntervention: Bool
    let money: Money
    /// Intervened against, or allowed with at least half of the threshold's odds.
    let isSuspicious: Bool
    /// NaN where the record has none.
    let amount: Double
    let score: Double
    /// NaN where the record has none.
    let threshold: Double

    package init(time: Int64, decision: Decision, isSuspicious: Bool, amount: Double, score: Double, threshold: Double) {
        self.time = time
        effective = time
        self.decision = decision
        isIntervention = decision.isIntervention
        money = Money(amount)
        self.isSuspicious = isSuspicious
        self.amount = amount
        self.score = score
        self.threshold = threshold
    }
}

/// Requests that keep coming to one place of the feature space, and what is known of them.
///
/// Bounded: `O(features + entity kinds)` and a kilobyte of fingerprints, however many tries there are.
struct Campaign: Equatable {
    /// A customer who tries again three times is no campaign.
    private static let leastTries: Int64 = 5
    /// Tries kept by text: the first few and the newest.
    private static let firstSamples = 4
    static let newestSamples = 6

    /// Running number of the model's campaigns; names the incident.
    let serial: Int64
    var evidence: PairedEvidence
    var peak = -Double.infinity
    /// The same for tries that are spread over days and weeks.
    var slow = SlowEvidence()
    var slowAllowed = SlowEvidence()
    var slowPeak = 0.0
    var startedAt: Int64
    var lastAt: Int64
    var tries: Int64 = 1
    var suspicious: Int64 = 0
    var allowed: Int64 = 0
    var interventions: Int64 = 0
    /// Of the first allow after an intervention, ms; nil before it.
    var firstSuccessAt: Int64?
    /// Tries up to and including that first allow.
    var triesToBypass: Int64 = 0
    var allowedSince: Int64 = 0
    var moneySince = AmountSum()
    /// Tries whose nearest earlier try was decided the other way.
    var flips: Int64 = 0
    /// Tries that moved exactly one feature against the nearest earlier one.
    var singleMoves: Int64 = 0
    /// Single moves of the same feature by about half of the move before: a binary search.
    var halvings: Int64 = 0
    /// Tries nearer to the threshold than the one before.
    var approaches: Int64 = 0
    /// Steps in the direction of the step before.
    var alignedSteps: Int64 = 0
    private var lastDistance = Double.nan
    private var lastMove: Float = 0
    private var lastFeature: Int32 = -1
    private var lastDirection = StepDirection()

    /// How often each feature was moved.
    private(set) var moved: ContiguousArray<UInt32>
    /// What makes it pass.
    private(set) var passing: PassingValues
    /// Linear counting of distinct entities per kind.
    private(set) var entities: ContiguousArray<DistinctBits>
    private(set) var samples: [String] = []
    private(set) var fingerprints = FingerprintTally()

    /// The evidence sufficed: an incident. The monitor it is reported under never changes.
    private(set) var isReported = false
    private(set) var isTrajectory = false
    /// When the evidence sufficed, ms, and after how many tries.
    private(set) var crossedAt: Int64 = 0
    private(set) var triesAtDetection: Int64 = 0
    /// Case that it belongs to, 0 for none yet.
    var caseID: Int64 = 0
    /// Its case tells of it, and of its being used at scale.
    var isTold = false
    var isScaleTold = false
    /// Next place of the campaign's ring of anchors.
    var cursor: UInt32 = 0

    init(serial: Int64, since: Int64, time: Int64, features: Int, entityKinds: Int) {
        self.serial = serial
        evidence = PairedEvidence(since: since)
        startedAt = time
        lastAt = time
        moved = ContiguousArray(repeating: 0, count: features)
        passing = PassingValues(features: features)
        entities = ContiguousArray(repeating: DistinctBits(), count: entityKinds)
    }

    // MARK: Adding

    /// The earlier request that the first try resembled belongs to it.
    mutating func begin(_ origin: AnchorOrigin, isSuspicious: Bool) {
        if isSuspicious { suspicious = 1 }
        if Decision(rawValue: origin.decision)?.isIntervention == true { interventions = 1 }
        if origin.decision == Decision.allow.rawValue { allowed = 1 }
    }

    /// - Parameter word: the text of a feature's category; empty for other features.
    mutating func count(
        _ request: ProbingRequest, row: UnsafeBufferPointer<Float>, _ ranked: RankedRequest, sample: String, word: (Int) -> String
    ) {
        let ranks = ranked.low
        tries += 1
        fingerprints.add(ranked.hashes, ranks: ranks, features: row.count, size: ranked.size)
        lastAt = max(lastAt, request.time)
        if request.isSuspicious { suspicious += 1 }
        if request.isIntervention { interventions += 1 }
        let isAllowed = request.decision == .allow
        if isAllowed { countAllowed(request) }
        passing.count(row, ranks: ranks, isAllowed: isAllowed, word: word)
        let distance = Self.logOddsDistance(request)
        if distance < lastDistance { approaches += 1 }
        lastDistance = distance
        if samples.count == Self.firstSamples + Self.newestSamples { samples.remove(at: Self.firstSamples) }
        samples.append(sample)
    }

    private mutating func countAllowed(_ request: ProbingRequest) {
        allowed += 1
        guard suspicious > 0 else { return }
        if firstSuccessAt == nil {
            firstSuccessAt = request.time
            triesToBypass = tries
        }
        allowedSince += 1
        moneySince.add(request.money)
    }

    /// |logit(score) - logit(threshold)|; NaN without a threshold.
    private static func logOddsDistance(_ request: ProbingRequest) -> Double {
        let (s, t) = (min(max(request.score, 1e-9), 1 - 1e-9), min(max(request.threshold, 1e-9), 1 - 1e-9))
        return abs(RealFunctions.log(s / (1 - s)) - RealFunctions.log(t / (1 - t)))
    }

    /// The step from the nearest earlier try.
    mutating func step(from anchor: (Int) -> Float, decision: UInt8, to row: UnsafeBufferPointer<Float>, _ request: ProbingRequest) {
        let wasIntervention = Decision(rawValue: decision)?.isIntervention ?? false
        if wasIntervention != request.isIntervention { flips += 1 }
        var count = 0
        var only: Int32 = -1
        var delta: Float = 0
        var direction = StepDirection()
        for feature in row.indices {
            let (before, now) = (anchor(feature), row[feature])
            guard before != now, !(before.isNaN && now.isNaN) else { continue }
            moved[feature] += 1
            count += 1
            only = Int32(feature)
            delta = now - before
            direction.move(feature, by: delta)
        }
        if direction.isAligned(with: lastDirection) { alignedSteps += 1 }
        if count > 0 { lastDirection = direction }
        guard count == 1, !delta.isNaN else { return }
        singleMoves += 1
        if only == lastFeature, lastMove != 0 {
            let ratio = abs(delta / lastMove)
            if ratio > 0.35, ratio < 0.65 { halvings += 1 }
        }
        lastFeature = only
        lastMove = delta
    }

    mutating func touch(entities digests: UnsafeBufferPointer<UInt64>) {
        for kind in digests.indices where digests[kind] != 0 { entities[kind].insert(digests[kind]) }
    }

    /// Two campaigns turned out to be one: `other` is counted here from now on.
    mutating func absorb(_ other: Campaign) {
        evidence.absorb(other.evidence)
        peak = max(peak, other.peak)
        slow.absorb(other.slow)
        slowAllowed.absorb(other.slowAllowed)
        slowPeak = max(slowPeak, other.slowPeak)
        startedAt = min(startedAt, other.startedAt)
        lastAt = max(lastAt, other.lastAt)
        tries += other.tries
        suspicious += other.suspicious
        allowed += other.allowed
        interventions += other.interventions
        if let success = other.firstSuccessAt, success < firstSuccessAt ?? .max {
            firstSuccessAt = success
            triesToBypass = other.triesToBypass
        }
        allowedSince += other.allowedSince
        moneySince.add(other.moneySince)
        isTold = isTold || other.isTold
        isScaleTold = isScaleTold || other.isScaleTold
        flips += other.flips
        singleMoves += other.singleMoves
        halvings += other.halvings
        approaches += other.approaches
        alignedSteps += other.alignedSteps
        for feature in moved.indices { moved[feature] += other.moved[feature] }
        passing.absorb(other.passing)
        for kind in entities.indices { entities[kind].formUnion(other.entities[kind]) }
        fingerprints.absorb(other.fingerprints)
        samples = Array((samples.prefix(Self.firstSamples) + other.samples.prefix(2) + samples.dropFirst(Self.firstSamples)).prefix(10))
    }

    mutating func cross(_ rule: ProbingRule, at time: Int64) {
        guard !isReported, tries >= Self.leastTries, peak >= limit(rule) || isSlow(rule) else { return }
        isReported = true
        isTrajectory = looksLikeSearch
        crossedAt = time
        triesAtDetection = tries
    }

    // MARK: Reading

    /// Evidence that it takes: less where a good part of the tries was stopped or came near the threshold.
    func limit(_ rule: ProbingRule) -> Double {
        interventions >= 1 && suspicious >= 2 && suspicious * 6 >= tries ? rule.minEvidence : rule.minQuietEvidence
    }

    /// Both kinds of tries are independent, so their evidence adds up.
    mutating func weighSlow(suspicious: Int64, requests: Int64) {
        slowPeak = max(slowPeak, max(0, slow.value(at: suspicious)) + max(0, slowAllowed.value(at: requests)))
    }

    /// Whether the evidence of the slow drip suffices.
    func isSlow(_ rule: ProbingRule) -> Bool { suspicious >= Self.leastTries && slowPeak >= rule.minSlowEvidence }

    /// Whether what passes is used at scale.
    func isScaling(_ rule: ProbingRule) -> Bool { suspicious >= 2 && allowedSince >= rule.scaleCount && peak >= 2 * rule.minEvidence }

    /// Whether the tries look like a search for the boundary rather than repetition.
    var looksLikeSearch: Bool { flips >= 2 || halvings >= 2 || isMostly(singleMoves) || isMostly(alignedSteps) }

    private func isMostly(_ steps: Int64) -> Bool { steps >= 3 && steps * 2 >= tries }
}

/// 512 bits of linear counting (Whang et al. 1990): distinct keyed digests, within 10 % up to about 1,500.
struct DistinctBits: Equatable {
    private var words = SIMD8<UInt64>()

    mutating func insert(_ digest: UInt64) {
        let bit = (digest &* 0x9E37_79B9_7F4A_7C15) &>> 55
        words[Int(bit &>> 6)] |= 1 &<< (bit & 63)
    }

    mutating func formUnion(_ other: DistinctBits) { words |= other.words }

    var estimate: Int64 {
        var set = 0
        for index in 0..<8 { set += words[index].nonzeroBitCount }
        guard set < 512 else { return 3_200 }
        return Int64((-512 * RealFunctions.log(1 - Double(set) / 512)).rounded())
    }

    func encode(into writer: inout ByteWriter) { for index in 0..<8 { writer.write(varint: words[index]) } }
    init() {}
    init(from reader: inout ByteReader) throws { for index in 0..<8 { words[index] = try reader.readVarint() } }
}

extension Campaign: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: serial)
        evidence.encode(into: &writer)
        writer.write(double: peak)
        slow.encode(into: &writer)
        slowAllowed.encode(into: &writer)
        writer.write(double: slowPeak)
        for number in [startedAt, lastAt, tries, suspicious, allowed, interventions, triesToBypass, allowedSince] { writer.write(signed: number) }
        for number in [flips, singleMoves, halvings, approaches, alignedSteps] { writer.write(signed: number) }
        writer.write(bool: firstSuccessAt != nil)
        writer.write(signed: firstSuccessAt ?? 0)
        moneySince.encode(into: &writer)
        writer.write(double: lastDistance)
        writer.write(fixed32: lastMove.bitPattern)
        writer.write(signed: Int64(lastFeature))
        lastDirection.encode(into: &writer)
        writer.write(small: moved)
        passing.encode(into: &writer)
        writer.write(count: entities.count)
        for bits in entities { bits.encode(into: &writer) }
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
        fingerprints.encode(into: &writer)
        writer.write(bool: isReported)
        writer.write(bool: isTrajectory)
        writer.write(signed: crossedAt)
        writer.write(signed: triesAtDetection)
        writer.write(signed: caseID)
        writer.write(bool: isTold)
        writer.write(bool: isScaleTold)
        writer.write(varint: UInt64(cursor))
    }

    init(from reader: inout ByteReader) throws {
        serial = try reader.readSigned()
        evidence = try PairedEvidence(from: &reader)
        peak = try reader.readDouble()
        slow = try SlowEvidence(from: &reader)
        slowAllowed = try SlowEvidence(from: &reader)
        slowPeak = try reader.readDouble()
        startedAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        tries = try reader.readSigned()
        suspicious = try reader.readSigned()
        allowed = try reader.readSigned()
        interventions = try reader.readSigned()
        triesToBypass = try reader.readSigned()
        allowedSince = try reader.readSigned()
        flips = try reader.readSigned()
        singleMoves = try reader.readSigned()
        halvings = try reader.readSigned()
        approaches = try reader.readSigned()
        alignedSteps = try reader.readSigned()
        let hasSuccess = try reader.readBool()
        let success = try reader.readSigned()
        firstSuccessAt = hasSuccess ? success : nil
        moneySince = try AmountSum(from: &reader)
        lastDistance = try reader.readDouble()
        lastMove = Float(bitPattern: try reader.readFixed32())
        lastFeature = Int32(truncatingIfNeeded: try reader.readSigned())
        lastDirection = try StepDirection(from: &reader)
        moved = try reader.readSmall()
        passing = try PassingValues(from: &reader)
        entities = []
        for _ in 0..<(try reader.readCount(minimumSize: 8)) { entities.append(try DistinctBits(from: &reader)) }
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
        fingerprints = try FingerprintTally(from: &reader)
        isReported = try reader.readBool()
        isTrajectory = try reader.readBool()
        crossedAt = try reader.readSigned()
        triesAtDetection = try reader.readSigned()
        caseID = try reader.readSigned()
        isTold = try reader.readBool()
        isScaleTold = try reader.readBool()
        cursor = UInt32(truncatingIfNeeded: try reader.readVarint())
    }
}
