/// Turns what monitors find into alerts: false-discovery control, lifecycle, withdrawal.
///
/// A function of the rounds it is given and of nothing else: no clock, no randomness, and
/// findings are gone through in the order of the round, all traffic first.
///
/// **False alarms.** All findings of a round are tested together with Holm's procedure at the
/// monitor's `alpha`, whatever their dependence. So on a stationary stream a monitor raises a
/// false alert in at most a share `alpha` of its rounds, over all slices together: at 1e-6 and
/// a round every 5 minutes (8,640 a month) less than one in a hundred monitor-months; 10,000
/// slices or ten make no difference. Asking for `for` lowers it further.
///
/// **Silence is not health.** A window with too few rows, without a reference, or without the
/// slice advances no clock: it neither fires, nor resolves, nor counts towards `for` and `keep_firing_for`.
///
/// **A fault is not its own reference.** Where the reference is the previous window, an alert
/// keeps the reference it fired against, until it resolves and the previous window is clean
/// again, or until ``freezeMs`` have passed and the new level counts as the normal one.
///
/// **One alert for one thing.** While the alert for all traffic fires, those of its slices are
/// held back, unless a slice's effect is ``childFactor`` times as strong; their state goes on,
/// and they speak up when the one for all traffic is over and they still hold.
public struct Judge: Sendable {
    /// Fingerprints that are remembered at once. Beyond it the longest unseen that do not fire are forgotten.
    public static let maxTracked = 50_000
    /// Worse by this factor is worth another record.
    public static let worseFactor = 1.25
    /// A slice this much stronger than all traffic gets an alert of its own.
    public static let childFactor = 1.5
    /// An alert that still fires is said again after this long.
    public static let remindMs: Int64 = 86_400_000
    /// How long an alert keeps the reference it fired against, at most.
    public static let freezeMs: Int64 = 7 * 86_400_000
    /// Windows that are looked at again for late labels, at most; the newest win.
    public static let maxRechecks = 1_000
    /// Slices that an alert names.
    public static let maxContributors = 5

    let configuration: TopologyConfiguration
    let monitors: MonitorEvaluation
    var states: [RequestID: AlertState] = [:]
    /// Fingerprints remembered per monitor, so that a monitor without any costs no hashing.
    var trackedByMonitor: [Int]
    /// Episodes of forgotten fingerprints, so that a number is never given twice.
    var episodeFloor = 0
    /// End of the newest window judged.
    var newestEnd: Int64 = .min
    /// What must not be spoken of.
    var silences: SilenceBook
    /// Findings that could not be followed because everything remembered was firing.
    public internal(set) var refused: Int64 = 0

    public init(configuration: TopologyConfiguration) {
        self.configuration = configuration
        monitors = MonitorEvaluation(configuration: configuration)
        trackedByMonitor = Array(repeating: 0, count: configuration.monitors.count)
        silences = SilenceBook(configuration.silences)
    }

    /// Takes a word from the control topic.
    public mutating func apply(_ action: ControlRecord.Action) { silences.apply(action) }

    /// Fingerprints remembered, whatever their state.
    public var trackedCount: Int { states.count }
    /// Alerts that fire now and have been spoken of.
    public var firingCount: Int { states.values.reduce(0) { $0 + ($1.phase == .firing && $1.isAnnounced ? 1 : 0) } }

    /// One finding of a round on its way through the judge.
    struct Candidate {
        var observation: Int
        var finding: Finding
        /// Set where something is remembered or to be remembered.
        var key: RequestID?
        /// Passed false-discovery control and the bound on the effect.
        var isMet = false
    }

