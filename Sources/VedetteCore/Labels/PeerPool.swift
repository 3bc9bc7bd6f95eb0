/// How the actors of one pool label, by stratum of the score, with old labels fading.
///
/// A pool is what can be compared: one model and one source of labels. Everything halves
/// every ``LabelPeerTest/halfLifeDays``, so that a change that all actors share becomes the norm.
package struct StratumCounts: Sendable, Equatable {
    package var legit: Double = 0
    package var total: Double = 0

    mutating func fade(_ factor: Double) {
        legit *= factor
        total *= factor
    }
}

/// What is believed of an honest actor's offset on the log-odds of "legit": Gaussian, updated label by label.
package struct OffsetBelief: Sendable, Equatable {
    var mean: Double
    var variance: Double

    /// Chance of "legit" where peers have log-odds `logit`, over all offsets that are believed in.
    /// MacKay, "The evidence framework applied to classification networks" (1992), eq. 31.
    package func chance(_ logit: Double) -> Double { Self.logistic((logit + mean) / (1 + .pi / 8 * variance).squareRoot()) }

    /// Bayes' rule, linearised at the mean, with Fisher information.
    ///
    /// - Parameters:
    ///   - turned: share of "fraud" that is turned to "legit" on top of the offset; 0 for the honest.
    ///   - share: of the information that counts, 0...1, because the peers are a sample too.
    mutating func learn(isLegit: Bool, logit: Double, turned: Double, share: Double) {
        let honest = Self.logistic(logit + mean)
        let chance = honest + (1 - honest) * turned
        let slope = (1 - turned) * honest * (1 - honest)
        let gradient = isLegit ? slope / chance : -honest
        variance /= 1 + share * variance * slope * slope / max(1e-12, chance * (1 - chance))
        mean += variance * share * gradient
    }

    static func logistic(_ x: Double) -> Double { 1 / (1 + RealFunctions.exp(-x)) }

    func encode(into writer: inout ByteWriter) {
        writer.write(double: mean)
        writer.write(double: variance)
    }

    package init(mean: Double, variance: Double) {
        self.mean = mean
        self.variance = variance
    }

    init(from reader: inout ByteReader) throws {
        mean = try reader.readDouble()
        variance = try reader.readDouble()
    }
}

/// The bet that an actor has turned at one moment: likelihood ratios against "it goes on as it was".
///
/// One hypothesis for each share of its "fraud" that it may turn to "legit"; each begins with what was believed
/// of the actor when the bet was made. Contradictions by more trusted labels multiply the ratio by that of a
/// gamma-Poisson model with the risk raised ``risks`` times, in closed form.
struct TurnBet: Sendable, Equatable {
    /// Shares of "fraud" that are turned.
    static let turned: [Double] = [0.08, 0.2, 0.45, 0.9]
    /// Factors on the risk of being contradicted, with the weight of each; the rest of the weight is "not at all".
    static let risks: [(factor: Double, weight: Double)] = [(3, 0.25), (10, 0.25)]

    let since: Int64
    var beliefs: [OffsetBelief]
    /// ln of the ratio, per share turned.
    var wealth: [Double]
    /// Gamma belief in the actor's relative risk of contradiction when the bet was made.
    let riskShape: Double
    let riskRate: Double
    /// Contradictions since then, and what would be expected at a relative risk of 1.
    var contradicted = 0.0
    var exposure = 0.0
    /// Labels since then, those that said legit, and how many of them peers would have called legit.
    var labels: Int64 = 0
    var legit: Int64 = 0
    var expected = 0.0
    /// Of the decisions that were called legit since then.
    var amount = AmountSum()

    init(since: Int64, belief: OffsetBelief, riskShape: Double, riskRate: Double) {
        self.since = since
        beliefs = Array(repeating: belief, count: Self.turned.count)
        wealth = Array(repeating: 0, count: Self.turned.count)
        self.riskShape = riskShape
        self.riskRate = riskRate
    }

    mutating func take(isLegit: Bool, logit: Double, honest: Double, share: Double, amount decided: Money) {
        for (index, turned) in Self.turned.enumerated() {
            let one = beliefs[index].chance(logit)
            let chance = one + (1 - one) * turned
            wealth[index] += share * RealFunctions.log(isLegit ? chance / honest : (1 - chance) / (1 - honest))
            beliefs[index].learn(isLegit: isLegit, logit: logit, turned: turned, share: share)
        }
        labels += 1
        guard isLegit else { return }
        legit += 1
        amount.add(decided)
    }

    /// Of the decisions called legit since then, the share that peers or more trusted labels would not have; 0...1.
    var wrongShare: Double { legit > 0 ? min(1, max(0, Double(legit) - expected, contradicted - exposure) / Double(legit)) : 0 }

    /// ln of the mean ratio over the hypotheses, contradictions included.
    var logWealth: Double { LabelPeerTest.logMean(wealth) + logContradiction }

    private var logContradiction: Double {
        guard contradicted > 0 || exposure > 0 else { return 0 }
        var sum = 1 - Self.risks.reduce(0) { $0 + $1.weight }
        for (factor, weight) in Self.risks {
            let ratio = contradicted * RealFunctions.log(factor)
                + (riskShape + contradicted) * RealFunctions.log((riskRate + exposure) / (riskRate + factor * exposure))
            sum += weight * RealFunctions.exp(min(ratio, 500))
        }
        return RealFunctions.log(sum)
    }
}

extension TurnBet: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for value in [since, labels, legit] { writer.write(signed: value) }
        for value in [riskShape, riskRate, contradicted, exposure, expected] + wealth { writer.write(double: value) }
        for belief in beliefs { belief.encode(into: &writer) }
        amount.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        since = try reader.readSigned()
        labels = try reader.readSigned()
        legit = try reader.readSigned()
        riskShape = try reader.readDouble()
        riskRate = try reader.readDouble()
        contradicted = try reader.readDouble()
        exposure = try reader.readDouble()
        expected = try reader.readDouble()
        wealth = try Self.turned.map { _ in try reader.readDouble() }
        beliefs = try Self.turned.map { _ in try OffsetBelief(from: &reader) }
        amount = try AmountSum(from: &reader)
    }
}
