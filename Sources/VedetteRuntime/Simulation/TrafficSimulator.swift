import VedetteCore

/// Believable traffic of a payments model with late labels: decisions and labels in one stream,
/// in the order of their delivery.
///
/// Lazy and in bounded memory: only what is due later is kept, at some 60 bytes a label.
/// Without `disorder` the stream is ordered by event time. A record costs O(log pending).
public struct TrafficSimulator: Sequence, IteratorProtocol, Sendable {
    public let options: SimulationOptions
    /// Valid decisions so far, retries not counted.
    public private(set) var decisionCount = 0

    private let shape = TrafficShape()
    private let decisions: DecisionDraw
    private let labels: LabelDraw
    private let lines: SimulatedLines
    private let plan: ScenarioPlan
    private var pending = PendingRecords()
    private var arrivals: SimulationRandom
    /// Exact time of the next arrival after the start, milliseconds.
    private var nextArrival = 0.0
    private var sequence: UInt64 = 0
    private let ratePerMs: Double
    private let maxDecisions: Int
    private let endMs: Int64
    private var isOver = false

    /// - Throws: ``SimulationError`` for the first option that is out of its range.
    public init(_ options: SimulationOptions) throws(SimulationError) {
        try options.validate()
        self.options = options
        decisions = DecisionDraw(options)
        labels = LabelDraw(options)
        lines = SimulatedLines(options, population: decisions.population)
        plan = try ScenarioPlan(options, population: decisions.population)
        arrivals = SimulationRandom(seed: options.seed, sequence: 0, purpose: .arrival)
        ratePerMs = options.decisionsPerSecond / 1000
        switch options.length {
        case .decisions(let count): (maxDecisions, endMs) = (count, .max)
        case .durationMs(let ms): (maxDecisions, endMs) = (.max, options.startMs + ms)
        case .unbounded: (maxDecisions, endMs) = (.max, .max)
        }
        arrive()
    }

    /// The names of the model's features, in the order of the records.
    public static var featureNames: [String] { SimulatedFeature.allCases.map(\.name) }
    /// The slice dimensions of every decision.
    public static let dimensionNames = ["country", "channel", "account_age", "browser"]
    /// The entities of every decision.
    public static let entityNames = ["user", "device", "ip", "card", "merchant"]

    /// Labels and delayed records that wait for their time.
    public var pendingCount: Int { pending.count }

    public mutating func next() -> SimulatedRecord? {
        while true {
            let arrivalMs = isOver ? nil : options.startMs + Int64(nextArrival)
            if let due = pending.nextReleaseMs, due <= arrivalMs ?? .max {
                guard let record = pending.pop() else { return nil }
                // The log of a stopped producer: nothing new comes, but what was sent still arrives.
                if isOver, !options.deliversRemainingLabels, case .label = record.content { continue }
                return deliver(record)
            }
            guard let arrivalMs else { return nil }
            if let record = decide(arrivalMs) { return record }
        }
    }

    /// Moves to the next arrival of an inhomogeneous Poisson process, or ends the traffic.
    private mutating func arrive() {
        if decisionCount >= maxDecisions {
            isOver = true
            return
        }
        let rate = ratePerMs * shape.factor(atMs: options.startMs + Int64(nextArrival))
        nextArrival += arrivals.exponential() / rate
        if options.startMs + Int64(nextArrival) >= endMs { isOver = true }
    }

    /// Takes the decision that is due and schedules what follows from it; nil if it is not sent now.
    private mutating func decide(_ timeMs: Int64) -> SimulatedRecord? {
        let number = sequence
        sequence += 1
        var random = decisions.random(number)
        var facts = decisions.place(number, timeMs: timeMs, &random)
        let effects = plan.effects(facts)
        if effects.isDropped {
            arrive()
            return nil
        }
        decisions.complete(&facts, effects, &random)
        decisionCount += 1
        arrive()
        scheduleLabels(facts)
        guard plan.changesDelivery else { return record(facts, stampedMs: timeMs, deliveryMs: timeMs, role: .original) }
        scheduleExtras(facts)
        let delayMs = delay(of: number, part: 0, timeMs: timeMs)
        guard delayMs > 0 else { return record(facts, stampedMs: timeMs, deliveryMs: timeMs, role: .original) }
        pending.push(
            releaseMs: timeMs + delayMs, sequence: number, decisionMs: timeMs,
            content: .decision(stampedAfterMs: 0, variant: .first, role: .original))
        return nil
    }

    private mutating func scheduleLabels(_ facts: DecisionFacts) {
        guard pending.count < SimulationOptions.maxPendingRecords, let first = labels.label(facts) else { return }
        schedule(first, facts, part: 1)
        guard plan.changesDelivery, let item = plan.active(.labelCorrections, facts.timeMs) else { return }
        var random = SimulationRandom(seed: options.seed &+ 1, sequence: facts.sequence, purpose: .correction)
        if random.chance(item.strength) { schedule(labels.correction(of: first, sequence: facts.sequence), facts, part: 2) }
    }

