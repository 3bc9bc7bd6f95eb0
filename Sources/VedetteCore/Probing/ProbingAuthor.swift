/// What the incidents of one model tell people.
struct ProbingAuthor {
    let rule: ProbingRule
    let detector: Int
    /// Index into the inventory.
    let model: Int
    let spec: ModelSpec
    let schema: EventSchema
    let watch: ProbingWatch

    /// A report for each piece of news that names requests of its own, in order, or one where there is none.
    func reports(_ entry: ProbingCase) -> [IncidentReport] {
        guard !entry.news.isEmpty else { return [report(entry, phase: .open)] }
        let records = CaseNews.records(of: entry.news) { samples(of: $0, in: entry) }
        return records.enumerated().map { number, items in
            var report = report(entry, phase: .open, of: items)
            report.news = entry.newsCount - Int64(records.count - 1 - number)
            return report
        }
    }

    /// The requests that a report of a campaign or hub names.
    private func samples(of item: CaseNews, in entry: ProbingCase) -> [String] {
        if item.campaign != 0, let campaign = watch.campaigns(of: entry.id).first(where: { $0.serial == item.campaign }) { return samples(of: campaign, in: entry) }
        return watch.hubs(of: entry).contains(Int(item.hub)) ? watch.fanOut.hub(Int(item.hub)).samples : []
    }

    /// What came back or moved on is told by its newest tries.
    private func samples(of campaign: Campaign, in entry: ProbingCase) -> [String] {
        entry.newsCount > 0 ? campaign.samples.suffix(Campaign.newestSamples) : campaign.samples
    }

    /// - Parameter items: the news that the report is of, all of one campaign or hub; what it is about stands first.
    func report(_ entry: ProbingCase, phase: IncidentReport.Phase, of items: [CaseNews] = []) -> IncidentReport {
        let campaigns = watch.campaigns(of: entry.id)
        let isBurst = watch.amounts.caseID != 0 && watch.book.root(watch.amounts.caseID) == entry.id
        var report = heading(entry, campaigns, items.first, isBurst)
        if isBurst { report.facts.append(IncidentFact("small_amounts", .text(burstText(watch.amounts.burst)))) }
        report.subject = "case \(entry.id)"
        report.phase = phase
        if case .merged(let other) = phase { report.headline = "it turned out to be part of \(other), which holds its \(AlertNumbers.count(entry.requests)) requests" }
        report.size = Double(max(campaigns.reduce(0) { $0 + $1.tries }, entry.requests))
        report.news = entry.newsCount
        tell(items, in: &report)
        if campaigns.count > 1 {
            let words = campaigns.prefix(8).map { "\(AlertNumbers.count($0.tries)) tries, \(AlertNumbers.count($0.allowed)) allowed" }
            report.facts.append(IncidentFact("campaigns", .list(words)))
        }
        let hubs = watch.hubs(of: entry)
        if !campaigns.isEmpty, !hubs.isEmpty {
            report.facts.append(IncidentFact("fan_out", .list(hubs.map(hubText))))
            report.facts.append(IncidentFact("hubs", .number(Double(entry.hubCount))))
        }
        if campaigns.contains(where: { $0.isScaling(rule) }) { report.severity = .p0 }
        return report
    }

    /// What the news is about; without news the burst that opened the case, its newest campaign or its strongest hub.
    private func heading(_ entry: ProbingCase, _ campaigns: [Campaign], _ item: CaseNews?, _ isBurst: Bool) -> IncidentReport {
        if let item, item.campaign != 0, let campaign = campaigns.first(where: { $0.serial == item.campaign }) { return report(campaign, of: entry) }
        let hubs = watch.hubs(of: entry)
        if let item, hubs.contains(Int(item.hub)) { return report(hub: Int(item.hub), of: entry) }
        let tellsBurst = isBurst && entry.monitor == .smallAmounts && !campaigns.contains { $0.isReported }
        return (tellsBurst ? report(burst: watch.amounts.burst, of: entry) : nil)
            ?? campaigns.first.map { report($0, of: entry) }
            ?? hubs.first.map { report(hub: $0, of: entry) } ?? report(forgotten: entry)
    }

