/// What a decision says beside its score and features, read once for all of its series.
struct DecisionFacts {
    private static let challengeKnown: UInt8 = 1
    private static let challengeBelow: UInt8 = 2
    private static let blockKnown: UInt8 = 4
    private static let blockBelow: UInt8 = 8
    private static let overridden: UInt8 = 16

    private let flags: UInt8
    private let status: RequestStatus
    /// NaN where the record has none.
    let cost: Double
    let amount: Money
    let isLate: Bool

    /// - Parameter epsilon: how far below a threshold still counts as just below.
    init(_ batch: DecisionBatch, _ index: Int, amount: Money, isLate: Bool, epsilon: Double) {
        self.amount = amount
        self.isLate = isLate
        cost = batch.cost[index]
        status = RequestStatus(rawValue: batch.status[index]) ?? .unknown
        let score = batch.score[index]
        var flags: UInt8 = 0
        let challenge = batch.thresholdChallenge[index]
        if !challenge.isNaN {
            flags |= Self.challengeKnown | (Self.isJustBelow(score, challenge, epsilon) ? Self.challengeBelow : 0)
        }
        let block = batch.thresholdBlock[index]
        if !block.isNaN {
            flags |= Self.blockKnown | (Self.isJustBelow(score, block, epsilon) ? Self.blockBelow : 0)
        }
        if !batch.override[index].isNone { flags |= Self.overridden }
        self.flags = flags
    }

    /// In `[threshold - epsilon, threshold)`.
    private static func isJustBelow(_ score: Double, _ threshold: Double, _ epsilon: Double) -> Bool {
        score < threshold && score >= threshold - epsilon
    }

    /// Whether there is anything to count; where not, a pane needs no ``Operations``.
    @inline(__always)
    var isEmpty: Bool { flags == 0 && status == .unknown && amount.isNone && cost.isNaN }

    /// Whether a fallback decided.
    @inline(__always)
    var isFailure: Bool { status == .timeout || status == .error }

    fileprivate func has(_ flag: UInt8) -> Int64 { flags & flag != 0 ? 1 : 0 }
    fileprivate var hasFlags: Bool { flags != 0 }
    fileprivate var statusWord: RequestStatus { status }
    fileprivate var counts: (Int64, Int64, Int64, Int64, Int64) {
        (has(Self.challengeKnown), has(Self.challengeBelow), has(Self.blockKnown), has(Self.blockBelow), has(Self.overridden))
    }
}

/// Money, thresholds, status and cost of the decisions of a pane: what not every deployment's
/// records say. A class, so that a pane that has none of it carries one word.
public final class Operations {
    public private(set) var money = MoneyTotals()
    /// Decisions whose record says whether the model answered, by what it says.
    public private(set) var ok: Int64 = 0
    public private(set) var timeouts: Int64 = 0
    public private(set) var errors: Int64 = 0
    /// Requests of time-outs and errors.
    public internal(set) var failedSamples = SampleSet()
    /// Decisions that were forced past the model.
    public private(set) var overrides: Int64 = 0
    /// Cost of a request, of the records that say.
    public private(set) var cost = Moments()
    public private(set) var challengeThreshold = ThresholdMass()
    public private(set) var blockThreshold = ThresholdMass()

    public init() {}

    /// Decisions whose record has a status.
    public var statusKnown: Int64 { ok + timeouts + errors }

    func add(_ facts: borrowing DecisionFacts, _ decision: Decision) {
        money.add(facts.amount, decision)
        if !facts.cost.isNaN { cost.add(facts.cost) }
        switch facts.statusWord {
        case .unknown: break
        case .ok: ok += 1
        case .timeout: timeouts += 1
        case .error: errors += 1
        }
        guard facts.hasFlags else { return }
        let (challengeKnown, challengeBelow, blockKnown, blockBelow, overridden) = facts.counts
        challengeThreshold.known += challengeKnown
        challengeThreshold.below += challengeBelow
        blockThreshold.known += blockKnown
        blockThreshold.below += blockBelow
        overrides += overridden
    }

    /// Adds answers and equal costs by hand: for baselines and tests.
    func add(ok: Int64, timeouts: Int64, errors: Int64, costs: Int, each cost: Double) {
        self.ok += ok
        self.timeouts += timeouts
        self.errors += errors
        for _ in 0..<costs { self.cost.add(cost) }
    }

    func merge(_ other: Operations) {
        money.merge(other.money)
        ok += other.ok
        timeouts += other.timeouts
        errors += other.errors
        failedSamples.merge(other.failedSamples)
        overrides += other.overrides
        cost.merge(other.cost)
        challengeThreshold.merge(other.challengeThreshold)
        blockThreshold.merge(other.blockThreshold)
    }

    /// - Parameter samples: of the same pane's decisions, which the reader has read before.
    func encode(into writer: inout ByteWriter, _ hash: KeyedHash?, besides samples: SampleSet) {
        money.encode(into: &writer)
        writer.write(sparse: [
            ok, timeouts, errors, overrides, challengeThreshold.known, challengeThreshold.below, blockThreshold.known, blockThreshold.below,
        ])
        cost.encode(into: &writer)
        if timeouts + errors > 0 { failedSamples.encode(into: &writer, hash, besides: samples) }
    }

    init(from reader: inout ByteReader, _ hash: KeyedHash?, besides samples: SampleSet) throws {
        money = try MoneyTotals(from: &reader)
        var counts = try reader.readSparse(of: 8)
        ok = try counts.next(&reader)
        timeouts = try counts.next(&reader)
        errors = try counts.next(&reader)
        overrides = try counts.next(&reader)
        challengeThreshold.known = try counts.next(&reader)
        challengeThreshold.below = try counts.next(&reader)
        blockThreshold.known = try counts.next(&reader)
        blockThreshold.below = try counts.next(&reader)
        cost = try Moments(from: &reader)
        if timeouts + errors > 0 { failedSamples = try SampleSet(from: &reader, hash, besides: samples) }
    }
}

/// How many scores lie just below a threshold, each against the threshold of its own record.
public struct ThresholdMass: Sendable, Equatable {
    /// Decisions whose record states the threshold.
    public internal(set) var known: Int64 = 0
    /// Of these, with a score in `[threshold - epsilon, threshold)`; epsilon is ``PaneConfiguration/thresholdEpsilon``.
    public internal(set) var below: Int64 = 0

    public init() {}

    mutating func merge(_ other: ThresholdMass) {
        known += other.known
        below += other.below
    }
}
