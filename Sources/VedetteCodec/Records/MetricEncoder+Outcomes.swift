import VedetteCore

/// Calibration, money, weights and where labels come from.
extension MetricEncoder {
    /// The rate among the requests that the labels stand for, where labels are a sample.
    func weightedRate(_ weighted: WeightedOutcomes?, into json: inout JSONWriter) {
        guard let weighted else { return }
        let (fraud, legit) = (weighted.fraudTotal, weighted.legitTotal)
        json.field("weighted", fraud + legit > 0 ? fraud / (fraud + legit) : nil)
        json.field("weighted_fraud", fraud)
        json.field("weighted_legit", legit)
        json.field("weighted_recall_block", Self.share(weighted.fraud.block, weighted.fraud.total))
        json.field("weighted_recall_challenge_or_block", Self.share(weighted.fraud.interventions, weighted.fraud.total))
        json.field("weighted_precision_block", Self.share(weighted.fraud.block, weighted.fraud.block + weighted.legit.block))
        json.field(
            "weighted_precision_challenge_or_block",
            Self.share(weighted.fraud.interventions, weighted.fraud.interventions + weighted.legit.interventions))
    }

    private static func share(_ part: Int64, _ whole: Int64) -> Double? { whole > 0 ? Double(part) / Double(whole) : nil }

    func calibration(_ pane: Pane, into json: inout JSONWriter) {
        json.key("calibration")
        json.beginObject()
        let labels = pane.boxedOutcomes
        let calibration = labels?.outcomes.calibration
        let isWeighted = labels?.outcomes.isWeighted ?? false
        json.field("brier", calibration?.brier)
        json.field("ece", calibration?.expectedError)
        json.field("ece_groups", calibration?.expectedErrorOfGroups)
        json.field("bias", calibration?.bias)
        json.field("weighted", isWeighted)
        json.key("bins")
        json.beginArray()
        for bin in calibration?.reliability ?? [] {
            json.beginObject()
            json.key("from")
            json.value(json: Self.binStarts[bin.index])
            json.field("count", isWeighted ? WeightedOutcomes.whole(bin.count) : Double(bin.count))
            json.field("mean_score", bin.meanScore)
            json.field("fraud_rate", bin.fraudRate)
            json.endObject()
        }
        json.endArray()
        json.endObject()
    }

    /// A third of the numbers of a record, and always the same ones.
    private static let binStarts: [[UInt8]] = (0..<Calibration.bins).map { bin in
        var json = JSONWriter()
        json.value(Double(bin) / Double(Calibration.bins))
        return json.bytes
    }

    func money(_ pane: Pane, into json: inout JSONWriter) {
        let money = pane.operations?.money ?? MoneyTotals()
        let labels = pane.boxedOutcomes
        let (fraud, legit) = (labels?.outcomes.fraudMoney ?? MoneyTotals(), labels?.outcomes.legitMoney ?? MoneyTotals())
        json.key("money")
        json.beginObject()
        json.field("count", money.count)
        json.field("total", money.total)
        for decision in Decision.allCases { json.field(decision.description, money[decision]) }
        json.field("fraud", fraud.total)
        json.field("fraud_passed", fraud.passed)
        json.field("fraud_blocked", fraud[.block])
        json.field("fraud_intervened", fraud.intervened)
        json.field("legit", legit.total)
        json.field("legit_blocked", legit[.block])
        json.field("legit_intervened", legit.intervened)
        json.field("fraud_rate", Self.share(fraud.total, fraud.total + legit.total))
        json.field("recall_block", Self.share(fraud[.block], fraud.total))
        json.field("recall_challenge_or_block", Self.share(fraud.intervened, fraud.total))
        json.endObject()
    }

    private static func share(_ part: Double, _ whole: Double) -> Double? { whole > 0 ? part / whole : nil }

    func operations(_ pane: Pane, into json: inout JSONWriter) {
        let operations = pane.operations
        json.key("operations")
        json.beginObject()
        json.field("status_known", operations?.statusKnown ?? 0)
        json.field("ok", operations?.ok ?? 0)
        json.field("timeouts", operations?.timeouts ?? 0)
        json.field("errors", operations?.errors ?? 0)
        json.field("overrides", operations?.overrides ?? 0)
        json.key("cost")
        json.beginObject()
        json.field("count", operations?.cost.count ?? 0)
        json.field("mean", operations?.cost.mean)
        json.field("variance", operations?.cost.variance)
        json.field("max", operations?.cost.max)
        json.endObject()
        json.endObject()
    }

    func nearThreshold(_ result: WindowResult, into json: inout JSONWriter) {
        json.key("near_threshold")
        json.beginObject()
        json.field("epsilon", result.thresholdEpsilon)
        let masses = [("challenge", result.pane.operations?.challengeThreshold), ("block", result.pane.operations?.blockThreshold)]
        for (name, mass) in masses {
            json.key(name)
            json.beginObject()
            json.field("known", mass?.known ?? 0)
            json.field("below", mass?.below ?? 0)
            json.endObject()
        }
        json.endObject()
    }

    func breakdown(_ labels: OutcomesBox?, _ names: LabelNames, into json: inout JSONWriter) {
        let breakdown = labels?.outcomes.breakdown ?? LabelBreakdown()
        json.key("by_trust")
        json.beginObject()
        for (tier, name) in ["unlisted", "low", "medium", "high"].enumerated() { counts(breakdown.byTier[tier], name, into: &json) }
        json.endObject()
        json.key("by_kind")
        json.beginObject()
        for entry in breakdown.byKind { counts(entry.counts, names.kind(entry.kind) ?? "", into: &json) }
        json.endObject()
    }

    private func counts(_ counts: OutcomeCounts, _ name: String, into json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        json.field("fraud", counts.fraud)
        json.field("legit", counts.legit)
        json.endObject()
    }

    private static let millisecondsPerHour = 3_600_000.0

    func delays(_ result: WindowResult, into json: inout JSONWriter) {
        json.key("delays")
        json.beginArray()
        for entry in result.pane.delays?.entries ?? [] {
            json.beginObject()
            json.field("source", result.labelNames.source(entry.source))
            json.field("kind", result.labelNames.kind(entry.kind))
            json.field("count", entry.delays.total)
            let quantiles = entry.delays.quantiles([0.1, 0.5, 0.9, 0.99])
            for (index, name) in ["p10_h", "p50_h", "p90_h", "p99_h"].enumerated() {
                json.field(name, quantiles.map { $0[index] / Self.millisecondsPerHour })
            }
            json.endObject()
        }
        json.endArray()
    }

    func featureDrift(_ drift: WindowDrift, _ names: [String], _ detail: Detail, into json: inout JSONWriter) {
        json.key("features")
        json.beginObject()
        for (index, feature) in drift.features.prefix(detail.features).enumerated() {
            guard let feature else { continue }
            json.key(names[index])
            json.beginObject()
            json.field("psi", feature.psi)
            json.field("js", feature.jensenShannon)
            if !feature.counts.isEmpty {
                json.field("ks", feature.kolmogorovSmirnov)
                json.field("wasserstein", feature.wasserstein)
                json.field("mean_shift_sigmas", feature.meanShift)
                json.key("edges")
                json.beginArray()
                for edge in feature.edges { json.value(edge) }
                json.endArray()
                json.key("counts")
                json.beginArray()
                for count in feature.counts { json.value(count) }
                json.endArray()
            } else {
                json.field("unseen", feature.unseen)
            }
            json.endObject()
        }
        json.endObject()
    }
}
