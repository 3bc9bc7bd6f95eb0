import Testing
import VedetteCore

@Suite("Evidence accumulated over windows")
struct EvidenceLedgerTests {
    private static let day: Int64 = 86_400_000
    private static let week = 7 * day

    private func key(_ number: Int) -> RequestID { RequestID(high: 7, low: UInt64(number)) }

    @Test("Windows that overlap count once")
    func overlap() {
        var ledger = EvidenceLedger(spanMs: Self.week)
        let hops = (0..<48).map { Int64($0) * Self.day / 24 }
        #expect(hops.filter { ledger.admits(start: $0, end: $0 + Self.day) } == [0, Self.day])
    }

    @Test("The mixed calibrator is an e-value: it integrates to one, falls in p, and its closed form and series meet")
    func calibrator() {
        // Over u = ln p, where it is smooth: p e(p) du, by Simpson's rule on [-60, 0]; what is left is 1/61.
        let steps = 60_000
        let h = 60.0 / Double(steps)
        var sum = 0.0
        for step in 0...steps {
            let x = Double(step) * h
            let value = RealFunctions.exp(FalseDiscovery.logMixtureEValue(pValue: RealFunctions.exp(-x)) - x)
            sum += value * (step == 0 || step == steps ? 1 : step % 2 == 1 ? 4 : 2)
        }
        #expect(abs(sum * h / 3 - (1 - 1.0 / 60)) < 1e-3)
        #expect(FalseDiscovery.logMixtureEValue(pValue: 1) == RealFunctions.log(0.5))
        let (series, closed) = (FalseDiscovery.logMixtureEValue(pValue: RealFunctions.exp(-0.00999)), FalseDiscovery.logMixtureEValue(pValue: RealFunctions.exp(-0.01001)))
        #expect(abs(closed - series) < 1e-5 && closed > series)
        // (1 - p + p ln p) / (p ln² p) by mpmath at p = 1e-3, 1e-9.
        #expect(abs(FalseDiscovery.logMixtureEValue(pValue: 1e-3) - 3.034_526_6) < 1e-5)
        #expect(abs(FalseDiscovery.logMixtureEValue(pValue: 1e-9) - 14.660_751_8) < 1e-5)
    }

    @Test("On average at most one under the null, at every window: uniform and discrete p-values, 40,000 hypotheses")
    func validity() {
        var random = SeededRandom(seed: 3)
        for isDiscrete in [false, true] {
            var ledger = EvidenceLedger(spanMs: Self.week)
            var means: [Double] = []
            let count = 40_000
            for window in 0..<10 {
                var sum = 0.0
                for number in 0..<count {
                    let p = isDiscrete ? (random.bernoulli(0.02) ? 0.02 : 1) : random.uniform()
                    sum += min(RealFunctions.exp(ledger.add(key(number), pValue: p, end: Int64(window + 1) * Self.day)), 1e6)
                }
                means.append(sum / Double(count))
            }
            // Heavy-tailed, so the allowance is wide; a ledger that counted anything twice drifts up without bound.
            #expect(means.allSatisfy { $0 < 1.25 }, "\(means)")
        }
    }

    @Test("Moderate evidence adds up over days; the week before does not hold it down; a quiet week forgets")
    func power() {
        var ledger = EvidenceLedger(spanMs: Self.week)
        var logs: [Double] = []
        for day in 0..<21 { logs.append(ledger.add(key(1), pValue: (8..<14).contains(day) ? 1e-4 : 1, end: Int64(day + 1) * Self.day)) }
        #expect(logs[7] < 0 && logs[9] > 7 && logs[11] > 15 && logs[13] > logs[11])
        #expect(logs[20] < 8 && ledger.entries.count <= 1)
        ledger.prune(at: 40 * Self.day)
        #expect(ledger.entries.isEmpty)
    }

    @Test("Only what has something to show is kept, and it is bounded")
    func bounded() {
        var ledger = EvidenceLedger(spanMs: Self.week)
        for number in 0..<1_000 { _ = ledger.add(key(number), pValue: number % 100 == 0 ? 0.001 : 0.5, end: Self.day) }
        #expect(ledger.entries.count == 10)
        for number in 0..<EvidenceLedger.maxEntries + 500 { _ = ledger.add(key(number), pValue: 1e-3 / Double(1 + number % 7), end: Self.day) }
        ledger.prune(at: Self.day)
        #expect(ledger.entries.count <= EvidenceLedger.maxEntries)
    }

    @Test("Order of hypotheses does not matter, a snapshot in any window changes nothing, corrupt bytes throw")
    func snapshot() throws {
        var random = SeededRandom(seed: 9)
        let stream = (0..<12).map { _ in (0..<50).map { _ in random.uniform() < 0.3 ? random.uniform() * 1e-3 : 1 } }
        func run(cut: Int?, isReversed: Bool) throws -> [UInt8] {
            var ledger = EvidenceLedger(spanMs: Self.week)
            for (window, values) in stream.enumerated() {
                let end = Int64(window + 1) * Self.day
                _ = ledger.admits(start: end - Self.day, end: end)
                for index in isReversed ? Array(values.indices.reversed()) : Array(values.indices) {
                    _ = ledger.add(key(index), pValue: values[index], end: end)
                }
                ledger.believe(ledger.entries.filter { $0.value.logEValue > 5 }.map(\.key))
                ledger.prune(at: end)
                guard window == cut else { continue }
                var writer = ByteWriter()
                ledger.encode(into: &writer)
                var reader = ByteReader(writer.bytes)
                ledger = try EvidenceLedger(spanMs: Self.week, from: &reader)
                #expect(reader.isAtEnd)
            }
            var writer = ByteWriter()
            ledger.encode(into: &writer)
            return writer.bytes
        }
        let whole = try run(cut: nil, isReversed: false)
        #expect(try run(cut: nil, isReversed: true) == whole)
        for cut in stream.indices { #expect(try run(cut: cut, isReversed: false) == whole) }
        for cut in [0, 3, whole.count / 2, whole.count - 1] {
            var short = ByteReader(Array(whole[..<cut]))
            #expect(throws: CorruptBytes.self) { try EvidenceLedger(spanMs: Self.week, from: &short) }
        }
    }
}

@Suite("The budget of false alerts")
struct PageBudgetTests {
    @Test("However many monitors and however often they look, the levels of a month add up to the budget")
    func addsUp() {
        let hour: Int64 = 3_600_000
        for monitors in [1, 4, 20] {
            let budget = PageBudget(falseAlerts: 0.5, monitors: monitors)
            for hop in [hour / 12, hour, 24 * hour] {
                let rounds = Double(PageBudget.periodMs / hop)
                #expect(abs(budget.level(everyMs: hop) * rounds * 2 * Double(monitors) - 0.5) < 1e-12)
            }
        }
        #expect(PageBudget(falseAlerts: 1_000, monitors: 1).level(everyMs: hour) == 0.05)
    }
}
