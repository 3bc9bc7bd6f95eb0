/// All labels of one source on one model's decisions, and the evidence that it has begun to turn fraud into legit.
///
/// Bounded: a source's counts of one day, faded counts, and some 3 kB for each of two rates and for each peer.
struct SourceFlow: Equatable {
    /// Factors on fraud words where shares of 8, 20, 45 or 90 % of them are turned (as ``TurnBet/turned``), and on legit words then:
    /// where half of the borderline decisions are fraud, and where fewer or more are.
    static let fraudFactors = [0.92, 0.8, 0.55, 0.1]
    static let legitFactors = [1.08, 1.2, 1.45, 1.9, 4]
    /// The least change that is worth an alert, of fraud words and of legit ones.
    static let leastFall = 0.95
    static let leastRise = 1.05
    /// Half-life of the counts that peers are compared by: long enough for small sources, short beside the changes of fraud itself.
    static let halfLifeDays = 7.0
    /// Faded labels that a peer needs in a stratum, and clear words that a source needs before they are a measure.
    static let minPeers = 25.0

    /// What was said in a day, less what was taken back in it (clear words: and in the days before it that had none).
    struct Day: Equatable {
        var legit = Array(repeating: 0.0, count: LabelPeerTest.strata)
        var fraud = Array(repeating: 0.0, count: LabelPeerTest.strata)
        /// "Legit" of decisions below the borderline.
        var clear = 0.0
        /// Of the borderline decisions called legit.
        var amount = AmountSum()

        var words: Double { legit.reduce(0, +) + fraud.reduce(0, +) }

        /// What there is of it. More words taken back than said are left, for the days to come.
        mutating func taken() -> Day {
            let day = Day(legit: legit.map { max(0, $0) }, fraud: fraud.map { max(0, $0) }, clear: max(0, clear), amount: amount)
            self = Day(legit: legit.map { min(0, $0) }, fraud: fraud.map { min(0, $0) }, clear: min(0, clear))
            return day
        }

        mutating func add(_ other: Day) {
            for stratum in legit.indices {
                legit[stratum] += other.legit[stratum]
                fraud[stratum] += other.fraud[stratum]
            }
            clear += other.clear
            amount.add(other.amount)
        }
    }

    var today = Day()
    /// Days whose clear words are still to come.
    var open = Day()
    /// Borderline words by stratum, faded.
    var recent = Array(repeating: StratumCounts(), count: LabelPeerTest.strata)
    /// Legit and fraud words about borderline decisions for each clear word.
    var legit: RateWatch
    var fraud: RateWatch
    /// Fraud words for each that a peer would have said, by row of the registry.
    var peers: [Int: RateWatch] = [:]
    /// Borderline words so far, and when the newest came, ms.
    var words: Int64 = 0
    var lastAt: Int64 = 0
    var isAccused = false
    /// Newest borderline requests called legit.
    var samples: [String] = []

    init(drift: Double) {
        legit = RateWatch(factors: Self.legitFactors, strata: LabelPeerTest.strata, drift: drift)
        fraud = RateWatch(factors: Self.fraudFactors, strata: LabelPeerTest.strata, drift: drift)
    }

    /// Takes one word, as ``SourceFlowTest/observe(model:source:stratum:isLegit:insteadOf:amount:request:at:)`` is told it.
    mutating func take(stratum: Int?, isLegit: Bool?, insteadOf said: Bool?, amount: Money, request: String, at time: Int64) {
        if let said { remove(stratum: stratum, isLegit: said, amount: amount) }
        if let isLegit {
            add(stratum: stratum, isLegit: isLegit, amount: amount)
            if isLegit, stratum != nil, !request.isEmpty { note(request) }
        }
        lastAt = time
    }

    /// The newest requests.
    private mutating func note(_ request: String) {
        if samples.count == LabelCase.maxSamples { samples.removeFirst() }
        samples.append(request)
    }

    /// - Parameter stratum: nil is below the borderline.
    private mutating func add(stratum: Int?, isLegit: Bool, amount: Money) {
        guard let stratum else {
            if isLegit { today.clear += 1 }
            return
        }
        words += 1
        if isLegit {
            today.legit[stratum] += 1
            today.amount.add(amount)
        } else {
            today.fraud[stratum] += 1
        }
    }

    /// Takes back what was said, today or before.
    private mutating func remove(stratum: Int?, isLegit: Bool, amount: Money) {
        guard let stratum else {
            if isLegit { today.clear -= 1 }
            return
        }
        words -= 1
        if isLegit {
            today.legit[stratum] -= 1
            today.amount.remove(amount)
        } else {
            today.fraud[stratum] -= 1
        }
    }

    /// Ends a day, for all that needs no peer. Answers what was said in it.
    mutating func end(_ ended: Int64, before next: Int64) -> Day {
        let day = today.taken()
        for stratum in recent.indices {
            recent[stratum].legit += day.legit[stratum]
            recent[stratum].total += day.legit[stratum] + day.fraud[stratum]
            recent[stratum].fade(RealFunctions.exp(-RealFunctions.log(2) / Self.halfLifeDays * Double(min(next - ended, 3_650))))
        }
        open.add(day)
        legit.pass(to: ended)
        fraud.pass(to: ended)
        if open.clear > 0 {
            legit.add(open.legit.map { .init(hits: $0, trials: open.clear) }, amount: open.amount)
            fraud.add(open.fraud.map { .init(hits: $0, trials: open.clear) }, amount: open.amount)
            open = Day()
        }
        legit.pass(to: next)
        fraud.pass(to: next)
        return day
    }

    /// Whether there are clear words to measure by.
    var hasClear: Bool { legit.pastTrials >= Self.minPeers }

    /// Strata in which this source labels enough to be somebody's peer.
    func suffices(_ stratum: Int) -> Bool { recent[stratum].total >= Self.minPeers }
}
