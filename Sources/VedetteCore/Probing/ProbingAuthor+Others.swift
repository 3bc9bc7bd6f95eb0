/// Fan-out and boundary pressure, told.
extension ProbingAuthor {
    // MARK: Fan-out

    /// One hub or pair of kinds in a few words; places as in ``FanOut/hub(_:)``.
    func hubText(_ place: Int) -> String {
        let hub = watch.fanOut.hub(place)
        let (kind, other) = names(place)
        return place >= 0
            ? "one \(kind) over \(AlertNumbers.count(Int64(hub.distinct.rounded()))) \(other)s within two days"
            : "many \(kind)s with more \(other)s each than usual: \(AlertNumbers.count(hub.hits)) of them, more than there used to be"
    }

    private func names(_ place: Int) -> (kind: String, other: String) {
        let over = Int(watch.fanOut.hub(place).over)
        return (schema.entities[watch.fanOut.kind(of: place)], schema.entities.indices.contains(over) ? schema.entities[over] : "other")
    }

    /// A case without a campaign: its strongest hub stands for it.
    func report(hub place: Int, of entry: ProbingCase) -> IncidentReport {
        let hub = watch.fanOut.hub(place)
        let (kind, other) = names(place)
        let headline = hubText(place)
        var report = IncidentReport(
            detector: detector, monitor: entry.monitor.name, model: model, severity: .p1, startedAt: hub.startedAt, lastAt: hub.lastAt,
            headline: "\(headline), \(AlertNumbers.count(hub.interventions)) of \(AlertNumbers.count(hub.requests)) requests stopped "
                + Self.words(evidence: hub.peak, of: rule.minFanOutEvidence),
            measure: "evidence_nats", value: hub.peak, limit: rule.minFanOutEvidence, referenceName: "ordinary_traffic",
            count: hub.requests, pValue: RealFunctions.exp(-max(0, min(hub.peak, 700))),
            control: AlertEvent.FalseDiscoveryControl(
                method: "evidence_accumulation", alpha: RealFunctions.exp(-rule.minFanOutEvidence), tests: max(1, Int(hub.requests))),
            size: Double(hub.requests),
            immediateActions: [
                "Look at the sample requests: who shares this \(kind)? An office or a carrier's gateway is honest, a farm is not",
                "Compare amounts: many small ones over many \(other)s are card testing",
                "Challenge this \(kind) at the edge while you look",
            ],
            escalation: Self.escalation, recommendedAction: "Challenge requests of this \(kind); freeze the \(other)s that it touched until reviewed",
            blastRadius: "\(AlertNumbers.count(hub.requests)) requests of it so far; shared gateways would be hit as well", stakes: stakes(hub, entry))
        report.sampleRequestIDs = hub.samples
        report.facts = [
            IncidentFact("phase", .text("fan_out")),
            IncidentFact("evidence_sufficed", .time(entry.detectedAt)),
            IncidentFact("hub", .text(kind)),
            IncidentFact("over", .text(other)),
            IncidentFact("distinct", .number(hub.distinct.rounded())),
            IncidentFact("requests", .number(Double(hub.requests))),
            IncidentFact("stopped", .number(Double(hub.interventions))),
            IncidentFact("fan_out", .list(watch.hubs(of: entry).map(hubText))),
            IncidentFact("hubs", .number(Double(entry.hubCount))),
        ]
        return report
    }

    // MARK: Forgotten

    /// A case whose campaigns and hubs lost their places to others before it ended.
    func report(forgotten entry: ProbingCase) -> IncidentReport {
        let limit = entry.monitor == .fanOut ? rule.minFanOutEvidence : rule.minEvidence
        var report = IncidentReport(
            detector: detector, monitor: entry.monitor.name, model: model, severity: .p1, startedAt: entry.startedAt, lastAt: entry.lastAt,
            headline: "\(AlertNumbers.count(entry.requests)) requests of an incident whose details gave way to newer ones "
                + Self.words(evidence: entry.peak, of: limit),
            measure: "evidence_nats", value: entry.peak, limit: limit, referenceName: "ordinary_traffic", count: entry.requests,
            pValue: RealFunctions.exp(-max(0, min(entry.peak, 700))),
            control: AlertEvent.FalseDiscoveryControl(
                method: "evidence_accumulation", alpha: RealFunctions.exp(-limit), tests: max(1, Int(entry.requests))),
            size: Double(entry.requests),
            immediateActions: ["Read the earlier revisions of this alert: they name the requests, the entities and what passed"],
            escalation: Self.escalation, recommendedAction: "Go by the earlier revisions",
            blastRadius: "\(AlertNumbers.count(entry.requests)) requests so far", stakes: Self.forgottenStakes(entry))
        report.facts = [IncidentFact("phase", .text("forgotten")), IncidentFact("evidence_sufficed", .time(entry.detectedAt))]
        return report
    }

    // MARK: Boundary pressure

    func report(cell place: Int, phase: IncidentReport.Phase) -> IncidentReport {
        let cell = watch.boundary.cells[place]
        let usual = Double(cell.near) / Double(max(1, cell.decisions))
        let share = Double(cell.pressed) / Double(max(1, cell.pressedOf))
        var report = IncidentReport(
            detector: detector, monitor: ProbingMonitor.boundary.name, model: model, severity: .p2, startedAt: cell.startedAt, lastAt: cell.lastAt,
            headline: "\(AlertNumbers.percent(share)) of \(AlertNumbers.count(cell.pressedOf)) requests were allowed just below the threshold, "
                + "usually \(AlertNumbers.percent(usual)) " + Self.words(evidence: cell.peak, of: rule.minBoundaryEvidence),
            measure: "evidence_nats", value: cell.peak, limit: rule.minBoundaryEvidence, referenceName: "own_history", referenceValue: usual,
            count: cell.pressedOf, pValue: RealFunctions.exp(-max(0, min(cell.peak, 700))),
            control: AlertEvent.FalseDiscoveryControl(
                method: "cumulative_sum", alpha: RealFunctions.exp(-rule.minBoundaryEvidence), tests: watch.boundary.cells.count),
            size: Double(cell.pressed),
            immediateActions: [
                "Read the samples: do they resemble each other? Then it is a campaign that knows the threshold",
                "A new model version or threshold? Then the usual share is out of date",
            ],
            escalation: Self.escalation, recommendedAction: "Raise the threshold's safety margin in this slice: challenge from half of its odds on",
            blastRadius: "\(AlertNumbers.percent(usual)) of the slice's ordinary traffic lies there", stakes: Self.stakes(cell, usual: usual, share: share))
        report.slice = watch.slices.names[place]
        report.phase = phase
        report.sampleRequestIDs = cell.samples
        report.facts = [
            IncidentFact("phase", .text("boundary_pressure")),
            IncidentFact("near_threshold", .number(Double(cell.pressed))),
            IncidentFact("decisions", .number(Double(cell.pressedOf))),
            IncidentFact("share", .number(share)),
            IncidentFact("usual_share", .number(usual)),
        ]
        return report
    }
}
