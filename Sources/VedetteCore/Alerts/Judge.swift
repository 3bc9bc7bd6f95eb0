/// Turns what monitors find into alerts: false-discovery control, lifecycle, grouping, hygiene, withdrawal.
///
/// A function of the rounds and control records it is given and of nothing else: no clock, no
/// randomness. Rounds are evaluated as their windows close; what to say is settled once per
/// boundary (``settle(at:)``), for all monitors together.
///
/// **False alarms.** All findings of a round are tested together: their p-values with Holm's
/// procedure, whatever their dependence, and their evidence accumulated over windows that do not
/// overlap (``EvidenceLedger``) with e-BH. The levels are parts of one budget in false alerts per
/// month (``PageBudget``): 10,000 slices or ten, one monitor or twenty make no difference to it.
///
/// **Silence is not health.** A window with too few rows, without a reference, or without the
/// slice advances no clock: it neither fires, nor resolves, nor counts towards `for` and `keep_firing_for`.
///
/// **A fault is not its own reference.** Where the reference is the previous window, an alert
/// keeps the reference it fired against, until it resolves and the previous window is clean
/// again, or until ``freezeMs`` have passed and the new level counts as the normal one.
///
/// **One alert for one thing.** Of the slices that show the same thing, the one that it is about
/// speaks (``SliceExplanation``); of causes and what they cause, the cause (``AlertCauses``); of a
/// change of version and of more alerts than anybody can read, a notice (``NoticeBook``). What is
/// held back lives on, and speaks up when whatever spoke for it is over and it still holds.
public struct Judge {
    /// Fingerprints that are remembered at once. Beyond it the longest unseen that do not fire are forgotten.
    public static let maxTracked = 50_000
    /// Worse by this factor is worth another record.
    public static let worseFactor = 1.25
    /// What has grown by this factor since its cause was new is no longer explained by it.
    public static let growthFactor = 1.5
    /// A cause is new for this long.
    package static let causeSettlesMs: Int64 = 2 * 86_400_000
    /// The time over which alerts are counted against the cap.
    static let capPeriodMs: Int64 = 3_600_000
    /// Held alerts that a notice names.
    static let maxHeldNamed = 10
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
    /// By monitor.
    let levels: [Levels]
    var ledgers: [EvidenceLedger?]
    /// What must not be spoken of.
    var silences: SilenceBook
    var notices = NoticeBook()
    /// When alerts were announced in the last ``capPeriodMs``.
    var announcements: [AlertRoom: [Int64]] = [:]
    /// Fingerprints that were spoken of, and fire or are over since not long: a superset, for finding causes fast. From the states, not stored.
    var spokenKeys: Set<RequestID> = []
    /// Fingerprints of which what breakers hear may have changed; empty between boundaries.
    var stirred: Set<RequestID> = []
    /// Those that may have an ``AlertState/about``: a superset. From the states, not stored.
    var followers: Set<RequestID> = []
    /// Notices that began, were told or ended; empty between boundaries.
    var stirredNotices: Set<NoticeBook.Key> = []
    /// Told as open under an earlier configuration, and judged no more.
    var abandoned: [AbandonedAlert] = []
    /// By model, the newest alert that said that its version changed.
    var versionWords: [Int: RequestID] = [:]
    /// What waits for ``settle(at:)``; empty between boundaries.
    var drafts: [Draft] = []
    var scenes: [Scene] = []
    /// Findings that could not be followed because everything remembered was firing.
    public internal(set) var refused: Int64 = 0

    public init(configuration: TopologyConfiguration) {
        self.configuration = configuration
        monitors = MonitorEvaluation(configuration: configuration)
        trackedByMonitor = Array(repeating: 0, count: configuration.monitors.count)
        silences = SilenceBook(configuration.silences)
        let budget = PageBudget(falseAlerts: configuration.falseAlertsPerMonth, monitors: configuration.monitors.count)
        levels = configuration.monitors.map { Levels($0, configuration.windows[$0.window], budget) }
        ledgers = configuration.monitors.map { Self.ledger(for: $0, configuration.windows[$0.window]) }
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
        /// Its p-value passed in this round, its accumulated evidence as of its newest window that counted.
        var isByWindow = false
        var isByEvidence = false
        /// ln of the accumulated e-value, and the windows behind it; nil where there is none.
        var logEValue: Double?
        var windows = 0
    }

