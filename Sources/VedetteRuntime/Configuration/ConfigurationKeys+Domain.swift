import VedetteCore

extension ConfigurationKey {
    static let century: Int64 = 36_525 * 86_400_000
    static let year: Int64 = 366 * 86_400_000
    static let tenYears: Int64 = 3_653 * 86_400_000
    static let day: Int64 = 86_400_000
    static let minute: Int64 = 60_000

    static let inventory: [ConfigurationKey] = [
        ConfigurationKey("models", .list("models"), .required, "The model inventory; for decisions of any other model see `inputs.other_models`."),
        ConfigurationKey("models[].name", .text, .required, "The model's name as it stands in the decisions."),
        ConfigurationKey("models[].description", .text, .none, "What it decides, in one line."),
        ConfigurationKey("models[].owner", .variant("a team's name, or `{team, contact}`"), .required, "Engineering: who is paged."),
        ConfigurationKey("models[].owner.team", .text, .required, "Name of the team."),
        ConfigurationKey("models[].owner.contact", .text, .none, "Channel, mail address or rotation."),
        ConfigurationKey("models[].security", .variant("a team's name, or `{team, contact}`"), .computed("as `owner`"), "The security counterpart."),
        ConfigurationKey("models[].security.team", .text, .required, "Name of the team."),
        ConfigurationKey("models[].security.contact", .text, .none, "Channel, mail address or rotation."),
        ConfigurationKey("models[].features", .map("features"), .none, "The features that are measured, by name. A feature of several models has one kind."),
        ConfigurationKey("models[].features.<name>", .variant("`number`, `boolean`, `category`, or `{kind, important, importance}`"), .none, "One feature."),
        ConfigurationKey("models[].features.<name>.kind", .choice(FeatureKind.allCases.map(\.rawValue)), .required, "What its values are; others count as wrong type."),
        ConfigurationKey("models[].features.<name>.important", .boolean, .value("false"), "Whether its loss is an incident."),
        ConfigurationKey(
            "models[].features.<name>.importance", .share(.unit), .computed("`1` for an important feature, else `0.5`"),
            "Weight of its drift: `feature_drift` multiplies the effect by it; 0 is never looked at."),
        ConfigurationKey("entities", .list("entity kinds"), .none, "Kinds of entity, such as `user`, `device`, `ip`; at most 12."),
        ConfigurationKey("labels", .section, .none, "What is known about the labels."),
        ConfigurationKey("labels.sources", .list("label sources"), .none, "The registry of label sources. Trust comes from here and never from a record."),
        ConfigurationKey("labels.sources[].pipeline", .text, .required, "Name of the pipeline as it stands in the labels."),
        ConfigurationKey(
            "labels.sources[].trust", .choice(TrustWord.allCases.map(\.rawValue)), .required,
            "Where sources disagree, the more trusted wins. Where any source is listed, labels of others count for nothing."),
        ConfigurationKey(
            "labels.sources[].actors", .list("names of actors; `*` stands for any characters"), .computed("any"),
            "Actors that may write to this pipeline. Labels of others count for nothing, and `label_source` says so."),
        ConfigurationKey("labels.sources[].outcomes", .list("`legit`, `fraud`"), .computed("both"), "Outcomes that it may say."),
        ConfigurationKey("labels.sources[].models", .list("model names"), .computed("all models"), "Models whose decisions it may label."),
        ConfigurationKey("labels.sources[].weight", .number(NumberRange(0, 1_000)), .value("1"), "Weight of its labels in the provenance file for training sets."),
        ConfigurationKey(
            "labels.sources[].sampling_weight", .number(NumberRange(0.001, 1_000)), .value("1"),
            "How many requests one label of this source stands for, such as 5 where a fifth of them is reviewed; a label's own weight goes first."),
        ConfigurationKey("signals", .list("signal names"), .none, "Signals of decisions that are told apart, at most 62 beside the model's own (`model_signal`)."),
    ]

