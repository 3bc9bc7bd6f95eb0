import Testing
import VedetteCore
import VedetteRuntime

/// What is there for `silences`: the ids of its monitors, then every kind. Outside of the suite: a macro's arguments can not refer to its members.
private let monitorNames = (["slow", "fan_out"] + AlertNames.kinds).joined(separator: ", ")

/// What has to hold between keys that are right on their own.
@Suite struct ConfigurationRelationTests {
    /// Expects exactly one error, at the place marked `‹` in the text, and takes no interest in warnings.
    private func expect(_ marked: String, _ message: String, sourceLocation: SourceLocation = #_sourceLocation) {
        let text = configurationText(marked)
        guard let mark = text.firstIndex(of: "‹") else {
            Issue.record("no mark", sourceLocation: sourceLocation)
            return
        }
        let before = text[..<mark]
        let line = before.count { $0 == "\n" } + 1
        let column = before.distance(from: before.lastIndex(of: "\n") ?? before.startIndex, to: before.endIndex)
        let found = configurationIssues(text.replacing("‹", with: "")).filter { !$0.contains(": warning: ") }
        #expect(found == ["c.yaml:\(line):\(column): \(message)"], sourceLocation: sourceLocation)
    }

    @Test(arguments: [
        ("{name: w, size: ‹90s}", "windows[0].size: expected a multiple of the pane, 1m, found 1m30s"),
        ("{name: w, size: 2m, hop: ‹90s}", "windows[0].hop: expected a multiple of the pane, 1m, found 1m30s"),
        ("{name: w, size: 2m, hop: 1m, offset: ‹30s}", "windows[0].offset: expected a multiple of the pane, 1m, found 30s"),
        ("{name: w, size: 1h, hop: ‹2h}", "windows[0].hop: expected at most the size, 1h, so that no time is skipped, found 2h"),
        ("{name: w, size: 1h, offset: ‹1h}", "windows[0].offset: expected below the hop, 1h, found 1h"),
        ("{name: w, size: 1d, hop: ‹5m}", "windows[0].hop: expected a multiple of 1h as hop of window w (the finest panes kept at an age of 1d), found 5m"),
        ("{name: w, size: ‹200d, hop: 1d}", "windows[0].size: expected panes kept for 200d (the last of panes.levels), for window w, found panes kept for 120d"),
        (
            "{name: w, size: 1d, align: ‹monday}",
            "windows[0].align: expected whole weeks, and a hop that divides a week or is whole weeks, for monday, found size 1d, hop 1d"),
        ("{name: w, size: 7d, align: monday, offset: ‹1d}", "windows[0].offset: expected either align or offset, found both"),
        ("{name: w, size: ‹0s}", "windows[0].size: expected a duration such as 5m or 7d, from 1s to 3653d, found \"0s\""),
    ])
    func windows(_ window: String, _ message: String) {
        expect("windows: [\(window)]\nmonitors: [{monitor: score_drift, window: w, reference: {baseline: b}}]\nbaselines: {b: f}", message)
    }

    @Test(arguments: [
        ("[{size: 1m, keep: 1h}, {size: ‹90s, keep: 40d}]", "panes.levels[1].size: expected a multiple of the size before it, 1m, and more than it, found 1m30s"),
        ("[{size: 1m, keep: 1h}, {size: ‹1m, keep: 121d}]", "panes.levels[1].size: expected a multiple of the size before it, 1m, and more than it, found 1m"),
        ("[{size: 1m, keep: ‹30m}, {size: 1h, keep: 121d}]", "panes.levels[0].keep: expected at least the next size, 1h, so that panes can roll up, found 30m"),
        ("[{size: 1m, keep: 2h}, {size: 1h, keep: ‹1h}]", "panes.levels[1].keep: expected at least the keep before it, 2h, found 1h"),
        ("[{size: 1h, keep: ‹1m}]", "panes.levels[0].keep: expected at least the size, 1h, found 1m"),
        ("‹[]", "panes.levels: expected at least one level, found an empty list"),
    ])
    func levels(_ levels: String, _ message: String) {
        expect("panes: {levels: \(levels)}", message)
    }

