import Testing
import VedetteCore

/// Every test statistic that counts as evidence, simulated where nothing has changed: how often
/// its p-value is at most α. The seeds are fixed, so the counts are, too.
@Suite struct FalseAlarmTests {
    /// Expects the rate of false alarms at 5 % and 1 % to be at most `slack` times nominal, up to
    /// four standard errors of the simulation; `least` keeps a test from passing by never alarming.
    private func expectSize(
        runs: Int, slack: Double = 1, least: Double = 0, _ name: String, seed: UInt64, _ pValue: (inout SeededRandom) -> Double?
    ) {
        var random = SeededRandom(seed: seed)
        var alarms = [0, 0]
        let levels = [0.05, 0.01]
        for _ in 0..<runs {
            guard let p = pValue(&random) else { continue }
            #expect(p >= 0 && p <= 1)
            for (index, level) in levels.enumerated() where p <= level { alarms[index] += 1 }
        }
        for (count, level) in zip(alarms, levels) {
            let rate = Double(count) / Double(runs)
            let bound = slack * level
            let error = (bound * (1 - bound) / Double(runs)).squareRoot()
            #expect(rate <= bound + 4 * error, "\(name): \(rate) at \(level)")
            if least > 0 { #expect(rate >= least * level - 4 * error, "\(name) is blind: \(rate) at \(level)") }
        }
    }

    @Test(arguments: [(50, 2000, 0.004), (400, 400, 0.3), (3000, 500, 0.02), (20, 20, 0.5), (1000, 8000, 0.01)])
    func proportions(n: Int, m: Int, rate: Double) {
        for side in Alternative.allCases {
            expectSize(runs: 3000, slack: 1.25, "\(n), \(m), \(rate), \(side)", seed: 1) { random in
                ProportionTest.evaluate(
                    current: (random.binomial(n, rate), Int64(n)), reference: (random.binomial(m, rate), Int64(m)), alternative: side)?.pValue
            }
        }
    }

    private func scores(_ random: inout SeededRandom, _ n: Int) -> ScoreSketch {
        var sketch = ScoreSketch()
        for _ in 0..<n { sketch.add(random.score()) }
        return sketch
    }

    @Test(arguments: [(300, 300), (200, 2000), (2000, 150)])
    func scoreDistances(n: Int, m: Int) {
        expectSize(runs: 1500, slack: 1.2, least: 0.5, "homogeneity \(n) \(m)", seed: 3) { random in
            let (reference, current) = (scores(&random, n), scores(&random, m))
            return HomogeneityTest.evaluate(reference: reference.histogram20, current: current.histogram20)?.pValue
        }
    }

    @Test func areaUnderCurve() {
        func area(_ random: inout SeededRandom) -> AreaUnderCurve? {
            var (fraud, legit) = (ScoreSketch(), ScoreSketch())
            for _ in 0..<80 { fraud.add(max(random.score(), random.score())) }
            for _ in 0..<400 { legit.add(random.score()) }
            return AreaUnderCurve(fraud: fraud, legit: legit)
        }
        expectSize(runs: 2000, slack: 1.2, least: 0.5, "AUC", seed: 7) { random in
            guard let a = area(&random), let b = area(&random) else { return nil }
            return AreaUnderCurve.test(current: a, reference: b)?.pValue
        }
    }

    /// Looked at after every outcome, over the whole stream: what a p-value could not stand.
    @Test(arguments: [0.01, 0.1, 0.5])
    func eProcessLookedAtAllTheTime(rate: Double) {
        for side in Alternative.allCases {
            var random = SeededRandom(seed: 11)
            var alarms = 0
            let runs = 600
            for _ in 0..<runs {
                var process = BernoulliEProcess(rate: rate, alternative: side)
                for step in 0..<1500 {
                    let fraud = random.bernoulli(rate)
                    process.add(successes: fraud ? 1 : 0, failures: fraud ? 0 : 1)
                    // The wealth against `.greater` can only rise at a success, that against `.less` at a failure.
                    guard fraud || side != .greater, step % 7 == 0 || fraud else { continue }
                    if process.logEValue >= RealFunctions.log(20) {
                        alarms += 1
                        break
                    }
                }
            }
            let bound = 0.05 + 4 * (0.05 * 0.95 / Double(runs)).squareRoot()
            #expect(Double(alarms) / Double(runs) <= bound, "\(rate) \(side): \(alarms) of \(runs)")
        }
    }

    @Test func confidenceSequenceCoversAtAllTimes() {
        var random = SeededRandom(seed: 12)
        var missed = 0
        for _ in 0..<400 {
            var successes: Int64 = 0
            for n in 1...600 {
                if random.bernoulli(0.15) { successes += 1 }
                guard !BettingConfidenceSequence.interval(successes: successes, n: Int64(n), confidence: 0.9).contains(0.15) else { continue }
                missed += 1
                break
            }
        }
        #expect(missed <= 40 + 24 && missed > 0, "\(missed) of 400")
    }

    @Test func intervalsCover() {
        var random = SeededRandom(seed: 13)
        for (n, rate) in [(50, 0.1), (1000, 0.003), (300, 0.6)] {
            var (wilson, exact) = (0, 0)
            for _ in 0..<2000 {
                let k = random.binomial(n, rate)
                if WilsonInterval(successes: k, n: Int64(n))?.interval.contains(rate) == true { wilson += 1 }
                if ClopperPearson.interval(successes: k, n: Int64(n)).contains(rate) { exact += 1 }
            }
            #expect(wilson > 1840, "Wilson \(n) \(rate): \(wilson)")
            #expect(exact > 1870, "Clopper–Pearson \(n) \(rate): \(exact)")
        }
    }

    @Test func falseDiscoveriesAreAtMostTheLevel() {
        var random = SeededRandom(seed: 14)
        var (falseShare, found) = (0.0, 0)
        let runs = 150
        for _ in 0..<runs {
            // The first 20 slices have five times the rate.
            let logE = (0..<200).map { index in
                var process = BernoulliEProcess(rate: 0.02)
                let k = random.binomial(500, index < 20 ? 0.1 : 0.02)
                process.add(successes: k, failures: 500 - k)
                return process.logEValue
            }
            let believed = FalseDiscovery.eBH(logEValues: logE, level: 0.1)
            let all = believed.filter(\.self).count
            let wrong = believed[20...].filter(\.self).count
            if all > 0 { falseShare += Double(wrong) / Double(all) / Double(runs) }
            found += all - wrong
        }
        #expect(falseShare <= 0.1, "\(falseShare)")
        #expect(found > 15 * runs, "\(found) found")
    }
}
