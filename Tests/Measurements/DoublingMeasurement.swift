import VedetteCore

/// How many days after the fraud rate doubled it is seen: by the nowcast, and by mature cohorts alone.
///
/// Seen: the lower end of a 95 % interval of the fraud rate of seven cohorts lies above 1.25 times
/// the rate of the eight weeks before the doubling.
enum DoublingMeasurement {
    private static let day = SimulatedCohorts.day
    private static let doubled = 400

    static func run(seeds: Int) {
        var days: (nowcast: [Int], mature: [Int]) = ([], [])
        for seed in 1...seeds {
            let one = follow(seed: UInt64(1_000 + seed))
            days.nowcast.append(one.nowcast ?? 999)
            days.mature.append(one.mature ?? 999)
        }
        let (a, b) = (days.nowcast.sorted()[seeds / 2], days.mature.sorted()[seeds / 2])
        print("doubling of the fraud rate, \(seeds) seeds: seen by nowcast after \(a) days (median; \(days.nowcast.sorted())),")
        print("  by cohorts of which 95 % of the fraud labels are in after \(b) days (\(days.mature.sorted())): \(b - a) days earlier")
    }

    private static func follow(seed: UInt64) -> (nowcast: Int?, mature: Int?) {
        let configuration = NowcastConfiguration()
        var book = NowcastBook(configuration, models: 1)
        let key = NowcastBook.Key(model: 0, slice: 0)
        let place = book.place(of: key) ?? 0
        var source = SimulatedCohorts(seed: seed)
        source.wave = { $0 < doubled ? 1 : 2 }
        var arriving = Array(repeating: [SimulatedCohorts.Label](), count: doubled + 300)
        var decisions: [Int64] = []
        var before = (fraud: 0.0, decisions: 0.0)
        var found: (nowcast: Int?, mature: Int?) = (nil, nil)
        for today in 0..<(doubled + 120) {
            let drawn = source.next(today)
            decisions.append(drawn.decisions)
            for label in drawn.labels { arriving[Int(label.knownAt / day)].append(label) }
            if (doubled - 56..<doubled).contains(today) {
                before.fraud += Double(drawn.labels.filter { $0.outcome == .fraud }.count)
                before.decisions += Double(drawn.decisions)
            }
            for label in arriving[today] { book.observe(label, at: place) }
            let boundary = Int64(today + 1) * day
            book.close(at: boundary) { _, start, _ in
                let cohort = Int(start / day)
                return cohort < decisions.count ? decisions[cohort] : 0
            }
            guard today >= doubled else { continue }
            let limit = 1.25 * before.fraud / before.decisions
            for first in doubled...max(doubled, today - 6) where first + 6 <= today {
                let (start, end) = (Int64(first) * day, Int64(first + 7) * day)
                guard let value = book.estimate(key, week(book, place, start, end), at: boundary)?[.fraudRate],
                    value.interval95.lower > limit
                else { continue }
                if found.nowcast == nil { found.nowcast = today + 1 - doubled }
                if found.mature == nil, let maturity = book.maturity(key, start, end, at: boundary), maturity.fraud >= 0.95 {
                    found.mature = today + 1 - doubled
                }
            }
            if found.mature != nil { break }
        }
        return found
    }

    private static func week(_ book: NowcastBook, _ place: Int, _ start: Int64, _ end: Int64) -> NowcastQuestion {
        var labels = StreamCounts()
        var decisions = 0.0
        for cohort in (start / day)..<(end / day) {
            let part = book.question(place, cohort: cohort)
            decisions += part.decisions
            for stream in LabelStream.allCases { labels[stream] += part.labels[stream] }
        }
        return NowcastQuestion(start: start, end: end, decisions: decisions, labels: labels)
    }
}
