import Testing
import VedetteCore

/// What records of slices say, through the whole topology.
@Suite("Records of slices")
struct SliceRecordTests {
    private final class Sink: TopologySink {
        var results: [(version: String, slice: String, start: Int64, pane: Pane, drift: [WindowDrift])] = []
        var wantsWindows: Bool { true }
        func window(_ result: WindowResult, at: Int64) { results.append((result.version, result.slice.text, result.start, result.pane, result.drift)) }
        func breaker(_ record: BreakerRecord, at: Int64) {}
        func late(_ record: LateRecord, at: Int64) {}
        func alert(_ event: AlertEvent, at: Int64) {}
    }

    private static let hour: Int64 = 3_600_000
    private static let week = 168 * hour

    private func topology(_ sink: Sink, _ change: (inout TopologyConfiguration) -> Void = { _ in }) -> Topology {
        var configuration = DetectorHarness.configuration(schema: PolicyKit.schema, detectors: [])
        configuration.windows = [WindowSpec(name: "1h", sizeMs: Self.hour, hopMs: Self.hour)]
        configuration.slices.groups = [[0]]
        change(&configuration)
        let topology = Topology(configuration: configuration, hash: DetectorHarness.hash, store: EmptyRowStore(), sink: sink)
        for stream in [StreamKind.decisions, .labels] { _ = topology.addPartition(InputPartition(stream: stream, source: "test", number: 0)) }
        return topology
    }

    private func advance(_ topology: Topology, to time: Int64) throws {
        topology.punctuate(0, watermark: time)
        topology.punctuate(1, watermark: time)
        try topology.advance()
    }

    private func decision(_ time: Int64, score: Double = 0.2, country: String = "FR") -> PolicyKit.Row {
        var row = PolicyKit.Row()
        (row.time, row.score, row.country) = (time, score, country)
        return row
    }

    @Test("Repeats and conflicts are counted in the slices of the first decision, not of the repeat") func repeats() throws {
        let sink = Sink()
        let topology = topology(sink)
        topology.ingest(.decisions(PolicyKit.batch([decision(1_000)], first: 0)))
        for (offset, row) in [decision(2_000), decision(3_000, score: 0.9, country: "DE")].enumerated() {
            topology.ingest(.decisions(PolicyKit.repeated(row, of: 0, offset: offset + 1, content: UInt64(offset))))
        }
        try advance(topology, to: 2 * Self.hour)
        let slices = sink.results.filter { $0.version == "*" }
        #expect(Set(slices.map(\.slice)) == ["all traffic", "country=FR"])
        for one in slices { #expect(one.pane.total == 1 && one.pane.duplicates == 1 && one.pane.conflicts == 1, "\(one.slice)") }
    }

    @Test("Drift against the same hours leaves the week out that deviates most, as monitors do") func sameHours() throws {
        let sink = Sink()
        let topology = topology(sink) { configuration in
            configuration.driftReferences = [DriftReference(name: "weeks", reference: .sameHours(weeks: 4))]
        }
        for week in 0..<5 {
            // The week before the last was an incident.
            let rows = (0..<50).map { decision(Int64(week) * Self.week + Int64($0) * 1_000, score: week == 3 ? 0.9 : 0.1 + Double($0) / 1_000) }
            topology.ingest(.decisions(PolicyKit.batch(rows, first: week * 50)))
        }
        try advance(topology, to: 4 * Self.week + 2 * Self.hour)
        let last = try #require(sink.results.first { $0.start == 4 * Self.week && $0.slice == "all traffic" && $0.version == "*" })
        let drift = try #require(last.drift.first)
        #expect(drift.referenceCount == 150)
        #expect(try #require(drift.distances).kolmogorovSmirnov == 0)
    }
}
