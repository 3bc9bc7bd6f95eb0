import Testing
import VedetteCore

/// A state goes on under another configuration: what was counted must be found where it was counted.
@Suite("A configuration that changes under a state")
struct ConfigurationChangeTests {
    private static let minute: Int64 = 60_000
    private static let hour: Int64 = 3_600_000

    private static func configuration(keep: Int64 = 2 * hour, maxSlices: Int = 100, maxValues: Int = 100) -> TopologyConfiguration {
        var configuration = LabelKit.configuration([])
        configuration.panes.levels[0].keepMs = keep
        configuration.panes.levels[1].keepMs = max(keep, hour)
        configuration.slices.groups = [[0]]
        configuration.slices.maxSlices = maxSlices
        configuration.slices.maxValuesPerDimension = maxValues
        return configuration
    }

    /// Decisions, frauds and legits by country, "" for all traffic; of all that is kept.
    private func counts(_ harness: DetectorHarness) -> [String: [Int64]] {
        var counts: [String: [Int64]] = [:]
        for entry in harness.topology.baselineEntries(lastMs: 100 * 24 * Self.hour).entries {
            let outcomes = entry.pane.outcomes
            counts[entry.slice.parts.first.map { $0.value ?? "missing" } ?? ""] = [entry.pane.total, outcomes?.fraud.total ?? 0, outcomes?.legit.total ?? 0]
        }
        return counts
    }

    private func label(_ harness: DetectorHarness, _ request: Int, _ outcome: Outcome, at time: Int64) {
        LabelKit.label(harness, request, outcome, pipeline: "reports", actor: "", at: time)
    }

    /// Panes of a minute that are there, as objects or packed.
    private func minutes(_ harness: DetectorHarness) -> Int64 { harness.topology.paneCensus[0].ready + harness.topology.paneCensus[0].packed }

    @Test("Panes that had gone before they were kept for longer stay gone, and their labels are corrected where they are kept")
    func keepIsRaised() throws {
        var harness = DetectorHarness(Self.configuration())
        let request = LabelKit.decide(harness, at: 0)
        label(harness, request, .fraud, at: Self.minute)
        _ = try harness.advance(to: 4 * Self.hour)
        #expect(minutes(harness) == 0)
        harness = try harness.restarted(Self.configuration(keep: 48 * Self.hour))
        label(harness, request, .legit, at: 4 * Self.hour)
        // From here on they are kept for longer.
        let later = LabelKit.decide(harness, at: 4 * Self.hour + 1)
        label(harness, later, .fraud, at: 4 * Self.hour + 2)
        _ = try harness.advance(to: 30 * Self.hour)
        label(harness, later, .legit, at: 30 * Self.hour)
        label(harness, request, .withdrawn, at: 30 * Self.hour)
        _ = try harness.advance(to: 31 * Self.hour)
        harness = try harness.restarted()
        #expect(harness.topology.counters.labelsUncounted == 0)
        #expect(counts(harness)[""] == [2, 0, 1])
        // Of all traffic and of FR: the decision, and the arrivals of its label then and now; nothing of the first hour.
        #expect(minutes(harness) == 4)
    }

    @Test("The same where they were kept for less in between, and gone but not swept yet")
    func keepIsLoweredAndRaised() throws {
        var harness = DetectorHarness(Self.configuration())
        var requests: [Int] = []
        for time in stride(from: 0, to: 90, by: 3) {
            requests.append(LabelKit.decide(harness, at: Int64(time) * Self.minute))
            label(harness, requests[requests.count - 1], .fraud, at: Int64(time) * Self.minute + 1)
        }
        _ = try harness.advance(to: 125 * Self.minute)
        #expect(minutes(harness) == 60, "of all traffic and of FR; the first five minutes are swept a little later")
        harness = try harness.restarted(Self.configuration(keep: 48 * Self.hour))
        #expect(minutes(harness) == 56)
        harness = try harness.restarted()
        #expect(minutes(harness) == 56)
        harness = try harness.restarted(Self.configuration(keep: 10 * Self.minute))
        _ = try harness.advance(to: 140 * Self.minute)
        harness = try harness.restarted(Self.configuration(keep: 48 * Self.hour))
        #expect(minutes(harness) == 0)
        for request in requests { label(harness, request, .legit, at: 140 * Self.minute) }
        _ = LabelKit.decide(harness, at: 150 * Self.minute)
        _ = try harness.advance(to: 3 * Self.hour)
        #expect(harness.topology.counters.labelsUncounted == 0)
        #expect(counts(harness)[""] == [31, 0, 30])
        // Where the labels have arrived, and the last decision; nothing anew where panes had gone.
        #expect(minutes(harness) == 4)
    }