    /// What is new about an incident that has been told before.
    private func tell(_ items: [CaseNews], in report: inout IncidentReport) {
        guard let first = items.first else { return }
        let words = items.map { Self.words($0.kind) }
        report.facts.insert(IncidentFact("news", .text(words.map(\.fact).joined(separator: "; "))), at: min(1, report.facts.count))
        if let headline = words.lazy.compactMap(\.headline).first { report.headline = headline + report.headline }
        if let place = report.facts.firstIndex(where: { $0.name == "evidence_sufficed" }) { report.facts[place].value = .time(first.at) }
        // Of several all requests are among the campaign's, or the hub's, own.
        if items.count == 1, !first.samples.isEmpty { report.sampleRequestIDs = first.samples }
    }

    private static func words(_ kind: CaseNews.Kind) -> (fact: String, headline: String?) {
        switch kind {
        case .campaign: ("another campaign was found in the incident", "another campaign: ")
        case .sender: ("somebody new to the incident comes in earnest", "somebody new: ")
        case .comeback: ("it came back after a silence", "back after a silence: ")
        case .scale: ("what passes is used at scale", nil)
        }
    }

    private func report(_ campaign: Campaign, of entry: ProbingCase) -> IncidentReport {
        let isSlow = campaign.peak < campaign.limit(rule) && campaign.isSlow(rule)
        let limit = entry.monitor == .fanOut ? rule.minFanOutEvidence : isSlow ? rule.minSlowEvidence : campaign.limit(rule)
        let hubPeak = watch.hubs(of: entry).first.map { watch.fanOut.hub($0).peak } ?? 0
        let evidence = max(campaign.peak, isSlow ? campaign.slowPeak : 0, hubPeak)
        var report = IncidentReport(
            detector: detector, monitor: entry.monitor.name, model: model, severity: .p1,
            startedAt: watch.campaigns(of: entry.id).reduce(min(entry.startedAt, campaign.startedAt)) { min($0, $1.startedAt) },
            lastAt: max(entry.lastAt, campaign.lastAt), headline: headline(campaign, evidence, limit),
            measure: "evidence_nats", value: evidence, limit: limit, referenceName: "ordinary_traffic", count: campaign.tries,
            pValue: RealFunctions.exp(-max(0, min(evidence, 700))),
            control: AlertEvent.FalseDiscoveryControl(
                method: "evidence_accumulation", alpha: RealFunctions.exp(-limit), tests: max(1, Int(campaign.serial))),
            size: Double(campaign.tries), immediateActions: actions(campaign), escalation: Self.escalation,
            recommendedAction: recommendation(campaign), blastRadius: blastRadius(campaign), stakes: stakes(campaign, entry))
        report.facts = facts(campaign, entry)
        report.sampleRequestIDs = samples(of: campaign, in: entry)
        report.contributors = movedFeatures(campaign).map {
            AlertEvent.Contributor(name: name($0), value: Double(campaign.moved[$0]) / Double(campaign.tries), count: Int64(campaign.moved[$0]))
        }
        return report
    }

    func name(_ feature: Int) -> String { schema.features[spec.features[feature]].name }

    // MARK: One line

    private func headline(_ campaign: Campaign, _ evidence: Double, _ limit: Double) -> String {
        let tries = AlertNumbers.count(campaign.tries)
        var text = "\(tries) tries in one place of the feature space"
        let senders = entityCounts(campaign)
        if !senders.isEmpty { text += " from \(senders.joined(separator: ", "))" }
        text += ": \(AlertNumbers.count(campaign.interventions)) stopped, \(AlertNumbers.count(campaign.allowed)) allowed"
        if campaign.triesToBypass > 0 { text += ", first success at try \(AlertNumbers.count(campaign.triesToBypass))" }
        if campaign.isScaling(rule) { text += ", now used at scale" }
        return text + " " + Self.words(evidence: evidence, of: limit)
    }

