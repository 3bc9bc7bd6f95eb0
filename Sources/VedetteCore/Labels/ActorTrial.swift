/// One actor's trial: what peers would have said, what it said, and the evidence.
package struct ActorTrial: Sendable, Equatable {
    /// Bets that stand at once; the poorest makes room for a new one, which can only lower the evidence.
    static let maxBets = 8
    /// Honest actors far from all others: their share, and their deviation in units of the pool's.
    static let outlierShare = 0.05
    static let outlierWidth = 3.0

    package var pool: Int
    package var key: UInt64
    /// All labels without an actor: many hands, or a machine. Nobody's peer, and nothing is known of how far it lies from the actors.
    let isFlow: Bool
    /// Labels of borderline decisions, and of them those that said legit.
    package var labels: Int64 = 0
    package var legit: Int64 = 0
    /// What peers would have said of the same decisions, and the variance of that.
    package var expected = 0.0
    package var variance = 0.0
    /// Its own faded share of the pool's counts, to be left out when it is compared.
    var own: [StratumCounts]
    /// As an ordinary honest actor, and as one far from the others; with the second's weight.
    var ordinary: OffsetBelief
    var outlying: OffsetBelief
    var outlyingWeight = ActorTrial.outlierShare
    /// Legit words that a more trusted label contradicted, and what would be expected of an actor like the others.
    package var contradicted = 0.0
    package var exposure = 0.0
    /// Of the present day, by stratum; they count when it is over, together with its exposure.
    var contradictedToday = 0.0
    var bets: [TurnBet] = []
    package var firstAt: Int64
    package var lastAt: Int64
    package var isAccused = false

    init(pool: Int, key: UInt64, isFlow: Bool = false, deviation: Double, at time: Int64) {
        self.pool = pool
        self.key = key
        self.isFlow = isFlow
        own = Array(repeating: StratumCounts(), count: LabelPeerTest.strata)
        ordinary = OffsetBelief(mean: 0, variance: deviation * deviation)
        outlying = OffsetBelief(mean: 0, variance: deviation * deviation * Self.outlierWidth * Self.outlierWidth)
        firstAt = time
        lastAt = time
    }

    /// ln of the sum of all bets' wealth.
    package var logEvidence: Double {
        bets.isEmpty ? 0 : LabelPeerTest.logMean(bets.map(\.logWealth)) + RealFunctions.log(Double(bets.count))
    }

    /// The bet with most evidence: when the actor turned, and what it said since.
    var strongest: TurnBet? { bets.max { ($0.logWealth, -$0.since) < ($1.logWealth, -$1.since) } }

    /// When it seems to have turned, ms, and its labels since then.
    package var risingSince: Int64 { strongest?.since ?? firstAt }
    package var risingLabels: Int64 { strongest?.labels ?? 0 }
    package var risingLegit: Int64 { strongest?.legit ?? 0 }
    package var risingExpected: Double { strongest?.expected ?? 0 }
    /// Amount of the decisions that it has called legit since then and, by its peers or more trusted labels, should not have.
    var moneyAtRisk: IncidentFigure {
        let bet = strongest
        return (bet?.amount ?? AmountSum()).figure(bet?.wrongShare ?? 0, of: "the decisions called legit")
    }

    /// One label where peers call `peers` legit.
    ///
    /// - Parameters:
    ///   - share: of its information that counts, because the peers are a sample too.
    ///   - spread: variance of the honest actors' relative risk of contradiction.
    ///   - amount: of the decision.
    mutating func judge(isLegit: Bool, peers: Double, share: Double, spread: Double, amount: Money, rule: LabelPeerRule, at time: Int64) {
        wander(rule.drift * rule.drift * Double(max(0, time - lastAt)) / Self.yearMs)
        if bets.last.map({ time - $0.since >= LabelPeerTest.betEveryMs }) ?? true { bet(spread: spread, at: time) }
        let logit = RealFunctions.log(peers / (1 - peers))
        let near = ordinary.chance(logit), far = outlying.chance(logit)
        let honest = near + (far - near) * outlyingWeight
        for index in bets.indices {
            bets[index].take(isLegit: isLegit, logit: logit, honest: honest, share: share, amount: amount)
            bets[index].expected += peers
        }
        let farther = isLegit ? far / honest : (1 - far) / (1 - honest)
        outlyingWeight = min(1, outlyingWeight * farther)
        ordinary.learn(isLegit: isLegit, logit: logit, turned: 0, share: share)
        outlying.learn(isLegit: isLegit, logit: logit, turned: 0, share: share)
        expected += peers
        variance += peers * (1 - peers)
        labels += 1
        if isLegit { legit += 1 }
    }

    private static let yearMs = 365.0 * 86_400_000

    /// An honest actor's offset is no constant.
    private mutating func wander(_ variance: Double) {
        ordinary.variance += variance
        outlying.variance += variance
        for bet in bets.indices { for place in bets[bet].beliefs.indices { bets[bet].beliefs[place].variance += variance } }
    }

    private mutating func bet(spread: Double, at time: Int64) {
        if bets.count == Self.maxBets, let poorest = bets.indices.min(by: { bets[$0].logWealth < bets[$1].logWealth }) { bets.remove(at: poorest) }
        // Both beliefs as one, by their moments.
        let mean = ordinary.mean + (outlying.mean - ordinary.mean) * outlyingWeight
        let near = ordinary.mean - mean, far = outlying.mean - mean
        let variance = (1 - outlyingWeight) * (ordinary.variance + near * near) + outlyingWeight * (outlying.variance + far * far)
        bets.append(
            TurnBet(
                since: time, belief: OffsetBelief(mean: mean, variance: variance), riskShape: 1 / spread + contradicted, riskRate: 1 / spread + exposure))
    }

    /// A day is over: what was contradicted in it, and what would have been of an actor like the others.
    mutating func settle(exposure: Double) {
        guard contradictedToday > 0 || exposure > 0 else { return }
        for index in bets.indices {
            bets[index].contradicted += contradictedToday
            bets[index].exposure += exposure
        }
        contradicted += contradictedToday
        self.exposure += exposure
        contradictedToday = 0
    }
}