    /// Judges the windows that just closed; ``settle(at:)`` says what to say of it. Rounds of one
    /// monitor come in order of their end.
    ///
    /// O(findings), plus O(k log k) for the k that are significant.
    mutating func consider(_ review: Review) {
        let round = review.round
        newestEnd = max(newestEnd, round.end)
        var candidates = review.candidates
        weigh(&candidates, of: round)
        guard candidates.contains(where: { $0.isMet || ($0.key.map { states[$0] != nil } ?? false) }) else { return }
        scenes.append(Scene(round: round, at: round.end, candidates: candidates))
        for index in candidates.indices {
            guard let key = candidates[index].key else { continue }
            guard states[key] != nil || candidates[index].isMet else { continue }
            guard var state = states[key] ?? admit(key, candidates[index], round) else {
                refused += 1
                continue
            }
            let before = (state.phase, state.worst)
            if let kind = advance(&state, candidates[index], scenes[scenes.count - 1]) {
                drafts.append(Draft(kind: kind, key: key, scene: scenes.count - 1, candidate: index))
            }
            if (state.phase == .firing) != (before.0 == .firing) || state.phase == .firing && state.worst != before.1 { stirred.insert(key) }
            states[key] = state
        }
    }

    /// The same of a whole round at once.
    public mutating func consider(_ round: EvaluationRound) {
        var review = Review(monitor: round.monitor, start: round.start, end: round.end)
        for observation in round.observations { look(at: observation, in: &review) }
        consider(review)
    }

    // MARK: Findings

    /// What one monitor finds in one window, slice by slice: what a slice is compared with can go as soon as it has been looked at.
    struct Review {
        /// Of its observations only all traffic and those with findings, and of these not what they were compared with.
        private(set) var round: EvaluationRound
        private(set) var candidates: [Candidate] = []

        init(monitor: Int, start: Int64, end: Int64) { round = EvaluationRound(monitor: monitor, start: start, end: end, observations: []) }

        fileprivate mutating func add(_ found: [Candidate], in observation: Observation) {
            guard !found.isEmpty || observation.slice.isOverall else { return }
            candidates += found
            var kept = observation
            kept.references = []
            kept.versions = []
            round.observations.append(kept)
        }
    }

    /// Looks for findings in the next observation of a round.
    ///
    /// - Returns: whether it could be judged.
    @discardableResult
    func look(at observation: Observation, in review: inout Review) -> Bool {
        let monitor = review.round.monitor
        let isTracking = trackedByMonitor[monitor] > 0 || ledgers[monitor]?.entries.isEmpty == false
        var found = findings(of: observation, at: review.round.observations.count, in: review.round, isTracking: isTracking)
        found.removeAll { !$0.finding.isSufficient }
        for index in found.indices where found[index].key == nil && found[index].finding.effectPassed {
            found[index].key = key(monitor, observation, found[index].finding.subject)
        }
        review.add(found, in: observation)
        return !found.isEmpty
    }

    func key(_ monitor: Int, _ observation: Observation, _ subject: String?) -> RequestID {
        Fingerprint.key(
            application: configuration.application, monitor: configuration.monitors[monitor].id,
            model: configuration.models[observation.model].name, slice: observation.slice, subject: subject)
    }

    private func findings(of observation: Observation, at index: Int, in round: EvaluationRound, isTracking: Bool) -> [Candidate] {
        let former = isTracking ? monitors.formerSubjects(of: observation, monitor: round.monitor).filter { isOpen(key(round.monitor, observation, $0.name)) } : []
        return (monitors.subjects(of: observation, monitor: round.monitor) + former).compactMap { subject in
            let key = isTracking ? key(round.monitor, observation, subject.name) : nil
            let state = key.flatMap { states[$0] }
            let frozen = state.flatMap { frozenReference($0, round) }
            let fired = state.flatMap { $0.phase == .firing ? $0.basis?.value : nil }
            return monitors.finding(subject, in: observation, monitor: round.monitor, frozen: frozen, firedAt: fired).map {
                Candidate(observation: index, finding: $0, key: key)
            }
        }
    }

    private func isOpen(_ key: RequestID) -> Bool { states[key].map { $0.phase != .idle } ?? false }

    /// The reference that a fingerprint fired against, while the window's own is spoilt by the fault.
    private func frozenReference(_ state: AlertState, _ round: EvaluationRound) -> ReferenceSummary? {
        guard let frozen = state.frozen else { return nil }
        if state.phase == .firing { return round.end - state.detectedAt <= Self.freezeMs ? frozen : nil }
        guard state.metAt != .min else { return nil }
        return round.start - (round.end - round.start) < state.metAt ? frozen : nil
    }

    // MARK: Remembering

    /// A fresh state, after making room; nil where everything remembered fires.
    private mutating func admit(_ key: RequestID, _ candidate: Candidate, _ round: EvaluationRound) -> AlertState? {
        if states.count >= Self.maxTracked { forget() }
        guard states.count < Self.maxTracked else { return nil }
        trackedByMonitor[round.monitor] += 1
        let observation = round.observations[candidate.observation]
        let identity = AlertIdentity(
            monitor: configuration.monitors[round.monitor].rule.name, model: observation.model, slice: observation.slice,
            subject: candidate.finding.subject)
        return AlertState(monitor: round.monitor, identity: identity, episode: episodeFloor)
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
