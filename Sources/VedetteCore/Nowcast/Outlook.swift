/// What the nowcast knows of one series and the window that a monitor looks at.
public struct Outlook {
    private let book: NowcastBook
    private let place: Int
    private let key: NowcastBook.Key
    /// The window, half-open, ms.
    private let start: Int64
    private var end: Int64
    private let boundary: Int64

    /// Nil where the series has no triangle of its own, or no cohort has closed yet.
    package init?(_ book: NowcastBook, _ key: NowcastBook.Key, start: Int64, end: Int64, at boundary: Int64) {
        guard book.configuration.isEnabled, book.closed != .min, let place = book.find(key) else { return nil }
        self.book = book
        self.place = place
        self.key = key
        self.start = start
        self.end = end
        self.boundary = boundary
    }

    /// Without the cohorts that ended less than this ago.
    func matured(_ ageMs: Int64) -> Outlook {
        var older = self
        older.end = min(end, alignDown(boundary - ageMs, to: book.configuration.cohortMs))
        return older
    }

    /// One cohort as known now.
    struct Cohort {
        /// Start, ms.
        var start: Int64
        var decisions: Double
        /// By stream: labels known, the expected share that has arrived, and its relative variance.
        var labels: StreamCounts
        var arrived: StreamCounts
        var arrivedVariance: StreamCounts
    }

    /// Labels of a cohort by bin of delay, of those delays that have passed for all of its decisions:
    /// what is as complete as it is in every older cohort, and may be compared with it.
    func settledLabels(_ streams: [LabelStream], of cohort: Cohort) -> [Double] {
        let triangle = book.series[place].triangle
        let number = book.configuration.cohort(of: cohort.start)
        let age = boundary - (number + 1) * book.configuration.cohortMs
        return (0..<triangle.bins.count).map { bin in
            guard triangle.bins.edges[bin + 1] <= age else { return 0 }
            return streams.reduce(0) { $0 + Double(triangle.cell($1, of: number, bin: bin)) }
        }
    }

    /// Every cohort that is kept and lies before the end of the window, oldest first.
    var cohorts: [Cohort] {
        let series = book.series[place]
        let size = book.configuration.cohortMs
        return (series.triangle.first..<max(series.triangle.first, series.triangle.end)).compactMap { number in
            guard (number + 1) * size <= end else { return nil }
            var cohort = Cohort(
                start: number * size, decisions: Double(series.triangle.decisions(of: number)), labels: StreamCounts(), arrived: StreamCounts(repeating: 1),
                arrivedVariance: StreamCounts())
            let age = series.age(of: number, at: boundary)
            for stream in LabelStream.allCases {
                cohort.labels[stream] = Double(series.triangle.labels(stream, of: number))
                cohort.arrived[stream] = max(1e-9, series.delays[stream.rawValue].arrived(by: age))
                cohort.arrivedVariance[stream] = series.delays[stream.rawValue].relativeVariance(at: age)
            }
            return cohort
        }
    }

    /// Whether a cohort lies in the window.
    func isInWindow(_ cohort: Cohort) -> Bool { cohort.start >= start }

    /// Mean sampling weight of a stream's labels.
    func weight(_ stream: LabelStream) -> Double {
        let triangle = book.series[place].triangle
        return book.series[place].meanWeight(stream, triangle.first..<triangle.end)
    }

    /// What is expected of the cohorts from `from` to the end of the window.
    func estimate(from: Int64) -> NowcastEstimate? {
        var labels = StreamCounts()
        var decisions = 0.0
        for number in book.configuration.cohort(of: from)..<book.configuration.cohort(of: end) {
            let part = book.question(place, cohort: number)
            decisions += part.decisions
            for stream in LabelStream.allCases { labels[stream] += part.labels[stream] }
        }
        return book.estimate(key, NowcastQuestion(start: from, end: end, decisions: decisions, labels: labels), at: boundary)
    }

    /// Of the cohorts from `from` to the end of the window; nil is the whole window.
    func maturity(from: Int64?) -> Maturity? { book.maturity(key, from ?? start, end, at: boundary) }

    /// Share of the window's labels of one outcome that has arrived: as expected, and from the least to the largest of those
    /// streams that have labels at all, each with two standard deviations.
    func arrived(_ outcome: Outcome) -> CalibrationCheck.Arrived {
        let streams = outcome == .fraud ? LabelStream.fraud : LabelStream.legit
        let triangle = book.series[place].triangle
        let used = streams.filter { stream in (triangle.first..<max(triangle.first, triangle.end)).contains { triangle.labels(stream, of: $0) > 0 } }
        let expected = maturity(from: nil).map { outcome == .fraud ? $0.fraud : $0.legit } ?? 1
        let bounds = (used.isEmpty ? streams : used).map { stream in
            let (share, variance) = book.arrived(place, stream, start, end, at: boundary)
            let spread = 2 * max(0, variance).squareRoot()
            return (low: share * (1 - spread), high: share * (1 + spread))
        }
        let least = Self.leastArrived
        return CalibrationCheck.Arrived(
            min(1, max(expected, least)), low: max(least, bounds.map(\.low).min() ?? least), high: min(1, bounds.map(\.high).max() ?? 1))
    }

    /// A label stands for at most twenty to come, or a handful of early ones would be all there is.
    private static let leastArrived = 0.05
}
