/// Finds the sources whose whole flow of labels has begun to turn fraud into legit, labels without an actor included.
///
/// **What is judged.** All words of a source about the decisions of one model, by day: what it says, less what it takes back or says otherwise on
/// that day, whenever it was said. So the days' counts add up to the words that stand, and "fraud" that becomes "legit" later is seen as turned.
/// Sources differ from each other far more than actors do, in what they see and in what they say, so nothing is made of a source's level:
/// only its change is evidence. What is turned makes fewer fraud words *and* as many more legit ones, in every stratum of the score.
///
/// **Beside peers.** Peers are the other sources of at least its trust that may say both, label the same model in most strata that it labels,
/// and suffice there. For each, the fraud words of the source are compared with what they would be at the peer's share of fraud in each stratum, of the
/// last days: a ``RateWatch`` of 1 - share turned, its scatter raised by n / n_peer, since the peer's share is a sample too. A change of fraud itself
/// cancels. With m ≥ 2 peers the evidence is that against more than half of them (alpha / m each), so one peer that has changed
/// incriminates nobody; and a source of less trust never does. Peers see a change of fraud sooner or later than the source does: where there
/// are clear words, legit words for each of them must have risen too.
///
/// **Alone** it is compared with its own past, by its *clear* words: "legit" about decisions below the borderline. If fraud becomes rarer, legit
/// words for each clear one stay what they were; if honest traffic moves up into the borderline, fraud words do. Turning raises the one and lowers the other: the
/// source is accused when both are proven, each at the full level (intersection of two tests). Without peers and without clear words it
/// can not be told from a change of fraud; pairs of words on one request then remain (`label_canary`, `label_conflicts`).
///
/// The evidence counts for `alpha / 2` in a year each way, however often one looks. A new source is learned for ``RateWatch/minDays`` first.
/// O(1) per label; per day O(sources² × bets × strata) for each model. Memory O(sources²) × 3 kB a model, for those that label it.
package struct SourceFlowTest {
    /// Evidence, and how much of it is enough.
    struct Evidence: Equatable {
        var log: Double
        var limit: Double
        /// Fraud words since the change, and those that there would have been.
        var fraud: RateWatch.Bet?
        /// Row of the registry that the evidence is against; nil is the source's own past.
        var peer: Int?
        /// Beside how many peers.
        var peers = 0
        var isProven = false
        var isCold: Bool { log <= limit / 4 }
    }

    let rule: LabelPeerRule
    private let tiers: [UInt8]
    /// Whoever may only say fraud turns nothing, and is no measure of legit.
    private let saysBoth: [Bool]
    var flows: [SourceFlow?]
    var day: Int64 = .min
    /// The day at whose beginning they were judged last.
    var judged: Int64 = .min

    package init(rule: LabelPeerRule, sources: [LabelSource], models: Int) {
        self.rule = rule
        tiers = sources.map(\.tier)
        saysBoth = sources.map(\.rights.saysBoth)
        flows = Array(repeating: nil, count: models * sources.count)
    }

    func place(_ model: Int, _ source: Int) -> Int { model * tiers.count + source }

    /// Takes one word.
    ///
    /// - Parameters:
    ///   - stratum: of a borderline score; nil below.
    ///   - said: an earlier word on the same request, which is taken back; nil where there is none.
    ///   - isLegit: nil where nothing is said any more.
    package mutating func observe(
        model: Int, source: Int, stratum: Int?, isLegit: Bool?, insteadOf said: Bool? = nil, amount: Money = .none, request: String = "", at time: Int64
    ) {
        pass(to: time)
        guard saysBoth[source] else { return }
        let place = place(model, source)
        if flows[place] == nil { flows[place] = SourceFlow(drift: rule.drift) }
        // In place: a flow is some twenty arrays, and to take it out and put it back counts them all.
        flows[place]?.take(stratum: stratum, isLegit: isLegit, insteadOf: said, amount: amount, request: request, at: time)
    }

    // MARK: Days

    /// Ends the days before `time`. O(1) within a day.
    package mutating func pass(to time: Int64) {
        let today = floorDivide(time, 86_400_000)
        guard today > day else { return }
        if day != .min { end(before: today) }
        day = today
    }

    /// Accuses whom the evidence suffices against: it changes with the days only. O(1) where none has ended.
    package mutating func judge() {
        guard judged < day else { return }
        judged = day
        for place in flows.indices where flows[place]?.isAccused == false && evidence(place).isProven { flows[place]?.isAccused = true }
    }

    private mutating func end(before next: Int64) {
        let drift = peerDrift
        let ended = flows.indices.map { flows[$0]?.end(day, before: next) }
        for place in flows.indices {
            guard let said = ended[place], let flow = flows[place] else { continue }
            for source in tiers.indices where isPeer(source, of: place % tiers.count) {
                guard let peer = flows[place - place % tiers.count + source] else { continue }
                flows[place]?.compare(said, flow, with: peer, source, drift: drift, on: day, before: next)
            }
        }
    }

    /// Both wander.
    var peerDrift: Double { rule.drift * 2.0.squareRoot() }

    private func isPeer(_ peer: Int, of source: Int) -> Bool { peer != source && saysBoth[peer] && tiers[peer] >= tiers[source] }

    // MARK: Evidence

    /// Whether a source is under suspicion; O(1).
    package func isAccused(model: Int, source: Int) -> Bool { flows[place(model, source)]?.isAccused ?? false }

    /// Places of those under suspicion.
    var accused: [Int] { flows.indices.filter { flows[$0]?.isAccused == true } }

    mutating func release(_ place: Int) { flows[place]?.isAccused = false }

    /// Evidence against a source on one model, nats, and how much of it is enough.
    package func evidence(model: Int, source: Int) -> (log: Double, limit: Double) {
        let evidence = evidence(place(model, source))
        return (evidence.log, evidence.limit)
    }

    /// What stands against a source on one model.
    func evidence(_ place: Int) -> Evidence {
        guard let flow = flows[place] else { return Evidence(log: 0, limit: .infinity) }
        let base = place - place % tiers.count
        let peers = tiers.indices.filter { source in
            guard isPeer(source, of: place % tiers.count), let watch = flow.peers[source], !watch.bets.isEmpty, let peer = flows[base + source] else { return false }
            return flow.isMeasured(by: peer)
        }
        var evidence = peers.count >= 2 ? beside(peers, flow) : alone(flow)
        evidence.isProven = evidence.isProven && flow.words >= rule.minLabels
        return evidence
    }

    private func beside(_ peers: [Int], _ flow: SourceFlow) -> Evidence {
        let alpha = rule.alpha / 2 / Double(peers.count)
        // More than half of them have at least the evidence of this one.
        let ranked = peers.compactMap { source in flow.peers[source].map { (source: source, watch: $0, log: $0.logEvidence) } }
            .sorted { ($1.log, $0.source) < ($0.log, $1.source) }
        let one = ranked[peers.count / 2]
        return Evidence(
            log: one.log, limit: RateWatch.limit(alpha), fraud: one.watch.strongest, peer: one.source, peers: peers.count,
            isProven: one.watch.isProven(alpha: alpha, factor: SourceFlow.leastFall) && (!flow.hasClear || !flow.legit.isCold(alpha: rule.alpha / 2)))
    }

    private func alone(_ flow: SourceFlow) -> Evidence {
        let alpha = rule.alpha / 2
        return Evidence(
            log: min(flow.legit.logEvidence, flow.fraud.logEvidence), limit: RateWatch.limit(alpha), fraud: flow.fraud.strongest,
            isProven: flow.hasClear && flow.legit.isProven(alpha: alpha, factor: SourceFlow.leastRise)
                && flow.fraud.isProven(alpha: alpha, factor: SourceFlow.leastFall))
    }
}

