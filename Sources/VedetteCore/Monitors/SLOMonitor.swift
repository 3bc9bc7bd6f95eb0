/// `slo`: a security objective burns its budget, has little of it left, or none.
///
/// Input: good and bad events over several windows that end with this one, and over the whole
/// period, composed from panes whatever windows are declared. A bad event is, by `indicator`: a
/// label that says fraud (by arrival), among labels or per decision, a false positive among the labelled legit, a fraud that
/// was let through among the labelled frauds (both by decision time, so fresh windows hold the
/// quickest labels only), a decision slower than `latency_ms`, a missing value of an important feature, or a time-out or error.
/// Output, two subjects. *Burn*: the rate of bad events over `1 - objective`, in a long and a short
/// window together; factors 14.4 (1 h and 5 m), 6 (6 h and 30 m), 3 (1 d and 2 h), 1 (3 d and 6 h)
/// of a period of 30 days, others scaled with it. Source: Google, "The Site Reliability
/// Workbook" (2018), chapter 5. The two fast pairs have the monitor's severity, the slow ones one
/// step less. *Budget*: share of the period's budget that is spent, from `freeze_at` on;
/// spent wholly it is one step below the monitor's severity, else two.
/// Labels count for the requests that they stand for, so an objective is of requests whatever share of them is labelled.
/// Evidence: the exact binomial tail of the long window's bad events at a rate that just keeps
/// the objective (of the labels that there are: ``SampledShare/upperTail(at:usual:)``), counted once for each pair. Low traffic: fewer than `min_bad` bad events in the long
/// window never fire; a short window too small to contradict the burn (it would hold fewer
/// than three bad events, none of which is nothing unusual) does not stop it. So a handful of events does not page, and an outage of a service
/// with three requests an hour is not hidden. For the budget, the tail is at half the budget's rate.
/// What is not seen is not over: where the shortest of the long windows holds no event, or fewer than ``leastTraffic`` of
/// what the longest one would give it, a burn may fire and go on, but nothing counts towards its end.
/// Late labels withdraw an alert of a label-based indicator that they show to be wrong, as far back as
/// the panes that its windows are composed of are kept.
/// Events count as independent; ones that come in batches want a larger `min_bad`.
public struct SLORule: MonitorRule {
    public enum Indicator: String, Sendable, CaseIterable {
        case fraudRate = "fraud_rate"
        /// Fraud labels that arrived, per decision: where nobody says legit.
        case fraudPerDecision = "fraud_per_decision"
        case falsePositiveRate = "false_positive_rate"
        case missedFraud = "missed_fraud"
        case latency
        case missingRate = "missing_rate"
        case errorRate = "error_rate"
    }

    public var indicator = Indicator.fraudRate
    /// Share of good events that is promised.
    public var objective = 0.99
    public var periodMs: Int64 = 30 * 86_400_000
    public var latencyMs: Double = 250
    public var minBad: Int64 = 5
    public var freezeAt = 0.75
    public init() {}

    /// A long window and a short one that must both burn at `factor` times the budget's rate.
    struct Pair {
        var longMs: Int64
        var shortMs: Int64
        var factor: Double
        /// Whether it has the monitor's own severity.
        var isFast: Bool
    }

    /// For a period of 30 days.
    private static let pairs = [
        Pair(longMs: 3_600_000, shortMs: 300_000, factor: 14.4, isFast: true),
        Pair(longMs: 21_600_000, shortMs: 1_800_000, factor: 6, isFast: true),
        Pair(longMs: 86_400_000, shortMs: 7_200_000, factor: 3, isFast: false),
        Pair(longMs: 259_200_000, shortMs: 21_600_000, factor: 1, isFast: false),
    ]
    private static let basePeriodMs: Int64 = 30 * 86_400_000
    /// A short window stops an alert only where it would hold this many bad events, were the burn
    /// still on: none of them then has a chance of 5 %.
    private static let telling = 3.0

