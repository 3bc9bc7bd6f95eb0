import Testing
import VedetteCore

@Suite("Monitor decision_share, and small changes of features")
struct DecisionShareMonitorTests {
    private func pane(_ total: Int, stopped: Int) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(total - stopped, .allow, score: 0.1)
        builder.addDecisions(stopped / 2, .block, score: 0.9)
        builder.addDecisions(stopped - stopped / 2, .challenge, score: 0.5)
        return builder.pane
    }

    @Test("Fewer stops and more are told from the reference, with the test of two proportions")
    func bothWays() throws {
        let kit = MonitorKit(DecisionShareRule())
        let reference = [pane(20_000, stopped: 600), pane(20_000, stopped: 600)]
        let fewer = try #require(kit.finding("", pane(20_000, stopped: 420), reference))
        #expect(fewer.effectPassed && isClose(fewer.value, 0.7) && isClose(fewer.limit, 1 / 1.15) && fewer.severity == nil)
        let test = try #require(ProportionTest.evaluate(current: (420, 20_000), reference: (1_200, 40_000)))
        #expect(fewer.pValue == test.pValue && test.pValue < 1e-9)
        let more = try #require(kit.finding("", pane(20_000, stopped: 1_260), reference))
        #expect(more.effectPassed && isClose(more.value, 2.1) && more.severity == .p1)
        #expect(try #require(kit.finding("", pane(20_000, stopped: 560), reference)).effectPassed == false)
        #expect(try #require(kit.finding("", pane(20_000, stopped: 0), reference)).severity == .p1)
        #expect(try #require(kit.finding("", pane(100, stopped: 0), reference)).isSufficient == false)
        #expect(kit.finding("", pane(20_000, stopped: 600), [pane(100, stopped: 3)]) == nil)
    }

    @Test("What the weeks do anyway is not told")
    func restlessWeeks() throws {
        let kit = MonitorKit(DecisionShareRule())
        let restless = [pane(20_000, stopped: 540), pane(20_000, stopped: 660)]
        // The weeks lie 10 % from their mean, so 40 % is asked for.
        let finding = try #require(kit.finding("", pane(20_000, stopped: 780), restless))
        #expect(!finding.effectPassed && isClose(finding.limit, 1.4))
        #expect(try #require(kit.finding("", pane(20_000, stopped: 860), restless)).effectPassed)
    }

    @Test("A feature that was never null and is in 1 % of an hour is told two steps below a lost one; a sparse one is not")
    func surge() throws {
        let kit = MonitorKit(MissingFeaturesRule())
        func amounts(_ total: Int, null: Int) -> Pane {
            let builder = Pane.Builder(features: 4)
            builder.addDecisions(total)
            builder.addFeature(0, present: total - null, value: 1, null: null)
            return builder.pane
        }
        let surge = try #require(kit.finding("amount", amounts(5_000, null: 50), [amounts(5_000, null: 0)]))
        #expect(surge.effectPassed && surge.severity == .p2 && surge.limit == 0.005 && surge.pValue < 1e-14)
        #expect(try #require(kit.finding("amount", amounts(5_000, null: 50), [amounts(5_000, null: 10)])).effectPassed == false, "five times is no surge")
        #expect(try #require(kit.finding("amount", amounts(5_000, null: 20), [amounts(5_000, null: 0)])).effectPassed == false, "0.4 % is none")
        let lost = try #require(kit.finding("amount", amounts(5_000, null: 400), [amounts(5_000, null: 0)]))
        #expect(lost.effectPassed && lost.severity == nil && lost.limit == 0.05 && isClose(lost.strength, 1.6))
    }

    @Test("A small shift of a mean is noticed at P3 where the weeks agree, and not where they do not, or are too few")
    func notice() throws {
        let kit = MonitorKit(FeatureDriftRule())
        // A spread of 10 about the mean.
        func values(_ mean: Double) -> Pane {
            let builder = Pane.Builder(features: 4)
            builder.addDecisions(20_000)
            builder.addFeature(0, present: 10_000, value: mean - 10)
            builder.addFeature(0, present: 10_000, value: mean + 10)
            return builder.pane
        }
        let steady = [values(100), values(100), values(100.05), values(100)]
        let noticed = try #require(kit.finding("amount", values(101), steady))
        #expect(noticed.effectPassed && noticed.severity == .p3 && noticed.strength == 1 && noticed.limit < 0.1 && noticed.value > 0.09)
        #expect(try #require(kit.finding("amount", values(100.1), steady)).effectPassed == false)
        #expect(try #require(kit.finding("amount", values(101), [values(100), values(100.5), values(99.5), values(100)])).effectPassed == false)
        #expect(try #require(kit.finding("amount", values(101), [values(100), values(100)])).effectPassed == false)
        let large = try #require(kit.finding("amount", values(108), steady))
        #expect(large.effectPassed && large.severity == nil && large.strength > 1.5)
    }
}