extension SourceFlow {
    /// One day beside a peer.
    ///
    /// - Parameter flow: the source itself after that day.
    fileprivate mutating func compare(_ said: Day, _ flow: SourceFlow, with peer: SourceFlow, _ source: Int, drift: Double, on day: Int64, before next: Int64) {
        var tallies = Array(repeating: RateWatch.Tally(), count: recent.count)
        for stratum in recent.indices where peer.suffices(stratum) {
            let share = (peer.recent[stratum].total - peer.recent[stratum].legit + 0.5) / (peer.recent[stratum].total + 1)
            tallies[stratum] = .init(hits: said.fraud[stratum], trials: (said.legit[stratum] + said.fraud[stratum]) * share)
        }
        guard peers[source] != nil || tallies.contains(where: { $0.trials > 0 }) else { return }
        var watch = peers[source] ?? RateWatch(factors: Self.fraudFactors, strata: recent.count, drift: drift)
        peers[source] = nil
        let total = { (flow: SourceFlow) in flow.recent.reduce(0) { $0 + $1.total } }
        watch.pass(to: day)
        watch.add(tallies, amount: said.amount)
        watch.pass(to: next, noise: 1 + total(flow) / max(1, total(peer)))
        peers[source] = watch
    }

    /// Whether a peer suffices where this source labels: in the strata that hold half of its words.
    fileprivate func isMeasured(by peer: SourceFlow) -> Bool {
        var all = 0.0, known = 0.0
        for stratum in recent.indices {
            all += recent[stratum].total
            if peer.suffices(stratum) { known += recent[stratum].total }
        }
        return all > 0 && known >= all / 2
    }
}
