/// Settings of the test of actors against their peers.
public struct LabelPeerRule: Sendable, Equatable {
    /// Chance that an honest actor is accused within a year, however often one looks, in (0, 1).
    public var alpha = 1e-3
    /// Borderline labels of an actor below which it is not accused.
    public var minLabels: Int64 = 20
    /// Actors followed at once, over all pools.
    public var maxActors = 10_000
    /// How far an honest actor's log-odds wander within a year (standard deviation).
    public var drift = 0.1
    /// Nothing is known of how far an actor lies from its peers: only a change of it is evidence.
    public var isSelfRelative = false

    public init() {}
}

/// Finds the actors that call borderline decisions legit more often than honest ones would.
///
/// **Model.** In a pool and a stratum of the score, peers (without the actor) call a share p legit. An honest
/// actor differs from them by an offset on the log-odds that is its own: over actors it has mean 0 and deviation
/// τ, which is estimated from all of them (moments of the residuals, extremes trimmed, shrunk to ``priorDeviation``
/// while there are few actors); 5 % may lie three times as far; and it wanders slowly (`drift`). That is a
/// hierarchical model with partial pooling: of a new actor the pool is believed, of an old one its own past.
/// A poisoner is an honest actor that from some moment on calls a share of its "fraud" legit.
///
/// **Evidence.** Every ``betEveryMs`` a bet begins that the actor turns now (``TurnBet``): the predictive
/// likelihood ratio, label by label, of "turned" over "goes on as it was", mixed over the share turned. Under the
/// model each has mean 1 at every moment, so their sum stays below `bets / alpha` in a year with probability
/// 1 - alpha, however often one looks (Ville; the sum over starting points is the e-detector of Shin, Ramdas and
/// Rinaldo, "E-detectors", 2023). A bet each month and not one each label: a change is dated to a month, and the
/// threshold is ln(12/alpha) instead of ln(labels/alpha). A label counts by n_p / (n_p + n_own), the share of its
/// information that is left because its peers are a sample too; less than the full ratio is always valid.
///
/// **Contradictions.** When a more trusted label says fraud of what an actor called legit, the pool's contradictions of that
/// day are what is allocated: an actor like the others has its share of them by exposure (its part of the faded
/// legit words in the stratum). So a wave of chargebacks that hits all says nothing of any.
///
/// Memory: some 1.7 kB an actor, at most `maxActors`; an actor that is not followed yet is counted in a
/// sketch and takes the place of the one with the fewest labels once it has more. O(bets) per label.
package struct LabelPeerTest: Sendable {
    package static let strata = 6
    /// Half-life of the pools' counts.
    package static let halfLifeDays = 30.0
    /// A new bet that the actor turns now, this often.
    package static let betEveryMs: Int64 = 30 * 86_400_000
    /// Deviation of offsets that is supposed before actors show another, and how many actors that is worth.
    static let priorDeviation = 0.4
    static let priorActors = 8.0
    /// The same for the variance of the relative risk of contradiction.
    static let priorSpread = 0.25
    /// Peers' labels that a stratum needs (faded) before an actor is judged in it.
    static let minPeers = 25.0

    struct Pool: Sendable, Equatable {
        var strata = Array(repeating: StratumCounts(), count: LabelPeerTest.strata)
        /// Contradictions of the present day.
        var contradictedToday = Array(repeating: 0.0, count: LabelPeerTest.strata)
        /// τ, and the variance of relative risks, from the last day boundary.
        var deviation = LabelPeerTest.priorDeviation
        var spread = LabelPeerTest.priorSpread
    }

    package let rule: LabelPeerRule
    var pools: [Pool] = []
    package internal(set) var trials: [ActorTrial] = []
    var index = HashIndex()
    /// Labels of actors that are not followed.
    var waiting = CountMinSketch(width: 4_096)
    var day: Int64 = .min
    /// No followed actor that can go has fewer labels than this.
    var fewest: Int64 = 0

    package init(rule: LabelPeerRule) { self.rule = rule }

    /// The number of a new pool.
    package mutating func addPool() -> Int {
        pools.append(Pool())
        return pools.count - 1
    }

    package func deviation(ofPool pool: Int) -> Double { pools[pool].deviation }

    /// Counts of a pool by stratum.
    func counts(ofPool pool: Int) -> [StratumCounts] { pools[pool].strata }

    /// Takes one borderline label; answers the place of the actor's trial, nil where it is not followed.
    ///
    /// - Parameters:
    ///   - actor: keyed hash of the actor, well mixed, that no other pool uses.
    ///   - isFlow: it is all that has no actor (``ActorTrial/isFlow``).
    ///   - amount: of the decision; it plays no part in the evidence.
    package mutating func observe(pool: Int, stratum: Int, actor: UInt64, isFlow: Bool = false, isLegit: Bool, amount: Money = .none, at time: Int64) -> Int? {
        pass(to: time)
        let place = find(actor, pool, isFlow, time)
        if let place { judge(place, stratum, isLegit, amount, time) }
        guard !isFlow else { return place }
        pools[pool].strata[stratum].total += 1
        if isLegit { pools[pool].strata[stratum].legit += 1 }
        return place
    }

    /// A more trusted label said fraud where this actor had said legit. It counts when the day is over. Answers the place of the actor's trial, nil
    /// where it is not followed.
    @discardableResult
    package mutating func contradict(pool: Int, stratum: Int, actor: UInt64, at time: Int64) -> Int? {
        pass(to: time)
        pools[pool].contradictedToday[stratum] += 1
        guard let place = index.find(actor) else { return nil }
        trials[place].contradictedToday += 1
        return place
    }

    private mutating func judge(_ place: Int, _ stratum: Int, _ isLegit: Bool, _ amount: Money, _ time: Int64) {
        let pool = trials[place].pool
        let all = pools[pool].strata[stratum], own = trials[place].own[stratum]
        let counted = trials[place].isFlow ? StratumCounts() : own
        let peers = max(0, all.total - counted.total)
        if peers >= Self.minPeers {
            let share = (max(0, all.legit - counted.legit) + 0.5) / (peers + 1)
            trials[place].judge(
                isLegit: isLegit, peers: share, share: peers / (peers + own.total + 1), spread: pools[pool].spread, amount: amount,
                rule: rule, at: time)
        }
        trials[place].own[stratum].total += 1
        if isLegit { trials[place].own[stratum].legit += 1 }
        trials[place].lastAt = time
    }

    /// Evidence, nats, at which an actor is accused.
    package var limit: Double { RealFunctions.log(365 * 86_400_000 / Double(Self.betEveryMs) / rule.alpha) }

    /// Whether the evidence against an actor suffices.
    package func isProven(_ place: Int) -> Bool { trials[place].labels >= rule.minLabels && trials[place].logEvidence >= limit }

    /// Whether nothing is left of the evidence against an actor.
    package func isCold(_ place: Int) -> Bool { trials[place].logEvidence <= limit / 4 }

    package mutating func setAccused(_ place: Int, _ accused: Bool) { trials[place].isAccused = accused }

    /// ln of the mean of exp.
    static func logMean(_ values: [Double]) -> Double {
        let top = values.max() ?? 0
        return top + RealFunctions.log(values.reduce(0) { $0 + RealFunctions.exp($1 - top) } / Double(values.count))
    }

    // MARK: Days

    /// At each new day: contradictions are allocated, counts fade, the pools' spreads are estimated anew. O(1) within a day.
    mutating func pass(to time: Int64) {
        let today = floorDivide(time, 86_400_000)
        guard today > day else { return }
        if day != .min {
            settle()
            let factor = RealFunctions.exp(-RealFunctions.log(2) / Self.halfLifeDays * Double(min(today - day, 3_650)))
            for pool in pools.indices { for stratum in 0..<Self.strata { pools[pool].strata[stratum].fade(factor) } }
            for place in trials.indices { for stratum in 0..<Self.strata { trials[place].own[stratum].fade(factor) } }
        }
        day = today
        waiting.halve()
        for pool in pools.indices { estimate(pool) }
    }

    private mutating func settle() {
        for place in trials.indices where !trials[place].isFlow {
            let pool = pools[trials[place].pool]
            var exposure = 0.0
            for stratum in 0..<Self.strata where pool.contradictedToday[stratum] > 0 && pool.strata[stratum].legit > 0 {
                exposure += pool.contradictedToday[stratum] * trials[place].own[stratum].legit / pool.strata[stratum].legit
            }
            trials[place].settle(exposure: exposure)
        }
        for pool in pools.indices { pools[pool].contradictedToday = Array(repeating: 0, count: Self.strata) }
    }

    /// τ from E[(O − E)²] = V + τ² V², over the actors whose residuals are not among the most extreme 2 % on the high side;
    /// the variance of relative risks likewise from contradictions.
    private mutating func estimate(_ pool: Int) {
        let actors = trials.filter { $0.pool == pool && !$0.isFlow }
        pools[pool].deviation = rule.isSelfRelative
            ? 3
            : Self.moment(
                actors.filter { $0.variance >= 0.5 }.map { (Double($0.legit) - $0.expected, $0.variance) }, prior: Self.priorDeviation * Self.priorDeviation
            ).squareRoot()
        pools[pool].spread = max(
            0.02, Self.moment(actors.filter { $0.exposure >= 0.5 }.map { ($0.contradicted - $0.exposure, $0.exposure) }, prior: Self.priorSpread))
    }

    /// The variance s of effects from residuals with E[r²] = v + s v²; `prior` while there are few.
    private static func moment(_ given: [(residual: Double, variance: Double)], prior: Double) -> Double {
        var actors = given
        guard !actors.isEmpty else { return prior }
        actors.sort { ($0.residual / $0.variance.squareRoot(), $0.residual) < ($1.residual / $1.variance.squareRoot(), $1.residual) }
        actors.removeLast(actors.count / 50)
        // Each actor weighs by how much it can tell.
        var above = 0.0, below = 0.0
        for actor in actors {
            let weight = 1 / (1 + prior * actor.variance) / (1 + prior * actor.variance)
            above += weight * (actor.residual * actor.residual - actor.variance)
            below += weight * actor.variance * actor.variance
        }
        let raw = below > 0 ? max(0, above / below) : prior
        let count = Double(actors.count)
        return (raw * count + prior * priorActors) / (count + priorActors)
    }

    // MARK: Actors

    private mutating func find(_ actor: UInt64, _ pool: Int, _ isFlow: Bool, _ time: Int64) -> Int? {
        if let place = index.find(actor) { return place }
        let new = ActorTrial(pool: pool, key: actor, isFlow: isFlow, deviation: rule.isSelfRelative || isFlow ? 3 : pools[pool].deviation, at: time)
        if trials.count < rule.maxActors { return append(new) }
        let seen = Int64(waiting.add(actor))
        guard seen > fewest else { return nil }
        // The one with the fewest labels goes, unless it is accused; ties go by place.
        var least = -1
        for place in trials.indices where !trials[place].isAccused && (least < 0 || trials[place].labels < trials[least].labels) { least = place }
        guard least >= 0 else { return nil }
        fewest = trials[least].labels
        guard seen > fewest else { return nil }
        trials[least] = new
        rebuild()
        return least
    }

    mutating func append(_ trial: ActorTrial) -> Int {
        trials.append(trial)
        index.set(trial.key, to: trials.count - 1)
        return trials.count - 1
    }

    private mutating func rebuild() {
        index.removeAll()
        for (place, trial) in trials.enumerated() { index.set(trial.key, to: place) }
    }
}