    private mutating func schedule(_ label: TimedLabel, _ facts: DecisionFacts, part: UInt64) {
        let stampedMs = facts.timeMs + label.afterMs
        pending.push(
            releaseMs: stampedMs + delay(of: facts.sequence, part: part, timeMs: stampedMs),
            sequence: facts.sequence, decisionMs: facts.timeMs,
            content: .label(label.facts, afterMs: label.afterMs, role: label.role))
    }

    /// Retries, reused IDs and broken lines around a decision.
    private mutating func scheduleExtras(_ facts: DecisionFacts) {
        guard pending.count < SimulationOptions.maxPendingRecords else { return }
        if let item = plan.active(.duplicates, facts.timeMs) {
            var random = SimulationRandom(seed: options.seed &+ 2, sequence: facts.sequence, purpose: .delivery)
            if random.chance(item.strength) {
                // Half of the retries keep their time stamp; the others are stamped anew when sent.
                let isConflict = random.chance(0.2)
                let afterMs = random.chance(0.5) && !isConflict ? 0 : 20 + random.below(1500)
                pending.push(
                    releaseMs: facts.timeMs + Int64(afterMs), sequence: facts.sequence, decisionMs: facts.timeMs,
                    content: .decision(
                        stampedAfterMs: Int32(afterMs), variant: isConflict ? .conflicting : .first,
                        role: isConflict ? .conflictingDecision : .repeated))
            }
        }
        if let item = plan.active(.malformed, facts.timeMs) {
            var random = SimulationRandom(seed: options.seed, sequence: facts.sequence, purpose: .malformed)
            if random.chance(item.strength), let kind = MalformedKind.allCases.randomElement(using: &random) {
                pending.push(releaseMs: facts.timeMs, sequence: facts.sequence, decisionMs: facts.timeMs, content: .malformed(kind))
            }
        }
    }

    /// By how many milliseconds a record is delivered after its time. `part` tells the records of one decision apart.
    private func delay(of number: UInt64, part: UInt64, timeMs: Int64) -> Int64 {
        guard plan.changesDelivery, let item = plan.active(.disorder, timeMs) else { return 0 }
        var random = SimulationRandom(seed: options.seed &+ 3 &+ part, sequence: number, purpose: .delivery)
        guard random.chance(item.strength) else { return 0 }
        let bound = Double(item.boundMs)
        let isLate = random.chance(SimulationScenario.trulyLateShare)
        return Int64(isLate ? bound * (4 + 36 * random.unit()) : bound * random.unit())
    }

    private mutating func deliver(_ due: PendingRecord) -> SimulatedRecord {
        switch due.content {
        case .decision(let afterMs, let variant, let role):
            var facts = remake(due)
            if variant == .conflicting { decisions.contradict(&facts) }
            return record(facts, stampedMs: due.decisionMs + Int64(afterMs), deliveryMs: due.releaseMs, role: role)
        case .label(let facts, let afterMs, let role):
            let stampedMs = due.decisionMs + afterMs
            return SimulatedRecord(
                stream: .labels, eventTimeMs: stampedMs, deliveryMs: due.releaseMs, sequence: due.sequence, role: role,
                key: lines.key(due.sequence, isOrphan: facts.isOrphan),
                line: lines.label(facts, sequence: due.sequence, stampedMs: stampedMs, decisionMs: due.decisionMs))
        case .malformed(let kind):
            return malformed(kind, due)
        }
    }

    /// The decision that a pending record belongs to, made again.
    private func remake(_ due: PendingRecord) -> DecisionFacts {
        var random = decisions.random(due.sequence)
        var facts = decisions.place(due.sequence, timeMs: due.decisionMs, &random)
        decisions.complete(&facts, plan.effects(facts), &random)
        return facts
    }

    private func record(_ facts: DecisionFacts, stampedMs: Int64, deliveryMs: Int64, role: SimulatedRole) -> SimulatedRecord {
        SimulatedRecord(
            stream: .decisions, eventTimeMs: stampedMs, deliveryMs: deliveryMs, sequence: facts.sequence, role: role,
            key: lines.key(facts.sequence), line: lines.decision(facts, stampedMs: stampedMs))
    }

    /// A broken line carries an ID of its own, so that a decoder that lets it pass spoils no good record.
    private func malformed(_ kind: MalformedKind, _ due: PendingRecord) -> SimulatedRecord {
        var facts = remake(due)
        facts.sequence |= 1 << 62
        let good =
            switch kind.stream {
            case .decisions: lines.decision(facts, stampedMs: due.decisionMs)
            case .labels, .control:
                lines.label(
                    LabelFacts(outcome: .legit, kind: .manualReview, source: .reviewQueue, actor: 0),
                    sequence: facts.sequence, stampedMs: due.decisionMs, decisionMs: due.decisionMs)
            }
        return SimulatedRecord(
            stream: kind.stream, eventTimeMs: due.decisionMs, deliveryMs: due.releaseMs, sequence: due.sequence,
            role: .malformed(kind), key: [], line: MalformedLines.line(kind, from: good))
    }
}
