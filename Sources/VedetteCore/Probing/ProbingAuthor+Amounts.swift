/// Many small amounts, told.
extension ProbingAuthor {
    func burstText(_ burst: AmountBurst) -> String {
        let hours = max(1.0 / 60, Double(burst.lastAt - burst.startedAt) / 3_600_000)
        return "\(AlertNumbers.count(burst.small)) of \(AlertNumbers.count(burst.all)) amounts below \(AlertNumbers.decimal(burst.amount)) in "
            + "\(AlertNumbers.decimal(hours, digits: 1)) h (\(sliceText(burst))), usually \(AlertNumbers.percent(burst.usualShare)) "
            + "and \(AlertNumbers.decimal(burst.usualPerDay, digits: 1)) a day"
    }

    private func sliceText(_ burst: AmountBurst) -> String {
        watch.slices.names.indices.contains(Int(burst.cell)) ? watch.slices.names[Int(burst.cell)].text : SliceName().text
    }

    func report(burst: AmountBurst, of entry: ProbingCase) -> IncidentReport {
        var report = IncidentReport(
            detector: detector, monitor: entry.monitor.name, model: model, severity: .p1, startedAt: min(entry.startedAt, burst.startedAt),
            lastAt: max(entry.lastAt, burst.lastAt),
            headline: "\(burstText(burst)) " + Self.words(evidence: burst.peak, of: rule.minSmallAmountEvidence),
            measure: "evidence_nats", value: burst.peak, limit: rule.minSmallAmountEvidence, referenceName: "own_history",
            referenceValue: burst.usualShare, count: burst.all, pValue: RealFunctions.exp(-max(0, min(burst.peak, 700))),
            control: AlertEvent.FalseDiscoveryControl(
                method: "cumulative_sum", alpha: RealFunctions.exp(-rule.minSmallAmountEvidence),
                tests: max(1, watch.slices.count * SmallAmounts.levels.count)),
            size: Double(burst.requests),
            immediateActions: [
                "Read the samples: one merchant, terminal or country, cards of one bank? Many declined by the issuer is card testing",
                "A promotion or a new cheap article at this time is the honest reason",
                "Tell the payment provider; limit attempts per merchant or terminal while you look",
            ],
            escalation: Self.escalation,
            recommendedAction: "Challenge amounts below \(AlertNumbers.decimal(burst.amount)) in \(sliceText(burst))",
            blastRadius: "\(AlertNumbers.percent(burst.usualShare)) of the slice's ordinary traffic is as small", stakes: Self.stakes(burst, entry))
        report.sampleRequestIDs = burst.samples
        report.facts = [
            IncidentFact("phase", .text("small_amounts")),
            IncidentFact("evidence_sufficed", .time(entry.detectedAt)),
            IncidentFact("small", .number(Double(burst.small))),
            IncidentFact("decisions", .number(Double(burst.all))),
            IncidentFact("below", .number(burst.amount)),
            IncidentFact("usual_share", .number(burst.usualShare)),
            IncidentFact("usual_per_day", .number(burst.usualPerDay)),
        ]
        return report
    }
}
