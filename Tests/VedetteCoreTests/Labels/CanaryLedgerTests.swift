import Testing
import VedetteCore

@Suite("label_canary: metrics with and without labels of low trust")
struct CanaryLedgerTests {
    private static let day = LabelKit.day

    private struct Case {
        var set = LabelSet()
        var decided: Int64
        var cell: CanaryCell
    }

    /// From the label sets of all decisions of the last 90 days.
    private func recount(_ cases: [Case], _ metric: CanaryMetric, today: Int64, above tier: UInt8?) -> Double {
        var part = 0.0, whole = 0.0
        for one in cases where one.decided / Self.day > today - 90 {
            var trusted = LabelSet()
            for entry in one.set.entries where tier.map({ entry.tier > $0 }) ?? true { _ = trusted.apply(entry, maxEntries: 16) }
            guard let truth = trusted.truth?.outcome else { continue }
            let isFraud = truth == .fraud, isStopped = one.cell.isStopped
            let (counts, isPart) = switch metric {
            case .fraudRate: (one.cell.stratum != nil, isFraud)
            case .falseNegativeRate: (isFraud, !isStopped)
            case .precision: (isStopped, isFraud)
            }
            guard counts else { continue }
            whole += 1
            if isPart { part += 1 }
        }
        return part / whole
    }

    @Test("Changes, withdrawals and late labels leave what a recount of all label sets gives", arguments: 1...3)
    func recounted(seed: UInt64) throws {
        var random = SeededRandom(seed: seed), ledger = CanaryLedger(), cases: [Case] = []
        for day in 0..<130 as Range<Int64> {
            ledger.pass(to: day * Self.day)
            for _ in 0..<20 {
                cases.append(Case(decided: day * Self.day + 5, cell: CanaryCell(stratum: random.bernoulli(0.5) ? random.below(6) : nil, isStopped: random.bernoulli(0.3))))
            }
            for _ in 0..<60 {
                let place = random.below(cases.count), source = random.below(4)
                var label = LabelEntry(
                    source: UInt64(source), time: day * Self.day + Int64(random.below(1_000)),
                    outcome: [Outcome.fraud, .legit, .withdrawn][random.below(3)], tier: UInt8(source))
                label.standing = random.bernoulli(0.1) ? random.bernoulli(0.5) ? .quarantined : .inadmissible : .admitted
                let before = cases[place].set.entries
                _ = cases[place].set.apply(label, maxEntries: 3)
                ledger.observe(before, cases[place].set.entries, cases[place].cell, decided: cases[place].decided)
            }
            if day == 70 {
                var writer = ByteWriter()
                ledger.encode(into: &writer)
                var reader = ByteReader(writer.bytes)
                ledger = try CanaryLedger(from: &reader)
            }
        }
        for metric in CanaryMetric.allCases {
            let values = ledger.values(metric)
            #expect(values.all == recount(cases, metric, today: 129, above: nil) && values.trusted == recount(cases, metric, today: 129, above: 1), "\(metric)")
            #expect(values.all != values.trusted && values.all > 0)
        }
    }
}
