import Testing
import VedetteCore

@Suite("Monitors of operations")
struct OperationMonitorTests {
    private func answers(ok: Int64, timeouts: Int64 = 0, errors: Int64 = 0) -> Pane {
        let builder = Pane.Builder()
        builder.addDecisions(Int(ok + timeouts + errors))
        builder.addOperations(ok: ok, timeouts: timeouts, errors: errors)
        return builder.pane
    }

    private func costs(_ values: [(Int, Double)]) -> Pane {
        let builder = Pane.Builder()
        for (count, cost) in values {
            builder.addDecisions(count)
            builder.addOperations(costs: count, cost: cost)
        }
        return builder.pane
    }

    @Test("error_rate: both limits, with evidence; records without a status say nothing")
    func errors() throws {
        let kit = MonitorKit(ErrorRateRule())
        let calm = [answers(ok: 9_990, errors: 10)]
        let failing = try #require(kit.finding("", answers(ok: 900, timeouts: 80, errors: 20), calm))
        #expect(failing.effectPassed && isClose(failing.value, 0.1) && failing.pValue < 1e-50)
        let test = ProportionTest.evaluate(current: (100, 1_000), reference: (10, 10_000), alternative: .greater)
        #expect(failing.pValue == test?.pValue)
        let alert = try #require(kit.alert(Observation(model: 0, slice: SliceName(), current: answers(ok: 900, timeouts: 80, errors: 20), references: calm)))
        #expect(alert.summary.hasPrefix("error_rate: 10 % of 1,000 decisions without the model's answer (80 time-outs, 20 errors; limit 1 %, reference 0.1 %)"))
        // Below the limit; above it and not twice a reference that always fails; few rows; nobody says.
        #expect(try #require(kit.finding("", answers(ok: 995, errors: 5), calm)).effectPassed == false)
        #expect(try #require(kit.finding("", answers(ok: 850, errors: 150), [answers(ok: 900, errors: 100)])).effectPassed == false)
        #expect(try #require(kit.finding("", answers(ok: 100, errors: 99), calm)).isSufficient == false)
        let silent = Pane.Builder()
        silent.addDecisions(1_000)
        #expect(kit.finding("", silent.pane, [silent.pane]) == nil)
    }

    @Test("cost: up and down, and one dear request is no evidence")
    func cost() throws {
        let kit = MonitorKit(CostRule())
        let usual = [costs([(1_000, 0.001), (1_000, 0.003)])]
        let dear = try #require(kit.finding("", costs([(500, 0.003), (500, 0.005)]), usual))
        #expect(dear.effectPassed && isClose(dear.value, 2) && dear.pValue < 1e-30)
        let cheap = try #require(kit.finding("", costs([(1_000, 0.0005)]), usual))
        #expect(cheap.effectPassed && isClose(cheap.value, 0.25) && cheap.pValue < 1e-30 && cheap.limit == 0.5)
        #expect(try #require(kit.finding("", costs([(500, 0.002), (500, 0.003)]), usual)).effectPassed == false)
        // The mean is doubled by one request among 300.
        let outlier = try #require(kit.finding("", costs([(299, 0.002), (1, 0.6)]), usual))
        #expect(outlier.effectPassed && outlier.pValue > 0.1, "\(outlier.pValue)")
    }

    @Test("cost: on skewed costs the evidence errs on the safe side")
    func costLevel() throws {
        var random = SeededRandom(seed: 12)
        var rule = CostRule()
        (rule.minRatio, rule.maxDropRatio) = (1, 0.999)
        let kit = MonitorKit(rule) { $0.minCount = 50 }
        func sample(_ count: Int) -> Pane { costs((0..<count).map { _ in (1, RealFunctions.exp(2 * random.normal())) }) }
        var below = 0
        for _ in 0..<500 {
            if let finding = kit.finding("", sample(60), [sample(240)]), finding.pValue < 0.01 { below += 1 }
        }
        // 1 % of 500 is 5.
        #expect(below <= 5, "\(below)")
    }
}