    /// `(evidence 12.3 nats, limit 8)`.
    static func words(evidence: Double, of limit: Double) -> String {
        "(evidence \(AlertNumbers.decimal(evidence, digits: 1)) nats, limit \(AlertNumbers.decimal(limit, digits: 1)))"
    }

    private func entityCounts(_ campaign: Campaign) -> [String] {
        schema.entities.indices.compactMap { kind in
            // An estimate: no more than there were tries.
            let count = min(campaign.entities[kind].estimate, campaign.tries)
            return count > 0 ? "\(AlertNumbers.count(count)) \(schema.entities[kind])\(count == 1 ? "" : "s")" : nil
        }
    }

    // MARK: Facts

    private func facts(_ campaign: Campaign, _ entry: ProbingCase) -> [IncidentFact] {
        var facts: [IncidentFact] = [
            IncidentFact("phase", .text(phase(campaign))),
            IncidentFact("tries", .number(Double(campaign.tries))),
            IncidentFact("stopped", .number(Double(campaign.interventions))),
            IncidentFact("allowed", .number(Double(campaign.allowed))),
            IncidentFact("detected_after_tries", .number(Double(campaign.isReported ? campaign.triesAtDetection : campaign.tries))),
            IncidentFact("evidence_sufficed", .time(entry.detectedAt)),
            IncidentFact("slow_drip_nats", .number(max(0, campaign.slowPeak))),
        ]
        if let success = campaign.firstSuccessAt {
            facts.append(IncidentFact("first_success", .time(success)))
            facts.append(IncidentFact("allowed_since", .number(Double(campaign.allowedSince))))
        }
        facts.append(IncidentFact("entities", .list(entityCounts(campaign))))
        facts += fingerprintFacts(campaign)
        facts.append(IncidentFact("moved_features", .list(movedFeatures(campaign).map { moved($0, campaign) })))
        facts.append(IncidentFact("passing_pattern", .list(pattern(campaign).map(\.text))))
        facts.append(IncidentFact("decision_flips", .number(Double(campaign.flips))))
        facts.append(IncidentFact("single_feature_moves", .number(Double(campaign.singleMoves))))
        facts.append(IncidentFact("halving_steps", .number(Double(campaign.halvings))))
        facts.append(IncidentFact("approaches", .number(Double(campaign.approaches))))
        facts.append(IncidentFact("aligned_steps", .number(Double(campaign.alignedSteps))))
        return facts
    }

    private func phase(_ campaign: Campaign) -> String {
        if campaign.isScaling(rule) { return "scaling" }
        return campaign.firstSuccessAt != nil ? "succeeded" : campaign.suspicious > 0 ? "probing" : "repeating"
    }

    /// The features that were moved most often, at most four.
    private func movedFeatures(_ campaign: Campaign) -> [Int] {
        campaign.moved.indices.filter { campaign.moved[$0] > 0 }
            .sorted { (campaign.moved[$1], $0) < (campaign.moved[$0], $1) }.prefix(4).map { $0 }
    }

    private func moved(_ feature: Int, _ campaign: Campaign) -> String {
        let share = AlertNumbers.percent(Double(campaign.moved[feature]) / Double(max(1, campaign.tries - 1)))
        let text = "\(name(feature)): moved in \(share) of the tries"
        if campaign.passing.passesWithout(feature) { return text + ", passes without it" }
        // The numbers that stand for categories have no order.
        guard kind(feature) != .category, let shift = campaign.passing.shift(feature, size: watch.model.reference.size), abs(shift) > 0.01
        else { return text }
        return text + ", passes when \(shift < 0 ? "lower" : "higher")"
    }

