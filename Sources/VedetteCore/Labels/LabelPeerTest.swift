/// Settings of the test of actors against their peers.
public struct LabelPeerRule: Sendable, Equatable {
    /// Share of honest actors that may lie beyond what counts as honest, in (0, 1).
    public var outlierShare = 2e-4
    /// At most one false accusation in `1 / alpha` borderline labels of honest actors, however often one looks.
    public var alpha = 1e-7
    /// Borderline labels of an actor below which it is not accused.
    public var minLabels: Int64 = 20
    /// Actors followed at once, over all pools.
    public var maxActors = 10_000
    /// Length of an actor's own reference period, ms, and the borderline labels it needs at least.
    public var referenceMs: Int64 = 60 * 86_400_000
    public var referenceLabels: Int64 = 30
    /// An actor is judged against its own reference period only, whatever its offset was there.
    public var isSelfRelative = false

    public init() {}
}

/// Finds the actors that call borderline decisions legit more often than honest ones would.
///
/// **Model.** In a pool and a stratum of the score, peers (without the actor) call a share p legit.
/// An honest actor differs from its peers by an offset on the log-odds that is its own: over
/// actors it has mean 0 and deviation τ, which is estimated from all of them (moments of the
/// residuals, extremes trimmed, shrunk to ``priorDeviation`` while there are few actors). That is
/// partial pooling: beta-binomial over-dispersion, to first order, on the scale where strata add up.
///
/// **Bound.** An honest actor's offset is at most `z τ`, z the normal quantile of `outlierShare`. Once it has
/// a reference period of its own, its posterior offset `m ± s` narrows this to `min(z τ, m + z s)`, so that
/// an actor that turns is compared with itself, and not only with the worst of the honest.
///
/// **Evidence.** For each borderline label it is bet that the odds of "legit" are above the bound's, by
/// factors of 1.5, 3 and 8. Under any honest sequence each bet multiplies a stake by at most 1 on average,
/// whatever came before; restarted at 1 whenever it has lost, it is an e-detector (Shin, Ramdas and Rinaldo,
/// "E-detectors", 2023): the expected number of labels until it stands at 1/α is at least 1/α. So it
/// is valid under continuous looking, and years of honest labels do not shield what comes after.
///
/// Memory: some 400 bytes an actor, at most `maxActors`; an actor that is not followed yet is counted in a
/// sketch and takes the place of the one with the fewest labels once it has more. O(strata) per label.
package struct LabelPeerTest: Sendable {
    package static let strata = 6
    /// Half-life of the pools' counts.
    package static let halfLifeDays = 60.0
    /// Deviation of offsets that is supposed before actors show another, and how many actors that is worth.
    static let priorDeviation = 0.4
    static let priorActors = 8.0
    /// Peers' labels that a stratum needs (faded) before an actor is judged in it.
    static let minPeers = 25.0

    package let rule: LabelPeerRule
    /// Normal quantile of the rule's outlier share.
    let z: Double
    package private(set) var pools: [[StratumCounts]] = []
    /// τ per pool, from the last day boundary.
    package private(set) var deviations: [Double] = []
    package private(set) var trials: [ActorTrial] = []
    private var index = HashIndex()
    private var waiting = ActorSketch()
    private var day: Int64 = .min
    /// No followed actor that can go has fewer labels than this.
    private var fewest: Int64 = 0

    package init(rule: LabelPeerRule) {
        self.rule = rule
        z = Self.normalUpperQuantile(rule.outlierShare)
    }

    /// The number of a new pool.
    package mutating func addPool() -> Int {
        pools.append(Array(repeating: StratumCounts(), count: Self.strata))
        deviations.append(Self.priorDeviation)
        return pools.count - 1
    }

    /// Takes one borderline label; answers the place of the actor's trial, nil where it is not followed.
    ///
    /// - Parameter actor: keyed hash of the actor, well mixed, that no other pool uses.
    package mutating func observe(pool: Int, stratum: Int, actor: UInt64, isLegit: Bool, at time: Int64) -> Int? {
        pass(to: time)
        let place = find(actor, pool, time)
        if let place { judge(place, stratum, isLegit, time) }
        pools[pool][stratum].total += 1
        if isLegit { pools[pool][stratum].legit += 1 }
        return place
    }

    private mutating func judge(_ place: Int, _ stratum: Int, _ isLegit: Bool, _ time: Int64) {
        let pool = trials[place].pool
        let all = pools[pool][stratum], own = trials[place].own[stratum]
        let peers = max(0, all.total - own.total)
        if peers >= Self.minPeers {
            let share = (max(0, all.legit - own.legit) + 0.5) / (peers + 1)
            let deviation = deviations[pool]
            var offset = z * deviation
            let reference = trials[place].reference
            if rule.isSelfRelative {
                offset = (reference?.offset ?? 0) + z * (reference?.deviation ?? 0)
            } else if let reference {
                offset = min(offset, max(0, reference.offset) + z * reference.deviation)
            }
            let odds = share / (1 - share) * RealFunctions.exp(offset)
            if !rule.isSelfRelative || reference != nil {
                trials[place].bet(isLegit: isLegit, bound: odds / (1 + odds), peers: share, at: time)
            }
            trials[place].expected += share
            trials[place].variance += share * (1 - share)
            trials[place].labels += 1
            if isLegit { trials[place].legit += 1 }
        }
        trials[place].own[stratum].total += 1
        if isLegit { trials[place].own[stratum].legit += 1 }
        trials[place].lastAt = time
        setReference(place, time)
    }

    /// Closes an actor's reference period when it is long enough.
    private mutating func setReference(_ place: Int, _ time: Int64) {
        let trial = trials[place]
        guard trial.reference == nil, time - trial.firstAt >= rule.referenceMs, trial.labels >= rule.referenceLabels else { return }
        // Nothing is known of how far a class of labels lies from another: a wide prior.
        let deviation = rule.isSelfRelative ? 3 : deviations[trial.pool]
        let precision = trial.variance + 1 / (deviation * deviation)
        trials[place].reference = .init(offset: (Double(trial.legit) - trial.expected) / precision, deviation: 1 / precision.squareRoot())
    }

    /// Whether the evidence against an actor suffices.
    package func isProven(_ place: Int) -> Bool {
        trials[place].labels >= rule.minLabels && trials[place].logEvidence >= -RealFunctions.log(rule.alpha)
    }

    package mutating func setAccused(_ place: Int, _ accused: Bool) { trials[place].isAccused = accused }

    // MARK: Days

    /// At each new day: counts fade, τ is estimated anew.
    private mutating func pass(to time: Int64) {
        let today = floorDivide(time, 86_400_000)
        guard today > day else { return }
        if day != .min {
            let factor = RealFunctions.exp(-RealFunctions.log(2) / Self.halfLifeDays * Double(min(today - day, 3_650)))
            for pool in pools.indices { for stratum in pools[pool].indices { pools[pool][stratum].fade(factor) } }
            for place in trials.indices { for stratum in trials[place].own.indices { trials[place].own[stratum].fade(factor) } }
        }
        day = today
        waiting.halve()
        for pool in pools.indices { deviations[pool] = deviation(of: pool) }
    }

    /// τ from E[(O − E)²] = V + τ² V², over the actors whose residuals are not among the most extreme 2 % on the high side.
    private func deviation(of pool: Int) -> Double {
        var actors = trials.filter { $0.pool == pool && $0.variance >= 0.5 }
            .map { (residual: Double($0.legit) - $0.expected, variance: $0.variance) }
        let prior = Self.priorDeviation * Self.priorDeviation
        guard !actors.isEmpty else { return Self.priorDeviation }
        actors.sort { ($0.residual / $0.variance.squareRoot(), $0.residual) < ($1.residual / $1.variance.squareRoot(), $1.residual) }
        actors.removeLast(actors.count / 50)
        // Each actor weighs by how much it can tell of τ.
        var above = 0.0, below = 0.0
        for actor in actors {
            let weight = 1 / (1 + prior * actor.variance) / (1 + prior * actor.variance)
            above += weight * (actor.residual * actor.residual - actor.variance)
            below += weight * actor.variance * actor.variance
        }
        let raw = below > 0 ? max(0, above / below) : prior
        let count = Double(actors.count)
        return ((raw * count + prior * Self.priorActors) / (count + Self.priorActors)).squareRoot()
    }

    // MARK: Actors

    private mutating func find(_ actor: UInt64, _ pool: Int, _ time: Int64) -> Int? {
        if let place = index.find(actor) { return place }
        if trials.count < rule.maxActors { return append(ActorTrial(pool: pool, key: actor, strata: Self.strata, at: time)) }
        let seen = Int64(waiting.add(actor))
        guard seen > fewest else { return nil }
        // The one with the fewest labels goes, unless it is accused; ties go by place.
        var least = -1
        for place in trials.indices where !trials[place].isAccused && (least < 0 || trials[place].labels < trials[least].labels) { least = place }
        guard least >= 0 else { return nil }
        fewest = trials[least].labels
        guard seen > fewest else { return nil }
        trials[least] = ActorTrial(pool: pool, key: actor, strata: Self.strata, at: time)
        rebuild()
        return least
    }

    private mutating func append(_ trial: ActorTrial) -> Int {
        trials.append(trial)
        index.set(trial.key, to: trials.count - 1)
        return trials.count - 1
    }

    private mutating func rebuild() {
        index.removeAll()
        for (place, trial) in trials.enumerated() { index.set(trial.key, to: place) }
    }

    /// z with P(Z > z) = p, by bisection on erfc; 1e-12 < p < 0.5.
    static func normalUpperQuantile(_ p: Double) -> Double {
        var low = 0.0, high = 8.0
        for _ in 0..<100 {
            let middle = (low + high) / 2
            if RealFunctions.erfc(middle / 2.0.squareRoot()) / 2 > p { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }
}

extension LabelPeerTest {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: day)
        writer.write(signed: fewest)
        writer.write(count: pools.count)
        for (pool, deviation) in zip(pools, deviations) {
            for counts in pool {
                writer.write(double: counts.legit)
                writer.write(double: counts.total)
            }
            writer.write(double: deviation)
        }
        writer.write(count: trials.count)
        for trial in trials { trial.encode(into: &writer) }
        waiting.encode(into: &writer)
    }

    package mutating func restore(from reader: inout ByteReader) throws {
        self = LabelPeerTest(rule: rule)
        day = try reader.readSigned()
        fewest = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 8)) {
            let pool = addPool()
            for stratum in 0..<Self.strata {
                pools[pool][stratum] = StratumCounts(legit: try reader.readDouble(), total: try reader.readDouble())
            }
            deviations[pool] = try reader.readDouble()
        }
        for _ in 0..<(try reader.readCount(minimumSize: 32)) {
            let trial = try ActorTrial(from: &reader)
            guard trial.pool < pools.count, trial.own.count == Self.strata else { throw CorruptBytes(offset: reader.offset, expected: "an actor of a known pool") }
            _ = append(trial)
        }
        waiting = try ActorSketch(from: &reader)
    }
}