    /// Of the usual traffic, below which a quiet window is taken for an outage and not for health.
    static let leastTraffic = 0.1

    /// Scaled to the period, in whole panes of a minute.
    var pairs: [Pair] {
        Self.pairs.map { pair in
            var scaled = pair
            scaled.longMs = scaledLength(pair.longMs)
            scaled.shortMs = scaledLength(pair.shortMs)
            return scaled
        }
    }

    private func scaledLength(_ length: Int64) -> Int64 {
        let minute: Int64 = 60_000
        let scaled = Double(length) * Double(periodMs) / Double(Self.basePeriodMs)
        return max(minute, Int64((scaled / Double(minute)).rounded()) * minute)
    }

    /// The lengths that an observation's ``Observation/budget`` is of, the period last.
    var lengths: [Int64] { Set(pairs.flatMap { [$0.longMs, $0.shortMs] }).sorted() + [periodMs] }

    public static let name = "slo"
    public static let defaultSeverity = Severity.p0
    public static let keys: [MonitorKey<Self>] = [
        .word("indicator", \.indicator, "what a bad event is."),
        .share("objective", .openUnit, \.objective, "share of good events that is promised; the rest is the budget."),
        .duration("period", 86_400_000...365 * 86_400_000, \.periodMs, "what the budget is for."),
        .number("latency_ms", NumberRange(0, 1e9, includesLower: false), \.latencyMs, "a slower decision is a bad one, for `latency`."),
        .integer("min_bad", 1...1_000_000_000, \.minBad, "bad events below which nothing is said."),
        .share("freeze_at", NumberRange(0, 1, includesLower: false), \.freezeAt, "share of the budget whose use is a reason to stop releases."),
    ]

    public var needs: MonitorNeeds {
        var needs = MonitorNeeds()
        needs.budget = true
        needs.reference = false
        needs.labels = [.fraudRate, .fraudPerDecision, .falsePositiveRate, .missedFraud].contains(indicator)
        needs.features = indicator == .missingRate
        return needs
    }

    public var referenceLabel: String? { "objective" }

    /// Bad events and all of them in one pane. O(1), but for a sketch's bins with `latency`.
    package func count(_ pane: Pane, importantFeatures: [Int]) -> EventCounts {
        switch indicator {
        case .fraudRate:
            // Most panes have no weights, and there are many.
            return pane.arrivedAges.isWeighted ? EventCounts(pane.arrivedAges.share) : EventCounts(bad: pane.arrivedFraud, all: pane.arrived)
        case .fraudPerDecision:
            return EventCounts(pane.arrivedFraud == 0 ? SampledShare(others: SampledCount(pane.total)) : SampledShare(fraudPerDecision: pane))
        case .falsePositiveRate: return pane.boxedOutcomes.map { EventCounts($0.outcomes.intervened(.legit)) } ?? EventCounts()
        case .missedFraud:
            guard let fraud = pane.boxedOutcomes?.outcomes.intervened(.fraud) else { return EventCounts() }
            return EventCounts(SampledShare(events: fraud.others, others: fraud.events))
        case .latency:
            let all = pane.latencies.total
            return EventCounts(bad: all - pane.latencies.count(atMost: latencyMs), all: all)
        case .errorRate:
            return pane.operations.map { EventCounts(bad: $0.timeouts + $0.errors, all: $0.statusKnown) } ?? EventCounts()
        case .missingRate:
            return importantFeatures.reduce(into: EventCounts()) { sum, feature in
                guard feature < pane.features.count else { return }
                sum.add(EventCounts(bad: pane.features[feature].missing, all: pane.features[feature].total))
            }
        }
    }

    static let budgetSubject = "budget"

    public func subjects(of observation: Observation, _ context: MonitorContext) -> [MonitorSubject] {
        [.slice, MonitorSubject(name: Self.budgetSubject)]
    }

