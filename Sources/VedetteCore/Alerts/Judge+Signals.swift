/// What circuit breakers hear of the judge: what fires, and what has ceased to, whatever was said of it.
///
/// The cap, causes and silences decide what is said, and breakers do not ask them: else whoever can make thirty alerts, or one
/// that explains others, could disarm them.
extension Judge {
    /// What has changed since the last call, in a fixed order; to be called after each ``settle(at:)``. O(k log k).
    package mutating func takeSignals() -> [AlertSignal] {
        defer {
            stirred.removeAll(keepingCapacity: true)
            stirredNotices.removeAll(keepingCapacity: true)
        }
        return stirred.sorted().compactMap(signal) + stirredNotices.sorted().compactMap(signal)
    }

    /// Everything that fires now. O(states).
    package func firingSignals() -> [AlertSignal] {
        let keys = states.filter { $0.value.phase == .firing }.keys.sorted()
        return (keys.compactMap(signal) + notices.states.keys.sorted().compactMap(signal)).filter(\.isFiring)
    }

    private func signal(_ key: RequestID) -> AlertSignal? {
        guard let state = states[key] else { return nil }
        let fingerprint = Fingerprint.text(key)
        return AlertSignal(
            fingerprint: fingerprint, isFiring: state.phase == .firing && !state.isOfVersions,
            alertID: state.isAnnounced ? "\(fingerprint)-\(state.episode)-\(state.revision)" : nil, monitor: state.identity.monitor,
            monitorID: configuration.monitors[state.monitor].id, model: configuration.models[state.identity.model].name,
            slice: state.identity.slice, severity: state.worst, startedAt: state.startedAt,
            about: state.about.flatMap { states[$0]?.identity.slice })
    }

    private func signal(_ key: NoticeBook.Key) -> AlertSignal? {
        guard let state = notices.states[key] else { return nil }
        let fingerprint = fingerprint(of: key)
        return AlertSignal(
            fingerprint: fingerprint, isFiring: state.isFiring, alertID: "\(fingerprint)-\(state.episode)-\(state.revision)",
            monitor: key.kind.name, monitorID: key.kind.name, model: configuration.models[key.model].name, slice: SliceName(),
            severity: state.severity, startedAt: state.startedAt)
    }

    // MARK: What a breaker is spared

    /// Finds out what else speaks for an alert that is not told: another slice's, or a change of version.
    mutating func place(_ state: inout AlertState, _ draft: Draft, at boundary: Int64) {
        let (candidate, scene) = (candidate(draft), scenes[draft.scene])
        let before = (state.about, state.isOfVersions)
        state.isOfVersions = isOfVersions(candidate, state) && isHoldable(state, candidate, at: boundary)
        state.about = leader(of: state, candidate, scene)
        if state.about != nil { followers.insert(draft.key) }
        if before != (state.about, state.isOfVersions) { stirred.insert(draft.key) }
    }

    /// The alert of a slice that holds this one, or is held by it, and shows the same no less severely; one that speaks for itself.
    private func leader(of state: AlertState, _ candidate: Candidate, _ scene: Scene) -> RequestID? {
        for index in scene.companions(candidate) {
            guard let key = scene.candidates[index].key, let other = states[key], other.identity != state.identity else { continue }
            guard other.phase == .firing, other.about == nil, !other.isOfVersions, other.worst >= state.worst else { continue }
            guard other.identity.slice.isComparable(to: state.identity.slice) else { continue }
            if !scene.hasOutgrown(candidate, scene.candidates[index]) { return key }
        }
        return nil
    }

    /// Whoever's leader has ceased to fire, or follows another one itself, speaks for itself. O(followers), where anything changed.
    mutating func releaseFollowers() {
        guard !stirred.isEmpty, !followers.isEmpty else { return }
        followers = followers.filter { states[$0].map { $0.phase == .firing && $0.about != nil } ?? false }
        // All are looked at before any is changed: a set has no order.
        let free = followers.filter { key in
            guard let leader = states[key]?.about.flatMap({ states[$0] }) else { return true }
            return leader.phase != .firing || leader.about != nil || leader.isOfVersions
        }
        for key in free { states[key]?.about = nil }
        stirred.formUnion(free)
        followers.subtract(free)
    }

    // MARK: Abandoned alerts

    /// The last records of what no rule judges any more; once. What fires again meanwhile goes on under its next episode.
    package mutating func takeAbandoned(at boundary: Int64) -> [AlertEvent] {
        defer { abandoned.removeAll() }
        return abandoned.filter { alert in states[alert.key].map { $0.phase != .firing || !$0.isAnnounced } ?? true }
            .map { $0.event(configuration, at: boundary) }
    }
}
