/// Incidents of stream detectors obey what the judge's own alerts obey: silences, causes and the cap.
///
/// A detector reports an incident at each boundary at which it stands; so one that is kept back
/// speaks up by itself when the silence or its cause is over, or when the hour has room.
extension Judge {
    /// What of the reports of one boundary is to be said, causes first, the worst before others and wide slices before narrow ones.
    package mutating func settle(
        _ reports: [IncidentReport], _ book: inout IncidentBook, at boundary: Int64, traffic: IncidentBook.Traffic
    ) -> [AlertEvent] {
        guard !reports.isEmpty else { return [] }
        for report in reports { book.note(report) }
        var events: [AlertEvent] = []
        var spoken: [Spoken]?
        for report in ordered(reports, book) {
            if case .open = report.phase, isHeld(report, &book, &spoken, at: boundary) { continue }
            if let event = book.take(report, at: boundary, traffic: traffic) {
                events.append(event)
                // A new word may explain what comes after it.
                if event.status == .firing { spoken = nil }
            }
        }
        return events
    }

    private func ordered(_ reports: [IncidentReport], _ book: IncidentBook) -> [IncidentReport] {
        guard reports.count > 1 else { return reports }
        let keys = reports.map { (depth: AlertCauses.depth($0.monitor), severity: $0.severity, parts: $0.slice.parts.count, key: book.key(of: $0)) }
        return reports.indices.sorted { a, b in
            if keys[a].depth != keys[b].depth { return keys[a].depth < keys[b].depth }
            if keys[a].severity != keys[b].severity { return keys[a].severity > keys[b].severity }
            if keys[a].parts != keys[b].parts { return keys[a].parts < keys[b].parts }
            return keys[a].key != keys[b].key ? keys[a].key < keys[b].key : a < b
        }.map { reports[$0] }
    }

    /// - Parameter spoken: alerts and incidents that fire; made when first asked for.
    private mutating func isHeld(_ report: IncidentReport, _ book: inout IncidentBook, _ spoken: inout [Spoken]?, at boundary: Int64) -> Bool {
        let target = Silence.Target(
            monitorID: configuration.detectors[report.detector].id, monitor: report.monitor, model: configuration.models[report.model].name,
            slice: report.slice, subject: report.subject)
        if silences.find(target, at: boundary) != nil { return true }
        let key = book.key(of: report)
        guard !book.isOpen(key) else { return false }
        let known = spoken ?? (spokenAlerts() + book.causes())
        spoken = known
        let identity = AlertIdentity(report)
        let cause = known.first { other in
            other.key != key && AlertCauses.explains(other.identity, identity) && other.severity >= report.severity
                && other.startedAt <= report.lastAt && other.metAt >= report.startedAt
        }
        if let cause, book.isHoldable(report, key, at: boundary) {
            guard !book.hold(report, key, at: boundary) else { return true }
            let told = contributor(report)
            if states[cause.key] != nil { _ = states[cause.key]?.explain(told) } else { book.explain(cause.key, told) }
            return true
        }
        let room = AlertRoom(model: report.model, monitor: report.monitor, severity: report.severity)
        guard hasRoom(in: room, at: boundary) else {
            holdForTheHour(report, key, &book, at: boundary)
            return true
        }
        noteAnnouncement(in: room, at: boundary)
        return false
    }

    private mutating func holdForTheHour(_ report: IncidentReport, _ key: RequestID, _ book: inout IncidentBook, at boundary: Int64) {
        let isRepeated = book.hold(report, key, at: boundary)
        let told = contributor(report)
        notices.hold(
            NoticeBook.Key(model: report.model, kind: .alertStorm), key,
            NoticeBook.Held(
                monitor: report.monitor, name: told.name, severity: report.severity, strength: Finding.strength(report.value, of: report.limit),
                value: told.value, count: told.count, pValue: report.pValue, startedAt: report.startedAt,
                samples: Array(report.sampleRequestIDs.prefix(3))),
            detail: nil, control: report.control, at: boundary, isRepeated: isRepeated)
    }

    private func contributor(_ report: IncidentReport) -> AlertEvent.Contributor {
        let subject = report.subject.map { " \($0)" } ?? ""
        return AlertEvent.Contributor(name: "\(report.monitor)\(subject) \(report.slice.text)", value: report.value, count: report.count)
    }
}
