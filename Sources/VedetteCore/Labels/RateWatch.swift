/// Follows the rate of something among the labels of one source, and says when it has risen, or fallen.
///
/// Input: trials and hits of each day, by stratum where strata have rates of their own. Model: the hits of a day are Poisson around the
/// source's own rate, which is gamma-distributed with what its past says (half-life ``halfLifeDays``); "changed" is that rate times one
/// of the factors, the same in all strata, from one week on. The likelihood ratio has a closed form, is divided by how much more than
/// Poisson the source's days scatter (quasi-likelihood; labels come in files), and is summed over weekly starting points as in
/// ``LabelPeerTest``: below `bets / alpha` in a year with probability 1 - alpha. A source without ``minDays`` of past is not judged.
///
/// A rate that wanders by itself (`drift`, standard deviation of its logarithm in a year) is known the less the longer ago its past is:
/// the past of a bet counts for no more hits than give a gamma distribution that spread, all strata together, since they may wander as one.
/// O(bets × strata) per day, some 500 bytes and 400 per further stratum.
package struct RateWatch: Equatable {
    static let halfLifeDays = 60.0
    static let maxBets = 8
    static let betEveryDays: Int64 = 7
    static let minDays: Int64 = 14
    /// Hits since the rise below which it is none.
    static let minHits = 10.0
    /// What is supposed of a source without a past: anything. A low rate would make an alarm of every source whose rate is high.
    private static let prior = Tally(hits: 0.5, trials: 1)

    package struct Tally: Equatable {
        var hits = 0.0
        var trials = 0.0
    }

    package struct Bet: Equatable {
        package let day: Int64
        /// Shape and rate of the gamma belief when the bet was made, by stratum.
        let past: [Tally]
        let dispersion: Double
        var since: [Tally]
        /// Of the decisions that were hits since then, or of those that its owner counts.
        var amount = AmountSum()

        var hits: Double { since.reduce(0) { $0 + $1.hits } }
        var trials: Double { since.reduce(0) { $0 + $1.trials } }

        /// The rate before it began, among the same strata as since then.
        var reference: Double {
            let expected = zip(past, since).reduce(0) { $0 + $1.1.trials * $1.0.hits / $1.0.trials }
            return trials > 0 ? expected / trials : past[0].hits / past[0].trials
        }

        /// Hits since then that the rate before would have made.
        var expected: Double { reference * trials }
        /// Of the hits since then, the share above what it was; 0...1.
        var excess: Double { hits > 0 ? max(0, hits - expected) / hits : 0 }

        /// ln of the mean ratio over the factors.
        ///
        /// - Parameter variance: of the logarithm of the rate, by which it may have wandered since then.
        func logWealth(_ factors: [Double], wandered variance: Double) -> Double {
            let share = variance > 0 ? min(1, dispersion / variance / past.reduce(0) { $0 + $1.hits }) : 1
            return LabelPeerTest.logMean(
                factors.map { factor in
                    zip(past, since).reduce(0) { sum, stratum in
                        let past = Tally(hits: share * stratum.0.hits, trials: share * stratum.0.trials), since = stratum.1
                        let shrunk = RealFunctions.log((past.trials + since.trials) / (past.trials + factor * since.trials))
                        return sum + since.hits * RealFunctions.log(factor) + (past.hits + since.hits) * shrunk
                    } / dispersion
                })
        }
    }

    /// By which the rate may have changed; all above 1, or all below.
    let factors: [Double]
    /// How far the logarithm of the rate wanders by itself within a year (standard deviation).
    let drift: Double
    private(set) var day: Int64 = .min
    private(set) var firstDay: Int64 = .min
    private var today: [Tally]
    /// Of today's hits.
    private var amountToday = AmountSum()
    /// Faded hits and trials of the past.
    private var past: [Tally]
    /// Faded sum of squared residuals over their predictive variances (gamma-Poisson), and of the days in it.
    private var scatter = 0.0
    private var scatterDays = 0.0
    private(set) var bets: [Bet] = []

    package init(factors: [Double] = [2, 5, 20], strata: Int = 1, drift: Double = 0) {
        self.factors = factors
        self.drift = drift
        today = Array(repeating: Tally(), count: strata)
        past = today
    }

    /// ln of the sum of all bets' wealth.
    package var logEvidence: Double { bets.isEmpty ? 0 : LabelPeerTest.logMean(wealth) + RealFunctions.log(Double(bets.count)) }

    package var strongest: Bet? {
        let wealth = wealth
        return bets.indices.max { (wealth[$0], -bets[$0].day) < (wealth[$1], -bets[$1].day) }.map { bets[$0] }
    }

    /// ln of each bet's.
    private var wealth: [Double] { bets.map { $0.logWealth(factors, wandered: drift * drift * Double(day - $0.day) / 365) } }
    private var isFalling: Bool { factors[0] < 1 }
    /// Faded trials of the past.
    var pastTrials: Double { past.reduce(0) { $0 + $1.trials } }

    /// Evidence, nats, that is enough.
    static func limit(_ alpha: Double) -> Double { RealFunctions.log(365 / Double(betEveryDays) / alpha) }

    /// Whether the rate has changed: evidence, and `factor` times what it was, or beyond.
    func isProven(alpha: Double, factor: Double) -> Bool {
        guard !bets.isEmpty, logEvidence >= Self.limit(alpha), let bet = strongest else { return false }
        if isFalling { return bet.expected >= Self.minHits && bet.hits <= factor * bet.expected }
        return bet.hits >= Self.minHits && bet.hits >= factor * bet.reference * max(1, bet.trials)
    }

    /// Whether nothing is left of the evidence.
    func isCold(alpha: Double) -> Bool { logEvidence <= Self.limit(alpha) / 4 }

    /// What the present day brought, all at once.
    ///
    /// - Parameter amount: of the decisions that its owner counts.
    mutating func add(_ tallies: [Tally], amount: AmountSum) {
        for stratum in today.indices {
            today[stratum].hits += tallies[stratum].hits
            today[stratum].trials += tallies[stratum].trials
        }
        amountToday.add(amount)
    }

    /// - Parameter amount: of the decision, which has no part in the evidence.
    package mutating func add(isHit: Bool, stratum: Int = 0, amount: Money = .none, on today: Int64) {
        pass(to: today)
        self.today[stratum].trials += 1
        guard isHit else { return }
        self.today[stratum].hits += 1
        amountToday.add(amount)
    }

    /// Ends the days before `today`.
    ///
    /// - Parameter noise: factor on the scatter of the days by what `trials` are themselves uncertain, at least 1.
    package mutating func pass(to today: Int64, noise: Double = 1) {
        guard today > day else { return }
        if day == .min {
            firstDay = today
            day = today
            return
        }
        if self.today.contains(where: { $0.trials > 0 }) { end() }
        let factor = RealFunctions.exp(-RealFunctions.log(2) / Self.halfLifeDays * Double(min(today - day, 3_650)))
        for stratum in past.indices {
            past[stratum].hits *= factor
            past[stratum].trials *= factor
        }
        scatter *= factor
        scatterDays *= factor
        day = today
        if today - firstDay >= Self.minDays, bets.last.map({ today - $0.day >= Self.betEveryDays }) ?? true { bet(noise) }
    }

    private mutating func end() {
        var hits = 0.0, expected = 0.0, variance = 0.0
        for stratum in today.indices {
            let count = today[stratum]
            for index in bets.indices {
                bets[index].since[stratum].hits += count.hits
                bets[index].since[stratum].trials += count.trials
            }
            hits += count.hits
            let shape = past[stratum].hits + Self.prior.hits, rate = past[stratum].trials + Self.prior.trials
            expected += count.trials * shape / rate
            variance += count.trials * shape / rate * (1 + count.trials / rate)
            past[stratum].hits += count.hits
            past[stratum].trials += count.trials
            today[stratum] = Tally()
        }
        for index in bets.indices { bets[index].amount.add(amountToday) }
        amountToday = AmountSum()
        scatter += (hits - expected) * (hits - expected) / max(variance, 0.1)
        scatterDays += 1
    }

    private mutating func bet(_ noise: Double) {
        if bets.count == Self.maxBets {
            let wealth = wealth
            if let poorest = bets.indices.min(by: { wealth[$0] < wealth[$1] }) { bets.remove(at: poorest) }
        }
        bets.append(
            Bet(
                day: day, past: past.map { Tally(hits: $0.hits + Self.prior.hits, trials: $0.trials + Self.prior.trials) },
                dispersion: max(1, scatterDays > 0 ? scatter / scatterDays : 1) * noise, since: Array(repeating: Tally(), count: past.count)))
    }
}

