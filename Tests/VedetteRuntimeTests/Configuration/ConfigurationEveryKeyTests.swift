import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// A file that has every key of the table, none of them at its default.
private let everyKey = """
    application: shop
    log_level: debug
    runbooks: https://runbooks.example.com
    inputs:
      control: {topic: c}
      decisions:
        topic: d
        mapping:
          request_id: /meta/id
          time: meta.ts
          time_format: epoch_ms
          model_name: {constant: risk}
          model_version: meta.version
          score: result.score
          score_scale: 1000
          decision: {constant: log}
          decision_values: {APPROVED: allow, "NO": block, log: log}
          threshold_challenge: {constant: "300"}
          threshold_block: null
          features: {container: /x, fields: {amount: /payment/amount, fixed: {constant: "true"}}}
          slices: {container: null, fields: {country: geo.country, channel: {constant: app}}}
          entities: {container: ".", fields: {user: {constant: u}}}
          latency: timing.us
          latency_scale: 1000
          amount: {constant: "5"}
          amount_scale: 100
          signals: /why
          model_signal: ml
          cost: /bill
          cost_scale: 1000
          status: {constant: ok}
          status_values: {ok: ok, "408": timeout}
          exploration_probability: policy.p
          action: /what
          override: null
      labels:
        topic: l
        mapping:
          request_id: /id
          time: at
          time_format: epoch_s
          outcome: {constant: fraud}
          outcome_values: {fraud: fraud, CB: fraud}
          kind: {constant: chargeback}
          pipeline: {constant: issuer}
          actor: null
          decision_time: decided_at
          sampling_weight: {constant: "2.5"}
    outputs: {alerts: a, metrics: m, dead_letters: dl, late: null, breakers: b, progress: p}
    kafka:
      brokers: {env: BROKERS}
      group: g
      transactional: false
      properties:
        security.protocol: SASL_SSL
        sasl.password: {env: PASSWORD}
        ssl.key.password: {file: /run/key}
    models:
      - name: risk
        description: Payments
        owner: {team: fraud, contact: "#fraud"}
        security: {team: sec, contact: "#sec"}
        features:
          amount: {kind: number, important: true, importance: 80%}
          fixed: boolean
      - name: other
        owner: fraud
        security: sec
        features: {currency: category, amount: number}
    entities: [user, device]
    labels: {sources: [{pipeline: issuer, trust: high}, {pipeline: queue, trust: medium}, {pipeline: users, trust: low, sampling_weight: 5}]}
    signals: [otp, device]
    slices:
      dimensions: [country, channel, {name: newcomer, new_entity: user, within: 12h}]
      entity_memory: 5_000
      combinations: [[channel, country]]
      max_values: 10
      max_slices: 20
      max_versions: 3
      features_in_slices: true
    windows:
      - {name: short, size: 2m, hop: 1m, offset: 0s}
      - {name: week, size: 7d, hop: 7d, align: monday}
      - {name: shifted, size: 2d, hop: 1d, offset: 6h}
    panes:
      levels: [{size: 30s, keep: 3h}, {size: 1h, keep: 40d}, {size: 6h, keep: 50d}]
      score_entries: 2048
      quantile_accuracy: 0.02
      quantile_bins: 256
      categories: 32
      threshold_epsilon: 0.05
      revise_every: 12h
    time: {out_of_orderness: 10s, max_future: 2d, future_confirmations: 5, idle_timeout: 2m, max_ahead: 10m, max_waiting_rows: 5000, granule: 500ms}
    join: {retention: 30d, segment: 12h, pending_ttl: 2d, max_pending: 10, duplicate_window: 3h, maturity: 20d, max_labels_per_request: 4, max_label_kinds: 5}
    nowcast: {enabled: false, cohort: 12h, horizon: 60d, half_life: 20d, neighbourhood: 7d, prior_median: 10d, prior_spread: 0.5, slices: [country], max_series: 9}
    baselines: {good: baselines/good.json}
    drift:
      - {name: pinned, reference: {pinned: 2026-01-05}}
      - {name: good, reference: {baseline: good}}
      - {name: hours, reference: {same_hours: {weeks: 2}}}
    monitors:
      - {monitor: missing_features, id: mf, models: [risk], window: shifted, slices: all, reference: {baseline: good}, severity: P1, alpha: 1e-3,
         min_count: 7, for: 1m, keep_firing_for: 2m, clear_ratio: 50%, max_rate: 10%, min_increase: 0.2}
      - {monitor: score_drift, window: week, slices: [country, [country, channel]], reference: {pinned: 2026-01-05}, min_sigma: 1, min_psi: 0.5,
         severity: {P0: {above: 3, times: 9}, P1: {times: 4}, P2: {above: 2}, P3: {above: 1}, otherwise: P2}}
      - {monitor: outcome_rate, window: week, reference: {same_hours: {weeks: 3}}, min_ratio: 3, min_fraud: 9, basis: decision_time, severity: P3}
      - {monitor: volume, window: short, reference: previous_window, max_drop_ratio: 0.25, min_surge_ratio: 8}
      - {monitor: performance, window: week, metric: precision, point: challenge_or_block, min_value: 50%, min_drop: 0.1, max_error: 0.3, min_labels: 4, min_age: 3d}
      - {monitor: feature_collapse, window: short, max_ratio: 10%}
      - {monitor: schema_change, window: short, min_absent: 90%, min_wrong_type: 10%}
      - {monitor: feature_drift, window: short, reference: {version: "1.2"}, statistic: ks, features: important, min_psi: 1, min_js: 0.1, min_sigma: 2,
         min_ks: 0.3, min_wasserstein: 3}
      - {monitor: slo, window: short, slices: [{country: FR}, {channel: app, country: null}], indicator: latency, objective: 0.999, period: 7d, latency_ms: 80, min_bad: 7, freeze_at: 60%}
      - {monitor: version_change, window: short, min_share: 20%}
      - {monitor: version_regression, window: short, min_recall_drop: 5%, min_fpr_ratio: 2, min_auc_drop: 1%, min_share_change: 20%, min_sigma: 3}
      - {monitor: latency, window: short, quantile: p95, min_ratio: 4, max_ms: 500}
    alerts:
      false_alerts_per_month: 0.25
      max_per_hour: 12
      silences:
        - {id: nightly, from: 2026-01-05, until: 2026-01-05T01:00:00Z, every: 1d, monitor: volume, model: risk, subject: amount, slice: {country: FR}, reason: batch}
    state: {directory: /var/lib/shop, checkpoint_interval: 1m, spill_rows: 1_000, block_cache: 8MiB}
    limits: {record_bytes: 2MiB, depth: 16, features: 100, string_bytes: 2KiB, dead_letter_bytes: 1KiB}
    http: {enabled: false, host: 0.0.0.0, port: 8080, ready_max_lag: 500}
    secrets: {hash_key: {env: HASH_KEY}}
    """