    public func finding(
        _ subject: MonitorSubject, in observation: Observation, frozen: ReferenceSummary?, _ context: MonitorContext
    ) -> Finding? {
        guard observation.budget.count == lengths.count, let period = observation.budget.last else { return nil }
        return subject.name == nil ? burn(observation, period, context) : budget(observation, period, context)
    }

    /// Share of the period's budget that is spent; 0 where nothing happened.
    func spent(_ period: EventCounts) -> Double { period.all > 0 ? period.rate / (1 - objective) : 0 }

    private func burn(_ observation: Observation, _ period: EventCounts, _ context: MonitorContext) -> Finding? {
        let counts = counts(of: observation)
        var best: (pair: Pair, strength: Double, counts: EventCounts)?
        for pair in pairs {
            let (long, short) = (counts(pair.longMs), counts(pair.shortMs))
            guard long.all > 0 else { continue }
            let strength = strength(long, short, pair)
            // A faster burn is told before a slower one that passes as well.
            if let known = best, known.strength >= 1 || strength <= known.strength { continue }
            best = (pair, strength, long)
        }
        guard let best else { return nil }
        var finding = Finding(
            subject: nil, measure: .burnRate, value: min(best.counts.rate / (1 - objective), 1 / (1 - objective)), limit: best.pair.factor,
            level: best.counts.rate, reference: ReferenceSummary(count: period.all, level: 1 - objective), count: best.counts.all,
            interval: nil, strength: best.strength, effectPassed: best.strength >= 1, isSufficient: best.strength >= 1 || isSeen(counts),
            severity: best.pair.isFast ? nil : context.spec.severity.lowered, sampleRequestIDs: samples(observation, context),
            detail: "over \(AlertNumbers.duration(best.pair.longMs)); \(remaining(period))")
        if finding.effectPassed {
            finding.pValue = min(1, Double(Self.pairs.count) * best.counts.share.upperTail(at: 1 - objective, usual: period.share))
        }
        return finding
    }

    private func counts(of observation: Observation) -> (Int64) -> EventCounts {
        let lengths = lengths
        return { length in lengths.firstIndex(of: length).map { observation.budget[$0] } ?? EventCounts() }
    }

    /// Whether there were events of late, as many as there might be: without them nobody knows that a burn is over.
    private func isSeen(_ counts: (Int64) -> EventCounts) -> Bool {
        guard let shortest = pairs.first?.longMs, let longest = pairs.last?.longMs else { return false }
        let recent = Double(counts(shortest).all)
        return recent > 0 && recent >= Self.leastTraffic * Double(counts(longest).all) * Double(shortest) / Double(longest)
    }

    /// In units of the pair's factor.
    private func strength(_ long: EventCounts, _ short: EventCounts, _ pair: Pair) -> Double {
        let rate = min(1, pair.factor * (1 - objective))
        let byLong = Finding.strength(long.rate, of: rate)
        let isContradicted = short.rate < rate && Double(short.all) * long.share.expectedAmongLabels(at: rate) >= Self.telling
        let burning = isContradicted ? min(byLong, Finding.strength(short.rate, of: rate)) : byLong
        return long.bad >= minBad ? burning : min(burning, Double(long.bad) / Double(minBad))
    }

    private func budget(_ observation: Observation, _ period: EventCounts, _ context: MonitorContext) -> Finding? {
        guard period.all > 0 else { return nil }
        let spent = spent(period)
        let enough = min(1, Double(period.bad) / Double(minBad))
        let strength = min(Finding.strength(spent, of: freezeAt), enough < 1 ? enough : .infinity)
        let isExhausted = spent >= 1
        var finding = Finding(
            subject: Self.budgetSubject, measure: .budgetSpent, value: spent, limit: freezeAt, level: period.rate,
            reference: ReferenceSummary(count: period.all, level: 1 - objective), count: period.all,
            strength: min(strength, Finding.maxStrength), effectPassed: strength >= 1,
            isSufficient: strength >= 1 || isSeen(counts(of: observation)),
            severity: isExhausted ? context.spec.severity.lowered : context.spec.severity.lowered.lowered,
            sampleRequestIDs: samples(observation, context), detail: remaining(period))
        if finding.effectPassed {
            finding.pValue = period.share.upperTail(at: (1 - objective) / 2)
        }
        return finding
    }