    @Test(arguments: [
        ("panes: {revise_every: ‹90s}", "panes.revise_every: expected a multiple of the pane, 1m, found 1m30s"),
        ("time: {granule: ‹7s}", "time.granule: expected a divisor of the pane, 1m, found 7s"),
        ("join: {retention: ‹36h, maturity: 1d}", "join.retention: expected a multiple of join.segment, 1d, found 1d12h"),
        ("join: {segment: ‹90s, retention: 90s, maturity: 0s, pending_ttl: 0s, duplicate_window: 0s}", "join.segment: expected a multiple of the pane, 1m, found 1m30s"),
        ("join: ‹{retention: 30d}", "join.maturity: expected at most join.retention, 30d, found 45d"),
        ("join: {pending_ttl: ‹121d}", "join.pending_ttl: expected at most join.retention, 120d, found 121d"),
        ("join: {duplicate_window: ‹121d}", "join.duplicate_window: expected at most join.retention, 120d, found 121d"),
        ("windows: ‹[]", "windows: expected at least one window, found an empty list"),
        ("entities: ‹[a, b, c, d, e, f, g, h, i, j, k, l, m]", "entities: expected at most 12, found 13"),
    ])
    func sections(_ lines: String, _ message: String) {
        expect(lines, message)
    }

    @Test(arguments: [
        ("{monitor: volume, window: ‹6h}", "monitors[0].window: expected a window of windows (5m, 1h, 24h, 7d, 30d), found \"6h\""),
        ("{monitor: volume, window: ‹24d}", "monitors[0].window: expected a window of windows (5m, 1h, 24h, 7d, 30d), found \"24d\" (did you mean \"24h\"?)"),
        ("‹{monitor: volume}", "monitors[0].window: expected a name of 1 to 100 letters, digits, '_', '-' and '.', found nothing"),
        ("‹{window: 1h}", "monitors[0].monitor: expected one of \(MonitorRegistry.names.joined(separator: ", ")), found nothing"),
        ("{monitor: volume, window: 1h, models: [‹rsik]}", "monitors[0].models[0]: expected a model of models (risk), found \"rsik\" (did you mean \"risk\"?)"),
        ("{monitor: volume, window: 1h, models: ‹[]}", "monitors[0].models: expected at least one model, or no such key for all, found an empty list"),
        ("{monitor: volume, window: 1h, slices: ‹every}", "monitors[0].slices: expected overall, all, or a list of dimensions and combinations, found \"every\""),
        (
            "{monitor: volume, window: 1h, slices: [‹county]}",
            "monitors[0].slices[0]: expected a dimension of slices.dimensions (country, channel, device), found \"county\" (did you mean \"country\"?)"),
        (
            "{monitor: volume, window: 1h, slices: [‹[country, channel]]}",
            "monitors[0].slices[0]: expected a combination of slices.combinations, found one that is not there"),
        (
            "{monitor: volume, window: 1h, slices: [‹{country: FR, channel: app}]}",
            "monitors[0].slices[0]: expected a dimension, or a combination of slices.combinations, found one that is not there"),
        ("{monitor: volume, window: 1h, slices: [country, ‹country]}", "monitors[0].slices[1]: expected each group once, found it again"),
        ("{monitor: volume, window: 1h, alpha: ‹0}", "monitors[0].alpha: expected a number, above 0 and below 1, found \"0\""),
        ("{monitor: volume, window: 1h, alpha: ‹1}", "monitors[0].alpha: expected a number, above 0 and below 1, found \"1\""),
        (
            "{monitor: volume, window: 1h, severity: ‹p0}",
            "monitors[0].severity: expected P0 to P3, or {P0: {above: X}, P1: {times: N}, otherwise: P2}, found \"p0\" (did you mean \"P0\"?)"),
        ("{monitor: volume, window: 1h, clear_ratio: ‹120%}", "monitors[0].clear_ratio: expected a share such as 0.05 or 5%, above 0, up to 1, found \"120%\""),
        (
            "{monitor: volume, window: 1h, max_rate: ‹5%}",
            "monitors[0].max_rate: expected keys of volume (max_drop_ratio, min_surge_ratio), found \"max_rate\", which belongs to missing_features"),
        (
            "{monitor: volume, window: 1h, reference: ‹last}",
            "monitors[0].reference: expected previous_window, {same_hours: {weeks: N}}, {pinned: TIME}, {baseline: NAME} or {version: VERSION}, found \"last\""),
        ("{monitor: score_drift, window: 1h, reference: {baseline: ‹x}}", "monitors[0].reference.baseline: expected a name of baselines (b), found \"x\""),
        (
            "{monitor: volume, window: 1h, reference: ‹{baseline: b}}",
            "monitors[0].reference: expected windows of this stream for volume (previous_window, same_hours, pinned), found a baseline, "
                + "which is of days while a window is of hours: their traffic does not compare"),
        (
            "{monitor: volume, window: 24h, reference: {same_hours: {weeks: ‹60}}}",
            "monitors[0].reference.same_hours.weeks: expected a whole number from 1 to 52, found \"60\""),
        (
            "{monitor: volume, window: 5m, reference: ‹{same_hours: {weeks: 4}}}",
            "monitors[0].reference: expected a multiple of 1h as size of window 5m (the finest panes kept at an age of 28d), found 5m"),
        ("{monitor: volume, window: 1h, severity: {P0: ‹{}}}", "monitors[0].severity.P0: expected above or times, found neither"),
        ("{monitor: slo, window: 1h, period: ‹200d}", "monitors[0].period: expected at most what panes are kept for, 120d, found 200d"),
        (
            "{monitor: volume, window: 1h, min_sigma: ‹1}",
            "monitors[0].min_sigma: expected keys of volume (max_drop_ratio, min_surge_ratio), found \"min_sigma\", which belongs to feature_drift"),
        (
            "{monitor: volume, window: 24h, reference: ‹{same_hours: {weeks: 20}}}",
            "monitors[0].reference: expected panes kept for 140d (the last of panes.levels), for window 24h, found panes kept for 120d"),
        (
            "{monitor: volume, window: 24h, reference: ‹{pinned: 2026-01-05T00:30:00Z}}",
            "monitors[0].reference: expected a time where a window 24h starts, such as 2026-01-05 or 2026-01-05T01:00:00.000Z, found 2026-01-05T00:30:00.000Z"),
        (
            "{monitor: volume, window: 24h, reference: {pinned: ‹soon}}",
            "monitors[0].reference.pinned: expected a time such as 2026-01-05 or 2026-01-05T08:30:00Z, found \"soon\""),
        (
            "{monitor: missing_features, window: 1h, slices: ‹all}",
            "monitors[0].slices: expected slices.features_in_slices: true for missing_features in slices, found false"),
        ("{monitor: volume, window: 1h}, ‹{monitor: volume, window: 1h}", "monitors[1].id: expected an id of its own, found \"volume_1h\", which monitors[0] has"),
    ])
    func monitors(_ monitors: String, _ message: String) {
        expect("monitors: [\(monitors)]\nbaselines: {b: f}", message)
    }

