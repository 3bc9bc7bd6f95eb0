extension Judge {
    /// Moves one fingerprint on by one window with enough data.
    ///
    /// - Returns: what there would be to say.
    func advance(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene) -> Draft.Kind? {
        let spec = configuration.monitors[scene.round.monitor]
        let round = scene.round
        // A gap in the data counts as one hop at most: only what was seen counts as held or as clear.
        let hop = configuration.windows[spec.window].hopMs
        let step = state.seenAt == .min ? 0 : min(hop, max(0, round.end - state.seenAt))
        state.seenAt = max(state.seenAt, round.end)
        if candidate.finding.effectPassed, candidate.isMet || state.phase != .idle { state.metAt = round.end }

        switch state.phase {
        case .idle:
            guard candidate.isMet else { return nil }
            state.phase = .pending
            state.pendingSince = round.start
            state.heldMs = 0
            state.frozen = spec.reference == .previousWindow ? candidate.finding.reference : nil
        case .pending:
            if candidate.isMet { state.heldMs += step }
            // The effect is over: the next one starts from nothing. Lacking only evidence, it waits.
            if !candidate.finding.effectPassed { state.phase = .idle }
        case .firing:
            return follow(&state, candidate, scene, step: step)
        }
        guard state.phase == .pending, candidate.isMet, state.heldMs >= spec.forMs else { return nil }
        state.phase = .firing
        state.isAnnounced = false
        state.startedAt = state.pendingSince
        state.detectedAt = round.end
        state.clearMs = -1
        state.peak = 0
        state.heldPeak = 0
        state.explained = []
        state.spokenExplained = 0
        state.isExplained = false
        state.severity = spec.severity(of: candidate.finding)
        state.worst = state.severity
        state.about = nil
        state.isOfVersions = false
        state.basis = AlertState.Basis(start: round.start, end: round.end, value: candidate.finding.value)
        state.latest = state.basis
        return .announce
    }

    /// An alert that fires: does it go on, get worse, or end?
    private func follow(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, step: Int64) -> Draft.Kind? {
        let spec = configuration.monitors[scene.round.monitor]
        let finding = candidate.finding
        if finding.isClear(spec.clearRatio) {
            state.clearMs = state.clearMs < 0 ? 0 : state.clearMs + step
            guard state.clearMs >= spec.keepFiringForMs else { return nil }
            return resolve(&state, candidate, scene, spec)
        }
        state.clearMs = -1
        guard candidate.isMet else { return nil }
        state.worst = max(state.worst, spec.severity(of: finding))
        state.latest = AlertState.Basis(start: scene.round.start, end: scene.round.end, value: finding.value)
        guard state.isAnnounced else {
            state.severity = max(state.severity, spec.severity(of: finding))
            return .announce
        }
        let isNews = state.explained.count > state.spokenExplained
        let isWorse = spec.severity(of: finding) > state.severity || finding.strength >= Self.worseFactor * state.peak
        return isWorse || isNews || scene.at - state.emittedAt >= Self.remindMs ? .update : nil
    }

    private func resolve(_ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, _ spec: MonitorSpec) -> Draft.Kind? {
        let isAccepted = state.frozen != nil && scene.round.end - state.detectedAt > Self.freezeMs
        state.phase = .idle
        if isAccepted { state.frozen = nil }
        guard state.isAnnounced else { return nil }
        let held = spec.keepFiringForMs > 0 ? "clear for \(AlertNumbers.duration(state.clearMs))" : "clear"
        let finding = candidate.finding
        let clear = spec.rule.base.cleared(finding)
            ?? "the effect is below \(AlertNumbers.percent(spec.clearRatio)) of the limit (\(Playbook.observed(finding)))"
        let reason =
            finding.ended ?? (isAccepted
            ? "the new level has held for \(AlertNumbers.duration(Self.freezeMs)) and counts as normal from here on"
            : "\(held): \(clear)")
        return .end(.resolved, reason: reason)
    }

    /// Writes the record of what just happened. The state has its new episode and revision already.
    func emit(
        _ status: AlertStatus, _ state: inout AlertState, _ candidate: Candidate, _ scene: Scene, at boundary: Int64,
        reason: String? = nil, _ events: inout [AlertEvent]
    ) {
        state.emittedAt = boundary
        state.peak = max(state.peak, candidate.finding.strength)
        var event = event(status, state, candidate, scene, reason: reason)
        event.contributors += state.explained
        state.spokenExplained = state.explained.count
        event.replayFrom = configuration.monitors[scene.round.monitor].begins(windowStart: event.windowStart, windowEnd: event.windowEnd)
        events.append(event)
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
            startedAt: state.startedAt, detectedAt: state.detectedAt, sliceTotal: observation.current.total, overallTotal: scene.overallTotal(observation.model))
        let advice = playbook.advice(status)
        return AlertEvent(
            id: "\(fingerprint)-\(state.episode)-\(state.revision)", fingerprint: fingerprint, episode: state.episode,
            revision: state.revision, status: status, severity: state.severity, monitor: spec.rule.name, monitorID: spec.id,
            model: model.name, version: "*", slice: observation.slice, subject: finding.subject, summary: playbook.summary,
            startedAt: state.startedAt, detectedAt: state.detectedAt, emittedAt: state.emittedAt,
            windowName: configuration.windows[spec.window].name, windowStart: scene.round.start, windowEnd: scene.round.end,
            measure: finding.measure.rawValue, value: finding.value, raw: finding.raw, limit: finding.limit,
            referenceValue: finding.reference.level, referenceName: spec.referenceLabel, count: finding.count,
            interval: finding.interval, pValue: finding.pValue,
            control: control(of: candidate, scene),
            labelMaturity: finding.labelMaturity, labelEstimates: observation.labelContext?.estimates(of: observation.current),
            contributors: scene.contributors(candidate),
            sampleRequestIDs: finding.sampleRequestIDs, owner: model.owner, security: model.security,
            runbook: "\(configuration.runbookBase)/\(spec.rule.name).md", immediateActions: advice.actions,
            escalation: advice.escalation, recommendedAction: advice.recommended, blastRadius: playbook.blastRadius,
            reason: reason)
    }
}