extension RateWatch {
    func encode(into writer: inout ByteWriter) {
        func write(_ tallies: [Tally]) {
            for tally in tallies {
                writer.write(double: tally.hits)
                writer.write(double: tally.trials)
            }
        }
        for value in [day, firstDay] { writer.write(signed: value) }
        for value in [scatter, scatterDays] { writer.write(double: value) }
        write(today)
        amountToday.encode(into: &writer)
        write(past)
        writer.write(count: bets.count)
        for bet in bets {
            writer.write(signed: bet.day)
            writer.write(double: bet.dispersion)
            write(bet.past)
            write(bet.since)
            bet.amount.encode(into: &writer)
        }
    }

    /// Into one of the same factors, strata and drift.
    mutating func restore(from reader: inout ByteReader) throws {
        func read() throws -> [Tally] { try past.map { _ in Tally(hits: try reader.readDouble(), trials: try reader.readDouble()) } }
        day = try reader.readSigned()
        firstDay = try reader.readSigned()
        scatter = try reader.readDouble()
        scatterDays = try reader.readDouble()
        today = try read()
        amountToday = try AmountSum(from: &reader)
        past = try read()
        bets = []
        for _ in 0..<(try reader.readCount(minimumSize: 43)) {
            let day = try reader.readSigned(), dispersion = try reader.readDouble()
            bets.append(Bet(day: day, past: try read(), dispersion: dispersion, since: try read(), amount: try AmountSum(from: &reader)))
        }
    }
}