@Suite struct ConfigurationEveryKeyTests {
    private func path(_ text: String) throws -> FieldSource { .path(try FieldPath(parsing: text)) }

    @Test func theFileLoadsWithoutWarnings() throws {
        let warnings = configurationIssues(everyKey)
        #expect(warnings == [])
    }

    @Test func decisionMapping() throws {
        var expected = DecisionMapping()
        expected.requestID = try path("/meta/id")
        expected.time = try path("/meta/ts")
        expected.timeFormat = .epochMilliseconds
        expected.modelName = .constant("risk")
        expected.modelVersion = try path("/meta/version")
        expected.score = try path("/result/score")
        expected.scoreScale = 1_000
        expected.decision = .constant("log")
        expected.decisionValues = ["APPROVED": .allow, "NO": .block, "log": .log]
        expected.thresholdChallenge = .constant("300")
        expected.thresholdBlock = nil
        expected.features = ObjectMapping(container: try FieldPath(parsing: "/x"), overrides: ["amount": try path("/payment/amount"), "fixed": .constant("true")])
        expected.slices = ObjectMapping(container: nil, overrides: ["country": try path("/geo/country"), "channel": .constant("app")])
        expected.entities = ObjectMapping(container: .root, overrides: ["user": .constant("u")])
        expected.latency = try path("/timing/us")
        expected.latencyScale = 1_000
        expected.amount = .constant("5")
        expected.amountScale = 100
        expected.signals = try FieldPath(parsing: "/why")
        expected.modelSignal = "ml"
        expected.cost = try path("/bill")
        expected.costScale = 1_000
        expected.status = .constant("ok")
        expected.statusValues = ["ok": .ok, "408": .timeout]
        expected.explorationProbability = try path("/policy/p")
        expected.action = try path("/what")
        expected.override = nil
        let inputs = try loadedConfiguration(everyKey).inputs
        #expect(inputs.decisions == InputConfiguration.Decisions(topic: "d", mapping: expected))
    }

