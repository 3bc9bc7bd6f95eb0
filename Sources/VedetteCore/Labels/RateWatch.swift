/// Follows the rate of something among the labels of one source, and says when it has risen.
///
/// Input: trials and hits of each day. Model: the hits of a day are Poisson around the source's own rate, which is gamma-distributed
/// with what its past says (half-life ``halfLifeDays``); "risen" is that rate times one of ``factors`` from one week on. The
/// likelihood ratio has a closed form, is divided by how much more than Poisson the source's days scatter (quasi-likelihood;
/// labels come in files), and is summed over weekly starting points as in ``LabelPeerTest``: below `bets / alpha` in a year with
/// probability 1 - alpha. A source without ``minDays`` of past is not judged. O(bets) per day, some 500 bytes.
struct RateWatch: Equatable {
    static let factors: [Double] = [2, 5, 20]
    static let halfLifeDays = 60.0
    static let maxBets = 8
    static let betEveryDays: Int64 = 7
    static let minDays: Int64 = 14
    /// Hits since the rise below which it is none.
    static let minHits = 10.0
    /// What is supposed of a source without a past: half a hit in fifty trials.
    private static let prior = (hits: 0.5, trials: 50.0)

    struct Bet: Equatable {
        let day: Int64
        let shape: Double
        let rate: Double
        let dispersion: Double
        var hits = 0.0
        var trials = 0.0

        /// ln of the mean ratio over the factors.
        var logWealth: Double {
            LabelPeerTest.logMean(
                RateWatch.factors.map { factor in
                    (hits * RealFunctions.log(factor) + (shape + hits) * RealFunctions.log((rate + trials) / (rate + factor * trials))) / dispersion
                })
        }
    }

    private(set) var day: Int64 = .min
    private(set) var firstDay: Int64 = .min
    private(set) var hitsToday = 0.0
    private(set) var trialsToday = 0.0
    /// Faded hits and trials of the past.
    private var hits = 0.0
    private var trials = 0.0
    /// Faded sums of squared residuals and of their Poisson variances.
    private var scatter = 0.0
    private var variance = 0.0
    private(set) var bets: [Bet] = []

    /// ln of the sum of all bets' wealth.
    var logEvidence: Double { bets.isEmpty ? 0 : LabelPeerTest.logMean(bets.map(\.logWealth)) + RealFunctions.log(Double(bets.count)) }
    var strongest: Bet? { bets.max { ($0.logWealth, -$0.day) < ($1.logWealth, -$1.day) } }
    /// The rate before `bet` began.
    static func reference(_ bet: Bet) -> Double { bet.shape / bet.rate }

    /// Evidence, nats, that is enough.
    static func limit(_ alpha: Double) -> Double { RealFunctions.log(365 / Double(betEveryDays) / alpha) }

    /// Whether the rate has risen: evidence, and `factor` times what it was.
    func isProven(alpha: Double, factor: Double) -> Bool {
        guard let bet = strongest, bet.hits >= Self.minHits, logEvidence >= Self.limit(alpha) else { return false }
        return bet.hits / max(1, bet.trials) >= factor * Self.reference(bet)
    }

    mutating func add(isHit: Bool, on today: Int64) {
        pass(to: today)
        trialsToday += 1
        if isHit { hitsToday += 1 }
    }

    /// A hit whose trial was counted before.
    mutating func addLateHit(on today: Int64) {
        pass(to: today)
        hitsToday += 1
    }

    /// Ends the days before `today`.
    mutating func pass(to today: Int64) {
        guard today > day else { return }
        if day == .min {
            firstDay = today
            day = today
            return
        }
        if trialsToday > 0 || hitsToday > 0 { end() }
        let factor = RealFunctions.exp(-RealFunctions.log(2) / Self.halfLifeDays * Double(min(today - day, 3_650)))
        hits *= factor
        trials *= factor
        scatter *= factor
        variance *= factor
        day = today
        if today - firstDay >= Self.minDays, bets.last.map({ today - $0.day >= Self.betEveryDays }) ?? true { bet() }
    }

    private mutating func end() {
        for index in bets.indices {
            bets[index].hits += hitsToday
            bets[index].trials += trialsToday
        }
        let expected = trialsToday * (hits + Self.prior.hits) / (trials + Self.prior.trials)
        scatter += (hitsToday - expected) * (hitsToday - expected)
        variance += max(expected, 0.1)
        hits += hitsToday
        trials += trialsToday
        hitsToday = 0
        trialsToday = 0
    }

    private mutating func bet() {
        if bets.count == Self.maxBets, let poorest = bets.indices.min(by: { bets[$0].logWealth < bets[$1].logWealth }) { bets.remove(at: poorest) }
        bets.append(Bet(day: day, shape: hits + Self.prior.hits, rate: trials + Self.prior.trials, dispersion: max(1, variance > 0 ? scatter / variance : 1)))
    }
}

extension RateWatch: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for value in [day, firstDay] { writer.write(signed: value) }
        for value in [hitsToday, trialsToday, hits, trials, scatter, variance] { writer.write(double: value) }
        writer.write(count: bets.count)
        for bet in bets {
            writer.write(signed: bet.day)
            for value in [bet.shape, bet.rate, bet.dispersion, bet.hits, bet.trials] { writer.write(double: value) }
        }
    }

    init(from reader: inout ByteReader) throws {
        day = try reader.readSigned()
        firstDay = try reader.readSigned()
        hitsToday = try reader.readDouble()
        trialsToday = try reader.readDouble()
        hits = try reader.readDouble()
        trials = try reader.readDouble()
        scatter = try reader.readDouble()
        variance = try reader.readDouble()
        for _ in 0..<(try reader.readCount(minimumSize: 41)) {
            bets.append(
                Bet(
                    day: try reader.readSigned(), shape: try reader.readDouble(), rate: try reader.readDouble(), dispersion: try reader.readDouble(),
                    hits: try reader.readDouble(), trials: try reader.readDouble()))
        }
    }
}