extension ActorTrial: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: pool)
        writer.write(fixed64: key)
        writer.write(bool: isFlow)
        for value in [labels, legit, firstAt, lastAt] { writer.write(signed: value) }
        for value in [expected, variance, outlyingWeight, contradicted, exposure, contradictedToday] { writer.write(double: value) }
        ordinary.encode(into: &writer)
        outlying.encode(into: &writer)
        for counts in own {
            writer.write(double: counts.legit)
            writer.write(double: counts.total)
        }
        writer.write(count: bets.count)
        for bet in bets { bet.encode(into: &writer) }
        writer.write(bool: isAccused)
    }

    package init(from reader: inout ByteReader) throws {
        pool = Int(truncatingIfNeeded: try reader.readVarint())
        key = try reader.readFixed64()
        isFlow = try reader.readBool()
        labels = try reader.readSigned()
        legit = try reader.readSigned()
        firstAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        expected = try reader.readDouble()
        variance = try reader.readDouble()
        outlyingWeight = try reader.readDouble()
        contradicted = try reader.readDouble()
        exposure = try reader.readDouble()
        contradictedToday = try reader.readDouble()
        ordinary = try OffsetBelief(from: &reader)
        outlying = try OffsetBelief(from: &reader)
        own = []
        for _ in 0..<LabelPeerTest.strata { own.append(StratumCounts(legit: try reader.readDouble(), total: try reader.readDouble())) }
        for _ in 0..<(try reader.readCount(minimumSize: 32)) { bets.append(try TurnBet(from: &reader)) }
        isAccused = try reader.readBool()
    }
}
