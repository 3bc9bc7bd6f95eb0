import Testing
import VedetteCore

/// The requests that an alert names have the fault that it tells of.
@Suite("Samples of a fault")
struct FaultSamplesTests {
    private final class Sink: TopologySink {
        /// The newest record of each window of each slice.
        var panes: [Window: Pane] = [:]
        var wantsWindows: Bool { true }
        func window(_ result: WindowResult, at: Int64) {
            if result.version == "*" { panes[Window(start: result.start, slice: result.slice.text)] = result.pane }
        }
        func breaker(_ record: BreakerRecord, at: Int64) {}
        func late(_ record: LateRecord, at: Int64) {}
        func alert(_ event: AlertEvent, at: Int64) {}
    }

    private struct Window: Hashable {
        var start: Int64
        var slice: String
    }

    private static let (minute, hour): (Int64, Int64) = (60_000, 3_600_000)
    private static let (age, browser, odd, broken) = (3, 4, 5, 6)

    private static func row(_ random: inout SeededRandom, at time: Int64) -> PolicyKit.Row {
        var row = PolicyKit.Row()
        row.time = time
        row.country = ["FR", "DE", "IS"][min(2, random.below(20) / 9)]
        row.version = random.bernoulli(0.5) ? "v1" : "v2"
        if random.bernoulli(0.05) { row.age = nil }
        if random.bernoulli(0.4) { row.browser = nil }
        if random.bernoulli(0.02) { row.odd = .wrongType }
        row.status = random.bernoulli(0.03) ? .timeout : random.bernoulli(0.03) ? .error : random.bernoulli(0.1) ? .unknown : .ok
        return row
    }

    /// Three hours of decisions, a tenth of them with the times of a first hour that is over.
    private static func rows() -> [PolicyKit.Row] {
        var random = SeededRandom(seed: 5)
        return (0..<3_000).map { index in
            let time = Int64(index) * 3 * hour / 3_000
            return row(&random, at: index > 2_000 && random.bernoulli(0.1) ? Int64(random.below(Int(hour))) : time)
        }
    }

    /// The texts of the five smallest hashes.
    private func smallest(_ numbers: [Int]) -> [String] {
        let named = numbers.map { (id: DetectorHarness.hash.hash128("request-\($0)"), text: "request-\($0)") }
        return named.sorted { $0.id < $1.id }.prefix(5).map(\.text)
    }

    /// Panes that have closed, merged windows, versions, late decisions, revisions, panes that were packed and unpacked.
    @Test("Those of a window are the smallest hashes among its decisions with the fault, in all traffic and in slices", arguments: [Int64(0), .max])
    func oracle(packAfterMs: Int64) throws {
        let rows = Self.rows()
        let sink = Sink()
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.windows = [WindowSpec(name: "2h", sizeMs: 2 * Self.hour, hopMs: 20 * Self.minute)]
        configuration.slices.groups = [[0]]
        configuration.slices.featuresInSlices = true
        configuration.panes.packAfterMs = packAfterMs
        // Kept until the revision, or there would be none.
        configuration.panes.levels = [.init(sizeMs: Self.minute, keepMs: 96 * Self.hour), .init(sizeMs: Self.hour, keepMs: 240 * Self.hour)]
        let topology = Topology(configuration: configuration, hash: DetectorHarness.hash, store: EmptyRowStore(), sink: sink)
        for stream in [StreamKind.decisions, .labels] { _ = topology.addPartition(InputPartition(stream: stream, source: "test", number: 0)) }
        for first in stride(from: 0, to: rows.count, by: 250) {
            topology.ingest(.decisions(PolicyKit.batch(Array(rows[first..<first + 250]), first: first)))
            topology.punctuate(1, watermark: rows[first..<first + 250].map(\.time).max() ?? 0)
            try topology.advance()
        }
        for partition in 0...1 { topology.punctuate(partition, watermark: 60 * Self.hour) }
        try topology.advance()
        #expect(topology.counters.late > 50 && topology.paneCensus.contains { $0.packed > 0 } == (packAfterMs == 0))
        #expect(Set(sink.panes.keys.map(\.slice)) == ["all traffic", "country=FR", "country=DE", "country=IS"])
        for (window, pane) in sink.panes {
            let inside = rows.indices.filter { number in
                let row = rows[number]
                return (window.start..<window.start + 2 * Self.hour).contains(row.time) && (window.slice == "all traffic" || window.slice == "country=\(row.country ?? "")")
            }
            #expect(pane.total == inside.count, "\(window)")
            #expect(pane.samples.texts == smallest(inside), "\(window)")
            #expect(pane.features[Self.age].missingSamples.texts == smallest(inside.filter { rows[$0].age == nil }), "\(window)")
            #expect(pane.features[Self.browser].missingSamples.texts == smallest(inside.filter { rows[$0].browser == nil }), "\(window)")
            #expect(pane.features[Self.odd].wrongTypeSamples.texts == smallest(inside.filter { rows[$0].odd == .wrongType }), "\(window)")
            #expect(pane.features[Self.broken].wrongTypeSamples.texts == smallest(inside) && pane.features[Self.broken].missingSamples.texts.isEmpty)
            let failed = smallest(inside.filter { rows[$0].status == .timeout || rows[$0].status == .error })
            #expect((pane.operations?.failedSamples.texts ?? []) == failed, "\(window)")
        }
    }