    @Test("A decision that found no slice of its own stays under \"(other)\" when there are more")
    func slicesAreRaised() throws {
        var harness = DetectorHarness(Self.configuration(maxSlices: 1))
        let first = LabelKit.decide(harness, country: "FR", at: 0), second = LabelKit.decide(harness, country: "DE", at: 1)
        label(harness, first, .fraud, at: 2)
        label(harness, second, .fraud, at: 3)
        _ = try harness.advance(to: Self.minute)
        #expect(counts(harness) == ["": [2, 2, 0], "FR": [1, 1, 0], "(other)": [1, 1, 0]])
        for limit in [2, 10] {
            harness = try harness.restarted(Self.configuration(maxSlices: limit))
            label(harness, first, limit == 2 ? .legit : .fraud, at: Int64(limit) * Self.minute)
            label(harness, second, limit == 2 ? .legit : .fraud, at: Int64(limit) * Self.minute)
            _ = try harness.advance(to: Int64(limit + 1) * Self.minute)
        }
        // Room for DE from now on; what comes late goes where it would have gone in time.
        let third = LabelKit.decide(harness, country: "DE", at: 12 * Self.minute), late = LabelKit.decide(harness, country: "DE", at: 30_000)
        label(harness, third, .fraud, at: 12 * Self.minute)
        label(harness, late, .legit, at: 12 * Self.minute)
        _ = try harness.advance(to: 13 * Self.minute)
        #expect(counts(harness) == ["": [4, 3, 1], "FR": [1, 1, 0], "(other)": [2, 1, 1], "DE": [1, 1, 0]])
        harness = try harness.restarted(Self.configuration(maxSlices: 1))
        harness = try harness.restarted(Self.configuration(maxSlices: 20))
        for request in [first, second, third, late] { label(harness, request, .withdrawn, at: 14 * Self.minute) }
        _ = try harness.advance(to: 15 * Self.minute)
        #expect(counts(harness) == ["": [4, 0, 0], "FR": [1, 0, 0], "(other)": [2, 0, 0], "DE": [1, 0, 0]])
        #expect(harness.topology.counters.labelsUncounted == 0)
    }

    @Test("More values take effect with a restart, and fewer too")
    func valuesAreRaised() throws {
        var harness = DetectorHarness(Self.configuration(maxValues: 1))
        let first = LabelKit.decide(harness, country: "FR", at: 0), second = LabelKit.decide(harness, country: "DE", at: 1)
        label(harness, second, .fraud, at: 3)
        _ = try harness.advance(to: Self.minute)
        harness = try harness.restarted(Self.configuration(maxValues: 2))
        label(harness, first, .fraud, at: Self.minute)
        label(harness, second, .legit, at: Self.minute)
        label(harness, LabelKit.decide(harness, country: "DE", at: Self.minute), .fraud, at: Self.minute + 1)
        _ = LabelKit.decide(harness, country: "IT", at: Self.minute + 2)
        _ = try harness.advance(to: 2 * Self.minute)
        #expect(counts(harness) == ["": [4, 2, 1], "FR": [1, 1, 0], "(other)": [2, 0, 1], "DE": [1, 1, 0]])
        harness = try harness.restarted(Self.configuration(maxValues: 1))
        for country in ["DE", "IT", "ES"] { _ = LabelKit.decide(harness, country: country, at: 2 * Self.minute) }
        _ = try harness.advance(to: 3 * Self.minute)
        #expect(counts(harness) == ["": [7, 2, 1], "FR": [1, 1, 0], "(other)": [4, 0, 1], "DE": [2, 1, 0]])
        #expect(harness.topology.counters.labelsUncounted == 0)
    }

    /// The program refuses such a state by name; the domain, whoever uses it, calls nothing by another's name.
    @Test("New and known entities are numbered among the names that a state brings")
    func newEntitiesAreAdded() throws {
        var configuration = Self.configuration()
        configuration.slices.groups = [[1]]
        func decide(_ harness: DetectorHarness, _ channel: String?, at time: Int64) {
            var row = PolicyKit.Row()
            (row.channel, row.time) = (channel, time)
            harness.ingest(PolicyKit.batch([row], first: Int(harness.offset(0))))
        }
        var harness = DetectorHarness(configuration)
        decide(harness, "web", at: 0)
        decide(harness, "app", at: 1)
        _ = try harness.advance(to: Self.minute)
        configuration.slices.newEntities = [NewEntityRule(dimension: 1, entity: 0, withinMs: Self.minute)]
        harness = try harness.restarted(configuration)
        decide(harness, nil, at: 2 * Self.minute)
        decide(harness, nil, at: 4 * Self.minute)
        decide(harness, "web", at: 4 * Self.minute)
        _ = try harness.advance(to: 5 * Self.minute)
        #expect(counts(harness).mapValues { $0[0] } == ["": 5, "web": 2, "app": 1, "new": 1, "known": 1])
        // A lower limit takes no name away that is there.
        configuration.slices.maxValuesPerDimension = 1
        harness = try harness.restarted(configuration)
        decide(harness, nil, at: 6 * Self.minute)
        _ = try harness.advance(to: 7 * Self.minute)
        #expect(counts(harness)["known"]?[0] == 2)
    }
}
