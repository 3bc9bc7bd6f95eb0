import Testing
import VedetteCore

/// References as the topology composes them.
@Suite("References of a stream") struct ReferenceWindowTests {
    private static let day: Int64 = 86_400_000

    /// At noon of five Mondays: 300 decisions of DE, and of FR as many as asked.
    private func alerts(france: [Int]) throws -> [AlertEvent] {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.slices.groups = [[0]]
        configuration.windows = [WindowSpec(name: "1h", sizeMs: JudgeKit.hour, hopMs: JudgeKit.hour)]
        var volume = MonitorSpec(id: "volume", rule: .volume(VolumeRule()), window: 0, reference: .sameHours(weeks: 4), severity: .p1)
        volume.slices = .groups([[0]])
        configuration.monitors = [volume]
        let harness = DetectorHarness(configuration)
        var events: [AlertEvent] = []
        // The stream is older than all that is looked at.
        _ = LabelKit.decide(harness, country: "DE", at: JudgeKit.base - 2 * Self.day)
        for (week, count) in france.enumerated() {
            let noon = JudgeKit.base + Int64(week) * 7 * Self.day + 12 * JudgeKit.hour
            for index in 0..<300 { _ = LabelKit.decide(harness, country: "DE", at: noon + Int64(index) * 10_000) }
            for index in 0..<count { _ = LabelKit.decide(harness, country: "FR", at: noon + Int64(index) * 10_000) }
            events += try harness.advance(to: noon + 2 * JudgeKit.hour)
        }
        return events
    }

    @Test("A slice with traffic in one week of four is not expected to have some; one with traffic in all of them is")
    func emptyWeeks() throws {
        #expect(try alerts(france: [0, 0, 0, 300, 0]).isEmpty)
        let drop = try alerts(france: [300, 310, 290, 300, 0])
        #expect(drop.map(\.slice.text) == ["country=FR"] && drop.map(\.severity) == [.p0])
    }

    /// Three days of decisions in two countries, each with a label; what a monitor of calibration says of its coverage.
    private func coverage(_ change: (inout TopologyConfiguration, inout MonitorSpec) -> Void) throws -> MonitorStatus.Coverage {
        var configuration = LabelKit.configuration([])
        configuration.slices.groups = [[0]]
        configuration.windows = [WindowSpec(name: "24h", sizeMs: Self.day, hopMs: Self.day)]
        var rule = PerformanceRule()
        rule.metric = .calibration
        var spec = MonitorSpec(id: "calibration", rule: .performance(rule), window: 0, reference: .previousWindow, severity: .p1)
        change(&configuration, &spec)
        configuration.monitors = [spec]
        let harness = DetectorHarness(configuration)
        for index in 0..<(3 * 96) {
            let time = JudgeKit.base + Int64(index) * 15 * JudgeKit.minute
            let request = LabelKit.decide(harness, country: index % 2 == 0 ? "FR" : "DE", at: time)
            LabelKit.label(harness, request, index % 4 < 2 ? .fraud : .legit, pipeline: "desk", actor: "desk-1", at: time + JudgeKit.minute)
        }
        _ = try harness.advance(to: JudgeKit.base + 3 * Self.day)
        return harness.topology.monitorStatus.coverage[0]
    }

    @Test("A performance monitor of a single slice has a nowcast of it and judges; slices beyond max_series are reported")
    func nowcasts() throws {
        let france = SliceName([.init(dimension: "country", value: "FR")])
        let single = try coverage { _, spec in
            spec.slices = .groups([])
            spec.sliceValues = [france]
        }
        #expect(single.judged == 1 && single.withoutNowcast == 0 && single.withTooFew == 0)
        let full = try coverage { configuration, spec in
            configuration.nowcast.maxSeries = 0
            spec.slices = .groups([[0]])
        }
        #expect(full.judged == 0 && full.withoutNowcast == 2)
    }

    @Test("An alert of all traffic names the slices that carry it, though its monitor watches none")
    func contributors() throws {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.slices.groups = [[0], [1], [0, 1]]
        configuration.windows = [WindowSpec(name: "1h", sizeMs: JudgeKit.hour, hopMs: JudgeKit.hour)]
        configuration.monitors = [MonitorSpec(id: "errors", rule: .errorRate(ErrorRateRule()), window: 0, reference: .previousWindow, severity: .p1)]
        let harness = DetectorHarness(configuration)
        for index in 0..<1_800 {
            var row = PolicyKit.Row()
            row.time = JudgeKit.base + Int64(index) * 4_000
            row.country = ["FR", "DE", "IT"][index % 3]
            row.channel = "app"
            row.status = index >= 900 && index % 6 == 0 ? .error : .ok
            harness.ingest(PolicyKit.batch([row], first: Int(harness.offset(0))))
        }
        let events = try harness.advance(to: JudgeKit.base + 2 * JudgeKit.hour)
        #expect(events.map(\.slice.text) == ["all traffic"])
        // Not channel=app, which is all traffic.
        #expect(events.first?.contributors.map(\.name) == ["country=FR"])
    }

    @Test("A slice dimension that nobody sends any more is told as a change of schema")
    func vanishedDimension() throws {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.slices.groups = [[0], [1]]
        configuration.windows = [WindowSpec(name: "1h", sizeMs: JudgeKit.hour, hopMs: JudgeKit.hour)]
        configuration.monitors = [MonitorSpec(id: "schema", rule: .schemaChange(SchemaChangeRule()), window: 0, reference: .previousWindow, severity: .p0)]
        let harness = DetectorHarness(configuration)
        for index in 0..<900 {
            var row = PolicyKit.Row()
            row.time = JudgeKit.base + Int64(index) * 12_000
            row.country = index < 600 ? "FR" : nil
            harness.ingest(PolicyKit.batch([row], first: Int(harness.offset(0))))
        }
        let events = try harness.advance(to: JudgeKit.base + 3 * JudgeKit.hour)
        #expect(events.map(\.subject) == ["country (mapped)"] && events.map(\.severity) == [.p2])
    }
}