    @Test func labelMapping() throws {
        var expected = LabelMapping()
        expected.requestID = try path("/id")
        expected.time = try path("/at")
        expected.timeFormat = .epochSeconds
        expected.outcome = .constant("fraud")
        expected.outcomeValues = ["fraud": .fraud, "CB": .fraud]
        expected.kind = .constant("chargeback")
        expected.pipeline = .constant("issuer")
        expected.actor = nil
        expected.decisionTime = try path("/decided_at")
        expected.samplingWeight = .constant("2.5")
        #expect(try loadedConfiguration(everyKey).inputs.labels == InputConfiguration.Labels(topic: "l", mapping: expected))
    }

    @Test func inventory() throws {
        let topology = try loadedConfiguration(everyKey).topology
        #expect(topology.schema.models == ["risk", "other"])
        #expect(topology.schema.features == [.init(name: "amount", kind: .number), .init(name: "fixed", kind: .boolean), .init(name: "currency", kind: .category)])
        #expect(topology.schema.dimensions == ["country", "channel", "newcomer"])
        #expect(topology.schema.entities == ["user", "device"])
        #expect(topology.schema.signals == ["ml", "otp", "device"])
        var risk = ModelSpec(
            name: "risk", description: "Payments", owner: Team(name: "fraud", contact: "#fraud"), security: Team(name: "sec", contact: "#sec"),
            features: [0, 1], importantFeatures: [0])
        risk.importances = [0: 0.8]
        #expect(
            topology.models == [
                risk,
                ModelSpec(name: "other", owner: Team(name: "fraud"), security: Team(name: "sec"), features: [2, 0], importantFeatures: []),
            ])
        #expect(topology.labelSources == [LabelSource(pipeline: "issuer", tier: 3), LabelSource(pipeline: "queue", tier: 2), LabelSource(pipeline: "users", tier: 1, samplingWeight: 5)])
        var slices = SliceConfiguration()
        slices.groups = [[0], [1], [2], [0, 1]]
        slices.newEntities = [NewEntityRule(dimension: 2, entity: 0, withinMs: 12 * 3_600_000)]
        slices.entityMemory = 5_000
        slices.maxValuesPerDimension = 10
        slices.maxSlices = 20
        slices.maxVersions = 3
        slices.featuresInSlices = true
        #expect(topology.slices == slices)
        #expect(topology.runbookBase == "https://runbooks.example.com")
        #expect(topology.application == "shop")
    }

    @Test func timeAndPanes() throws {
        let topology = try loadedConfiguration(everyKey).topology
        let second: Int64 = 1_000, minute = 60 * second, hour = 60 * minute, day = 24 * hour
        #expect(
            topology.windows == [
                WindowSpec(name: "short", sizeMs: 2 * minute, hopMs: minute), WindowSpec(name: "week", sizeMs: 7 * day, hopMs: 7 * day, offsetMs: 4 * day),
                WindowSpec(name: "shifted", sizeMs: 2 * day, hopMs: day, offsetMs: 6 * hour),
            ])
        var panes = PaneConfiguration()
        panes.levels = [.init(sizeMs: 30 * second, keepMs: 3 * hour), .init(sizeMs: hour, keepMs: 40 * day), .init(sizeMs: 6 * hour, keepMs: 50 * day)]
        panes.scoreEntries = 2_048
        panes.quantileAccuracy = 0.02
        panes.quantileBins = 256
        panes.categories = 32
        panes.thresholdEpsilon = 0.05
        panes.reviseEveryMs = 12 * hour
        #expect(topology.panes == panes)
        var time = TimeConfiguration()
        time.outOfOrdernessMs = 10 * second
        time.maxFutureMs = 2 * day
        time.futureConfirmations = 5
        time.idleTimeoutMs = 2 * minute
        time.maxAheadMs = 10 * minute
        time.maxWaitingRows = 5_000
        time.granuleMs = 500
        #expect(topology.time == time)
        var join = JoinConfiguration()
        join.retentionMs = 30 * day
        join.segmentMs = 12 * hour
        join.pendingTTLMs = 2 * day
        join.maxPending = 10
        join.duplicateWindowMs = 3 * hour
        join.maturityMs = 20 * day
        join.maxLabelsPerRequest = 4
        join.maxLabelKinds = 5
        #expect(topology.join == join)
    }

    @Test func driftAndMonitors() throws {
        let configuration = try loadedConfiguration(everyKey)
        let monday: Int64 = 1_767_571_200_000
        #expect(configuration.baselines == [BaselineFile(name: "good", path: "baselines/good.json")])
        #expect(
            configuration.topology.driftReferences == [
                DriftReference(name: "pinned", reference: .pinned(startMs: monday)), DriftReference(name: "good", reference: .baseline(name: "good")),
                DriftReference(name: "hours", reference: .sameHours(weeks: 2)),
            ])
        var missing = MissingFeaturesRule()
        missing.maxRate = 0.1
        missing.minIncrease = 0.2
        var first = MonitorSpec(id: "mf", rule: .missingFeatures(missing), window: 2, reference: .baseline(name: "good"), severity: .p1)
        first.models = ["risk"]
        first.slices = .all
        first.alpha = 1e-3
        first.minCount = 7
        first.forMs = 60_000
        first.keepFiringForMs = 120_000
        first.clearRatio = 0.5
        var drift = ScoreDriftRule()
        drift.minSigma = 1
        drift.minPSI = 0.5
        var second = MonitorSpec(id: "score_drift_week", rule: .scoreDrift(drift), window: 1, reference: .pinned(startMs: monday), severity: .p2)
        second.severitySteps = [
            SeverityStep(severity: .p0, above: 3, times: 9), SeverityStep(severity: .p1, times: 4), SeverityStep(severity: .p2, above: 2),
            SeverityStep(severity: .p3, above: 1),
        ]
        second.slices = .groups([[0], [0, 1]])
        var outcome = OutcomeRateRule()
        outcome.minRatio = 3
        outcome.minFraud = 9
        outcome.basis = .decisionTime
        let third = MonitorSpec(id: "outcome_rate_week", rule: .outcomeRate(outcome), window: 1, reference: .sameHours(weeks: 3), severity: .p3)
        var volume = VolumeRule()
        volume.maxDropRatio = 0.25
        volume.minSurgeRatio = 8
        let fourth = MonitorSpec(id: "volume_short", rule: .volume(volume), window: 0, reference: .previousWindow, severity: .p1)
        #expect(Array(configuration.topology.monitors.prefix(4)) == [first, second, third, fourth])
    }

    @Test func newerMonitors() throws {
        var collapse = FeatureCollapseRule()
        collapse.maxRatio = 0.1
        var schema = SchemaChangeRule()
        (schema.minAbsent, schema.minWrongType) = (0.9, 0.1)
        var drift = FeatureDriftRule()
        (drift.statistic, drift.scope) = (.kolmogorovSmirnov, .important)
        (drift.minPSI, drift.minJensenShannon, drift.minSigma, drift.minKolmogorovSmirnov, drift.minWasserstein) = (1, 0.1, 2, 0.3, 3)
        var objective = SLORule()
        (objective.indicator, objective.objective, objective.periodMs, objective.latencyMs, objective.minBad, objective.freezeAt) = (.latency, 0.999, 7 * 86_400_000, 80, 7, 0.6)
        var change = VersionChangeRule()
        change.minShare = 0.2
        var regression = VersionRegressionRule()
        (regression.minRecallDrop, regression.minFalsePositiveRatio, regression.minAUCDrop) = (0.05, 2, 0.01)
        (regression.minShareChange, regression.minSigma) = (0.2, 3)
        var latency = LatencyRule()
        (latency.level, latency.minRatio, latency.maxMs) = (.p95, 4, 500)
        var performance = PerformanceRule()
        (performance.metric, performance.point, performance.minValue) = (.precision, .challengeOrBlock, 0.5)
        (performance.minDrop, performance.maxError, performance.minLabels, performance.minAgeMs) = (0.1, 0.3, 4, 3 * 86_400_000)
        let rules: [any MonitorRule] = [performance, collapse, schema, drift, objective, change, regression, latency]
        let monitors = try loadedConfiguration(everyKey).topology.monitors.dropFirst(4)
        #expect(monitors.map(\.rule) == rules.map { MonitorSpec.Rule($0) })
        #expect(monitors.map(\.severity) == rules.map { type(of: $0).defaultSeverity })
        let slo = monitors.first { $0.rule.name == "slo" }
        #expect(slo?.slices == .groups([]))
        #expect(slo?.sliceValues.map(\.text) == ["country=FR", "country=(missing) channel=app"])
        #expect(monitors.first { $0.rule.name == "feature_drift" }?.reference == .version(name: "1.2"))
    }

    @Test func nowcasts() throws {
        var nowcast = NowcastConfiguration()
        nowcast.isEnabled = false
        nowcast.cohortMs = 12 * 3_600_000
        nowcast.horizonMs = 60 * 86_400_000
        nowcast.halfLifeMs = 20 * 86_400_000
        nowcast.neighbourhoodMs = 7 * 86_400_000
        nowcast.priorMedianMs = 10 * 86_400_000
        nowcast.priorSpread = 0.5
        nowcast.slices = .groups([[0]])
        nowcast.maxSeries = 9
        #expect(try loadedConfiguration(everyKey).topology.nowcast == nowcast)
    }

    @Test func alerts() throws {
        let inputs = try loadedConfiguration(everyKey).inputs
        #expect(inputs.control == "c" && inputs.topics.map(\.stream) == [.decisions, .labels, .control])
        let topology = try loadedConfiguration(everyKey).topology
        let monday: Int64 = 1_767_571_200_000
        #expect(topology.falseAlertsPerMonth == 0.25 && topology.maxAlertsPerHour == 12)
        let matcher = Silence.Matcher(
            monitor: "volume", model: "risk", subject: "amount", slice: SliceName([.init(dimension: "country", value: "FR")]))
        #expect(
            topology.silences == [
                Silence(
                    id: "nightly", matcher: matcher, from: monday, until: monday + 3_600_000, everyMs: 86_400_000, reason: "batch", author: "configuration")
            ])
    }

    @Test func process() throws {
        let configuration = try loadedConfiguration(everyKey)
        #expect(configuration.application == "shop")
        #expect(configuration.logLevel == .debug)
        #expect(configuration.outputs.named.map { "\($0.key)=\($0.topic)" } == ["alerts=a", "metrics=m", "dead_letters=dl", "breakers=b", "progress=p"])
        var kafka = KafkaConfiguration(group: "g")
        kafka.brokers = .env("BROKERS")
        kafka.transactional = false
        kafka.properties = ["security.protocol": .literal("SASL_SSL"), "sasl.password": .env("PASSWORD"), "ssl.key.password": .file("/run/key")]
        #expect(configuration.kafka == kafka)
        var state = StateConfiguration()
        state.directory = "/var/lib/shop"
        state.checkpointIntervalMs = 60_000
        state.spillRows = 1_000
        state.blockCacheBytes = 8 << 20
        #expect(configuration.state == state)
        #expect(configuration.limits == DecodeLimits(recordBytes: 2 << 20, depth: 16, features: 100, stringBytes: 2_048, deadLetterBytes: 1_024))
        var http = HTTPConfiguration()
        http.enabled = false
        http.host = "0.0.0.0"
        http.port = 8_080
        http.readyMaxLag = 500
        #expect(configuration.http == http)
        #expect(configuration.secrets.hashKey == .env("HASH_KEY"))
    }

    /// A key that is added to the table and not to the file above fails here.
    @Test func theFileHasEveryKeyOfTheTable() throws {
        let files = [everyKey, "kafka: {brokers: {file: f}}\nsecrets: {hash_key: {file: f}}"]
        for key in ConfigurationKey.all {
            let leaf = key.path.split(separator: ".").last.map(String.init) ?? ""
            guard !leaf.hasPrefix("<") else { continue }
            let name = leaf.replacing("[]", with: "")
            #expect(files.contains { $0.contains("\(name):") }, "\(key.path)")
        }
        #expect(Set(ConfigurationKey.all.map(\.path)).count == ConfigurationKey.all.count)
    }
}