    private func kind(_ feature: Int) -> FeatureKind { schema.features[spec.features[feature]].kind }

    /// The features in which the allowed tries are narrowest, with what they have in common; at most four.
    func pattern(_ campaign: Campaign) -> [(text: String, share: Double)] {
        guard campaign.allowed > 0 else { return [] }
        let shared = spec.features.indices.compactMap { feature in
            common(feature, campaign.passing).map { (feature: feature, text: $0.text, share: $0.share) }
        }
        return shared.filter { $0.share < 0.9 }.sorted { ($0.share, $0.feature) < ($1.share, $1.feature) }.prefix(4).map { ($0.text, $0.share) }
    }

    /// What all allowed tries have in one feature, and the share of ordinary traffic that has it too; nil where nothing can be said.
    private func common(_ feature: Int, _ passing: PassingValues) -> (text: String, share: Double)? {
        let reference = watch.model.reference
        if passing.passesWithout(feature) { return ("\(name(feature)) missing", reference.missingShare(feature)) }
        guard let range = passing.range(feature) else { return nil }
        let text: String
        switch kind(feature) {
        case .category:
            guard !passing.word(feature).isEmpty else { return nil }
            text = "= \(passing.word(feature))"
        case .boolean:
            guard range.lowerBound == range.upperBound else { return nil }
            text = range.lowerBound == 0 ? "= false" : "= true"
        case .number:
            let (low, high) = (AlertNumbers.decimal(Double(range.lowerBound)), AlertNumbers.decimal(Double(range.upperBound)))
            text = range.lowerBound == range.upperBound ? "= \(low)" : "\(low) to \(high)"
        }
        return ("\(name(feature)) \(text)", reference.share(feature, from: range.lowerBound, to: range.upperBound))
    }

    // MARK: What to do

    private func actions(_ campaign: Campaign) -> [String] {
        var actions = ["Read the sample requests side by side: what was changed from one to the next?"]
        let pattern = pattern(campaign)
        let isFutile = !pattern.isEmpty && !tellsApart(pattern)
        if isFutile {
            actions.append("Challenge nothing by its values: what passed has none in common that tell it from ordinary traffic")
        } else if !pattern.isEmpty {
            actions.append("Challenge what matches: \(pattern.map(\.text).joined(separator: "; "))")
        }
        actions.append("Look at the accounts, devices and addresses of the samples; hold their open orders")
        if isFutile {
            actions.append("Nothing in common there either: take it for a false alarm for now, and see whether a feature is missing or new (missing_features, schema_change)")
        }
        if campaign.allowedSince > 0 {
            let since = AlertNumbers.time(campaign.firstSuccessAt ?? campaign.startedAt)
            actions.append("Review the \(AlertNumbers.count(campaign.allowedSince)) requests that passed since \(since) UTC")
        }
        return actions
    }

    static let escalation = "To the security counterpart at once when tries are allowed; to the incident lead when money is moving (P0). "
        + "Do not block visibly: an attacker who sees that he was noticed changes his method."

    /// Challenging more of ordinary traffic than this for one campaign does more harm than it.
    private static let mostChallenged = 0.25

    private func tellsApart(_ pattern: [(text: String, share: Double)]) -> Bool { pattern.contains { $0.share <= Self.mostChallenged } }

    private func recommendation(_ campaign: Campaign) -> String {
        let pattern = pattern(campaign)
        guard !pattern.isEmpty else { return "Keep stopping them; challenge whoever shares the entities of the samples" }
        guard tellsApart(pattern) else { return "Challenge whoever shares the entities of the samples; what passed has no values of its own" }
        return "Challenge requests with \(pattern.prefix(3).map(\.text).joined(separator: ", "))"
    }

    private func blastRadius(_ campaign: Campaign) -> String {
        "The campaign itself is \(AlertNumbers.count(campaign.tries)) requests, and who shares all of these values is challenged with it"
    }
}