    /// Judges the windows that just closed. Rounds of one monitor come in order of their end.
    ///
    /// O(findings), plus O(k log k) for the k that are significant.
    public mutating func evaluate(_ round: EvaluationRound) -> [AlertEvent] {
        newestEnd = max(newestEnd, round.end)
        var candidates = candidates(in: round)
        let tests = control(&candidates, alpha: configuration.monitors[round.monitor].alpha)
        var scene = Scene(round: round, at: round.end, tests: tests, candidates: candidates)
        var events: [AlertEvent] = []
        // All traffic first: what it says decides on its slices.
        for index in scene.order {
            guard let key = candidates[index].key else { continue }
            guard states[key] != nil || candidates[index].isMet else { continue }
            guard var state = states[key] ?? admit(key, monitor: round.monitor) else {
                refused += 1
                continue
            }
            advance(&state, candidates[index], scene, &events)
            states[key] = state
            scene.note(candidates[index], isFiring: state.phase == .firing && state.isAnnounced)
        }
        return events
    }

    /// Marks the candidates that hold against all others; returns how many were tested.
    private func control(_ candidates: inout [Candidate], alpha: Double) -> Int {
        let rejected = HolmProcedure.rejected(candidates.map(\.finding.pValue), alpha: alpha)
        for index in candidates.indices { candidates[index].isMet = rejected[index] && candidates[index].finding.effectPassed }
        return candidates.count
    }

    // MARK: Findings

    private func candidates(in round: EvaluationRound) -> [Candidate] {
        let isTracking = trackedByMonitor[round.monitor] > 0
        var candidates: [Candidate] = []
        for (index, observation) in round.observations.enumerated() {
            for var candidate in findings(of: observation, at: index, in: round, isTracking: isTracking) where candidate.finding.isSufficient {
                if candidate.key == nil, candidate.finding.effectPassed {
                    candidate.key = key(round.monitor, observation, candidate.finding.subject)
                }
                candidates.append(candidate)
            }
        }
        return candidates
    }

    func key(_ monitor: Int, _ observation: Observation, _ subject: String?) -> RequestID {
        Fingerprint.key(
            application: configuration.application, monitor: configuration.monitors[monitor].id,
            model: configuration.models[observation.model].name, slice: observation.slice, subject: subject)
    }

    private func findings(of observation: Observation, at index: Int, in round: EvaluationRound, isTracking: Bool) -> [Candidate] {
        monitors.subjects(of: observation, monitor: round.monitor).compactMap { subject in
            let key = isTracking ? key(round.monitor, observation, subject.name) : nil
            let frozen = key.flatMap { states[$0] }.flatMap { frozenReference($0, round) }
            return monitors.finding(subject, in: observation, monitor: round.monitor, frozen: frozen).map {
                Candidate(observation: index, finding: $0, key: key)
            }
        }
    }

    /// The reference that a fingerprint fired against, while the window's own is spoilt by the fault.
    private func frozenReference(_ state: AlertState, _ round: EvaluationRound) -> ReferenceSummary? {
        guard let frozen = state.frozen else { return nil }
        if state.phase == .firing { return round.end - state.detectedAt <= Self.freezeMs ? frozen : nil }
        guard state.metAt != .min else { return nil }
        return round.start - (round.end - round.start) < state.metAt ? frozen : nil
    }

    // MARK: Remembering

    /// A fresh state, after making room; nil where everything remembered fires.
    private mutating func admit(_ key: RequestID, monitor: Int) -> AlertState? {
        if states.count >= Self.maxTracked { forget() }
        guard states.count < Self.maxTracked else { return nil }
        trackedByMonitor[monitor] += 1
        return AlertState(monitor: monitor, episode: episodeFloor)
    }

    /// Drops the sixteenth of the limit that was seen longest ago and does not fire.
    private mutating func forget() {
        let inactive = states.filter { $0.value.isInactive }.sorted { ($0.value.seenAt, $0.key) < ($1.value.seenAt, $1.key) }
        for (key, state) in inactive.prefix(max(1, Self.maxTracked / 16)) {
            states[key] = nil
            trackedByMonitor[state.monitor] -= 1
            episodeFloor = max(episodeFloor, state.episode)
        }
    }
}
