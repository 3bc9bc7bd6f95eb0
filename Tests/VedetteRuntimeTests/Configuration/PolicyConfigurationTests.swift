import Testing
import VedetteCore
import VedetteRuntime

/// A file with every key of policy, breakers and label integrity.
let integrityKeys = """
    application: shop
    inputs: {decisions: {topic: d}, labels: {topic: l}}
    secrets: {hash_key: public}
    models:
      - {name: risk, owner: fraud, security: sec, features: {age: number}}
      - {name: login, owner: fraud, security: sec}
    signals: [device, mfa]
    labels:
      sources: [{pipeline: desk, trust: high, actors: ["desk-*"], outcomes: [fraud], models: [risk], weight: 2}]
      integrity:
        borderline_from: 0.4
        alpha: 1e-5
        min_labels: 30
        canary_metrics: [precision, false_negative_rate]
        max_actors: 500
        drift: 0.3
        burst_labels: 80
        burst_factor: 4
        rate_factor: 2.5
        keep_firing_for: 2h
    slices: {dimensions: [country, channel]}
    windows: [{name: 1h, size: 1h}]
    monitors: []
    policy:
      keep_firing_for: 2h
      rules:
        - name: reset
          reason: Account takeover starts here.
          never: {action: password_reset, decision: allow, signals_only: [model]}
        - name: big
          severity: P1
          models: [risk]
          when: 'amount > 5000'
          require: {count: 2, any_of: [device, mfa], all_of: [device]}
          missing: ignored
        - name: forced
          forbid_override: true
          when: action == "payout"
        - name: automation
          max_share: {of: 'decision == allow', share: 95%, period: 6h, min_count: 50, alpha: 1e-4}
      single_signal: {share: 0.5, period: 12h, min_count: 100, alpha: 1e-3, severity: P3}
    breakers:
      - id: guard
        models: [risk]
        slices: [country]
        alerts: [{monitors: [missing_features], severity: P1}]
        metrics: [{metric: fraud_rate, window: 1h, above: 5%, clear_ratio: 0.5, min_count: 30}]
        instead_of: allow
        do: escalate
        min_open: 10m
        max_open: 1h
        clear_for: 5m
        ramp: [5%, 0.25]
        stage: 20m
        flap_window: 3h
        heartbeat: 30s
        expiry: 2m
    """

@Suite struct PolicyConfigurationTests {
    private func rules(_ text: String) throws -> [PolicyRule] {
        let detectors = try loadedConfiguration(text).topology.detectors
        return detectors.flatMap { spec -> [PolicyRule] in
            guard case .policy(let set) = spec.rule else { return [] }
            return set.rules
        }
    }

