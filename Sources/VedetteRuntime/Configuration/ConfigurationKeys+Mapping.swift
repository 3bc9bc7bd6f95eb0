import VedetteCodec
import VedetteCore

extension ConfigurationKey {
    static let sourceShapes = "`model.name`, `/model/name`, `{constant: TEXT}`"
    static let pathShapes = "`model.name` or `/model/name`"

    static let decisionMapping: [ConfigurationKey] = {
        let at = "inputs.decisions.mapping"
        let identity = Decision.allCases.map { "`\($0)`" }.joined(separator: ", ")
        return [ConfigurationKey(at, .section, .none, "Where the fields of a decision are in your JSON; what is not given is as in `schemas/decision.schema.json`.")]
            + path("\(at).request_id", "`/request_id`", "The request's ID: a string or an integer.")
            + path("\(at).time", "`/time`", "When it was decided.")
            + [timeFormat("\(at).time_format")]
            + source("\(at).model_name", "`/model/name`", "Name of the model, as in the inventory.")
            + source("\(at).model_version", "`/model/version`", "Version of the model.", optional: true)
            + source("\(at).score", "`/score`", "The score, from 0 to `score_scale`.", constant: false)
            + [ConfigurationKey("\(at).score_scale", .number(scale), .value("1"), "Scores and thresholds are divided by this, such as 1000 for scores from 0 to 1000.")]
            + source("\(at).decision", "`/decision`", "What was done.")
            + [
                ConfigurationKey(
                    "\(at).decision_values", .map("words"), .computed(identity),
                    "Your words and what they mean; case counts. Given, it replaces the default words."),
                ConfigurationKey("\(at).decision_values.<word>", .choice(Decision.allCases.map(\.description)), .none, "What one word means."),
            ]
            + source("\(at).threshold_challenge", "`/threshold/challenge`", "Score from which requests are challenged.", optional: true)
            + source("\(at).threshold_block", "`/threshold/block`", "Score from which requests are blocked.", optional: true)
            + object("\(at).features", "`/features`", "The features")
            + object("\(at).slices", "`/slices`", "The slice dimensions")
            + object("\(at).entities", "`/entities`", "The entities")
            + source("\(at).latency", "`/latency_ms`", "How long the decision took.", optional: true)
            + [
                ConfigurationKey(
                    "\(at).latency_scale", .number(scale), .value("1"),
                    "Latencies are divided by this to give milliseconds: 0.001 for seconds, 1000 for microseconds."),
            ]
            + source("\(at).amount", "`/amount`", "Money at stake.", optional: true)
            + [
                ConfigurationKey("\(at).amount_scale", .number(scale), .value("1"), "Amounts are divided by this, such as 100 for cents."),
                ConfigurationKey("\(at).signals", .variant("\(pathShapes), or `null`"), .computed("`/signals`"), "Array of the signals that the decision rested on."),
                ConfigurationKey("\(at).model_signal", .text, .value("model"), "The name among the signals that stands for the model's own score."),
            ]
            + source("\(at).cost", "`/cost`", "What serving the request cost, in any one unit.", optional: true)
            + [ConfigurationKey("\(at).cost_scale", .number(scale), .value("1"), "Costs are divided by this.")]
            + source("\(at).status", "`/status`", "Whether the model answered: `ok`, `timeout` or `error`.", optional: true)
            + [
                ConfigurationKey(
                    "\(at).status_values", .map("words"), .computed(RequestStatus.stated.map { "`\($0)`" }.joined(separator: ", ")),
                    "Your words and what they mean; case counts; any other word says nothing. Given, it replaces the default words."),
                ConfigurationKey("\(at).status_values.<word>", .choice(RequestStatus.stated.map(\.description)), .none, "What one word means."),
            ]
            + source("\(at).exploration_probability", "`/exploration_probability`", "Probability with which the policy lets a request like this one through.", optional: true)
            + source("\(at).action", "`/action`", "What is decided about, such as `password_reset`.", optional: true)
            + source("\(at).override", "`/override`", "Who forced the decision past the model, or `true`.", optional: true)
    }()

    static let labelMapping: [ConfigurationKey] = {
        let at = "inputs.labels.mapping"
        let identity = Outcome.allCases.map { "`\($0)`" }.joined(separator: ", ")
        return [ConfigurationKey(at, .section, .none, "Where the fields of a label are in your JSON; what is not given is as in `schemas/label.schema.json`.")]
            + path("\(at).request_id", "`/request_id`", "The request's ID: a string or an integer.")
            + path("\(at).time", "`/time`", "When the label became known.")
            + [timeFormat("\(at).time_format")]
            + source("\(at).outcome", "`/outcome`", "What the truth turned out to be.")
            + [
                ConfigurationKey(
                    "\(at).outcome_values", .map("words"), .computed(identity),
                    "Your words and what they mean; case counts. Given, it replaces the default words."),
                ConfigurationKey("\(at).outcome_values.<word>", .choice(Outcome.allCases.map(\.description)), .none, "What one word means."),
            ]
            + source("\(at).kind", "`/kind`", "Kind of label, such as chargeback.", optional: true)
            + source("\(at).pipeline", "`/source/pipeline`", "Pipeline that it came from.", optional: true)
            + source("\(at).actor", "`/source/actor`", "Who decided it.", optional: true)
            + source("\(at).conditions", "`/source/conditions`", "Under what conditions, such as a guideline or a blind review; for the provenance file.", optional: true)
            + source("\(at).decision_time", "`/decision_time`", "Time of the decision, which saves the join a search.", optional: true, constant: false)
            + source(
                "\(at).sampling_weight", "`/sampling_weight`",
                """
                How many requests the label stands for, where labels are a sample; at most 1,000, and not believed of sources that are not \
                listed where others are.
                """, optional: true)
    }()

    private static let scale = NumberRange(0, 1e12, includesLower: false)

    private static func timeFormat(_ path: String) -> ConfigurationKey {
        ConfigurationKey(
            path, .choice(TimeFormat.allCases.map(\.rawValue)), .value("auto"),
            "How times are written; `auto` takes texts as RFC 3339 and numbers as epoch milliseconds.")
    }

    private static func path(_ path: String, _ fallback: String, _ documentation: String) -> [ConfigurationKey] {
        [ConfigurationKey(path, .variant(pathShapes), .computed(fallback), documentation)]
    }

    private static func source(
        _ path: String, _ fallback: String, _ documentation: String, optional: Bool = false, constant: Bool = true
    ) -> [ConfigurationKey] {
        let shapes = (constant ? sourceShapes : pathShapes) + (optional ? " or `null`" : "")
        let key = ConfigurationKey(path, .variant(shapes), .computed(fallback), documentation)
        return constant ? [key, ConfigurationKey("\(path).constant", .text, .none, "The same for every record.")] : [key]
    }

    private static func object(_ path: String, _ fallback: String, _ what: String) -> [ConfigurationKey] {
        [
            ConfigurationKey(
                path, .variant("\(pathShapes), `.` for the record itself, or `{container, fields}`"), .computed(fallback),
                "\(what): the object that holds them by name."),
            ConfigurationKey("\(path).container", .variant("\(pathShapes), `.` or `null`"), .computed(fallback), "The object that holds them by name."),
            ConfigurationKey("\(path).fields", .map("sources"), .none, "\(what) that are elsewhere or have another name."),
            ConfigurationKey("\(path).fields.<name>", .variant(sourceShapes), .none, "Where one is."),
            ConfigurationKey("\(path).fields.<name>.constant", .text, .none, "The same for every record."),
        ]
    }
}
