/// One breaker in one slice of one model: the machine, its triggers, what a person ordered, what was published.
struct BreakerEntry: Equatable {
    /// Alerts that a record names; of more than these only the fingerprint is kept.
    static let maxAlerts = 512

    enum News: Equatable {
        case change, heartbeat
    }

    /// Index into the inventory.
    var model: Int
    var slice: SliceName
    var machine: BreakerMachine
    var alerts: [BreakerCause] = []
    /// Fingerprints of alerts that fire beyond ``maxAlerts``.
    var others: Set<String> = []
    /// Least attempts to bypass of which an alert behind it told, since it tripped.
    var attempts: Double?
    /// Per trigger of the spec: whether its metric is over its bound; nil where there was too little data to say.
    var metrics: [Bool?]
    /// When each metric went over its bound, ms.
    var metricsSince: [Int64]
    var forced: BreakerOrder?
    /// When the present order, or the triggers again after the last one, took hold, ms.
    var heldSince: Int64 = .min
    /// Number of the newest record; -1 before the first.
    var sequence: Int64 = -1
    var publishedAt: Int64 = .min
    /// From the beginning of the condition that tripped it last to the trip, ms; -1 while nothing has.
    var detectMs: Int64 = -1
    /// Traffic of the hour before it was last closed, while it is not.
    var calm: BreakerTraffic?
    /// The next record's number does not follow from the one before.
    var countsAnew = false
    /// Its newest record was the last.
    var isRetired = false

    init(model: Int, slice: SliceName, triggers: Int, at time: Int64) {
        self.model = model
        self.slice = slice
        machine = BreakerMachine(at: time)
        metrics = Array(repeating: nil, count: triggers)
        metricsSince = Array(repeating: 0, count: triggers)
    }

    // MARK: Input

    mutating func note(_ signal: AlertSignal) {
        let cause = BreakerCause(
            alertID: signal.alertID, fingerprint: signal.fingerprint, name: signal.monitor, severity: signal.severity, startedAt: signal.startedAt,
            monitorID: signal.monitorID)
        if let known = alerts.firstIndex(where: { $0.fingerprint == signal.fingerprint }) {
            alerts[known] = cause
        } else if alerts.count < Self.maxAlerts, !others.contains(signal.fingerprint) {
            alerts.append(cause)
        } else {
            others.insert(signal.fingerprint)
        }
        if let tries = signal.attempts { attempts = min(attempts ?? tries, tries) }
    }

    func holds(_ fingerprint: String) -> Bool { others.contains(fingerprint) || alerts.contains { $0.fingerprint == fingerprint } }

    mutating func forget(_ fingerprint: String) {
        if others.remove(fingerprint) == nil { alerts.removeAll { $0.fingerprint == fingerprint } }
    }

    mutating func keep(only fingerprints: Set<String>) {
        alerts.removeAll { !fingerprints.contains($0.fingerprint ?? "") }
        others.formIntersection(fingerprints)
    }

    /// - Parameter level: nil where there was too little data: then nothing is clear, and what was over its bound still is.
    mutating func note(_ level: BreakerLevel?, of trigger: Int, since: Int64) {
        guard let level else {
            if metrics[trigger] == false { metrics[trigger] = nil }
            return
        }
        if level.isOver {
            if metrics[trigger] != true { metricsSince[trigger] = since }
            metrics[trigger] = true
        } else if level.isClear || metrics[trigger] != true {
            metrics[trigger] = false
        }
    }

    /// - Parameter order: nil gives it back to its triggers.
    mutating func hold(_ order: BreakerOrder?, at time: Int64) {
        // The same word again does not make the state a new one.
        if forced?.state != order?.state { heldSince = time }
        forced = order
    }

    // MARK: State

    /// What its triggers say. A metric that has too little data leaves it unknown, whatever no alert says.
    func condition(_ triggers: [BreakerTrigger]) -> BreakerCondition {
        if !alerts.isEmpty || !others.isEmpty || metrics.contains(true) { return .tripped }
        let isUnknown = zip(triggers, metrics).contains { trigger, state in
            if case .metric = trigger { state == nil } else { false }
        }
        return isUnknown ? .unknown : .clear
    }

    /// The state that is published: a person's word goes before the machine's.
    var state: BreakerState { forced?.state ?? machine.state }

    /// When the published state was entered, ms.
    var since: Int64 { forced == nil ? max(machine.since, heldSince) : heldSince }

