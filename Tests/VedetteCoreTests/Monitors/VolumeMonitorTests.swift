import Testing
import VedetteCore

@Suite("Monitor volume")
struct VolumeMonitorTests {
    private func judge(_ now: Int, _ before: [Int], minCount: Int64 = 200) -> Finding? {
        let monitor = VolumeMonitor(rule: VolumeRule(), minCount: minCount, severity: .p2)
        return monitor.reference(in: before.map(JudgeKit.volumePane)).map { monitor.finding(in: JudgeKit.volumePane(now), against: $0) }
    }

    @Test("Drops and surges beyond the ratio, with evidence")
    func truthTable() throws {
        let rows: [(Int, [Int], Bool, Bool)] = [
            (0, [2_000], true, true),
            (400, [2_000], true, true),
            (999, [2_000], true, true),
            (1_000, [2_000], false, false),  // half is not below half
            (2_000, [2_000], false, false),
            (4_001, [2_000], true, true),
            (4_000, [2_000], false, false),
            (900, [2_000, 2_100, 1_900, 2_000], true, true),
            (900, [3_000, 1_000, 500, 3_500], true, false),  // references that vary this much prove nothing
            (0, [3_000, 1_000, 500, 3_500], true, false),
        ]
        for (now, before, passes, proves) in rows {
            let finding = try #require(judge(now, before))
            #expect(finding.effectPassed == passes, "\(now) \(before)")
            #expect((finding.pValue < 1e-7) == proves, "\(now) \(before) \(finding.pValue)")
            #expect(finding.isSufficient && finding.strength.isFinite && finding.value.isFinite)
        }
    }

    @Test("Counting noise alone proves nothing; the p-value is near the exact one of two Poisson counts")
    func smallCounts() throws {
        let small = try #require(judge(9, [20], minCount: 10))
        #expect(small.effectPassed && small.pValue > 0.01)
        // Given 29 in both, 9 or fewer here: binomial, counted twice for both directions.
        let exact = 2 * CountDistributions.binomialCDF(9, n: 29, p: 0.5)
        #expect(small.pValue > exact && small.pValue < exact * 1.2)
    }

    @Test("A slice with a tiny reference is never judged; no traffic at all is one step more severe")
    func tinyAndZero() throws {
        #expect(judge(0, [199]) == nil)
        #expect(judge(0, []) == nil)
        #expect(judge(0, [0, 0, 0, 0]) == nil)
        #expect(try #require(judge(0, [1_000])).severity == .p1)
        #expect(try #require(judge(1, [1_000])).severity == nil)
    }
}
