/// Turns what stream detectors report into alerts: one alert per incident, growing by revisions.
///
/// A record goes out when an incident opens, when its severity rises, when there is news of it, when its size has
/// grown by ``growthFactor`` since the last record, once every ``remindMs`` while it goes on growing, and when it ends.
/// A function of the reports it is given.
package struct IncidentBook {
    /// Larger by this factor is worth another record.
    package static let growthFactor = 2.0
    /// An incident that still grows is said again after this long.
    package static let remindMs: Int64 = 86_400_000
    /// Incidents remembered at once. Beyond it those that ended longest ago are forgotten first, then the quietest.
    package static let maxTracked = 20_000

    private struct State: Equatable {
        var detector: Int
        var identity: AlertIdentity
        var isOpen: Bool
        /// Not spoken of: something else explains it, or the hour is full; the times and the size are then of when that began.
        var isHeld = false
        var episode: Int
        var revision: Int
        var severity: Severity
        var spokenSize: Double
        var spokenNews: Int64 = 0
        var startedAt: Int64
        /// From its first trace to when it was found.
        var detectMs: Int64 = 0
        var detectedAt: Int64
        var emittedAt: Int64
        var seenAt: Int64
        /// Alerts held back because this one explains them; how many of them were told.
        var explained: [AlertEvent.Contributor] = []
        var spokenExplained = 0
    }

    /// What stands, told or not: what breakers hear.
    struct Standing: Equatable {
        var detector: Int
        var identity: AlertIdentity
        var severity: Severity
        var startedAt: Int64
        /// Least tries until a first success that it told of.
        var attempts: Double?
    }

    private let configuration: TopologyConfiguration
    private var states: [RequestID: State] = [:]
    /// As many as the detectors have open: each bounds its own, and ends what it began.
    private(set) var standing: [RequestID: Standing] = [:]
    /// What breakers hear of these may have changed; empty between boundaries.
    private var stirred: [RequestID: Standing] = [:]
    /// Told as open under an earlier configuration, and judged no more.
    private var abandoned: [AbandonedAlert] = []
    /// Episodes of forgotten fingerprints, so that a number is never given twice.
    private var episodeFloor = 0

    package init(configuration: TopologyConfiguration) { self.configuration = configuration }

    package var openCount: Int { states.values.reduce(0) { $0 + ($1.isOpen ? 1 : 0) } }

    /// Decisions of a model of the inventory since an event time, ms.
    package typealias Traffic = (_ model: Int, _ since: Int64) -> Int64

    /// - Parameters:
    ///   - boundary: event time up to which everything has been observed, ms.
    ///   - traffic: asked only for records that go out.
    package mutating func take(_ report: IncidentReport, at boundary: Int64, traffic: Traffic) -> AlertEvent? {
        let key = key(of: report)
        switch report.phase {
        case .open: return open(report, key, boundary, traffic)
        case .closed(let reason): return end(report, key, .resolved, reason, boundary, traffic)
        case .withdrawn(let reason): return end(report, key, .withdrawn, reason, boundary, traffic)
        case .merged(let other): return end(report, key, .resolved, "part of \(other), which goes on", boundary, traffic)
        }
    }

    /// Notes what stands and what is over, whatever is said of it. Before ``take(_:at:traffic:)``, for every report.
    mutating func note(_ report: IncidentReport) {
        let key = key(of: report)
        guard case .open = report.phase else {
            if let over = standing.removeValue(forKey: key) { stirred[key] = over }
            return
        }
        let known = standing[key]
        var now = known ?? Standing(
            detector: report.detector, identity: AlertIdentity(report), severity: report.severity, startedAt: report.startedAt)
        now.severity = max(now.severity, report.severity)
        now.startedAt = min(now.startedAt, report.startedAt)
        if let tries = report.stakes.attempts.value { now.attempts = min(now.attempts ?? tries, tries) }
        guard now != known else { return }
        standing[key] = now
        stirred[key] = now
    }

    /// What has changed since the last call, in a fixed order. O(k log k).
    package mutating func takeSignals() -> [AlertSignal] {
        defer { stirred.removeAll(keepingCapacity: true) }
        return stirred.sorted { $0.key < $1.key }.map { signal($0.key, standing[$0.key] ?? $0.value, isFiring: standing[$0.key] != nil) }
    }

    /// Everything that stands now, by key. O(incidents).
    package func firingSignals() -> [AlertSignal] { standing.sorted { $0.key < $1.key }.map { signal($0.key, $0.value, isFiring: true) } }

    private func signal(_ key: RequestID, _ standing: Standing, isFiring: Bool) -> AlertSignal {
        let fingerprint = Fingerprint.text(key)
        let told = states[key].flatMap { $0.isOpen ? "\(fingerprint)-\($0.episode)-\($0.revision)" : nil }
        return AlertSignal(
            fingerprint: fingerprint, isFiring: isFiring, alertID: told, monitor: standing.identity.monitor,
            monitorID: configuration.detectors[standing.detector].id, model: configuration.models[standing.identity.model].name,
            slice: standing.identity.slice, severity: standing.severity, startedAt: standing.startedAt, attempts: standing.attempts)
    }

    package func key(of report: IncidentReport) -> RequestID {
        Fingerprint.key(
            application: configuration.application, monitor: "\(configuration.detectors[report.detector].id)/\(report.monitor)",
            model: configuration.models[report.model].name, slice: report.slice, subject: report.subject)
    }

    /// Whether a report goes on with an incident that was spoken of.
    package func isOpen(_ key: RequestID) -> Bool { states[key]?.isOpen ?? false }

    /// Open incidents that may explain alerts, by key. O(incidents).
    package func causes() -> [Judge.Spoken] {
        states.filter { $0.value.isOpen && AlertCauses.isCause($0.value.identity.monitor) }.sorted { $0.key < $1.key }.map { key, state in
            Judge.Spoken(
                key: key, identity: state.identity, severity: state.severity, startedAt: state.startedAt, metAt: state.seenAt, window: nil)
        }
    }

    /// Notes what an incident explains; it is told with the incident's next record.
    mutating func explain(_ key: RequestID, _ effect: AlertEvent.Contributor) {
        guard let count = states[key]?.explained.count, count < AlertState.maxExplained else { return }
        states[key]?.explained.append(effect)
    }

    /// Keeps a new incident back. Answers whether it was kept back before.
    mutating func hold(_ report: IncidentReport, _ key: RequestID, at boundary: Int64) -> Bool {
        if let state = states[key], state.isHeld {
            states[key]?.seenAt = boundary
            return true
        }
        makeRoom()
        states[key] = State(
            detector: report.detector, identity: AlertIdentity(report), isOpen: false, isHeld: true, episode: states[key]?.episode ?? 0,
            revision: 0, severity: report.severity, spokenSize: report.size, startedAt: report.startedAt, detectedAt: boundary,
            emittedAt: boundary, seenAt: boundary)
        return false
    }

    /// A cause explains what was there in its first days; what grows far beyond that stands for itself.
    func isHoldable(_ report: IncidentReport, _ key: RequestID, at boundary: Int64) -> Bool {
        guard let state = states[key], state.isHeld else { return true }
        return boundary - state.detectedAt <= Judge.causeSettlesMs || report.size < Judge.growthFactor * state.spokenSize
    }

    private mutating func open(_ report: IncidentReport, _ key: RequestID, _ boundary: Int64, _ traffic: Traffic) -> AlertEvent? {
        guard var state = states[key], state.isOpen else {
            makeRoom()
            let episode = max(states[key]?.episode ?? 0, episodeFloor) + 1
            // Held back it was found already.
            let known = states[key].flatMap { $0.isHeld ? $0.detectedAt : nil } ?? boundary
            var state = State(
                detector: report.detector, identity: AlertIdentity(report), isOpen: true, episode: episode, revision: 0,
                severity: report.severity, spokenSize: report.size, startedAt: report.startedAt, detectedAt: boundary,
                emittedAt: boundary, seenAt: boundary)
            state.detectMs = max(0, (report.stakes.sufficedAt ?? known) - report.startedAt)
            state.spokenNews = report.news
            states[key] = state
            stirred[key] = standing[key]
            return event(.firing, report, key, state, traffic, reason: nil)
        }
        state.seenAt = boundary
        let isWorse = report.severity > state.severity
        let hasGrown = report.size >= Self.growthFactor * state.spokenSize
        let isDue = boundary - state.emittedAt >= Self.remindMs && report.size > state.spokenSize
        let hasNews = report.news > state.spokenNews || state.explained.count > state.spokenExplained
        guard isWorse || hasGrown || isDue || hasNews else {
            states[key] = state
            return nil
        }
        state.severity = max(state.severity, report.severity)
        state.startedAt = min(state.startedAt, report.startedAt)
        state.spokenSize = max(state.spokenSize, report.size)
        state.spokenNews = max(state.spokenNews, report.news)
        state.spokenExplained = state.explained.count
        state.emittedAt = boundary
        state.revision += 1
        states[key] = state
        stirred[key] = standing[key]
        return event(.updated, report, key, state, traffic, reason: nil)
    }

    private mutating func end(
        _ report: IncidentReport, _ key: RequestID, _ status: AlertStatus, _ reason: String, _ boundary: Int64, _ traffic: Traffic
    ) -> AlertEvent? {
        // What was never spoken of needs no end; a withdrawal may come after the end.
        guard var state = states[key], !state.isHeld, state.episode > 0, state.isOpen || status == .withdrawn else {
            states[key]?.isHeld = false
            return nil
        }
        state.isOpen = false
        state.revision += 1
        state.emittedAt = boundary
        state.seenAt = boundary
        states[key] = state
        return event(status, report, key, state, traffic, reason: reason)
    }

    private mutating func makeRoom() {
        guard states.count >= Self.maxTracked else { return }
        let oldest = states.sorted { a, b in
            (a.value.isOpen ? 1 : 0, a.value.seenAt, a.key) < (b.value.isOpen ? 1 : 0, b.value.seenAt, b.key)
        }
        for (key, state) in oldest.prefix(Self.maxTracked / 16) {
            states[key] = nil
            episodeFloor = max(episodeFloor, state.episode)
        }
    }

    // MARK: Another configuration

    /// Ends what a detector that is still there has no rule for any more.
    /// - Parameter stands: whether a detector still judges what an incident is about.
    mutating func abandon(unless stands: (_ detector: Int, _ identity: AlertIdentity) -> Bool) {
        standing = standing.filter { stands($0.value.detector, $0.value.identity) }
        for (key, state) in states.sorted(by: { $0.key < $1.key }) where (state.isOpen || state.isHeld) && !stands(state.detector, state.identity) {
            abandon(key, state, detector: configuration.detectors[state.detector].id)
            // Its number is kept, should the rule come back.
            var ended = state
            (ended.isOpen, ended.isHeld, ended.revision) = (false, false, state.revision + 1)
            states[key] = ended
        }
    }

    private mutating func abandon(_ key: RequestID, _ state: State, detector: String) {
        guard state.isOpen else { return }
        abandoned.append(
            AbandonedAlert(
                key: key, identity: state.identity, monitorID: detector, severity: state.severity, episode: state.episode, revision: state.revision,
                startedAt: state.startedAt, detectedAt: state.detectedAt))
    }

    /// The last records of what nobody judges any more; once. What was opened again meanwhile goes on under its next episode.
    package mutating func takeAbandoned(at boundary: Int64) -> [AlertEvent] {
        defer { abandoned.removeAll() }
        return abandoned.filter { !isOpen($0.key) }.map { $0.event(configuration, at: boundary) }
    }

    private func event(
        _ status: AlertStatus, _ report: IncidentReport, _ key: RequestID, _ state: State, _ traffic: Traffic, reason: String?
    ) -> AlertEvent {
        let model = configuration.models[report.model]
        let economics = IncidentEconomics(report, timeToDetectMs: state.detectMs) { traffic(report.model, $0) }
        let fingerprint = Fingerprint.text(key)
        let place = "\(model.name), \(report.slice.text)"
        let since = "\(AlertNumbers.time(report.startedAt)) UTC"
        let ended = Advice.ended(
            report.phase, status, since: "\(AlertNumbers.time(min(state.startedAt, report.startedAt))) UTC", security: model.security.name)
        return AlertEvent(
            id: "\(fingerprint)-\(state.episode)-\(state.revision)", fingerprint: fingerprint, episode: state.episode,
            revision: state.revision, status: status, severity: state.severity, monitor: report.monitor,
            monitorID: configuration.detectors[report.detector].id, model: model.name, version: report.version, slice: report.slice,
            subject: report.subject,
            summary: "\(report.monitor): \(report.headline) — \(place), since \(since)",
            // News of a part that is younger makes the incident no younger.
            startedAt: min(state.startedAt, report.startedAt), detectedAt: state.detectedAt, emittedAt: state.emittedAt,
            windowName: "incident", windowStart: report.startedAt, windowEnd: max(report.startedAt, report.lastAt) + 1,
            replayFrom: min(state.startedAt, report.startedAt) - AlertNames.learnsForMs(report.monitor), measure: report.measure, value: report.value, limit: report.limit,
            referenceValue: report.referenceValue, referenceName: report.referenceName, count: report.count,
            interval: report.interval, pValue: report.pValue, control: report.control, labelMaturity: nil,
            contributors: report.contributors + state.explained, sampleRequestIDs: report.sampleRequestIDs, owner: model.owner,
            security: model.security, runbook: "\(configuration.runbookBase)/\(report.monitor).md",
            immediateActions: ended?.actions ?? report.immediateActions, escalation: ended?.escalation ?? report.escalation,
            recommendedAction: ended?.recommended ?? report.recommendedAction, blastRadius: report.blastRadius + economics.words, incident: report.facts,
            economics: economics, reason: reason)
    }
}