    // MARK: Alerts

    /// Of 1,000 decisions as many with a fault as stated, each sampled; feature 0.
    private func pane(missing: Int = 0, wrongType: Int = 0, failed: Int = 0) -> Pane {
        let builder = Pane.Builder(features: 4)
        builder.addDecisions(1_000)
        builder.addFeature(0, present: 1_000 - missing - wrongType, value: 1, absent: missing, wrongType: wrongType)
        builder.addOperations(ok: Int64(1_000 - failed), errors: Int64(failed))
        for number in 0..<1_000 {
            let isFailure = number >= 1_000 - failed
            let (isMissing, isOfWrongType) = (number < missing, number >= missing && number < missing + wrongType)
            let name = isMissing ? "missing" : isOfWrongType ? "wrong" : isFailure ? "failed" : "whole"
            builder.addSample("\(name)-\(number)", missing: isMissing ? [0] : [], wrongType: isOfWrongType ? [0] : [], isFailure: isFailure)
        }
        return builder.pane
    }

    private func samples(_ rule: any MonitorRule, _ subject: String, _ current: Pane) -> [String]? {
        let kit = MonitorKit(rule) { $0.minCount = 20 }
        guard let finding = kit.finding(subject, current, [pane()]), finding.effectPassed else { return nil }
        return finding.sampleRequestIDs
    }

    private func areAll(_ samples: [String]?, _ name: String, _ count: Int = 5) -> Bool {
        guard let samples else { return false }
        return samples.count == count && Set(samples).count == count && samples.allSatisfy { $0.hasPrefix(name) }
    }

    @Test("missing_features, schema_change and error_rate name requests with the fault, and no others where there are few")
    func monitors() {
        #expect(areAll(samples(MissingFeaturesRule(), "amount", pane(missing: 60)), "missing"))
        #expect(areAll(samples(MissingFeaturesRule(), "amount", pane(missing: 60, wrongType: 200)), "missing"))
        var sensitive = MissingFeaturesRule()
        sensitive.surgeRate = 0.001
        sensitive.surgeRatio = 1
        #expect(areAll(samples(sensitive, "amount", pane(missing: 3)), "missing", 3))
        #expect(areAll(samples(SchemaChangeRule(), "amount", pane(missing: 30, wrongType: 60)), "wrong"))
        #expect(areAll(samples(SchemaChangeRule(), "amount", pane(missing: 995)), "missing"))
        #expect(areAll(samples(ErrorRateRule(), "", pane(failed: 15)), "failed"))
    }

    @Test("An SLO on missing values or on errors names requests that spend its budget", arguments: [SLORule.Indicator.missingRate, .errorRate])
    func slo(_ indicator: SLORule.Indicator) {
        var rule = SLORule()
        rule.indicator = indicator
        var observation = Observation(model: 0, slice: SliceName(), current: pane(missing: 60, failed: 60), references: [])
        observation.budget = Array(repeating: EventCounts(bad: 200, all: 1_000), count: 7) + [EventCounts(bad: 300, all: 864_000)]
        let finding = MonitorKit(rule).findings(observation)[""]
        #expect(finding?.effectPassed == true && areAll(finding?.sampleRequestIDs, indicator == .missingRate ? "missing" : "failed"))
    }
}