    /// Of bad events where panes keep them: of labels if there is a fraud, of time-outs, errors and missing values in any case.
    private func samples(_ observation: Observation, _ context: MonitorContext) -> [String] {
        let pane = observation.current
        switch indicator {
        case .errorRate: return pane.operations?.failedSamples.texts ?? []
        case .missingRate: return pane.missingSamples(ofAny: context.model.importantFeatures).texts
        case .fraudRate, .fraudPerDecision, .missedFraud: return (pane.fraudSamples.isEmpty ? pane.samples : pane.fraudSamples).texts
        case .falsePositiveRate, .latency: return pane.samples.texts
        }
    }

    private func remaining(_ period: EventCounts) -> String {
        let left = 1 - spent(period)
        let of = "of the budget of \(AlertNumbers.duration(periodMs))"
        return left >= 0 ? "\(AlertNumbers.percent(left)) \(of) left" : "the budget of \(AlertNumbers.duration(periodMs)) is overspent by \(AlertNumbers.percent(-left))"
    }

    public func headline(_ finding: Finding) -> String {
        let what = "\(indicator.rawValue) \(AlertNumbers.percent(finding.level)) of \(AlertNumbers.count(finding.count)) "
            + "(objective \(AlertNumbers.percent(1 - objective)))"
        guard finding.subject == nil else {
            let state = finding.value >= 1 ? "budget exhausted" : "\(AlertNumbers.percent(finding.value)) of the budget spent"
            return "\(state): \(what); \(finding.detail ?? "")"
        }
        return "budget burns at \(finding.measure.text(finding.value)) its rate (limit \(AlertNumbers.decimal(finding.limit))): \(what) \(finding.detail ?? "")"
    }

    public func advice(_ finding: Finding, at place: AlertPlace) -> Advice {
        let isBudget = finding.subject != nil
        return Advice(
            actions: [
                isBudget
                    ? "Stop releases of the model, its features and its thresholds in \(place.text), but for those that mend this."
                    : "See which monitor fires beside this one in \(place.text): it names the cause, this one the damage.",
                "Open the sample requests and find what the bad events have in common (device, merchant, amount, version).",
                "Compare the rate by slice and version to see where the budget goes.",
            ],
            escalation: "Escalate to \(place.security) if the burn is an attack, or if no budget is left and no end in sight.",
            recommended: isBudget
                ? "Freeze releases in \(place.text) until less than \(AlertNumbers.percent(freezeAt)) of the budget is spent."
                : "Contain it in \(place.text) by the runbook of the cause; freeze releases while it burns.")
    }
}

/// Bad events among all of them, as labels or decisions and as the requests that these stand for.
public struct EventCounts: Sendable, Equatable {
    /// Bad events among the others.
    public private(set) var share: SampledShare

    public init(_ share: SampledShare) { self.share = share }

    /// Events of which each stands for itself.
    public init(bad: Int64 = 0, all: Int64 = 0) {
        share = SampledShare(events: SampledCount(bad), others: SampledCount(all - bad))
    }

    public var bad: Int64 { share.events.count }
    public var all: Int64 { share.labels }
    /// Among requests; 0 where there are none.
    public var rate: Double { share.rate }

    public mutating func add(_ other: EventCounts) { share = share + other.share }
}

extension MonitorSpec.Rule {
    public static func slo(_ rule: SLORule) -> Self { Self(rule) }
}

extension Measure {
    /// Rate of bad events over the rate that just keeps the objective, at least 0.
    public static let burnRate = Measure("burn_rate", .times)
    /// Share of the period's budget that is spent, at least 0.
    public static let budgetSpent = Measure("budget_spent", .share)
}
