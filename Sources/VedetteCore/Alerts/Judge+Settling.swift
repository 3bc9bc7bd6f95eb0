/// What is said at a boundary, once everything that closed there has been judged.
///
/// Rounds only move states and leave drafts; what to make of them is decided together, so that a
/// cause found by one monitor explains what another found in the same minute, in whatever order
/// they were judged.
extension Judge {
    /// Something to say about one fingerprint.
    struct Draft {
        enum Kind { case announce, update, end(AlertStatus, reason: String) }
        var kind: Kind
        var key: RequestID
        /// Indices into the scenes since the last boundary, and into their candidates.
        var scene: Int
        var candidate: Int
    }

    /// Why a draft is not spoken.
    private enum Verdict {
        case speak
        case silenced
        /// Another slice's alert of the same thing says it.
        case companion
        /// Another slice's alert has told of it, and holds no more.
        case aftermath
        /// Another slice's alert says it less severely; its place among the candidates.
        case louder(Int)
        /// The alert of this key explains it.
        case cause(RequestID)
        case notice(NoticeBook.Kind)
    }

    /// An alert that fires and was spoken of.
    package struct Spoken {
        var key: RequestID
        var identity: AlertIdentity
        var severity: Severity
        var startedAt: Int64
        var metAt: Int64
        /// Of the monitor behind it; nil for an incident.
        var window: Int?
    }

    /// The events of everything judged since the last call, in a fixed order.
    ///
    /// O(drafts log drafts + drafts · alerts that fire).
    /// - Parameter boundary: event time up to which everything was judged, ms; it never falls.
    public mutating func settle(at boundary: Int64) -> [AlertEvent] {
        var none: [(cause: RequestID, effect: AlertEvent.Contributor)] = []
        return settle(at: boundary, incidents: [], explained: &none)
    }

    /// - Parameters:
    ///   - incidents: of stream detectors, open and spoken of, that may explain alerts.
    ///   - explained: takes what they explain.
    package mutating func settle(
        at boundary: Int64, incidents: [Spoken], explained: inout [(cause: RequestID, effect: AlertEvent.Contributor)]
    ) -> [AlertEvent] {
        silences.prune(at: boundary)
        var events: [AlertEvent] = []
        // By key, so that the order in which the monitors were judged does not show.
        for draft in drafts.sorted(by: { ($0.key, $0.scene) < ($1.key, $1.scene) }) { follow(draft, at: boundary, &events) }
        announce(at: boundary, incidents, &explained, &events)
        releaseFollowers()
        events += settleNotices(at: boundary)
        drafts.removeAll(keepingCapacity: true)
        scenes.removeAll(keepingCapacity: true)
        return events
    }

    func candidate(_ draft: Draft) -> Candidate { scenes[draft.scene].candidates[draft.candidate] }

    /// Updates and ends of what was announced. An end is said even in a silence: somebody waits for it.
    private mutating func follow(_ draft: Draft, at boundary: Int64, _ events: inout [AlertEvent]) {
        guard var state = states[draft.key] else { return }
        let (candidate, scene) = (candidate(draft), scenes[draft.scene])
        switch draft.kind {
        case .announce: return
        case .update:
            guard state.isAnnounced, silence(of: state.identity, monitor: state.monitor, at: boundary) == nil else { return }
            state.severity = max(state.severity, configuration.monitors[state.monitor].severity(of: candidate.finding))
            state.revision += 1
            stirred.insert(draft.key)
            emit(.updated, &state, candidate, scene, at: boundary, &events)
        case .end(let status, let reason):
            state.revision += 1
            emit(status, &state, candidate, scene, at: boundary, reason: reason, &events)
        }
        states[draft.key] = state
    }

