import Testing
import VedetteCore
import VedetteRuntime

@Suite struct ScenarioTests {
    /// Decisions inside and outside of a slice, before and after an event time.
    private func split(_ options: SimulationOptions, atMs cutMs: Int64) throws -> (before: [SeenDecision], after: [SeenDecision]) {
        var before: [SeenDecision] = []
        var after: [SeenDecision] = []
        for record in try TrafficSimulator(options) where record.stream == .decisions {
            let seen = try #require(SeenDecision(record))
            if record.eventTimeMs < options.startMs + cutMs { before.append(seen) } else { after.append(seen) }
        }
        return (before, after)
    }

    @Test func featureGoesMissingInItsSlice() throws {
        let scenario = SimulationScenario(
            .featureMissing, fromMs: EventSpan.hourMs / 4, strength: 0.5, slice: .init(dimension: "channel", value: "app"), feature: "ip_risk")
        let (before, after) = try split(traffic(20_000, scenario), atMs: EventSpan.hourMs / 4)
        func missing(_ rows: [SeenDecision], app: Bool) -> Double {
            let slice = rows.filter { ($0.slices["channel"] == "app") == app }
            return Double(slice.count { !($0.features["ip_risk"] is Double) }) / Double(slice.count)
        }
        #expect(before.count > 1000)
        #expect(missing(before, app: true) == 0)
        #expect(missing(after, app: false) == 0)
        #expect(abs(missing(after, app: true) - 0.5) < 0.03)
        #expect(after.contains { $0.features["ip_risk"] == nil }, "absent")
        #expect(after.contains { $0.features.keys.contains("ip_risk") && !($0.features["ip_risk"] is Double) }, "null")
    }

    @Test func scoresDrift() throws {
        let (before, after) = try split(traffic(20_000, SimulationScenario(.scoreDrift, fromMs: EventSpan.hourMs / 4, strength: 1.5)), atMs: EventSpan.hourMs / 4)
        func mean(_ rows: [SeenDecision]) -> Double { rows.reduce(0) { $0 + $1.score } / Double(rows.count) }
        #expect(mean(after) > 1.8 * mean(before))
    }

    @Test func fraudSpikesInNewAccountsOnly() throws {
        func frauds(_ options: SimulationOptions) throws -> (new: Int, known: Int) {
            var isNew: [UInt64: Bool] = [:]
            var counts = (new: 0, known: 0)
            for record in try TrafficSimulator(options) {
                if record.stream == .decisions {
                    isNew[record.sequence] = SeenDecision(record)?.slices["account_age"] == "new"
                } else if parsedLine(record.line)?["outcome"] as? String == "fraud" {
                    if isNew[record.sequence] == true { counts.new += 1 } else { counts.known += 1 }
                }
            }
            return counts
        }
        let quiet = try frauds(traffic(40_000))
        let spike = try frauds(traffic(40_000, SimulationScenario(.fraudSpikeNewUsers, strength: 4)))
        #expect(spike.known == quiet.known)
        #expect(spike.new > 2 * quiet.new)
    }

    @Test func volumeDropsInItsSlice() throws {
        var quiet = traffic(0)
        quiet.length = .durationMs(EventSpan.hourMs)
        var dropped = quiet
        dropped.scenarios = [SimulationScenario(.volumeDrop, strength: 0.75, slice: .init(dimension: "channel", value: "web"))]
        func web(_ options: SimulationOptions) throws -> (web: Int, other: Int) {
            let rows = try split(options, atMs: 0).after
            let web = rows.count { $0.slices["channel"] == "web" }
            return (web, rows.count - web)
        }
        let all = try web(quiet)
        let few = try web(dropped)
        #expect(few.other == all.other)
        #expect(abs(Double(few.web) / Double(all.web) - 0.25) < 0.03)
    }

    @Test func disorderKeepsRecordsAndItsBound() throws {
        let scenario = SimulationScenario(.disorder, strength: 0.5, boundMs: 20_000)
        let quiet = Set(try TrafficSimulator(traffic(20_000)).map(\.line))
        var lines = Set<[UInt8]>()
        var moved = 0
        var late = 0
        var lastDelivery = Int64.min
        for record in try TrafficSimulator(traffic(20_000, scenario)) {
            lines.insert(record.line)
            #expect(record.deliveryMs >= lastDelivery)
            lastDelivery = record.deliveryMs
            let delay = record.deliveryMs - record.eventTimeMs
            #expect(delay >= 0 && delay < 40 * 20_000)
            #expect(delay <= 20_000 || delay >= 80_000)
            if delay > 0 { moved += 1 }
            if delay > 20_000 { late += 1 }
        }
        #expect(lines == quiet, "the same records in another order")
        #expect(moved > 8000)
        #expect(late > 5 && late < 60)
    }

