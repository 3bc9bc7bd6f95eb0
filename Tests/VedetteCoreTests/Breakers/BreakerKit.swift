import VedetteCore

/// Boards, alerts, windows and orders made by hand. One model's traffic is guarded by the breaker `guard`.
enum BreakerKit {
    static let minute: Int64 = 60_000
    static let fr = SliceName([.init(dimension: "country", value: "FR")])

    /// Two models, windows of 5 minutes and an hour, a monitor of missing features.
    static func configuration(_ change: (inout BreakerSpec) -> Void = { _ in }) -> TopologyConfiguration {
        let schema = EventSchema(models: ["payments", "logins"], features: [], dimensions: ["country", "channel"], entities: [])
        var configuration = DetectorHarness.configuration(schema: schema, detectors: [])
        configuration.windows = [WindowSpec(name: "5m", sizeMs: 5 * minute, hopMs: 5 * minute), WindowSpec(name: "1h", sizeMs: 60 * minute, hopMs: 60 * minute)]
        configuration.monitors = [monitor("missing_features_1h")]
        var spec = BreakerSpec(id: "guard", triggers: [.alert(monitors: ["missing_features"], severity: .p1)])
        spec.slices = .all
        spec.heartbeatMs = 5 * minute
        spec.expiryMs = 15 * minute
        change(&spec)
        configuration.breakers = [spec]
        return configuration
    }

    static func monitor(_ id: String) -> MonitorSpec {
        MonitorSpec(id: id, rule: .missingFeatures(MissingFeaturesRule()), window: 1, reference: .previousWindow, severity: .p0)
    }

    static func metric(_ metric: BreakerMetricRule.Metric = .blockShare, window: Int = 0, above: Double = 0.5, minCount: Int64 = 20) -> BreakerTrigger {
        var rule = BreakerMetricRule(metric: metric, window: window, above: above)
        rule.minCount = minCount
        return .metric(rule)
    }

    static func alert(
        _ status: AlertStatus, monitor: String = "missing_features", severity: Severity = .p0, model: String = "payments",
        slice: SliceName = SliceName(), fingerprint: String = "f", attempts: Double? = nil
    ) -> AlertSignal {
        AlertSignal(
            fingerprint: fingerprint, isFiring: status == .firing || status == .updated, alertID: "\(fingerprint)-1-0", monitor: monitor,
            monitorID: "\(monitor)_1h", model: model, slice: slice, severity: severity, startedAt: 7, attempts: attempts)
    }

    static func order(_ state: BreakerState?, slice: SliceName = SliceName(), until: Int64? = nil, author: String = "j.doe") -> BreakerOrder {
        BreakerOrder(breaker: "guard", model: "payments", slice: slice, state: state, author: author, reason: "drill", until: until)
    }

    /// A window of `count` decisions, of which a share is blocked.
    static func pane(blocked: Double, of count: Int) -> Pane {
        let builder = Pane.Builder()
        let blocks = Int(blocked * Double(count))
        builder.addDecisions(blocks, .block)
        builder.addDecisions(count - blocks, .allow)
        return builder.pane
    }

    /// Slices in which it is open at a minute.
    static func open(_ board: inout BreakerBoard, _ minute: Int64) -> [SliceName] { close(&board, minute).filter { $0.state == .open }.map(\.slice) }

    /// What a decision service hears at a minute.
    static func close(_ board: inout BreakerBoard, _ minute: Int64, isSilent: Bool = false) -> [BreakerRecord] {
        board.close(at: minute * Self.minute, isSilent: isSilent) { _, _, _ in BreakerTraffic(model: 100, slice: 50, touched: 40, amount: nil) }
    }

    /// The board after a restart, under the same configuration or another.
    static func restarted(_ board: BreakerBoard, _ configuration: TopologyConfiguration) throws -> BreakerBoard {
        var writer = ByteWriter()
        board.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var restored = BreakerBoard(configuration: configuration)
        try restored.restore(from: &reader)
        guard reader.isAtEnd else { throw CorruptBytes(offset: reader.offset, expected: "the end") }
        return restored
    }
}

extension BreakerBoard {
    mutating func take(_ signal: AlertSignal, at time: Int64) { take([signal], at: time) }
}
