import Foundation
import VedetteCore
import VedetteRuntime

/// Coverage of the nowcast's intervals and its error against the raw rate of the labels so far.
enum NowcastMeasurement {
    static let ages: [Int64] = [3, 7, 14, 30]

    static let cohorts = 2_200

    /// As many as cards has: what is known at the start is little.
    private static let firstCohorts = 112

    static func run(seeds: Int, data: String) throws {
        let streams = (1...seeds).map { simulated(cohorts: cohorts, seed: UInt64($0)) }
        print("simulated: \(seeds) seeds of \(cohorts) daily cohorts, drifting rate, recall and delays, legit labels sampled at 20 %")
        CoverageTable.print(streams.map(\.all), ages: ages)
        print("simulated: their first \(firstCohorts) cohorts")
        CoverageTable.print(streams.map(\.first), ages: ages)
        try CardsNowcast.run(data: data, ages: ages)
        DoublingMeasurement.run(seeds: 20)
    }

    private static func simulated(cohorts: Int, seed: UInt64) -> (all: CoverageTable, first: CoverageTable) {
        let configuration = NowcastConfiguration()
        var book = NowcastBook(configuration, models: 1)
        let key = NowcastBook.Key(model: 0, slice: 0)
        let place = book.place(of: key)!
        var source = SimulatedCohorts(seed: seed)
        let newestAge = ages.last! + configuration.horizonMs / SimulatedCohorts.day
        // Labels by the day on which they become known.
        var arriving = Array(repeating: [SimulatedCohorts.Label](), count: cohorts + 130)
        var decisions: [Int64] = []
        var actual: [CohortTruth] = []
        var (table, first) = (CoverageTable(), CoverageTable())
        var kept: [(cohort: Int, age: Int64, estimate: NowcastEstimate)] = []
        for day in 0..<(cohorts + Int(newestAge)) {
            if day < cohorts {
                let drawn = source.next(day)
                decisions.append(drawn.decisions)
                actual.append(CohortTruth(drawn.labels))
                for label in drawn.labels { arriving[Int(label.knownAt / SimulatedCohorts.day)].append(label) }
            }
            for label in day < arriving.count ? arriving[day] : [] { book.observe(label, at: place) }
            let boundary = Int64(day + 1) * SimulatedCohorts.day
            book.close(at: boundary) { _, start, _ in
                let cohort = Int(start / SimulatedCohorts.day)
                return cohort < decisions.count ? decisions[cohort] : 0
            }
            for age in ages {
                let cohort = day - Int(age)
                guard cohort >= 0, cohort < cohorts else { continue }
                if let estimate = book.estimate(key, book.question(place, cohort: Int64(cohort)), at: boundary) { kept.append((cohort, age, estimate)) }
            }
        }
        for one in kept {
            for measure in NowcastMeasure.allCases {
                guard let value = one.estimate[measure], let truth = actual[one.cohort].share(measure) else { continue }
                table.add(measure, age: one.age, value, actual: truth)
                if one.cohort < firstCohorts { first.add(measure, age: one.age, value, actual: truth) }
            }
        }
        return (table, first)
    }
}

/// What became of a cohort: final sums of weights by stream.
struct CohortTruth {
    private var sums = StreamCounts()

    init(_ labels: [SimulatedCohorts.Label]) {
        for label in labels {
            guard let stream = LabelStream(label.outcome, label.decision) else { continue }
            sums[stream] += label.outcome == .legit ? SimulatedCohorts.legitWeight : 1
        }
    }

    func share(_ measure: NowcastMeasure) -> Double? {
        let inside = measure.numerator.reduce(0) { $0 + sums[$1] }
        let all = inside + measure.complement.reduce(0) { $0 + sums[$1] }
        return all > 0 ? inside / all : nil
    }
}

extension NowcastBook {
    mutating func observe(_ label: SimulatedCohorts.Label, at place: Int) {
        let weight = label.outcome == .legit ? SimulatedCohorts.legitWeight : 1
        let entry = LabelEntry(
            source: 1, time: label.knownAt, outcome: label.outcome, tier: 3, weight: Int64(weight * Double(LabelEntry.weightUnit)))
        let row = DecisionRow(
            time: label.decidedAt, model: 0, version: 1, score: 0, decision: label.decision, values: [], content: 0, entities: [])
        observe(LabelEffect(kind: .new, before: nil, after: entry, knownAfter: entry.time, conflict: false), of: row, at: place)
    }
}
