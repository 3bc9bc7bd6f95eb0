extension Judge {
    /// What all findings of one round share.
    struct Scene {
        let round: EvaluationRound
        /// Event time at which records are emitted, ms.
        let at: Int64
        let tests: Int
        let candidates: [Candidate]
        /// Candidates with all traffic first, else in the order of the round.
        let order: [Int]
        /// Index of the observation of all traffic, by model.
        private let overall: [Int: Int]
        /// How strong the alerts for all traffic are that fire now, by model and subject.
        private var parents: [Subject: Double] = [:]

        private struct Subject: Hashable {
            var model: Int
            var name: String?
        }

        init(round: EvaluationRound, at: Int64, tests: Int, candidates: [Candidate]) {
            self.round = round
            self.at = at
            self.tests = tests
            self.candidates = candidates
            let isOverall = { (index: Int) in round.observations[candidates[index].observation].slice.isOverall }
            order = candidates.indices.filter(isOverall) + candidates.indices.filter { !isOverall($0) }
            var overall: [Int: Int] = [:]
            for (index, observation) in round.observations.enumerated() where observation.slice.isOverall { overall[observation.model] = index }
            self.overall = overall
        }

        func observation(_ candidate: Candidate) -> Observation { round.observations[candidate.observation] }

        func overallTotal(_ model: Int) -> Int64? { overall[model].map { round.observations[$0].current.total } }

        mutating func note(_ candidate: Candidate, isFiring: Bool) {
            let observation = observation(candidate)
            guard observation.slice.isOverall, isFiring else { return }
            parents[Subject(model: observation.model, name: candidate.finding.subject)] = candidate.finding.strength
        }

        /// Whether the alert for all traffic says all that this slice's would.
        func isCovered(_ candidate: Candidate) -> Bool {
            let observation = observation(candidate)
            guard !observation.slice.isOverall,
                let parent = parents[Subject(model: observation.model, name: candidate.finding.subject)]
            else { return false }
            return candidate.finding.strength < Judge.childFactor * parent
        }

        /// For an alert of all traffic: the slices beyond the limit, those with most rows and effect first.
        func contributors(_ candidate: Candidate) -> [AlertEvent.Contributor] {
            let own = observation(candidate)
            guard own.slice.isOverall else { return [] }
            let slices = candidates.indices.filter { index in
                let other = observation(candidates[index])
                return other.model == own.model && !other.slice.isOverall && candidates[index].finding.effectPassed
                    && candidates[index].finding.subject == candidate.finding.subject
            }
            let weight = { (index: Int) in candidates[index].finding.strength * Double(max(1, candidates[index].finding.count)) }
            return slices.sorted { (weight($1), $0) < (weight($0), $1) }.prefix(Judge.maxContributors).map { index in
                let finding = candidates[index].finding
                return AlertEvent.Contributor(name: observation(candidates[index]).slice.text, value: finding.value, count: finding.count)
            }
        }
    }

    /// Moves one fingerprint on by one window with enough data.
    mutating func advance(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, _ events: inout [AlertEvent]) {
        let spec = configuration.monitors[scene.round.monitor]
        let round = scene.round
        // A gap in the data counts as one hop at most: only what was seen counts as held or as clear.
        let hop = configuration.windows[spec.window].hopMs
        let step = state.seenAt == .min ? 0 : min(hop, max(0, round.end - state.seenAt))
        state.seenAt = max(state.seenAt, round.end)
        if candidate.finding.effectPassed, candidate.isMet || state.phase != .idle { state.metAt = round.end }

        switch state.phase {
        case .idle:
            guard candidate.isMet else { return }
            state.phase = .pending
            state.pendingSince = round.start
            state.heldMs = 0
            state.frozen = spec.reference == .previousWindow ? candidate.finding.reference : nil
        case .pending:
            if candidate.isMet { state.heldMs += step }
            // The effect is over: the next one starts from nothing. Lacking only evidence, it waits.
            if !candidate.finding.effectPassed { state.phase = .idle }
        case .firing:
            return follow(&state, candidate, scene, step: step, &events)
        }
        guard state.phase == .pending, candidate.isMet, state.heldMs >= spec.forMs else { return }
        state.phase = .firing
        state.isAnnounced = false
        state.startedAt = state.pendingSince
        state.detectedAt = round.end
        state.clearMs = -1
        state.peak = 0
        state.severity = spec.severity(of: candidate.finding)
        state.basis = AlertState.Basis(start: round.start, end: round.end, value: candidate.finding.value)
        state.latest = state.basis
        if !scene.isCovered(candidate) { announce(&state, candidate, scene, &events) }
    }

    private func announce(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, _ events: inout [AlertEvent]) {
        state.isAnnounced = true
        state.episode += 1
        state.revision = 0
        emit(.firing, &state, candidate, scene, &events)
    }

    /// An alert that fires: does it go on, get worse, or end?
    private func follow(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, step: Int64, _ events: inout [AlertEvent]) {
        let spec = configuration.monitors[scene.round.monitor]
        let finding = candidate.finding
        if finding.isClear(spec.clearRatio) {
            state.clearMs = state.clearMs < 0 ? 0 : state.clearMs + step
            guard state.clearMs >= spec.keepFiringForMs else { return }
            return resolve(&state, candidate, scene, spec, &events)
        }
        state.clearMs = -1
        guard candidate.isMet else { return }
        state.latest = AlertState.Basis(start: scene.round.start, end: scene.round.end, value: finding.value)
        guard !scene.isCovered(candidate) else { return }
        guard state.isAnnounced else { return announce(&state, candidate, scene, &events) }
        let severity = max(state.severity, spec.severity(of: finding))
        let isDue = scene.at - state.emittedAt >= Self.remindMs
        guard severity > state.severity || finding.strength >= Self.worseFactor * state.peak || isDue else { return }
        state.severity = severity
        state.revision += 1
        emit(.updated, &state, candidate, scene, &events)
    }

    private func resolve(
        _ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, _ spec: MonitorSpec, _ events: inout [AlertEvent]
    ) {
        let isAccepted = state.frozen != nil && scene.round.end - state.detectedAt > Self.freezeMs
        state.phase = .idle
        if isAccepted { state.frozen = nil }
        guard state.isAnnounced else { return }
        let finding = candidate.finding
        let held = spec.keepFiringForMs > 0 ? "clear for \(AlertNumbers.duration(state.clearMs))" : "clear"
        let bound = "below \(AlertNumbers.percent(spec.clearRatio)) of the limit"
        let reason =
            isAccepted
            ? "the new level has held for \(AlertNumbers.duration(Self.freezeMs)) and counts as normal from here on"
            : "\(held): the effect is \(bound) (\(Playbook.observed(finding)))"
        state.revision += 1
        emit(.resolved, &state, candidate, scene, reason: reason, &events)
    }

    /// Writes the record of what just happened. The state has its new episode and revision already.
    func emit(
        _ status: AlertStatus, _ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, reason: String? = nil,
        _ events: inout [AlertEvent]
    ) {
        state.emittedAt = scene.at
        state.peak = max(state.peak, candidate.finding.strength)
        events.append(event(status, state, candidate, scene, reason: reason))
    }

    private func event(
        _ status: AlertStatus, _ state: AlertState, _ candidate: Candidate, _ scene: Scene, reason: String?
    ) -> AlertEvent {
        let spec = configuration.monitors[scene.round.monitor]
        let observation = scene.observation(candidate)
        let model = configuration.models[observation.model]
        let finding = candidate.finding
        let fingerprint = Fingerprint.text(key(scene.round.monitor, observation, finding.subject))
        let playbook = Playbook(
            finding: finding, rule: spec.rule.base, model: model, slice: observation.slice, round: scene.round,
            sliceTotal: observation.current.total, overallTotal: scene.overallTotal(observation.model))
        let advice = playbook.advice
        return AlertEvent(
            id: "\(fingerprint)-\(state.episode)-\(state.revision)", fingerprint: fingerprint, episode: state.episode,
            revision: state.revision, status: status, severity: state.severity, monitor: spec.rule.name, monitorID: spec.id,
            model: model.name, version: "*", slice: observation.slice, subject: finding.subject, summary: playbook.summary,
            startedAt: state.startedAt, detectedAt: state.detectedAt, emittedAt: scene.at,
            windowName: configuration.windows[spec.window].name, windowStart: scene.round.start, windowEnd: scene.round.end,
            measure: finding.measure.rawValue, value: finding.value, limit: finding.limit,
            referenceValue: finding.reference.level, referenceName: spec.reference.label, count: finding.count,
            interval: finding.interval, pValue: finding.pValue,
            control: AlertEvent.FalseDiscoveryControl(method: HolmProcedure.name, alpha: spec.alpha, tests: scene.tests),
            labelMaturity: finding.labelMaturity, contributors: scene.contributors(candidate),
            sampleRequestIDs: finding.sampleRequestIDs, owner: model.owner, security: model.security,
            runbook: "\(configuration.runbookBase)/\(spec.rule.name).md", immediateActions: advice.actions,
            escalation: advice.escalation, recommendedAction: advice.recommended, blastRadius: playbook.blastRadius,
            reason: reason)
    }
}
