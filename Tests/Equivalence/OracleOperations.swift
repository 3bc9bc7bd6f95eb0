import Driving
import Foundation
import VedetteCore

/// Money, operations, calibration and where labels come from.
extension OracleMetrics {
    mutating func money(_ windows: OracleWindows, _ content: OracleWindows.Content, _ decisions: [OracleDecision]) {
        func sum(_ decisions: [OracleDecision], _ words: [String]? = nil) -> OracleNumber {
            let cents = decisions.filter { words?.contains($0.decision) ?? true }.compactMap(\.amount).map { Int64(($0 * 100).rounded()) }
            return .measure(Double(cents.reduce(0, +)) / 100, slack: 1e-9)
        }
        let fraud = content.outcomes.filter { $0.value.outcome == 2 }.map { windows.join.rows[$0.key].decision }
        let legit = content.outcomes.filter { $0.value.outcome == 1 }.map { windows.join.rows[$0.key].decision }
        let intervening = ["challenge", "block", "escalate"]
        put("money/count", .count(Int64(decisions.count { $0.amount != nil })))
        put("money/total", sum(decisions))
        for word in intervening + ["allow", "log"] { put("money/\(word)", sum(decisions, [word])) }
        put("money/fraud", sum(fraud))
        put("money/fraud_passed", sum(fraud, ["allow", "log"]))
        put("money/fraud_blocked", sum(fraud, ["block"]))
        put("money/fraud_intervened", sum(fraud, intervening))
        put("money/legit", sum(legit))
        put("money/legit_blocked", sum(legit, ["block"]))
        put("money/legit_intervened", sum(legit, intervening))
        let lost = fraud.compactMap(\.amount).reduce(0, +)
        let honest = legit.compactMap(\.amount).reduce(0, +)
        put("money/fraud_rate", .measure(lost + honest > 0 ? lost / (lost + honest) : nil, slack: 1e-12))
        let caught = fraud.filter { intervening.contains($0.decision) }.compactMap(\.amount).reduce(0, +)
        put("money/recall_challenge_or_block", .measure(lost > 0 ? caught / lost : nil, slack: 1e-12))
    }

    mutating func operations(_ decisions: [OracleDecision], epsilon: Double) {
        let known = ["ok": "ok", "timeout": "timeouts", "error": "errors"]
        put("operations/status_known", .count(Int64(decisions.count { $0.status.map { known[$0] != nil } ?? false })))
        for (word, name) in known { put("operations/\(name)", .count(Int64(decisions.count { $0.status == word }))) }
        put("operations/overrides", .count(Int64(decisions.count(where: \.isOverridden))))
        let costs = decisions.compactMap(\.cost)
        put("operations/cost/count", .count(Int64(costs.count)))
        put("operations/cost/mean", .measure(costs.isEmpty ? nil : costs.reduce(0, +) / Double(costs.count)))
        put("operations/cost/max", .measure(costs.max()))
        for (name, threshold) in [("challenge", { (d: OracleDecision) in d.challengeAt }), ("block", { $0.blockAt })] {
            let pairs = decisions.compactMap { decision in threshold(decision).map { (decision.score, $0) } }
            put("score/near_threshold/\(name)/known", .count(Int64(pairs.count)))
            put("score/near_threshold/\(name)/below", .count(Int64(pairs.count { $0.0 < $0.1 && $0.0 >= $0.1 - epsilon })))
        }
    }

    mutating func calibration(_ windows: OracleWindows, _ content: OracleWindows.Content) {
        let labelled = content.outcomes.map { (score: windows.join.rows[$0.key].decision.score, truth: $0.value.outcome == 2 ? 1.0 : 0, weight: $0.value.weight) }
            .sorted { $0.score < $1.score }
        let isWeighted = labelled.contains { $0.weight != 1 }
        let total = labelled.reduce(0) { $0 + $1.weight }
        guard !labelled.isEmpty else { return put("calibration/brier", .measure(nil)) }
        func gaps(_ bin: (Int) -> Int) -> Double {
            var byBin: [Int: Double] = [:]
            for index in labelled.indices { byBin[bin(index), default: 0] += labelled[index].weight * (labelled[index].score - labelled[index].truth) }
            return byBin.values.map { abs($0) }.reduce(0, +) / total
        }
        put("calibration/brier", .measure(labelled.reduce(0) { $0 + $1.weight * ($1.score - $1.truth) * ($1.score - $1.truth) } / total, slack: 1e-12))
        put("calibration/bias", .measure(labelled.reduce(0) { $0 + $1.weight * ($1.score - $1.truth) } / total, slack: 1e-12))
        put("calibration/ece", .measure(gaps { min(19, Int((labelled[$0].score * 1e6).rounded()) / 50_000) }, slack: 1e-12))
        put(
            "calibration/ece_groups",
            .measure(
                gaps { index in
                    let below = labelled.filter { $0.score < labelled[index].score }.reduce(0) { $0 + Int64(($1.weight * 1000).rounded()) }
                    return Int(below * 10 / Int64((total * 1000).rounded()))
                }, slack: 1e-12))
        // Where a weight was taken back, the record may still state what all weights of 1 give.
        guard isWeighted else { return }
        let fraud = labelled.filter { $0.truth == 1 }.reduce(0) { $0 + $1.weight }
        put("fraud_rate/weighted", .measure(fraud / total, slack: 1e-12))
        put("fraud_rate/weighted_fraud", .measure(fraud, slack: 1e-9))
    }

    mutating func provenance(_ windows: OracleWindows, _ content: OracleWindows.Content) {
        for (tier, name) in ["unlisted", "low", "medium", "high"].enumerated() {
            for (outcome, word) in [(2, "fraud"), (1, "legit")] {
                put("labels/by_trust/\(name)/\(word)", .count(Int64(content.outcomes.values.count { $0.tier == tier && $0.outcome == outcome })))
            }
        }
        for kind in Set(content.outcomes.values.map(\.kind)) {
            let name = kind == 0 ? "" : windows.join.kinds[kind - 1]
            guard !name.isEmpty else { continue }
            put("labels/by_kind/\(name)/fraud", .count(Int64(content.outcomes.values.count { $0.kind == kind && $0.outcome == 2 })))
        }
        // Interned numbers begin behind "missing" and "other".
        let sources = windows.topology.labelSources.map(\.pipeline)
        let groups = Dictionary(grouping: content.arrivals) { arrival in
            [sources.firstIndex(of: arrival.word.pipeline) ?? -1, arrival.word.kind]
        }
        for (index, group) in groups.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) }).enumerated() {
            let delays = group.value.map { Double($0.word.time - windows.join.rows[$0.row].decision.time) / 3_600_000 }.sorted()
            put("labels/delays/\(index)/count", .count(Int64(delays.count)))
            let median = OracleMetrics.quantile(delays, 0.5) ?? 0
            // The two delays about the median may be on both sides of 0, each to 1 %.
            let scale = delays.map { abs($0) }.max() ?? 0
            put("labels/delays/\(index)/p50_h", .measure(median, slack: 0.0101 * scale + 1e-9))
        }
    }
}
