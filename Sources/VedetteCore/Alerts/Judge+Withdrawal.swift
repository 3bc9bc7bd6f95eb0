/// Late labels can show that an alert was wrong. Then it is withdrawn, in words.
extension Judge {
    /// The windows that label-based alerts rest on and that late labels may still change:
    /// those of alerts that fire, and of resolved ones until their labels are mature.
    ///
    /// In order of monitor and start, at most ``maxRechecks``, the newest.
    public func recheckRequests() -> [(monitor: Int, start: Int64, end: Int64)] {
        var windows = Set<Window>()
        for state in states.values where isOpenToWithdrawal(state) {
            for basis in [state.basis, state.latest] {
                if let basis { windows.insert(Window(monitor: state.monitor, start: basis.start, end: basis.end)) }
            }
        }
        let newest = windows.sorted { ($1.end, $0.monitor, $0.start) < ($0.end, $1.monitor, $1.start) }.prefix(Self.maxRechecks)
        return newest.sorted { ($0.monitor, $0.start, $0.end) < ($1.monitor, $1.start, $1.end) }.map { ($0.monitor, $0.start, $0.end) }
    }

    private struct Window: Hashable {
        var monitor: Int
        var start: Int64
        var end: Int64
    }

    private func isOpenToWithdrawal(_ state: AlertState) -> Bool {
        guard configuration.monitors[state.monitor].rule.base.needs.labels, let basis = state.basis else { return false }
        switch state.phase {
        // Told or not: a breaker may be open for it.
        case .firing: return true
        case .idle, .pending: return state.isAnnounced && newestEnd - basis.end <= configuration.join.maturityMs
        }
    }

    /// Looks again at a window that alerts rest on, its panes recomputed from the labels known by now.
    ///
    /// An alert whose effect there is below the limit now is withdrawn, unless it held in a
    /// later window too: then it rests on that one from here on. One that grew is updated.
    /// - Parameter at: event time of the recheck, ms.
    public mutating func recheck(_ round: EvaluationRound, at: Int64) {
        var candidates: [Candidate] = []
        for (index, observation) in round.observations.enumerated() {
            let former = monitors.formerSubjects(of: observation, monitor: round.monitor)
            for subject in monitors.subjects(of: observation, monitor: round.monitor) + former {
                let key = key(round.monitor, observation, subject.name)
                guard let state = states[key], isOpenToWithdrawal(state) else { continue }
                // The reference of a later window than the first lies inside the fault itself.
                let frozen = round.start > state.startedAt ? state.frozen : nil
                guard let finding = monitors.finding(subject, in: observation, monitor: round.monitor, frozen: frozen), finding.ended == nil else { continue }
                candidates.append(Candidate(observation: index, finding: finding, key: key))
            }
        }
        guard !candidates.isEmpty else { return }
        scenes.append(Scene(round: round, at: at, candidates: candidates))
        for index in candidates.indices {
            guard let key = candidates[index].key, var state = states[key] else { continue }
            let before = (state.phase, state.worst)
            if let kind = recheck(&state, candidates[index], scenes[scenes.count - 1]) {
                drafts.append(Draft(kind: kind, key: key, scene: scenes.count - 1, candidate: index))
            }
            if state.phase != before.0 || state.phase == .firing && state.worst != before.1 { stirred.insert(key) }
            states[key] = state
        }
    }

    private func recheck(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene) -> Draft.Kind? {
        guard let basis = state.basis, basis.start == scene.round.start, basis.end == scene.round.end else { return nil }
        let finding = candidate.finding
        if finding.isSufficient, finding.effectPassed {
            guard state.phase == .firing, state.isAnnounced, finding.strength >= Self.worseFactor * state.peak else { return nil }
            state.worst = max(state.worst, configuration.monitors[state.monitor].severity(of: finding))
            state.basis?.value = finding.value
            return .update
        }
        if let latest = state.latest, latest != basis, latest.end > basis.end {
            state.basis = latest
            return nil
        }
        let reason = Playbook.withdrawal(finding, before: basis.value, minCount: configuration.monitors[state.monitor].minCount)
        state.basis = nil
        state.latest = nil
        if state.phase == .firing {
            state.phase = .idle
            state.frozen = nil
            state.metAt = .min
        }
        return state.isAnnounced ? .end(.withdrawn, reason: reason) : nil
    }
}