    @Test(arguments: [
        ("monitor: ‹score_drfit", "monitor: expected the id or kind of a monitor (\(monitorNames)), found \"score_drfit\" (did you mean \"score_drift\"?)"),
        ("monitor: ‹slo_w", "monitor: expected the id or kind of a monitor (\(monitorNames)), found \"slo_w\" (did you mean \"slow\"?)"),
        ("model: ‹rsik", "model: expected a model of models (risk), found \"rsik\" (did you mean \"risk\"?)"),
        ("slice: {‹city: Paris}", "slice.city: expected a dimension of slices.dimensions (country, channel, device), found \"city\""),
    ])
    func silences(_ condition: String, _ message: String) {
        expect(
            "monitors: [{monitor: latency, id: slow, window: 1h}]\ndetectors: [{detector: probing, id: fan_out}]\n"
                + "alerts: {silences: [{id: a, from: 2026-01-05, until: 2026-01-06, reason: r, \(condition)}]}", "alerts.silences[0].\(message)")
    }

    @Test(arguments: ["slow", "fan_out", "latency", "volume", "probing.boundary", "label_burst", "policy_floor", "alert_storm"])
    func silencesThatNameSomething(_ monitor: String) {
        let text = configurationText(
            "monitors: [{monitor: latency, id: slow, window: 1h}]\ndetectors: [{detector: probing, id: fan_out}]\n"
                + "alerts: {silences: [{id: a, from: 2026-01-05, until: 2026-01-06, reason: r, monitor: \(monitor)}]}")
        #expect(configurationIssues(text).filter { !$0.contains(": warning: ") }.isEmpty)
    }

