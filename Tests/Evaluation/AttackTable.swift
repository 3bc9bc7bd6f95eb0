import VedetteCore

/// The results of many attacks as text.
enum AttackTable {
    static func print(_ outcomes: [AttackOutcome], title: String) {
        Swift.print("\n\(title):\n")
        Swift.print(
            "| attack | identity | queries | first allow | half amount | detected at query | record at query | after | before first allow | before "
                + "half amount | before scale | incidents | monitors |")
        Swift.print("|---|---|---|---|---|---|---|---|---|---|---|---|---|")
        for outcome in outcomes { Swift.print(row(outcome)) }
        summarise(outcomes, title: title)
    }

    private static func row(_ outcome: AttackOutcome) -> String {
        let attack = outcome.attack
        let cells: [String] = [
            attack.id, attack.identity ?? "", "\(attack.queries)", Text.optional(attack.first_success.map { $0 + 1 }),
            Text.optional(attack.first_success_half_amount.map { $0 + 1 }), Text.optional(outcome.queriesAtEvidence),
            Text.optional(outcome.queriesAtAlert), outcome.delayMs.map { Text.duration($0) } ?? (outcome.isNoticed ? "P2 only" : "missed"),
            Text.yes(outcome.isBeforeSuccess), Text.yes(outcome.isBeforeHalfAmount), Text.yes(outcome.isBeforeScale), "\(outcome.incidents.count)",
            outcome.monitors.sorted().joined(separator: " "),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }

    static func summarise(_ outcomes: [AttackOutcome], title: String) {
        let succeeded = outcomes.filter { $0.attack.first_success_half_amount != nil }
        let allowed = outcomes.filter { $0.attack.first_success != nil }
        let scaled = outcomes.filter { $0.isBeforeScale != nil }
        func share(_ part: Int, _ whole: Int) -> String { "\(part) of \(whole)" }
        let evidence = outcomes.compactMap(\.queriesAtEvidence).sorted()
        Swift.print("\n\(title), summary:")
        Swift.print("  detected: \(share(outcomes.filter(\.isDetected).count, outcomes.count)) attacks")
        Swift.print("    of those allowed at least once: \(share(allowed.filter(\.isDetected).count, allowed.count))")
        Swift.print("    of those allowed at half the seed's amount or more: \(share(succeeded.filter(\.isDetected).count, succeeded.count))")
        Swift.print("    named by P2 alone, not counted: \(share(outcomes.filter(\.isNoticedOnly).count, outcomes.count))")
        Swift.print("  evidence sufficed before 50 queries: \(share(evidence.filter { $0 < 50 }.count, outcomes.count))")
        Swift.print("  record out before 50 queries: \(share(outcomes.filter { ($0.queriesAtAlert ?? .max) < 50 }.count, outcomes.count))")
        Swift.print(
            "  evidence before the scale phase: \(share(scaled.filter { $0.isBeforeScale == true }.count, scaled.count)); "
                + "record out before it: \(share(scaled.filter { $0.isRecordBeforeScale == true }.count, scaled.count))")
        Swift.print(
            "  evidence before the first allow: \(share(allowed.filter { $0.isBeforeSuccess == true }.count, allowed.count)); "
                + "before the first at half amount: \(share(succeeded.filter { $0.isBeforeHalfAmount == true }.count, succeeded.count))")
        if !evidence.isEmpty {
            Swift.print(
                "  queries until the evidence sufficed: median \(evidence[evidence.count / 2]), 90 % within \(evidence[min(evidence.count - 1, evidence.count * 9 / 10)])")
        }
        Swift.print("  one incident: \(share(outcomes.filter { $0.incidents.count == 1 }.count, outcomes.filter(\.isDetected).count)) detected")
    }
}

/// Numbers as the tables show them.
enum Text {
    static func optional(_ number: Int?) -> String { number.map { "\($0)" } ?? "–" }
    static func yes(_ flag: Bool?) -> String { flag.map { $0 ? "yes" : "no" } ?? "–" }

    static func number(_ value: Double, _ digits: Int) -> String {
        var scale = 1.0
        for _ in 0..<digits { scale *= 10 }
        return "\((value * scale).rounded() / scale)"
    }

    static func duration(_ ms: Int64) -> String {
        if ms < 120_000 { return "\(ms / 1_000) s" }
        if ms < 7_200_000 { return "\(ms / 60_000) min" }
        return ms < 172_800_000 ? "\(ms / 3_600_000) h" : "\(ms / 86_400_000) d"
    }
}