    static let labelIntegrity: [ConfigurationKey] = [
        ConfigurationKey(
            "labels.integrity", .section, .none,
            """
            Given (`{}` is enough), the monitors `label_source`, `label_poisoning`, `label_normalisation`, `label_canary`, `label_burst`, \
            `label_orphans` and `label_conflicts` watch the labels.
            """),
        ConfigurationKey("labels.integrity.borderline_from", .number(.openUnit), .computed("half of the model's lowest threshold"), "Lowest score of a borderline decision."),
        ConfigurationKey(
            "labels.integrity.canary_metrics", .list("`fraud_rate`, `false_negative_rate`, `precision`"), .computed("all three"),
            "Metrics that `label_canary` follows with and without labels of low trust; they share its chance of a false alert."),
        ConfigurationKey(
            "labels.integrity.alpha", .number(.openUnit), .value("1e-3"),
            "Chance that an honest actor, source or slice is accused within a year, however often one looks."),
        ConfigurationKey("labels.integrity.min_labels", .integer(1...1_000_000), .value("20"), "Borderline labels of an actor below which it is not accused."),
        ConfigurationKey(
            "labels.integrity.max_actors", .integer(2...1_000_000), .value("10_000"),
            "Actors followed at once; about 1.7 kB each. Sources are all followed: about 3 kB for each model and pair of sources that label it."),
        ConfigurationKey(
            "labels.integrity.drift", .number(NumberRange(0, 10)), .value("0.1"),
            "How far the log-odds of an honest actor's labels wander within a year (standard deviation)."),
        ConfigurationKey("labels.integrity.burst_labels", .integer(2...1_000_000_000), .value("50"), "Labels of a day below which they are no burst of a source or an actor."),
        ConfigurationKey("labels.integrity.burst_factor", .number(NumberRange(1, 1_000)), .value("3"), "A burst is this many times the largest day of the past."),
        ConfigurationKey(
            "labels.integrity.rate_factor", .number(NumberRange(1, 1_000)), .value("2"),
            "Factor on a source's own share of orphans, or of words that more trusted labels contradict, above which it is an incident."),
        ConfigurationKey(
            "labels.integrity.keep_firing_for", .duration(minute...year), .value("1d"),
            "`label_source` and `label_burst` end after this long without such a label."),
    ]

    static let slicing: [ConfigurationKey] = [
        ConfigurationKey("slices", .section, .none, "Sub-populations that get metrics of their own."),
        ConfigurationKey(
            "slices.dimensions", .list("dimensions"), .none,
            """
            Fields such as `country`; each value of each becomes a slice. At most 16. `{name, new_entity, within}` is one that says whether an \
            entity is new.
            """),
        ConfigurationKey("slices.dimensions[].name", .name, .required, "Name of the dimension. A record that has a value for it keeps that."),
        ConfigurationKey(
            "slices.dimensions[].new_entity", .name, .required,
            """
            Kind of `entities`; the dimension is `new` where its entity was first seen less than `within` ago, else `known`. Learned from the \
            stream; without a value for the first `within` of it, when everybody looks new.
            """),
        ConfigurationKey("slices.dimensions[].within", .duration(minute...tenYears), .value("30d"), "How long an entity is new."),
        ConfigurationKey(
            "slices.entity_memory", .integer(1_000...10_000_000), .value("100_000"),
            """
            Entities of one kind whose first-seen time is known exactly; up to sixteen times as many more are remembered as known, with 0.2 % of new \
            ones taken for known at most. Some 70 bytes each.
            """),
        ConfigurationKey(
            "slices.combinations", .list("lists of dimensions"), .none,
            "Sets of dimensions whose combined values are slices too, such as `[[channel, country]]`."),
        ConfigurationKey(
            "slices.max_values", .integer(1...1_000_000), .value("1000"),
            """
            Distinct values of one dimension before the rest fall into `(other)`. Once it is reached, values that no decision, label or duplicate \
            named for as long as rows (`join.retention`) and panes are kept make room; so do their slices.
            """),
        ConfigurationKey("slices.max_slices", .integer(1...10_000_000), .value("10_000"), "Slices of one model version before the rest fall into `(other)`."),
        ConfigurationKey(
            "slices.max_versions", .integer(1...1_000), .value("32"),
            """
            Versions of one model before the rest fall into `(other)`, where `version_change` and `version_regression` cannot tell them apart; \
            unused ones make room as values do.
            """),
        ConfigurationKey("slices.features_in_slices", .boolean, .value("false"), "Measure features in every slice and not only over all traffic; costs memory."),
    ]