    @Test func breakersOfNoMonitor() {
        let known = (["slow"] + AlertNames.kinds).joined(separator: ", ")
        expect(
            "monitors: [{monitor: latency, id: slow, window: 1h}]\nbreakers: [{id: b, alerts: [{monitors: [slow, volume, ‹volum]}]}]",
            "breakers[0].alerts[0].monitors[2]: expected the id or kind of a monitor (\(known)), found \"volum\" (did you mean \"volume\"?)")
    }

    @Test(arguments: [
        (
            "drift: [{name: a, reference: ‹{same_hours: {weeks: 52}}}]",
            "drift[0].reference: expected a reference that some window can have: panes kept for 364d (the last of panes.levels), for window 5m, found panes kept for 120d"),
        (
            "drift: [‹{name: a}]",
            "drift[0].reference: expected previous_window, {same_hours: {weeks: N}}, {pinned: TIME}, {baseline: NAME} or {version: VERSION}, found nothing"),
        ("drift: [{name: a, reference: same_hours}, {name: ‹a, reference: same_hours}]", "drift[1].name: expected a name of its own, found \"a\", which drift[0] has"),
        ("baselines: {good: ‹[x]}", "baselines.good: expected the path of a file, found a list"),
    ])
    func drift(_ line: String, _ message: String) {
        expect(line, message)
    }