    func relianceShare(_ timing: BreakerTiming) -> Double {
        switch state {
        case .closed: 1
        case .open: 0
        case .halfOpen: machine.state == .halfOpen ? machine.relianceShare(timing) : timing.ramp.first ?? 0.5
        }
    }

    func causes(_ triggers: [BreakerTrigger]) -> [BreakerCause] {
        var causes = alerts.sorted { a, b in
            (b.severity ?? .p3, a.startedAt, a.fingerprint ?? "") < (a.severity ?? .p3, b.startedAt, b.fingerprint ?? "")
        }
        for (index, trigger) in triggers.enumerated() {
            guard case .metric(let rule) = trigger, metrics[index] == true else { continue }
            causes.append(BreakerCause(alertID: nil, fingerprint: nil, name: rule.metric.rawValue, severity: nil, startedAt: metricsSince[index]))
        }
        return causes
    }

    // MARK: Time

    /// The number of a key's first record, above that of any record of the key before: a record takes one number, at most one is made
    /// at each boundary, and boundaries are a second apart or more.
    static func firstSequence(at boundary: Int64) -> Int64 { max(0, boundary / 1_000) }

    /// Goes on to a boundary. Nil where nothing is to be said.
    mutating func step(to boundary: Int64, _ spec: BreakerSpec) -> News? {
        var isChanged = publishedAt == .min
        if let until = forced?.until, boundary >= until {
            hold(nil, at: boundary)
            isChanged = true
        }
        let transition = machine.step(to: boundary, condition(spec.triggers), spec.timing)
        if transition == .opened { detectMs = causes(spec.triggers).map(\.startedAt).min().map { max(0, boundary - $0) } ?? -1 }
        if transition == .closed {
            detectMs = -1
            attempts = nil
        }
        // While a person holds it, the machine goes on beneath without a word.
        if transition != nil, forced == nil { isChanged = true }
        isRetired = isCalm(at: boundary, spec.timing)
        let wasPublished = sequence >= 0
        guard isChanged || isRetired || boundary - publishedAt >= spec.heartbeatMs, wasPublished || !isRetired else { return nil }
        sequence = wasPublished && !countsAnew ? sequence + 1 : Self.firstSequence(at: boundary)
        countsAnew = false
        publishedAt = boundary
        return isChanged || isRetired ? .change : .heartbeat
    }

    /// A slice follows all traffic again once its last trip counts for nothing.
    private func isCalm(at boundary: Int64, _ timing: BreakerTiming) -> Bool {
        guard !slice.isOverall, forced == nil, machine.state == .closed else { return false }
        return machine.closedAt == .min || boundary - machine.closedAt > timing.flapWindowMs
    }

    // MARK: What a record says

    /// What the state touches. A decision service that follows it makes other decisions from then on, so while it is not closed
    /// that is the traffic of the hour before.
    mutating func traffic(_ lastHour: () -> BreakerTraffic?) -> BreakerTraffic? {
        if state == .closed { calm = nil }
        if let calm { return calm }
        let traffic = lastHour()
        if state != .closed, let traffic, traffic.model > 0 { calm = traffic }
        return traffic
    }

    func economics(_ traffic: BreakerTraffic, _ timing: BreakerTiming) -> BreakerEconomics {
        let share = traffic.model > 0 ? Double(traffic.touched) / Double(traffic.model) * (1 - relianceShare(timing)) : 0
        return BreakerEconomics(
            challengedShare: share, moneyAtRiskPerHour: traffic.amount.flatMap { amount in traffic.fraudShare.map { amount * $0 } },
            amountPerHour: traffic.amount, attemptsToBypass: attempts, timeToDetectMs: detectMs < 0 ? nil : detectMs)
    }

    func summary(_ causes: [BreakerCause]) -> String {
        let word = BreakerWords.state(state)
        if isRetired { return "closed for good: \(slice.text) follows all traffic again" }
        if let forced { return "\(word) by hand: \(forced.author), \(forced.reason)" }
        switch state {
        case .closed: return "closed: rely on the model"
        case .halfOpen: return "half open: stage \(machine.stage + 1) of the ramp back"
        case .open:
            guard let first = causes.first else {
                return others.isEmpty ? "open: its cause is over; waiting to see that it stays so" : "open: \(others.count) of many alerts still fire"
            }
            let more = causes.count + others.count - 1
            return "open: \(first.name)" + (first.fingerprint == nil ? " over its bound" : " fires") + (more > 0 ? " and \(more) more" : "")
        }
    }
}