    private mutating func announce(
        at boundary: Int64, _ incidents: [Spoken], _ explained: inout [(cause: RequestID, effect: AlertEvent.Contributor)],
        _ events: inout [AlertEvent]
    ) {
        let drafts = drafts.filter { if case .announce = $0.kind { true } else { false } }
        guard !drafts.isEmpty else { return }
        var spoken = spokenAlerts() + incidents
        let over = rememberedAlerts()
        var speakers: [Draft] = []
        var raised: [Draft] = []
        for draft in order(drafts) {
            guard var state = states[draft.key], state.phase == .firing, !state.isAnnounced else { continue }
            place(&state, draft, at: boundary)
            switch verdict(draft, state, spoken, over, at: boundary) {
            case .speak:
                state.isAnnounced = true
                (state.about, state.isOfVersions) = (nil, false)
                stirred.insert(draft.key)
                speakers.append(draft)
                spoken.append(self.spoken(draft.key, state))
                note(spoken: draft.key, state, at: boundary)
            case .silenced, .aftermath: break
            case .companion: hold(&state, candidate(draft), at: boundary)
            case .louder(let companion):
                hold(&state, candidate(draft), at: boundary)
                guard let louder = raise(companion, for: draft, state) else { break }
                for index in spoken.indices where spoken[index].key == louder.key { spoken[index].severity = state.severity }
                raised.append(louder)
            case .cause(let cause) where state.isExplained && states[cause] != nil: hold(&state, candidate(draft), at: boundary)
            case .cause(let cause):
                hold(&state, candidate(draft), at: boundary)
                var told = contributor(state, candidate(draft))
                // Its name alone would be that of the alert which tells of it.
                if states[cause]?.identity == state.identity { told.name += " in \(configuration.windows[configuration.monitors[state.monitor].window].name)" }
                if states[cause] == nil {
                    if !state.isExplained { explained.append((cause, told)) }
                    state.isExplained = true
                } else {
                    state.isExplained = states[cause]?.explain(told) ?? false
                }
            case .notice(let kind):
                hold(&state, candidate(draft), at: boundary)
                note(kind, draft, state, at: boundary)
                if kind == .versionChange { state.isExplained = true }
            }
            states[draft.key] = state
        }
        for draft in speakers {
            guard var state = states[draft.key] else { continue }
            state.episode += 1
            state.revision = 0
            emit(.firing, &state, candidate(draft), scenes[draft.scene], at: boundary, &events)
            states[draft.key] = state
        }
        for draft in raised { tellRaised(draft, at: boundary, &events) }
    }

    /// Gives an alert the severity of a slice that it speaks for, and the slice's name where its own contributors are too many to hold it.
    ///
    /// - Returns: what is to be told of it.
    private mutating func raise(_ companion: Int, for draft: Draft, _ state: AlertState) -> Draft? {
        let scene = scenes[draft.scene]
        guard let key = scene.candidates[companion].key else { return nil }
        states[key]?.severity = state.severity
        let isNamed = scene.contributors(scene.candidates[companion]).contains { $0.name == state.identity.slice.text }
        let told = contributor(state, candidate(draft))
        if !isNamed { _ = states[key]?.explain(told) }
        return Draft(kind: .update, key: key, scene: draft.scene, candidate: companion)
    }

    /// Says that an alert was raised, in the record that it has at this boundary, or in one of its own.
    private mutating func tellRaised(_ draft: Draft, at boundary: Int64, _ events: inout [AlertEvent]) {
        guard let state = states[draft.key] else { return }
        let fingerprint = Fingerprint.text(draft.key)
        guard let index = events.firstIndex(where: { $0.fingerprint == fingerprint }) else { return follow(draft, at: boundary, &events) }
        events[index].severity = state.severity
        events[index].contributors += state.explained.dropFirst(state.spokenExplained)
        states[draft.key]?.spokenExplained = state.explained.count
    }

    private mutating func note(spoken key: RequestID, _ state: AlertState, at boundary: Int64) {
        spokenKeys.insert(key)
        if state.identity.monitor == AlertCauses.versionChange { versionWords[state.identity.model] = key }
        noteAnnouncement(in: AlertRoom(model: state.identity.model, monitor: state.identity.monitor, severity: state.severity), at: boundary)
    }