    @Test(arguments: [
        ("{request_id: null}", 62, "inputs.decisions.mapping.request_id: expected model.name or /model/name, found nothing; this field is required"),
        ("{request_id: {constant: a}}", 74, "inputs.decisions.mapping.request_id: expected model.name or /model/name, found a section"),
        (
            "{score: a..b}", 69,
            "inputs.decisions.mapping.score: expected model.name or /model/name, found path 'a..b' has an empty segment; "
                + "write a name that contains a dot as a JSON Pointer, such as /a.b"),
        ("{score: .}", 69, "inputs.decisions.mapping.score: expected model.name or /model/name, found the record itself"),
        ("{decision: {}}", 72, "inputs.decisions.mapping.decision: expected model.name, /model/name, {constant: TEXT}, found an empty section"),
        (
            "{decision_values: {OK: alow}}", 84,
            "inputs.decisions.mapping.decision_values.OK: expected one of allow, challenge, block, escalate, log, found \"alow\" (did you mean \"allow\"?)"),
        ("{score_scale: 0}", 75, "inputs.decisions.mapping.score_scale: expected a number, above 0, up to 1000000000000, found \"0\""),
        ("{time_format: iso}", 75, "inputs.decisions.mapping.time_format: expected one of rfc3339, epoch_s, epoch_ms, epoch_us, auto, found \"iso\""),
        (
            "{features: {fields: {amuont: a}}}", 90,
            "inputs.decisions.mapping.features.fields.amuont: expected a declared name of features, found \"amuont\" (did you mean \"amount\"?)"),
        ("{features: {container: null}}", 72, "inputs.decisions.mapping.features.fields: expected a source for every name, as there is no container, found none for amount"),
        ("{model_name: {constant: \"\"}}", 85, "inputs.decisions.mapping.model_name.constant: expected a text, found \"\""),
        (
            "{model_name: {constant: other}}", 74,
            "inputs.decisions.mapping.model_name: expected a mapping that can be read, found the constant 'other' is not in the inventory; listed are: risk"),
        (
            "{decision: {constant: maybe}}", 72,
            "inputs.decisions.mapping.decision: expected a mapping that can be read, found the constant 'maybe' is not in decision_values; "
                + "expected one of: allow, block, challenge, escalate, log"),
        (
            "{features: {fields: {amount: {constant: much}}}}", 90,
            "inputs.decisions.mapping.features.fields.amount: expected a mapping that can be read, "
                + "found the constant 'much' does not fit the declared kind or limits.string_bytes"),
        (
            "{score: a, decision: a.b}", 61,
            "inputs.decisions.mapping: expected a mapping that can be read, found /a is mapped as a value, and also as an object with mapped members"),
    ])
    func mapping(_ mapping: String, _ column: Int, _ message: String) {
        let text = """
            application: shop
            inputs: {labels: {topic: l}, decisions: {topic: d, mapping: \(mapping)}}
            secrets: {hash_key: public}
            models: [{name: risk, owner: a, security: b, features: {amount: {kind: number, important: true}}}]
            """
        #expect(configurationIssues(text) == ["c.yaml:2:\(column): \(message)"])
    }