    @Test func retriesAndReusedIDs() throws {
        var first: [UInt64: SimulatedRecord] = [:]
        var repeated = 0
        var conflicts = 0
        for record in try TrafficSimulator(traffic(20_000, SimulationScenario(.duplicates, strength: 0.1))) where record.stream == .decisions {
            guard record.role != .original else {
                first[record.sequence] = record
                continue
            }
            let original = try #require(first[record.sequence])
            #expect(record.key == original.key)
            let a = try #require(SeenDecision(record))
            let b = try #require(SeenDecision(original))
            if record.role == .repeated {
                repeated += 1
                #expect(a.score == b.score && a.slices == b.slices)
                if record.eventTimeMs == original.eventTimeMs { #expect(record.line == original.line) }
            } else {
                conflicts += 1
                #expect(record.role == .conflictingDecision)
                #expect(record.eventTimeMs > original.eventTimeMs)
                #expect(a.score != b.score)
            }
        }
        #expect(first.count == 20_000)
        #expect(repeated > 1400 && repeated < 1800)
        #expect(conflicts > 300 && conflicts < 500)
    }

    @Test func brokenLinesComeBesideTheGoodOnes() throws {
        let quiet = Array(try TrafficSimulator(traffic(20_000)))
        let mixed = Array(try TrafficSimulator(traffic(20_000, SimulationScenario(.malformed, strength: 0.05))))
        var kinds = Set<MalformedKind>()
        var good: [SimulatedRecord] = []
        for record in mixed {
            guard case .malformed(let kind) = record.role else {
                good.append(record)
                continue
            }
            kinds.insert(kind)
            #expect(record.stream == kind.stream)
            #expect(record.key.isEmpty)
            #expect(!record.line.contains(0x0A) && !record.line.contains(0x0D))
            if kind.reason == .malformedJSON || kind.reason == .invalidUTF8 { #expect(parsedLine(record.line) == nil, "\(kind)") }
            if kind.reason == .missingField || kind.reason == .badTime { #expect(parsedLine(record.line) != nil, "\(kind)") }
        }
        #expect(kinds == Set(MalformedKind.allCases))
        #expect(good == quiet, "good records are untouched")
    }

    @Test func labelsAreCorrected() throws {
        var seen: [UInt64: String] = [:]
        var decisions = Set<[UInt8]>()
        var roles: [String: Int] = [:]
        for record in try TrafficSimulator(traffic(30_000, SimulationScenario(.labelCorrections, strength: 0.5))) {
            guard record.stream == .labels else {
                decisions.insert(record.key)
                continue
            }
            let outcome = try #require(parsedLine(record.line)?["outcome"] as? String)
            roles["\(record.role)", default: 0] += 1
            #expect(decisions.contains(record.key) == (record.role != .orphanLabel))
            switch record.role {
            case .original: seen[record.sequence] = outcome
            case .repeated: #expect(outcome == seen[record.sequence])
            case .changedLabel, .conflictingLabel: #expect(outcome != seen[record.sequence])
            case .withdrawnLabel: #expect(outcome == "withdrawn")
            default: break
            }
        }
        for role in ["repeated", "changedLabel", "conflictingLabel", "withdrawnLabel", "orphanLabel"] {
            #expect(roles[role] ?? 0 > 50, "\(role)")
        }
    }

    @Test func beforeItBeginsAScenarioChangesNothing() throws {
        let quiet = try TrafficSimulator(traffic(3000)).prefix(1000)
        for kind in ScenarioKind.allCases {
            let mixed = try TrafficSimulator(traffic(3000, SimulationScenario(kind, fromMs: EventSpan.hourMs))).prefix(1000)
            #expect(Array(mixed) == Array(quiet), "\(kind)")
        }
    }

    @Test func parsesFromTheCommandLine() throws {
        #expect(try SimulationScenario(parsing: "duplicates") == SimulationScenario(.duplicates))
        let parsed = try SimulationScenario(parsing: "score_drift:from=2d,until=3d,strength=-1.5,slice=channel=app")
        #expect(
            parsed
                == SimulationScenario(
                    .scoreDrift, fromMs: 2 * EventSpan.dayMs, untilMs: 3 * EventSpan.dayMs, strength: -1.5, slice: .init(dimension: "channel", value: "app")))
        for wrong in ["", "nothing", "disorder:bound", "disorder:bound=5", "disorder:from=1y", "volume_drop:strength=much", "malformed:x=1", "score_drift:slice=app"] {
            #expect(throws: SimulationError.self, "\(wrong)") { try SimulationScenario(parsing: wrong) }
        }
    }

    @Test func refusesWhatItCannotDo() {
        let wrong: [SimulationScenario] = [
            SimulationScenario(.volumeDrop, strength: 1),
            SimulationScenario(.volumeDrop, strength: 1.1),
            SimulationScenario(.featureMissing, feature: "shoe_size"),
            SimulationScenario(.scoreDrift, slice: .init(dimension: "planet", value: "Mars")),
            SimulationScenario(.scoreDrift, slice: .init(dimension: "country", value: "Mars")),
            SimulationScenario(.malformed, slice: .init(dimension: "channel", value: "app")),
            SimulationScenario(.scoreDrift, fromMs: 5, untilMs: 5),
            SimulationScenario(.disorder, boundMs: 0),
        ]
        for scenario in wrong {
            #expect(throws: SimulationError.self, "\(scenario)") { try TrafficSimulator(traffic(10, scenario)) }
        }
        var rate = traffic(10)
        rate.decisionsPerSecond = .nan
        #expect(throws: SimulationError.self) { try TrafficSimulator(rate) }
    }

    @Test func statesWhatMustFire() {
        for kind in ScenarioKind.allCases {
            let expectation = SimulationScenario(kind).expectation(labelDelayMedianMs: EventSpan.hourMs)
            #expect(!expectation.text.isEmpty)
            #expect((expectation.monitor == nil) == (expectation.withinMs == 0))
        }
        let spike = SimulationScenario(.fraudSpikeNewUsers).expectation(labelDelayMedianMs: EventSpan.hourMs)
        #expect(spike.monitor == "outcome_rate" && spike.slice?.value == "new" && spike.withinMs == 26 * EventSpan.hourMs)
    }
}