    static let panes: [ConfigurationKey] = [
        ConfigurationKey("windows", .list("windows"), .computed("`5m`; `1h` every 5m; `24h` every 1h; `7d` and `30d` every 1d"), "Windows that metrics are computed over."),
        ConfigurationKey("windows[].name", .name, .computed("the size as text, such as `7d`"), "Name in metrics, alerts and monitors."),
        ConfigurationKey("windows[].size", .duration(1_000...tenYears), .required, "Length of the window."),
        ConfigurationKey("windows[].hop", .duration(1_000...tenYears), .computed("the size"), "A new window starts this often; equal to the size for tumbling windows."),
        ConfigurationKey(
            "windows[].align", .choice(WindowAlignment.allCases.map(\.rawValue)), .value("epoch"),
            "`monday` starts windows of whole weeks on Monday 00:00 UTC, `epoch` counts from 1970-01-01 (a Thursday)."),
        ConfigurationKey(
            "windows[].offset", .duration(0...tenYears), .computed("from `align`"),
            "Starts are at multiples of the hop plus this; below the hop; not together with `align`."),
        ConfigurationKey("panes", .section, .none, "The time buckets that windows are composed of."),
        ConfigurationKey(
            "panes.levels", .list("levels"), .computed("`1m` and `5m` for 2h, `1h` for 35d, `1d` for 120d"),
            "Panes roll up into longer ones as they age; each size divides the next."),
        ConfigurationKey("panes.levels[].size", .duration(1_000...tenYears), .required, "Length of a pane of this level; the first is the pane."),
        ConfigurationKey("panes.levels[].keep", .duration(1_000...century), .required, "How long a pane of this level is kept after it ends."),
        ConfigurationKey(
            "panes.score_entries", .integer(21...1_048_576), .value("1024"),
            "Distinct scores a sketch holds before it coarsens; up to there, drift and AUC are exact."),
        ConfigurationKey("panes.quantile_accuracy", .number(NumberRange(0.0001, 0.2)), .value("0.01"), "Relative error of feature and latency quantiles."),
        ConfigurationKey("panes.quantile_bins", .integer(16...65_536), .value("512"), "Bins of one quantile sketch before the lowest collapse."),
        ConfigurationKey("panes.categories", .integer(1...65_536), .value("64"), "Distinct values of a category feature before the rest count as other."),
        ConfigurationKey(
            "panes.threshold_epsilon", .number(NumberRange(0, 1, includesLower: false)), .value("0.02"),
            "How far below a threshold (of its own record) a score counts as just below it."),
        ConfigurationKey(
            "panes.revise_every", .duration(1_000...year), .value("1d"),
            "Closed windows that late labels changed are emitted again at multiples of this event time."),
    ]

    static let time: [ConfigurationKey] = [
        ConfigurationKey("time", .section, .none, "How event time is read off the input."),
        ConfigurationKey("time.out_of_orderness", .duration(0...day), .value("5s"), "How far behind its partition's newest event a record may be before it counts as late."),
        ConfigurationKey("time.max_future", .duration(minute...year), .value("1d"), "A record further ahead of its clock reference than this is rejected."),
        ConfigurationKey("time.future_confirmations", .integer(1...1_000), .value("3"), "Records in a row that must agree on a longer jump before it is believed."),
        ConfigurationKey("time.idle_timeout", .duration(1_000...day), .value("1m"), "Wall-clock silence after which a partition no longer holds time back."),
        ConfigurationKey(
            "time.max_ahead", .duration(1_000...day), .value("5m"),
            "How far a partition may run ahead of the slowest before it is paused, once `max_waiting_rows` wait."),
        ConfigurationKey(
            "time.max_waiting_rows", .integer(1_000...100_000_000), .value("100_000"),
            "Rows that may wait for the slowest partition before those that are ahead are paused; about 1 KB of memory each."),
        ConfigurationKey("time.granule", .duration(1...60_000), .value("1s"), "Records are put in order in buckets of this length; divides the pane."),
    ]

    static let join: [ConfigurationKey] = [
        ConfigurationKey("join", .section, .none, "How decisions and labels find each other."),
        ConfigurationKey("join.retention", .duration(minute...tenYears), .value("120d"), "How long a decision waits for labels; a multiple of `join.segment`."),
        ConfigurationKey("join.segment", .duration(minute...year), .value("1d"), "Event time that one segment of rows covers; expiry drops whole segments."),
        ConfigurationKey("join.pending_ttl", .duration(0...year), .value("1d"), "How long a label waits for a decision that has not arrived; then it is an orphan."),
        ConfigurationKey("join.max_pending", .integer(0...100_000_000), .value("1_000_000"), "Labels that may wait at once; beyond it the oldest is an orphan early."),
        ConfigurationKey(
            "join.max_pending_bytes", .size(1 << 20...1 << 40), .value("512MiB"),
            "The same by memory: each counts its texts (each up to `limits.string_bytes`) and 256 bytes."),
        ConfigurationKey("join.duplicate_window", .duration(0...year), .value("1d"), "How far apart in event time two records with one ID still count as one decision."),
        ConfigurationKey("join.maturity", .duration(0...tenYears), .value("45d"), "Age at which a decision without a label counts as unmatched."),
        ConfigurationKey(
            "join.max_labels_per_request", .integer(1...255), .value("16"),
            """
            Sources whose labels are remembered for one request. As many labels may wait for one decision: one more is an orphan at once, or, if its \
            source is registered, one whose source is not.
            """),
        ConfigurationKey(
            "join.max_label_kinds", .integer(1...1_000), .value("32"),
            "Kinds of label that are told apart before the rest count as other; those of labels that do not count are not among them."),
    ]
}

/// The words of `labels.sources[].trust`.
public enum TrustWord: String, Sendable, CaseIterable {
    case low, medium, high

    /// As in ``LabelSource/tier``.
    public var tier: UInt8 {
        switch self {
        case .low: 1
        case .medium: 2
        case .high: 3
        }
    }
}

/// The words of `windows[].align`.
enum WindowAlignment: String, CaseIterable {
    case epoch, monday
}