    /// One more of what an hour may hold.
    mutating func noteAnnouncement(in room: AlertRoom?, at boundary: Int64) {
        guard let room else { return }
        announcements[room] = (announcements[room] ?? []).filter { $0 > boundary - Self.capPeriodMs } + [boundary]
    }

    /// Whether the hour has room for another alert.
    func hasRoom(in room: AlertRoom?, at boundary: Int64) -> Bool {
        guard let room else { return true }
        return (announcements[room]?.reduce(0) { $0 + ($1 > boundary - Self.capPeriodMs ? 1 : 0) } ?? 0) < configuration.maxAlertsPerHour
    }

    /// Alerts that fire and were spoken of, by key.
    mutating func spokenAlerts() -> [Spoken] {
        spokenKeys = spokenKeys.filter { states[$0].map { isSpoken($0) || lastHeld($0) != nil } ?? false }
        return spokenKeys.sorted().compactMap { key in states[key].flatMap { isSpoken($0) ? spoken(key, $0) : nil } }
    }

    /// Alerts that are over, and that longer windows may still hold, by key. After ``spokenAlerts()``.
    private func rememberedAlerts() -> [Spoken] {
        spokenKeys.sorted().compactMap { key in
            states[key].flatMap { state in
                lastHeld(state).map { end in
                    var other = spoken(key, state)
                    other.metAt = end
                    return other
                }
            }
        }
    }

    private func isSpoken(_ state: AlertState) -> Bool { state.phase == .firing && state.isAnnounced }

    /// End of the last window in which an alert that was told and is over held, ms, while some window may still reach back to it.
    /// Only a new word moves it forward. Nil for one that was withdrawn: it rests on nothing any more.
    private func lastHeld(_ state: AlertState) -> Int64? {
        guard state.phase != .firing, state.isAnnounced, let end = (state.latest ?? state.basis)?.end else { return nil }
        return newestEnd - end < configuration.windows.reduce(0) { max($0, $1.sizeMs) } ? end : nil
    }

    private func spoken(_ key: RequestID, _ state: AlertState) -> Spoken {
        Spoken(key: key, identity: state.identity, severity: state.severity, startedAt: state.startedAt, metAt: state.metAt,
            window: configuration.monitors[state.monitor].window)
    }

    /// Causes before what they explain, the worst first, the slice that it is about before the others.
    private func order(_ drafts: [Draft]) -> [Draft] {
        let waiting = Set(drafts.map(\.key))
        let keys = drafts.map { draft -> (Int, Int, Severity, Double) in
            let candidate = candidate(draft)
            return (
                AlertCauses.depth(states[draft.key]?.identity.monitor ?? ""), scenes[draft.scene].rank(candidate), turn(of: draft, among: waiting),
                candidate.finding.strength)
        }
        return drafts.indices.sorted { a, b in
            if keys[a].0 != keys[b].0 { return keys[a].0 < keys[b].0 }
            if keys[a].2 != keys[b].2 { return keys[a].2 > keys[b].2 }
            if keys[a].1 != keys[b].1 { return keys[a].1 < keys[b].1 }
            if keys[a].3 != keys[b].3 { return keys[a].3 > keys[b].3 }
            let (one, other) = (drafts[a].key, drafts[b].key)
            if let p = states[one]?.identity.model, let q = states[other]?.identity.model, p != q { return p < q }
            return one < other
        }.map { drafts[$0] }
    }

