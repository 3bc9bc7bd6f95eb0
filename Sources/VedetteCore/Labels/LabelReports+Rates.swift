/// Reports of how many labels come, and of what becomes of them.
extension LabelReports {
    static func rate(
        _ one: LabelRateDetector.Watched, _ bet: RateWatch.Bet, _ pipeline: String?, _ subject: LabelRateDetector.Subject, _ rule: LabelIntegrityRule,
        detector: Int, model: Int
    ) -> IncidentReport {
        let name = pipeline ?? "(unlisted)"
        let share = bet.hits / max(1, bet.trials), reference = bet.reference
        let isOrphans = subject == .orphans
        let count = AlertNumbers.count(Int64(bet.hits))
        let what = isOrphans ? "labels of \(name) have no decision" : "words of \(name) are contradicted by more trusted labels"
        var report = IncidentReport(
            detector: detector, monitor: isOrphans ? "label_orphans" : "label_conflicts", model: model, severity: rule.rateSeverity,
            startedAt: bet.day * 86_400_000, lastAt: one.lastAt,
            headline: "\(AlertNumbers.percent(share)) of \(AlertNumbers.count(Int64(bet.trials))) \(what), \(AlertNumbers.percent(reference)) before",
            measure: isOrphans ? "orphan_share" : "conflict_share", value: share, limit: reference * rule.rateFactor, referenceName: "its own past",
            referenceValue: reference, count: Int64(bet.trials), pValue: min(1, RealFunctions.exp(-max(0, one.rate.logEvidence))),
            control: .init(method: "e-detector, a bet a week: chance of a false alert in a year for each source", alpha: rule.peers.alpha, tests: 1),
            size: max(1, bet.hits),
            immediateActions: isOrphans
                ? [
                    "Look for some of the sample requests where decisions are made: did they ever exist?",
                    "They exist: the decision topic lost them or came too late (pending_ttl). They do not: somebody invents labels.",
                    "Stop training jobs that take this source's labels until it is explained.",
                ]
                : [
                    "Read ten of the sample requests: which side is right?",
                    "The source is wrong: lower its tier, and see which of its actors it is (label_poisoning, vedette labels export).",
                    "The trusted source is wrong: stop it first, it outweighs all others.",
                ],
            escalation: isOrphans
                ? "The security counterpart, if the requests never existed: somebody writes truth about nothing."
                : "The security counterpart, if the source is wrong and its errors have one direction.",
            recommendedAction: isOrphans
                ? "Compare the request IDs of \(name) with the decision log; raise join.pending_ttl only if decisions come late."
                : "Have the contradicted words of \(name) reviewed, and lower its tier meanwhile.",
            blastRadius: "\(count) \(what)",
            stakes: .labels(
                money: isOrphans
                    ? .none(because: "a label without a decision has no amount") : bet.amount.figure(bet.excess, of: "the decisions of contradicted words"),
                since: bet.day * 86_400_000))
        report.subject = name
        report.sampleRequestIDs = one.samples
        report.facts = [
            IncidentFact("pipeline", .text(name)), IncidentFact(isOrphans ? "orphans" : "conflicts", .number(bet.hits)),
            IncidentFact("log_evidence", .number(one.rate.logEvidence)), IncidentFact("dispersion", .number(bet.dispersion)),
            IncidentFact("rising_since", .time(bet.day * 86_400_000)),
        ]
        return report
    }

    static func burst(
        _ entry: LabelBurstDetector.Entry, limit: Double, _ pipeline: String, subject: String, _ rule: LabelIntegrityRule, detector: Int, model: Int,
        at boundary: Int64
    ) -> IncidentReport {
        let day = alignDown(boundary - 1, to: 86_400_000)
        let who = entry.actor.isEmpty ? pipeline : "\(entry.actor) of \(pipeline)"
        var report = IncidentReport(
            detector: detector, monitor: "label_burst", model: model, severity: rule.burstSeverity, startedAt: day, lastAt: boundary - 1,
            headline: "\(AlertNumbers.count(entry.count.today)) labels of \(who) today, \(AlertNumbers.decimal(entry.count.mean, digits: 1)) on a usual day and "
                + "\(AlertNumbers.decimal(entry.count.largest, digits: 0)) on its largest",
            measure: "labels_per_day", value: Double(entry.count.today), limit: limit, referenceName: "its own days", referenceValue: entry.count.mean,
            count: entry.count.today, pValue: entry.count.tail,
            control: .init(method: "negative binomial of its own days, and a multiple of the largest", alpha: rule.peers.alpha / 365, tests: 1),
            size: max(1, Double(entry.count.today)),
            immediateActions: [
                "Ask the owner of the source: a settlement file, a backfill, a review campaign? Then it is over when the file is.",
                "Nobody knows of it: see what they say (mostly legit?) and about whom.",
                "Hold training jobs until the day is explained.",
            ],
            escalation: "The security counterpart, if nobody sent them on purpose: an account or a pipeline is used by somebody else.",
            recommendedAction: "If it is not explained, take \(who) from the registry until it is.",
            blastRadius: "\(AlertNumbers.count(entry.count.today)) labels of one day",
            stakes: .labels(money: entry.amount.figure(1 - entry.count.mean / Double(max(1, entry.count.today)), of: "the decisions of today's labels"), since: day))
        report.subject = subject
        report.sampleRequestIDs = entry.samples
        report.facts = [
            IncidentFact("pipeline", .text(pipeline)), IncidentFact("actor", .text(entry.actor)), IncidentFact("labels_today", .number(Double(entry.count.today))),
            IncidentFact("usual_day", .number(entry.count.mean)), IncidentFact("largest_day", .number(entry.count.largest)),
        ]
        return report
    }
}