/// Counts of actors that are not followed: a count-min sketch, never below the true count.
/// Source: Cormode and Muthukrishnan, "An improved data stream summary" (2005).
struct ActorSketch: Sendable, Equatable {
    static let rows = 4
    static let width = 4_096

    private var counts = [UInt32](repeating: 0, count: ActorSketch.rows * ActorSketch.width)

    init() {}

    /// Once a day, so that a flood of names is forgotten.
    mutating func halve() {
        guard counts.contains(where: { $0 > 0 }) else { return }
        for place in counts.indices { counts[place] /= 2 }
    }

    /// Adds one and answers the count.
    mutating func add(_ key: UInt64) -> UInt32 {
        var least = UInt32.max
        for row in 0..<Self.rows {
            let place = row * Self.width + Int(truncatingIfNeeded: key >> UInt64(row * 13)) & (Self.width - 1)
            if counts[place] < .max { counts[place] += 1 }
            least = min(least, counts[place])
        }
        return least
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(bool: counts.contains { $0 > 0 })
        guard counts.contains(where: { $0 > 0 }) else { return }
        for count in counts { writer.write(varint: UInt64(count)) }
    }

    init(from reader: inout ByteReader) throws {
        guard try reader.readBool() else { return }
        for place in counts.indices { counts[place] = UInt32(truncatingIfNeeded: try reader.readVarint()) }
    }
}