    private func verdict(_ draft: Draft, _ state: AlertState, _ spoken: [Spoken], _ over: [Spoken], at boundary: Int64) -> Verdict {
        let (candidate, scene) = (candidate(draft), scenes[draft.scene])
        if silence(of: state.identity, monitor: state.monitor, at: boundary) != nil { return .silenced }
        if isSaidByCompanion(state, candidate, scene) { return .companion }
        if isAftermath(state, candidate, scene, of: spoken) || isAftermath(state, candidate, scene, of: over) { return .aftermath }
        if isHoldable(state, candidate, at: boundary) {
            if isOfVersions(candidate, state) {
                // The monitor that said so may have gone from the configuration.
                guard let word = versionWords[state.identity.model], states[word] != nil else { return .notice(.versionChange) }
                return .cause(word)
            }
            if let cause = spoken.first(where: { explains($0, state, in: scene.round) }) { return .cause(cause.key) }
            // Told with a cause that is over by now: a day's window shows an hour's fault for a day.
            let told = state.isExplained ? over.first { explains($0, state, in: scene.round) } : nil
            if let told { return .cause(told.key) }
        }
        if let companion = quieterCompanion(state, candidate, scene, at: boundary) { return .louder(companion) }
        let room = AlertRoom(model: state.identity.model, monitor: state.identity.monitor, severity: state.severity)
        return hasRoom(in: room, at: boundary) ? .speak : .notice(.alertStorm)
    }

    func isOfVersions(_ candidate: Candidate, _ state: AlertState) -> Bool {
        candidate.finding.cause == .versionChange && state.identity.monitor != AlertCauses.versionChange
    }

    private func explains(_ other: Spoken, _ state: AlertState, in round: EvaluationRound) -> Bool {
        (AlertCauses.explains(other.identity, state.identity) || isSameInAnotherWindow(other, state)) && other.severity >= state.severity
            && other.startedAt < round.end && other.metAt > round.start
    }

    /// Of two windows in which one kind of monitor finds the same thing, the one that spoke first explains the other.
    private func isSameInAnotherWindow(_ other: Spoken, _ state: AlertState) -> Bool {
        guard let window = other.window else { return false }
        return other.identity == state.identity && window != configuration.monitors[state.monitor].window
    }

    /// A cause explains what was there in its first days; what grows far beyond that later stands for itself.
    func isHoldable(_ state: AlertState, _ candidate: Candidate, at boundary: Int64) -> Bool {
        boundary - state.detectedAt <= Self.causeSettlesMs || candidate.finding.strength < Self.growthFactor * max(state.heldPeak, 1)
    }

    private func hold(_ state: inout AlertState, _ candidate: Candidate, at boundary: Int64) {
        if boundary - state.detectedAt <= Self.causeSettlesMs { state.heldPeak = max(state.heldPeak, candidate.finding.strength) }
    }

    private func contributor(_ state: AlertState, _ candidate: Candidate) -> AlertEvent.Contributor {
        let subject = state.identity.subject.map { " \($0)" } ?? ""
        return AlertEvent.Contributor(
            name: "\(state.identity.monitor)\(subject) \(state.identity.slice.text)", value: candidate.finding.value, count: candidate.finding.count)
    }

    /// Hands a held alert to a notice that speaks for all of its kind.
    private mutating func note(_ kind: NoticeBook.Kind, _ draft: Draft, _ state: AlertState, at boundary: Int64) {
        let (candidate, scene) = (candidate(draft), scenes[draft.scene])
        let told = contributor(state, candidate)
        notices.hold(
            NoticeBook.Key(model: state.identity.model, kind: kind), draft.key,
            NoticeBook.Held(
                monitor: state.identity.monitor, name: told.name, severity: state.severity, strength: candidate.finding.strength,
                value: told.value, count: told.count, pValue: candidate.finding.pValue, startedAt: state.startedAt,
                samples: Array(candidate.finding.sampleRequestIDs.prefix(3))),
            detail: scene.observation(candidate).versionChange, control: control(of: candidate, scene), at: boundary)
    }

    func silence(of identity: AlertIdentity, monitor: Int, at time: Int64) -> Silence? {
        silences.find(
            Silence.Target(
                monitorID: configuration.monitors[monitor].id, monitor: identity.monitor, model: configuration.models[identity.model].name,
                slice: identity.slice, subject: identity.subject),
            at: time)
    }
}
