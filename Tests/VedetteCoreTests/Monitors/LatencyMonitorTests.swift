import Testing
import VedetteCore

@Suite("Monitor latency")
struct LatencyMonitorTests {
    private func pane(_ count: Int, _ random: inout SeededRandom, scale: Double = 20) -> Pane {
        let builder = Pane.Builder()
        for _ in 0..<count { builder.addDecisions(1, latencyMs: scale * RealFunctions.exp(0.5 * random.normal())) }
        return builder.pane
    }

    @Test("A slow tail is found with evidence, a little slower is not an effect, and few rows are no evidence")
    func ratio() throws {
        var random = SeededRandom(seed: 6)
        var rule = LatencyRule()
        rule.level = .p95
        let kit = MonitorKit(rule) { $0.minCount = 20 }
        let reference = [pane(5_000, &random)]
        let slow = try #require(kit.finding("", pane(2_000, &random, scale: 40), reference))
        #expect(slow.effectPassed && slow.pValue < 1e-30 && slow.measure.rawValue == "latency_p95_ms")
        #expect(try #require(kit.finding("", pane(2_000, &random, scale: 24), reference)).effectPassed == false)
        let few = try #require(kit.finding("", pane(20, &random, scale: 40), reference))
        #expect(few.pValue > 1e-12)
        #expect(kit.finding("", pane(20, &random), []) == nil)
        #expect(try #require(kit.finding("", pane(19, &random), reference)).isSufficient == false)
    }

    @Test("A bound needs no reference, and its evidence is the binomial tail of those above it")
    func bound() throws {
        var rule = LatencyRule()
        (rule.level, rule.maxMs) = (.p90, 100)
        let kit = MonitorKit(rule) { $0.minCount = 20 }
        let builder = Pane.Builder()
        builder.addDecisions(70, latencyMs: 20)
        builder.addDecisions(30, latencyMs: 300)
        let finding = try #require(kit.finding("", builder.pane, []))
        #expect(finding.effectPassed && finding.limit == 100)
        // scipy.stats.binom.sf(29, 100, 0.1)
        #expect(isClose(finding.pValue, 2.445112239390972e-08, 1e-9), "\(finding.pValue)")
        let alert = try #require(kit.alert(Observation(model: 0, slice: SliceName(), current: builder.pane, references: [])))
        #expect(alert.summary.hasPrefix("latency: latency p90 ") && alert.summary.contains("(limit 100 ms)"))
    }
}
