import Testing
import VedetteCore

@Suite("Holm's procedure")
struct HolmProcedureTests {
    @Test("Steps down and stops at the first that does not hold")
    func stepsDown() {
        // R: p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm") = 0.03 0.06 0.06 0.02
        #expect(HolmProcedure.rejected([0.01, 0.04, 0.03, 0.005], alpha: 0.05) == [true, false, false, true])
        #expect(HolmProcedure.rejected([0.01, 0.04, 0.03, 0.005], alpha: 0.06) == [true, true, true, true])
        #expect(HolmProcedure.rejected([], alpha: 0.05) == [])
        #expect(HolmProcedure.rejected([1, 1], alpha: 0.05) == [false, false])
    }

    @Test("With one thousand true nulls a false finding comes in at most about alpha of the rounds")
    func familyWise() {
        var random = SeededRandom(seed: 3)
        var rounds = 0
        for _ in 0..<2_000 {
            let values = (0..<1_000).map { _ in random.uniform() }
            if HolmProcedure.rejected(values, alpha: 0.05).contains(true) { rounds += 1 }
        }
        #expect((60...140).contains(rounds))
    }
}
