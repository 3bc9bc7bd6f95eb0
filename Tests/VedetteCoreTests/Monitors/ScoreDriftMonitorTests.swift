import Testing
import VedetteCore

@Suite("Monitor score_drift")
struct ScoreDriftMonitorTests {
    private func pane(_ scores: [(score: Double, count: Int)]) -> Pane {
        let builder = Pane.Builder()
        for (score, count) in scores { builder.addDecisions(count, score: score) }
        return builder.pane
    }

    /// Scores in the shape that fraud models have: many near 0, few near 1.
    static func skewed(_ count: Int, _ random: inout SeededRandom, power: Double = 6) -> Pane {
        let builder = Pane.Builder()
        for _ in 0..<count {
            let uniform = random.uniform()
            builder.addDecisions(score: (RealFunctions.pow(uniform, power) * 1e6).rounded() / 1e6)
        }
        return builder.pane
    }

    private func finding(_ now: Pane, _ before: [Pane], minCount: Int64 = 200) -> Finding? {
        let monitor = ScoreDriftMonitor(rule: ScoreDriftRule(), minCount: minCount)
        return monitor.reference(in: before, for: now).map { monitor.finding(in: now, against: $0.summary, scores: $0.scores) }
    }

    @Test("A shifted mean, a changed shape, and neither")
    func truthTable() throws {
        var random = SeededRandom(seed: 7)
        let before = Self.skewed(5_000, &random)
        let same = try #require(finding(Self.skewed(5_000, &random), [before]))
        #expect(!same.effectPassed && same.pValue == 1 && same.isClear(0.8))

        let shifted = try #require(finding(Self.skewed(5_000, &random, power: 3), [before]))
        #expect(shifted.effectPassed && shifted.pValue < 1e-12)

        // One heap in the middle instead of two at the sides: same mean, other shape.
        let sides = pane([(0.3, 1_000), (0.5, 100), (0.7, 1_000)])
        let middle = pane([(0.3, 100), (0.5, 1_900), (0.7, 100)])
        let reshaped = try #require(finding(middle, [sides]))
        #expect(reshaped.measure == .psi && reshaped.effectPassed && reshaped.pValue < 1e-12)
        #expect(abs(reshaped.level - 0.5) < 1e-9)

        // 200 rows each: 0.3 sigma is an effect, and no proof at 1e-6 yet.
        let few = try #require(finding(pane([(0.4, 100), (0.6, 100)]), [pane([(0.4, 130), (0.6, 70)])]))
        #expect(few.effectPassed && few.pValue > 1e-6 && few.pValue < 0.05)

        // Huge n, trivial effect.
        let trivial = try #require(finding(pane([(0.4, 505_000), (0.6, 495_000)]), [pane([(0.4, 500_000), (0.6, 500_000)])]))
        #expect(!trivial.effectPassed && trivial.isClear(0.8))
    }

    @Test("Few rows, no reference, constant scores")
    func edges() throws {
        let constant = pane([(0.25, 500)])
        #expect(finding(constant, []) == nil)
        #expect(finding(constant, [pane([(0.25, 199)])]) == nil)
        #expect(try #require(finding(pane([(0.9, 199)]), [constant])).isSufficient == false)
        let same = try #require(finding(constant, [constant]))
        #expect(!same.effectPassed && same.strength == 0)
        let jump = try #require(finding(pane([(0.75, 500)]), [constant]))
        #expect(jump.effectPassed && jump.pValue < 1e-12 && jump.value.isFinite && jump.strength.isFinite)
        // A tick of a constant score is no drift: the spread has a floor.
        #expect(try #require(finding(pane([(0.2501, 500)]), [constant])).effectPassed == false)
    }

    @Test("The tail of a mean's shift is never below Fisher's exact one for two-valued scores, and close to it")
    func meanTail() throws {
        for (a, n, b, m) in [(60, 100, 30, 100), (30, 200, 20, 800), (900, 1_000, 700, 1_000), (12, 40, 1, 160), (40, 40, 60, 160)] {
            let now = pane([(0.2, n - a), (0.8, a)])
            let before = pane([(0.2, m - b), (0.8, b)])
            let exact = ProportionTest.fisher(
                current: (Int64(a), Int64(n)), reference: (Int64(b), Int64(m)), alternative: .greater
            ).pValue
            let tail = PermutationMeanTail.twoSided(now.scores, before.scores)
            #expect(tail >= exact, "\(a)/\(n) \(b)/\(m): \(tail) below \(exact)")
            #expect(tail <= exact * 100, "\(a)/\(n) \(b)/\(m): \(tail) far above \(exact)")
        }
        #expect(PermutationMeanTail.twoSided(pane([(0.5, 10)]).scores, pane([(0.5, 10)]).scores) == 1)
        #expect(PermutationMeanTail.twoSided(pane([]).scores, pane([(0.5, 10)]).scores) == 1)
    }

    @Test("Without change p-values are not too small: at most 1 % below 1 %, skewed scores, unequal sizes")
    func calibration() throws {
        var random = SeededRandom(seed: 11)
        var rule = ScoreDriftRule()
        rule.minSigma = 0
        let monitor = ScoreDriftMonitor(rule: rule, minCount: 100)
        var small = 0
        let trials = 2_000
        for _ in 0..<trials {
            let now = Self.skewed(200, &random)
            let before = Self.skewed(600, &random)
            let reference = try #require(monitor.reference(in: [before], for: now))
            if monitor.finding(in: now, against: reference.summary, scores: reference.scores).pValue < 0.01 { small += 1 }
        }
        #expect(small <= trials / 100 + 13)
        #expect(small > 0)
    }

    @Test("A heap of equal scores is binned alike at different resolutions")
    func resolution() throws {
        var configuration = PaneConfiguration()
        configuration.scoreEntries = 64
        let coarse = Pane.Builder(configuration)
        let fine = Pane.Builder()
        for index in 0..<1_000 { coarse.addDecisions(score: Double(index) / 1_000) }
        for index in 0..<1_000 { fine.addDecisions(score: Double(index) / 1_000) }
        coarse.addDecisions(1_000, score: 0.5)
        fine.addDecisions(1_000, score: 0.5)
        for (now, before) in [(coarse.pane, fine.pane), (fine.pane, coarse.pane)] {
            #expect(now.scores.level != before.scores.level)
            let one = try #require(finding(now, [before]))
            #expect(!one.effectPassed && one.strength < 0.01)
        }
    }
}
