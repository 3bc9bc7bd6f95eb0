/// A file that has every key of the table, none of them at its default.
let everyKey = """
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
          conditions: {constant: blind}
          decision_time: decided_at
          sampling_weight: {constant: "2.5"}
      start: 2026-01-05T08:30:00Z
      history: aloud
      gaps: skip
      other_models: ignore
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
    join: {retention: 30d, segment: 12h, pending_ttl: 2d, max_pending: 10, max_pending_bytes: 3MiB, duplicate_window: 3h, \
    maturity: 20d, max_labels_per_request: 4, max_label_kinds: 5}
    nowcast: {enabled: false, cohort: 12h, horizon: 60d, half_life: 20d, neighbourhood: 7d, prior_median: 10d, \
    prior_spread: 0.5, slices: [country, {country: null, channel: app}], max_series: 9}
    baselines: {good: baselines/good.json}
    drift:
      - {name: pinned, reference: {pinned: 2026-01-05}}
      - {name: good, reference: {baseline: good}}
      - {name: hours, reference: {same_hours: {weeks: 2}}}
    monitors:
      - {monitor: missing_features, id: mf, models: [risk], window: shifted, slices: all, reference: {baseline: good}, severity: P1, alpha: 1e-3,
         min_count: 7, for: 1m, keep_firing_for: 2m, clear_ratio: 50%, max_rate: 10%, min_increase: 0.2, surge_rate: 2%, surge_ratio: 7}
      - {monitor: score_drift, window: week, slices: [country, [country, channel]], reference: {pinned: 2026-01-05}, min_sigma: 1, min_psi: 0.5,
         severity: {P0: {above: 3, times: 9}, P1: {times: 4}, P2: {above: 2}, P3: {above: 1}, otherwise: P2}}
      - {monitor: outcome_rate, window: week, reference: {same_hours: {weeks: 3}}, min_ratio: 3, min_fraud: 9, basis: decision_time, severity: P3}
      - {monitor: volume, window: short, reference: previous_window, max_drop_ratio: 0.25, min_surge_ratio: 8}
      - {monitor: performance, window: week, metric: precision, point: challenge_or_block, min_value: 50%, min_drop: 0.1, max_error: 0.3, min_labels: 4, min_age: 3d}
      - {monitor: feature_collapse, window: short, max_ratio: 10%}
      - {monitor: schema_change, window: short, min_absent: 90%, min_wrong_type: 10%, min_undeclared: 20%}
      - {monitor: feature_drift, window: short, reference: {version: "1.2"}, statistic: ks, features: important, min_psi: 1, min_js: 0.1, min_sigma: 2,
         min_ks: 0.3, min_wasserstein: 3, notice_sigma: 0.2}
      - {monitor: slo, window: short, slices: [{country: FR}, {channel: app, country: null}], indicator: latency, objective: 0.999, \
      period: 7d, latency_ms: 80, min_bad: 7, freeze_at: 60%}
      - {monitor: version_change, window: short, min_share: 20%}
      - {monitor: version_regression, window: short, min_recall_drop: 5%, min_fpr_ratio: 2, min_auc_drop: 1%, min_share_change: 20%, min_sigma: 3}
      - {monitor: latency, window: short, quantile: p95, min_ratio: 4, max_ms: 500}
      - {monitor: error_rate, window: short, max_error_rate: 3%, min_ratio: 5}
      - {monitor: cost, window: short, min_ratio: 6, max_drop_ratio: 0.1}
      - {monitor: decision_share, window: short, min_ratio: 1.4}
    detectors:
      - {detector: probing, id: probes, models: [risk], warm_up: 200, min_evidence: 9, min_quiet_evidence: 19, min_slow_evidence: 13, min_fan_out_evidence: 15, \
      min_boundary_evidence: 21,
         min_small_amount_evidence: 16, scale_count: 30, quiet: 3d, ordinary_memory: 512, suspicious_memory: 2048, max_campaigns: 64, max_entities: 1000}
    alerts:
      false_alerts_per_month: 0.25
      max_per_hour: 12
      silences:
        - {id: nightly, from: 2026-01-05, until: 2026-01-05T01:00:00Z, every: 1d, monitor: volume, model: risk, subject: amount, slice: {country: FR}, reason: batch}
    state: {directory: /var/lib/shop, checkpoint_interval: 1m, spill_rows: 1_000, block_cache: 8MiB}
    limits: {record_bytes: 2MiB, depth: 16, features: 100, undeclared_features: 8, string_bytes: 2KiB, dead_letter_bytes: 1KiB, metric_bytes: 128KiB}
    http: {enabled: false, host: 0.0.0.0, port: 8080, ready_max_lag: 500}
    forward:
      topic: fa
      group: fg
      start: earliest
      max_age: 2h
      http: {enabled: false, host: 0.0.0.0, port: 8081}
      destinations:
        - {name: oncall, type: pagerduty, url: {env: PD_URL}, routing_key: {env: PD_KEY}, resolve: false, timeout: 5s, min_retry_delay: 2s, max_retry_delay: 3m,
           forget_after: 7d, match: {severities: [P0, P1], models: [risk], monitors: [volume, mf, probing.fanout], teams: [sec]}}
        - {name: am, type: alertmanager, url: "http://am:9093", ca_file: /etc/ca.pem, resend: 30s}
        - {name: hook, type: webhook, url: {file: /run/url}, signing_key: {file: /run/sign}, headers: {Authorization: {env: TOKEN}, X-Team: fraud}}
    secrets: {hash_key: {env: HASH_KEY}}
    """
