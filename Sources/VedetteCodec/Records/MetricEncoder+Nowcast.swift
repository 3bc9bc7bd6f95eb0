import VedetteCore

extension MetricEncoder {
    /// `maturity` and `nowcast`; null before there are labels to learn from.
    func nowcast(_ result: WindowResult, into json: inout JSONWriter) {
        json.key("maturity")
        if let maturity = result.maturity {
            json.beginObject()
            json.field("fraud", maturity.fraud)
            json.field("legit", maturity.legit)
            json.field("age_days", Double(maturity.ageMs) / 86_400_000)
            json.endObject()
        } else {
            json.null()
        }
        labelFree(result, into: &json)
        inverseProbability(result.pane, into: &json)
        json.key("nowcast")
        guard let nowcast = result.nowcast else { return json.null() }
        json.beginObject()
        json.field("expected_fraud", nowcast.expectedFraud)
        value("fraud_rate", nowcast[.fraudRate], into: &json)
        points("recall", nowcast[.recallAtBlock], nowcast[.recallAtIntervention], into: &json)
        points("precision", nowcast[.precisionAtBlock], nowcast[.precisionAtIntervention], into: &json)
        json.endObject()
    }

    /// From calibrated scores; `disagrees` where it lies outside of the nowcast's 95 % interval.
    private func labelFree(_ result: WindowResult, into json: inout JSONWriter) {
        json.key("label_free")
        guard let estimate = result.labelFree else { return json.null() }
        json.beginObject()
        json.field("fraud_rate", estimate.fraudRate)
        json.key("recall")
        json.beginObject()
        json.field("block", estimate.recallAtBlock)
        json.field("challenge_or_block", estimate.recallAtIntervention)
        json.endObject()
        json.key("precision")
        json.beginObject()
        json.field("block", estimate.precisionAtBlock)
        json.field("challenge_or_block", estimate.precisionAtIntervention)
        json.endObject()
        json.field("auc", estimate.auc)
        json.field("calibrated_on", estimate.calibratedOn)
        json.key("disagrees")
        json.beginArray()
        let pairs: [(String, Double?, NowcastMeasure)] = [
            ("fraud_rate", estimate.fraudRate, .fraudRate), ("recall_block", estimate.recallAtBlock, .recallAtBlock),
            ("recall_challenge_or_block", estimate.recallAtIntervention, .recallAtIntervention),
        ]
        for (name, free, measure) in pairs {
            guard let free, let interval = result.nowcast?[measure]?.interval95 else { continue }
            if free < interval.lower || free > interval.upper { json.value(name) }
        }
        json.endArray()
        json.endObject()
    }

    /// Labels weighted by what each stands for; null while each stands for itself.
    private func inverseProbability(_ pane: Pane, into json: inout JSONWriter) {
        json.key("inverse_probability")
        guard let explored = pane.explored else { return json.null() }
        json.beginObject()
        json.field("explored", explored.explored)
        json.field("bounded", explored.bounded)
        json.field("max_weight", ExplorationOutcomes.maxWeight)
        share("fraud_rate", explored.share(.fraudRate), into: &json)
        share("recall_block", explored.share(.recallAtBlock), into: &json)
        share("recall_challenge_or_block", explored.share(.recallAtIntervention), into: &json)
        share("precision_block", explored.share(.precisionAtBlock), into: &json)
        share("precision_challenge_or_block", explored.share(.precisionAtIntervention), into: &json)
        json.endObject()
    }

    private func share(_ name: String, _ share: ExplorationOutcomes.Share?, into json: inout JSONWriter) {
        json.key(name)
        guard let share else { return json.null() }
        json.beginObject()
        json.field("value", share.value)
        json.field("low", share.interval.lower)
        json.field("high", share.interval.upper)
        json.field("effective_labels", share.effectiveLabels)
        json.endObject()
    }

    private func points(_ name: String, _ block: NowcastValue?, _ intervention: NowcastValue?, into json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        value("block", block, into: &json)
        value("challenge_or_block", intervention, into: &json)
        json.endObject()
    }

    private func value(_ name: String, _ value: NowcastValue?, into json: inout JSONWriter) {
        json.key(name)
        guard let value else { return json.null() }
        json.beginObject()
        json.field("raw", value.raw)
        json.field("value", value.value)
        json.field("low", value.interval95.lower)
        json.field("high", value.interval95.upper)
        json.field("low_80", value.interval80.lower)
        json.field("high_80", value.interval80.upper)
        json.field("past_errors", Int64(value.errors))
        json.endObject()
    }
}