    @Test func warnings() {
        #expect(
            configurationIssues(configurationText("outputs: {progress: null}")) == [
                "c.yaml:6:11: warning: outputs.progress: expected a topic for the commit protocol, found none; a restart may repeat alerts"])
        #expect(
            configurationIssues(configurationText("outputs: {alerts: ~}")) == [
                "c.yaml:6:11: warning: outputs.alerts: expected a topic for alerts, found none; alerts go nowhere"])
        #expect(
            configurationIssues(configurationText("monitors: []")) == [
                "c.yaml:6:11: warning: monitors: expected at least one monitor, found an empty list; nothing raises alarms"])
        #expect(
            configurationIssues(configurationText("join: {retention: 150d}")) == [
                "c.yaml:1:1: warning: panes.levels[3].keep: expected at least join.retention, 150d, so that every label corrects its pane, found 120d"])
        #expect(
            configurationIssues(configurationText("windows: [{size: 1h, hop: 5m}]")) == [
                "c.yaml:6:10: warning: windows: expected those of the default monitors, or monitors of your own, "
                    + "found none that suits feature_drift (24h), score_drift (24h), decision_share (24h), "
                    + "outcome_rate (24h), performance (30d), version_change (24h), version_regression (24h), cost (24h); what is named does not watch"
            ])
    }

    @Test func nobodyToSayLegit() {
        let sources = "labels: {sources: [{pipeline: issuer, trust: high, outcomes: [fraud]}]}\n"
        let place = "c.yaml:6:19: warning: labels.sources: expected a source that may say legit, for"
        let rest = ", found none about risk; a rate of fraud can then only be per decision (fraud_per_decision)"
        func issues(_ monitor: String, _ sources: String) -> [String] { configurationIssues(configurationText("\(sources)windows: [{size: 1h}]\nmonitors: [\(monitor)]")) }
        for monitor in ["monitor: outcome_rate", "monitor: slo", "monitor: slo, indicator: false_positive_rate", "monitor: performance, metric: precision"] {
            #expect(issues("{\(monitor), id: m, window: 1h}", sources) == ["\(place) m\(rest)"], "\(monitor)")
        }
        let monitors = [
            "monitor: outcome_rate, basis: fraud_per_decision", "monitor: slo, indicator: fraud_per_decision", "monitor: slo, indicator: missed_fraud",
            "monitor: performance",
        ]
        for monitor in monitors {
            #expect(issues("{\(monitor), id: m, window: 1h}", sources) == [], "\(monitor)")
        }
        for sources in ["", "labels: {sources: [{pipeline: issuer, trust: high, outcomes: [fraud]}, {pipeline: desk, trust: low}]}\n"] {
            #expect(issues("{monitor: outcome_rate, window: 1h}", sources) == [], "\(sources)")
        }
    }

    /// 979,520 bytes, the frame and sixteen texts of 1 KiB are what fits into a million.
    @Test func metricRecordsFitIntoARecord() {
        #expect(configurationIssues(configurationText("limits: {metric_bytes: 979520B}")) == [])
        #expect(
            configurationIssues(configurationText("limits: {metric_bytes: 979521B}")) == [
                "c.yaml:6:24: limits.metric_bytes: expected at most 979520B, so that a metric record fits into kafka.properties.message.max.bytes, 1000000, found 979521B"
            ])
        #expect(configurationIssues(configurationText("limits: {metric_bytes: 1MiB}\noutputs: {metrics: null}")) == [])
    }

    /// Eighty texts: ten request IDs, each byte of which may be six.
    @Test func whatARecordQuotesFitsIntoARecord() {
        #expect(configurationIssues(configurationText("limits: {string_bytes: 12500B, metric_bytes: 512KiB}")) == [])
        #expect(
            configurationIssues(configurationText("limits: {string_bytes: 12501B, metric_bytes: 512KiB}")) == [
                "c.yaml:6:24: limits.string_bytes: expected at most 12500B, "
                    + "so that a record that quotes what it was sent fits into kafka.properties.message.max.bytes, 1000000, found 12501B"
            ])
    }

    /// 746,928 bytes and the frame are what fits into a million in Base64.
    @Test func deadLettersFitIntoARecord() {
        #expect(configurationIssues(configurationText("limits: {dead_letter_bytes: 746928B}")) == [])
        #expect(
            configurationIssues(configurationText("limits: {dead_letter_bytes: 746929B}")) == [
                "c.yaml:6:29: limits.dead_letter_bytes: expected at most 746928B, so that a dead letter fits into kafka.properties.message.max.bytes, 1000000, found 746929B"
            ])
        #expect(configurationIssues(configurationText("limits: {dead_letter_bytes: 1MiB}\nkafka: {properties: {message.max.bytes: 2000000}}")) == [])
        #expect(configurationIssues(configurationText("limits: {dead_letter_bytes: 1MiB}\noutputs: {dead_letters: null}")) == [])
        #expect(
            configurationIssues(configurationText("kafka: {properties: {message.max.bytes: 100000}}")) == [
                "c.yaml:1:1: limits.dead_letter_bytes: expected at most 71928B, so that a dead letter fits into kafka.properties.message.max.bytes, 100000, found 512KiB",
                "c.yaml:1:1: limits.metric_bytes: expected at most 79520B, so that a metric record fits into kafka.properties.message.max.bytes, 100000, found 900KiB",
            ])
    }

    @Test func featuresOfSeveralModelsHaveOneKind() {
        let text = """
            application: shop
            inputs: {decisions: {topic: d}, labels: {topic: l}}
            secrets: {hash_key: public}
            models:
              - {name: a, owner: o, security: s, features: {x: {kind: number, important: true}}}
              - {name: b, owner: o, security: s, features: {x: boolean}}
            """
        #expect(configurationIssues(text) == ["c.yaml:6:52: models[1].features.x: expected the kind number that another model states, found \"boolean\""])
    }
}