extension IncidentBook {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: configuration.detectors.count)
        for detector in configuration.detectors { writer.write(string: detector.id) }
        writer.write(count: episodeFloor)
        writer.write(count: states.count)
        for (key, state) in states.sorted(by: { $0.key < $1.key }) {
            writer.write(fixed64: key.high)
            writer.write(fixed64: key.low)
            writer.write(count: state.detector)
            state.identity.encode(into: &writer)
            writer.write(bool: state.isOpen)
            writer.write(bool: state.isHeld)
            writer.write(count: state.episode)
            writer.write(count: state.revision)
            writer.write(string: state.severity.rawValue)
            writer.write(double: state.spokenSize)
            writer.write(signed: state.spokenNews)
            for time in [state.startedAt, state.detectMs, state.detectedAt, state.emittedAt, state.seenAt] { writer.write(signed: time) }
            writer.write(count: state.spokenExplained)
            writer.write(count: state.explained.count)
            for one in state.explained { one.encode(into: &writer) }
        }
        writer.write(count: standing.count)
        for (key, one) in standing.sorted(by: { $0.key < $1.key }) {
            writer.write(fixed64: key.high)
            writer.write(fixed64: key.low)
            one.encode(into: &writer)
        }
        AbandonedAlert.write(abandoned, into: &writer)
    }

    /// Incidents of detectors that are no longer configured are left out; those that were told as open are abandoned. Throws ``CorruptBytes``.
    package init(configuration: TopologyConfiguration, from reader: inout ByteReader) throws {
        self.init(configuration: configuration)
        let ids = try (0..<(try reader.readCount())).map { _ in try reader.readString() }
        let places = ids.map { id in configuration.detectors.firstIndex { $0.id == id } }
        episodeFloor = Int(truncatingIfNeeded: try reader.readVarint())
        for _ in 0..<(try reader.readCount(minimumSize: 30)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            let place = Int(truncatingIfNeeded: try reader.readVarint())
            let identity = try AlertIdentity(from: &reader)
            let isOpen = try reader.readBool()
            let isHeld = try reader.readBool()
            let episode = Int(truncatingIfNeeded: try reader.readVarint())
            let revision = Int(truncatingIfNeeded: try reader.readVarint())
            let severity = try Severity(reading: &reader)
            try requirePlace(place, identity, of: places.count, reader)
            var state = State(
                detector: places[place] ?? 0, identity: identity, isOpen: isOpen, isHeld: isHeld, episode: episode, revision: revision,
                severity: severity, spokenSize: try reader.readDouble(), spokenNews: try reader.readSigned(), startedAt: try reader.readSigned(),
                detectMs: try reader.readSigned(), detectedAt: try reader.readSigned(), emittedAt: try reader.readSigned(), seenAt: try reader.readSigned())
            state.spokenExplained = Int(truncatingIfNeeded: try reader.readVarint())
            for _ in 0..<(try reader.readCount(minimumSize: 10)) { state.explained.append(try AlertEvent.Contributor(from: &reader)) }
            if places[place] != nil {
                states[key] = state
            } else {
                episodeFloor = max(episodeFloor, episode)
                abandon(key, state, detector: ids[place])
            }
        }
        for _ in 0..<(try reader.readCount(minimumSize: 20)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            var one = try Standing(from: &reader)
            try requirePlace(one.detector, one.identity, of: places.count, reader)
            guard let place = places[one.detector] else { continue }
            one.detector = place
            standing[key] = one
        }
        abandoned += try AbandonedAlert.read(configuration, from: &reader)
    }

    private func requirePlace(_ place: Int, _ identity: AlertIdentity, of count: Int, _ reader: ByteReader) throws {
        guard place < count, configuration.models.indices.contains(identity.model) else {
            throw CorruptBytes(offset: reader.offset, expected: "an incident of one of \(count) detectors, of a known model")
        }
    }
}

extension IncidentBook.Standing: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: detector)
        identity.encode(into: &writer)
        writer.write(string: severity.rawValue)
        writer.write(signed: startedAt)
        writer.write(bool: attempts != nil)
        if let attempts { writer.write(double: attempts) }
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            detector: Int(truncatingIfNeeded: try reader.readVarint()), identity: try AlertIdentity(from: &reader),
            severity: try Severity(reading: &reader), startedAt: try reader.readSigned(), attempts: try reader.readBool() ? try reader.readDouble() : nil)
    }
}

extension AlertIdentity {
    init(_ report: IncidentReport) {
        self.init(monitor: report.monitor, model: report.model, slice: report.slice, subject: report.subject)
    }
}