    @Test func everyKeyLoads() throws {
        #expect(configurationIssues(integrityKeys).filter { !$0.contains("warning") } == [])
        let topology = try loadedConfiguration(integrityKeys).topology
        let rules = try rules(integrityKeys)
        #expect(rules.map(\.name) == ["reset", "big", "forced", "automation", "single_signal"])
        #expect(rules.map(\.condition.source) == [
            "action == \"password_reset\" and decision == \"allow\" and signals only [\"model\"]",
            "model in [\"risk\"] and (amount > 5000) and (signals.count < 2 or not (signals contains \"device\" or signals contains \"mfa\") or "
                + "not signals contains \"device\")",
            "(action == \"payout\") and override is present", "true", "decision in [allow, block] and signals is present",
        ])
        #expect(rules.map(\.severity) == [.p0, .p1, .p0, .p2, .p3])
        #expect(rules.map(\.missingBreaks) == [false, false, false, false, false] && rules[0].reason == "Account takeover starts here.")
        let cap = try #require(rules[3].cap), single = try #require(rules[4].cap)
        #expect(cap.counted.source == "decision == allow" && cap.share == 0.95 && cap.periodMs == 21_600_000 && cap.minCount == 50 && cap.alpha == 1e-4)
        #expect(single.monitor == .singleSignal && single.counted.source == "signals only [\"model\"]" && single.share == 0.5 && single.alpha == 1e-3)
        let breaker = try #require(topology.breakers.first)
        #expect(breaker.id == "guard" && breaker.models == ["risk"] && breaker.slices == .groups([[0]]))
        #expect(breaker.policy == BreakerPolicy(insteadOf: .allow, action: .escalate) && breaker.heartbeatMs == 30_000 && breaker.expiryMs == 120_000)
        #expect(breaker.timing.ramp == [0.05, 0.25] && breaker.timing.minOpenMs == 600_000 && breaker.timing.maxOpenMs == 3_600_000)
        #expect(breaker.timing.clearForMs == 300_000 && breaker.timing.stageMs == 1_200_000 && breaker.timing.flapWindowMs == 10_800_000)
        var metric = BreakerMetricRule(metric: .fraudRate, window: 0, above: 0.05)
        metric.clearRatio = 0.5
        metric.minCount = 30
        #expect(breaker.triggers == [.alert(monitors: ["missing_features"], severity: .p1), .metric(metric)])
    }

    @Test func labelKeys() throws {
        let topology = try loadedConfiguration(integrityKeys).topology
        var source = LabelSource(pipeline: "desk", tier: 3)
        source.rights.actors = ["desk-*"]
        source.rights.outcomes = [.fraud]
        source.rights.models = ["risk"]
        source.trainingWeight = 2
        #expect(topology.labelSources == [source])
        var rule = LabelIntegrityRule()
        rule.borderlineFrom = 0.4
        rule.keepFiringForMs = 7_200_000
        rule.peers.alpha = 1e-5
        rule.peers.minLabels = 30
        rule.peers.maxActors = 500
        rule.peers.drift = 0.3
        rule.burstLabels = 80
        rule.canaryMetrics = [.falseNegativeRate, .precision]
        rule.burstFactor = 4
        rule.rateFactor = 2.5
        #expect(topology.detectors.dropFirst() == [
            DetectorSpec(id: "label_source", rule: .labelSource(rule)), DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule)),
            DetectorSpec(id: "label_canary", rule: .labelCanary(rule)), DetectorSpec(id: "label_burst", rule: .labelBurst(rule)),
            DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule)), DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule)),
            DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule)),
        ])
        #expect(try loadedConfiguration(configurationText("labels: {integrity: {}}")).topology.detectors.count == 7)
    }

    @Test func withoutTheSectionsThereIsNothing() throws {
        let topology = try loadedConfiguration(minimalConfiguration).topology
        #expect(topology.detectors.isEmpty && topology.breakers.isEmpty)
    }

    @Test func aRequirementIsBrokenByWhatCannotBeTold() throws {
        let rules = try rules(configurationText("policy: {rules: [{name: a, require: {count: 2}}]}"))
        #expect(rules.map(\.missingBreaks) == [true])
    }

    private static let errors: [(String, String)] = [
        ("policy: {rules: [{name: a}]}", "policy.rules[0]: expected exactly one of never, require, forbid_override, max_share, found none"),
        ("policy: {rules: [{name: a, never: \"true\", forbid_override: true}]}", "found never and forbid_override"),
        (
            "policy: {rules: [{name: a, never: 'score > '}]}",
            "policy.rules[0].never: expected a value, found the end of the expression (at line 1, column 9 of the expression)"),
        ("policy: {rules: [{name: a, never: {acton: x}}]}", "policy.rules[0].never.acton: expected a value (model,"),
        ("policy: {rules: [{name: a, never: {decision: alow}}]}", "expected a decision (allow, challenge, block, escalate, log), found \"alow\""),
        ("policy: {rules: [{name: a, never: {decision: alow}}]}", "\"alow\" (did you mean \"allow\"?) (at line 1, column 13 of the expression)"),
        ("policy: {rules: [{name: a, never: {acton: x}}]}", "'acton' (did you mean \"action\"?)"),
        ("policy: {rules: [{name: a, when: slcie.country == 'FR', never: \"true\"}]}", "'slcie' (did you mean \"slice\"?)"),
        ("policy: {rules: [{name: a, when: slice.contry == 'FR', never: \"true\"}]}", "\"contry\" (did you mean \"country\"?)"),
        ("policy: {rules: [{name: a, never: signals contains 'modle'}]}", "\"modle\" (did you mean \"model\"?)"),
        ("policy: {rules: [{name: a, never: model == 'rsik'}]}", "\"rsik\" (did you mean \"risk\"?)"),
        ("policy: {rules: [{name: a, never: status == timout}]}", "\"timout\" (did you mean \"timeout\"?)"),
        ("policy: {rules: [{name: a, never: xyzzy > 1}]}", "found 'xyzzy' (at line 1, column 1 of the expression)"),
        ("policy: {rules: [{name: a, never: {action: {x: y}}}]}", "expected a value or a list of values"),
        ("policy: {rules: [{name: a, never: []}]}", "policy.rules[0].never: expected an expression, or a map"),
        ("policy: {rules: [{name: a, require: {}}]}", "expected count, any_of or all_of, found none"),
        ("policy: {rules: [{name: a, require: {any_of: [otp]}}]}", "expected a signal of signals (model)"),
        ("policy: {rules: [{name: a, when: 'score', never: \"true\"}]}", "policy.rules[0].when: expected a condition (true or false), found a number"),
        ("policy: {rules: [{name: a, never: \"true\"}, {name: a, never: \"true\"}]}", "policy.rules[1].name: expected a name of its own"),
        ("policy: {rules: [{name: a, models: [rsk], never: \"true\"}]}", "expected a model of models (risk)"),
        ("policy: {rules: [{name: a, max_share: {share: 1.5}}]}", "policy.rules[0].max_share.share: expected a share"),
        ("breakers: [{id: a}]", "breakers[0]: expected alerts or metrics that open it, found neither"),
        ("breakers: [{id: a, alerts: [{}], do: allow}]", "breakers[0].do: expected another decision than instead_of"),
        ("breakers: [{id: a, alerts: [{}]}, {id: a, alerts: [{}]}]", "breakers[1].id: expected an id of its own"),
        ("breakers: [{id: a, alerts: [{}], expiry: 1m}]", "breakers[0].expiry: expected more than the heartbeat, 1m"),
        ("breakers: [{id: a, alerts: [{}], ramp: [0.5, 0.1]}]", "breakers[0].ramp[1]: expected a share above 0 and below 1, more than the one before it"),
        ("breakers: [{id: a, alerts: [{}], min_open: 9h}]", "breakers[0].max_open: expected at least min_open, 9h"),
        ("labels: {integrity: {canary_metrics: [recall]}}", "labels.integrity.canary_metrics[0]: expected fraud_rate, false_negative_rate or precision, found \"recall\""),
        ("labels: {integrity: {canary_metrics: []}}", "labels.integrity.canary_metrics: expected at least one metric, or no such key for all, found an empty list"),
        ("breakers: [{id: a, metrics: [{metric: fraud_rate, window: 2h, above: 5%}]}]", "breakers[0].metrics[0].window: expected a window of windows"),
    ]

    @Test(arguments: errors)
    func mistakesAreNamed(text: String, expected: String) {
        let issues = configurationIssues(configurationText(text))
        #expect(issues.contains { $0.contains(expected) }, "\(issues)")
    }

    @Test func allMistakesOfARuleAreNamedAtOnce() {
        let rules = """
            policy:
              rules:
                - {name: a, when: scor > 0.9, never: {decision: alow, signals_only: [modle], acton: x}}
                - {when: amount >, require: {any_of: [otp]}, severity: P9}
                - {name: c, when: true or, max_share: {of: scor > 1, share: 195%, period: never}}
            """
        let issues = configurationIssues(configurationText(rules)).filter { $0.contains("policy.rules") }
        let places = ["[0].when", "[0].never.decision", "[0].never.signals_only", "[0].never.acton", "[1].name", "[1].when", "[1].require.any_of[0]", "[1].severity",
            "[2].when", "[2].max_share.of", "[2].max_share.share", "[2].max_share.period"]
        for place in places { #expect(issues.contains { $0.contains("policy.rules\(place):") }, "\(place): \(issues)") }
        #expect(issues.count == places.count, "\(issues)")
    }
}
