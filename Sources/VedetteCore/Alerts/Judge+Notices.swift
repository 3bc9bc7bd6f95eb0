/// The alerts that speak for those which are held back.
extension Judge {
    /// Speaks of new notices, of those whose worst alert got worse or that doubled, and of those that are over.
    mutating func settleNotices(at boundary: Int64) -> [AlertEvent] {
        guard !notices.states.isEmpty else { return [] }
        var events: [AlertEvent] = []
        for key in notices.states.keys.sorted() {
            guard var state = notices.states[key] else { continue }
            let before = (state.isFiring, state.revision, state.severity)
            if let event = settle(&state, key, at: boundary) { events.append(event) }
            if before != (state.isFiring, state.revision, state.severity) { stirredNotices.insert(key) }
            notices.states[key] = state
        }
        return events
    }

    private func settle(_ state: inout NoticeBook.State, _ key: NoticeBook.Key, at boundary: Int64) -> AlertEvent? {
        if state.heldAt == boundary {
            let worst = state.ranked.first?.severity ?? .p3
            if state.isFiring {
                guard worst > state.severity || state.count >= 2 * state.spokenCount else { return nil }
                state.revision += 1
            } else {
                state.isFiring = true
                state.episode += 1
                state.revision = 0
                state.detectedAt = boundary
                state.startedAt = state.held.values.map(\.startedAt).min() ?? boundary
                state.severity = .p3
            }
            // Silenced: it is as if it had been said, and the next growth is heard again.
            state.severity = max(state.severity, worst)
            state.spokenCount = state.count
            guard !isSilenced(key, at: boundary) else { return nil }
            return event(state.revision == 0 ? .firing : .updated, state, key, at: boundary, reason: nil)
        }
        guard state.isFiring, boundary - state.heldAt >= key.kind.lingerMs else { return nil }
        state.isFiring = false
        state.revision += 1
        let reason = "nothing has been held back for \(AlertNumbers.duration(key.kind.lingerMs))"
        defer { state.held = [:]; state.more = 0 }
        return event(.resolved, state, key, at: boundary, reason: reason)
    }

    private func isSilenced(_ key: NoticeBook.Key, at boundary: Int64) -> Bool {
        let target = Silence.Target(
            monitorID: key.kind.name, monitor: key.kind.name, model: configuration.models[key.model].name, slice: SliceName(), subject: nil)
        return silences.find(target, at: boundary) != nil
    }

    func fingerprint(of key: NoticeBook.Key) -> String {
        Fingerprint.text(
            Fingerprint.key(
                application: configuration.application, monitor: key.kind.name, model: configuration.models[key.model].name, slice: SliceName(),
                subject: nil))
    }

    private func event(_ status: AlertStatus, _ state: NoticeBook.State, _ key: NoticeBook.Key, at boundary: Int64, reason: String?) -> AlertEvent {
        let model = configuration.models[key.model]
        let ranked = state.ranked
        let words = NoticeWords(kind: key.kind, state: state, model: model)
        let fingerprint = fingerprint(of: key)
        var control = AlertEvent.FalseDiscoveryControl(method: state.method, alpha: state.alpha, tests: state.tests)
        control.falseAlertsPerMonth = configuration.falseAlertsPerMonth
        return AlertEvent(
            id: "\(fingerprint)-\(state.episode)-\(state.revision)", fingerprint: fingerprint, episode: state.episode,
            revision: state.revision, status: status, severity: state.severity, monitor: key.kind.name, monitorID: key.kind.name,
            model: model.name, version: "*", slice: SliceName(), subject: nil, summary: words.summary(at: boundary),
            startedAt: state.startedAt, detectedAt: state.detectedAt, emittedAt: boundary, windowName: "notice",
            windowStart: state.startedAt, windowEnd: max(state.heldAt, state.startedAt + 1), replayFrom: state.startedAt,
            measure: "held_alerts", value: Double(state.count), limit: words.limit(configuration), referenceValue: nil,
            referenceName: "held_alerts", count: ranked.first?.count ?? 0, interval: nil, pValue: ranked.map(\.pValue).min() ?? 1,
            control: control, labelMaturity: nil,
            contributors: ranked.prefix(Self.maxHeldNamed).map { .init(name: $0.name, value: $0.value, count: $0.count) },
            sampleRequestIDs: Array(ranked.flatMap(\.samples).prefix(5)), owner: model.owner, security: model.security,
            runbook: "\(configuration.runbookBase)/\(key.kind.name).md", immediateActions: words.actions, escalation: words.escalation,
            recommendedAction: words.recommended, blastRadius: "all traffic of \(model.name)", reason: reason)
    }
}

/// What a notice says.
struct NoticeWords {
    let kind: NoticeBook.Kind
    let state: NoticeBook.State
    let model: ModelSpec

    private var alerts: String { state.count == 1 ? "1 alert" : "\(AlertNumbers.count(Int64(state.count))) alerts" }

    /// Kinds held back with their numbers, the most frequent first.
    private var kinds: String {
        var counts: [String: Int] = [:]
        for held in state.held.values { counts[held.monitor, default: 0] += 1 }
        return counts.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }.joined(separator: ", ")
    }

    func summary(at time: Int64) -> String {
        let place = "\(model.name), since \(AlertNumbers.time(state.startedAt)) UTC"
        switch kind {
        case .versionChange:
            let versions = state.detail.map { " from \($0)" } ?? ""
            return "version_change: the model version changed\(versions), which explains \(alerts) against references of the old version (\(kinds)) — \(place)"
        case .alertStorm: return "alert_storm: \(alerts) beyond the most of an hour are held back (\(kinds)) — \(place)"
        }
    }

    func limit(_ configuration: TopologyConfiguration) -> Double {
        switch kind {
        case .versionChange: 0
        case .alertStorm: Double(configuration.maxAlertsPerHour)
        }
    }

    var actions: [String] {
        switch kind {
        case .versionChange:
            [
                "Confirm that the release was planned, and that the shifts named here are the ones that its evaluation foretold.",
                "Compare allow share, block share and mean score with the release's evaluation; check thresholds that go with the version.",
            ]
        case .alertStorm:
            [
                "Look at the contributors for what they share: a slice, a feature, a release, an upstream failure.",
                "Fix or silence the cause; what still holds is raised as soon as the hour has room.",
            ]
        }
    }

    var escalation: String {
        switch kind {
        case .versionChange: "Escalate to \(model.security.name) if nobody planned a release: then the model was exchanged."
        case .alertStorm: "Escalate to \(model.security.name) if no single cause is found within 30 min."
        }
    }

    var recommended: String {
        switch kind {
        case .versionChange:
            "If the shift is not what the release's evaluation foretold, roll back to the previous version; else pin a new baseline."
        case .alertStorm: "Treat it as one incident of \(model.name); lower auto-approval if the cause is not known."
        }
    }
}
