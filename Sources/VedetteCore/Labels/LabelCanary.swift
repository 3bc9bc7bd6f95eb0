/// The statistics of `label_canary` for one model, metric and direction: whether labels of low trust have come apart from trusted ones.
///
/// In words of fraud that is called legit; for the other direction the outcomes are swapped, as the model is the same on the log-odds of either.
/// Two tests share ``alpha``, a chance of a false alert in a year that the metrics of a model have together, both ways:
///
/// - **Pairs**: requests that both classes have labelled. Of the requests that the metric rests on and a low-trust label calls legit, the share of which
///   a trusted one says fraud is followed by stratum of the score, for each trusted source against its own past (``RateWatch``). What all
///   requests have in common cancels within a pair, so a change of the fraud itself says nothing: a shift of s in the share of legit
///   stands against the rare pairs that disagree and not against the variance of the labels. A source that only ever says fraud says nothing here.
/// - **Classes**: in each stratum of the score the labels of low trust together are one "actor" of a ``LabelPeerTest``, the trusted labels its
///   peers. By stratum, because honest sides differ more where cases are clearer: one offset for all would be called a change. It
///   needs no request in common, and many more labels: n and m labels a day tell of a shift s at most s² nm / (n + m) / (2 p (1 - p)) nats a day.
package struct LabelCanary: Sendable {
    /// Highest tier of low trust.
    package static let lowTier: UInt8 = 1
    /// A model has few questions: a false alert in fifty years is rare enough, and waiting for more would cost weeks.
    package static let alpha = 0.02
    /// Factors on the share of contradicted pairs that may be at work, and the least that is worth an alert.
    static let pairFactors = [1.3, 2, 5]
    static let minPairFactor = 1.25
    /// Keys of the two classes in the test, plus the stratum; any two numbers that are far apart do.
    private static let low: UInt64 = 0x9E37_79B9_7F4A_7C15
    private static let trusted: UInt64 = 0xBF58_476D_1CE4_E5B9

    let rule: LabelPeerRule
    private(set) var classes: LabelPeerTest
    /// One per source of the registry, as the trusted side.
    private(set) var pairs: [RateWatch]
    /// What the pairs said when the last day ended: nothing changes between two days.
    private(set) var provenPair: Int?
    private var arePairsCold = true
    private var judgedDay: Int64 = .min

    private let trustedSources: Int

    /// - Parameters:
    ///   - tiers: of the registry's sources.
    ///   - questions: metrics that are followed, in each direction.
    package init(rule actors: LabelPeerRule, tiers: [UInt8], questions: Int = CanaryMetric.allCases.count * 2) {
        trustedSources = tiers.count { $0 > Self.lowTier }
        var rule = actors
        rule.alpha = max(Self.alpha, actors.alpha) / Double(questions)
        self.rule = rule
        rule.alpha /= 2 * Double(LabelPeerTest.strata)
        rule.isSelfRelative = true
        rule.maxActors = 2 * LabelPeerTest.strata
        classes = LabelPeerTest(rule: rule)
        _ = classes.addPool()
        pairs = Array(repeating: RateWatch(factors: Self.pairFactors, strata: LabelPeerTest.strata), count: tiers.count)
    }

    /// A label that the metric rests on. O(bets).
    package mutating func observe(stratum: Int, isLow: Bool, isLegit: Bool, amount: Money = .none, at time: Int64) {
        let side = (isLow ? Self.low : Self.trusted) &+ UInt64(stratum)
        _ = classes.observe(pool: 0, stratum: stratum, actor: side, isLegit: isLegit, amount: amount, at: time)
    }

    /// A trusted label of `source` on a request that the metric rests on and that one of low trust calls legit. It counts when the day is over.
    package mutating func observe(pairOf source: Int, stratum: Int, isUpheld: Bool, amount: Money = .none, at time: Int64) {
        pairs[source].add(isHit: !isUpheld, stratum: stratum, amount: amount, on: floorDivide(time, 86_400_000))
    }

    /// Ends the days before `time`, and judges the pairs of them. O(1) within a day.
    package mutating func pass(to time: Int64) {
        let day = floorDivide(time, 86_400_000)
        guard day > judgedDay else { return }
        judgedDay = day
        for source in pairs.indices { pairs[source].pass(to: day) }
        judge()
    }

    /// The trusted source whose pairs say most, once they suffice.
    private mutating func judge() {
        provenPair = pairs.indices.filter { pairs[$0].isProven(alpha: pairAlpha, factor: Self.minPairFactor) }
            .max { (pairs[$0].logEvidence, -$0) < (pairs[$1].logEvidence, -$1) }
        arePairsCold = pairs.allSatisfy { $0.isCold(alpha: pairAlpha) }
    }

    /// Of each trusted source.
    private var pairAlpha: Double { rule.alpha / 2 / Double(max(1, trustedSources)) }
    /// Of the labels of low trust, in order of their first label.
    private var places: [Int] { classes.trials.indices.filter { classes.trials[$0].key &- Self.low < UInt64(LabelPeerTest.strata) } }
    /// The stratum with most evidence.
    var trial: ActorTrial? { places.max { classes.trials[$0].logEvidence < classes.trials[$1].logEvidence }.map { classes.trials[$0] } }
    /// The most that either test has, nats.
    var logEvidence: Double { max(trial?.logEvidence ?? 0, pairs.map(\.logEvidence).max() ?? 0) }
    package var isProvenByClasses: Bool { places.contains { classes.isProven($0) } }
    package var isProvenByPairs: Bool { provenPair != nil }
    package var isProven: Bool { isProvenByPairs || isProvenByClasses }

    /// Whether nothing is left of the evidence of either test.
    var isCold: Bool { arePairsCold && places.allSatisfy { classes.isCold($0) } }

    func encode(into writer: inout ByteWriter) {
        classes.encode(into: &writer)
        writer.write(signed: judgedDay)
        for pair in pairs { pair.encode(into: &writer) }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        try classes.restore(from: &reader)
        judgedDay = try reader.readSigned()
        for source in pairs.indices { try pairs[source].restore(from: &reader) }
        judge()
    }
}
