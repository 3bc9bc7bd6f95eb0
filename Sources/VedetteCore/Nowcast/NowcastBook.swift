/// The nowcasts of a topology: one triangle for all traffic of each model, and one for each of
/// the first ``NowcastConfiguration/maxSeries`` slices that are asked for.
///
/// Label effects come in one by one (``expect(_:of:_:)``, ``observe(_:of:at:)``); at the end of each cohort
/// (``close(at:decisions:)``) delays, levels and past errors are learned anew. Between two such
/// ends only the labels change, so what is said is a function of the state.
package struct NowcastBook: Sendable {
    package struct Key: Hashable, Sendable {
        var model: UInt16
        var slice: Int32

        package init(model: UInt16, slice: Int32) {
            self.model = model
            self.slice = slice
        }

        /// Stands for exactly this key in a ``HashIndex``.
        @inline(__always)
        var indexKey: UInt64 { UInt64(exact: Int32(model), slice) }
    }

    let configuration: NowcastConfiguration
    private let prior: DelayDistribution
    private(set) var keys: [Key] = []
    package private(set) var series: [SeriesNowcast] = []
    /// Places by ``Key/indexKey``.
    private var index = HashIndex()
    /// Series that are not of all traffic.
    private var sliceCount = 0
    /// By model.
    private(set) var errors: [NowcastErrors]
    /// What scores mean, by model; nil before there are enough labels.
    private(set) var calibrations: [ScoreCalibration?]
    /// End of the newest cohort that has closed.
    private(set) var closed: Int64 = .min
    /// The first cohort that a new series counts: of earlier ones, labels have come while it was not asked for.
    private var since: Int64 = .min

    /// Labels without which nothing is said.
    static let minLabels: Int64 = 20
    /// A cohort counts as known for good when this share of its fraud labels has arrived.
    static let assessedMaturity = 0.98

    package init(_ configuration: NowcastConfiguration, models: Int) {
        self.configuration = configuration
        prior = DelayDistribution(
            bins: DelayBins(cohortMs: configuration.cohortMs, horizonMs: configuration.horizonMs),
            median: Double(configuration.priorMedianMs), spread: configuration.priorSpread)
        errors = Array(repeating: NowcastErrors(horizon: configuration.horizonMs / configuration.cohortMs), count: models)
        calibrations = Array(repeating: nil, count: models)
    }

    // MARK: Feeding

    /// The place of a series, made where there is room; all traffic (slice 0) always has room.
    package mutating func place(of key: Key) -> Int? {
        if let known = find(key) { return known }
        guard key.slice == 0 || sliceCount < configuration.maxSeries else { return nil }
        return append(key)
    }

    private mutating func append(_ key: Key) -> Int {
        if key.slice != 0 { sliceCount += 1 }
        index.set(key.indexKey, to: series.count)
        keys.append(key)
        series.append(SeriesNowcast(configuration, prior: prior, since: since))
        return series.count - 1
    }

    func find(_ key: Key) -> Int? { index.find(key.indexKey) }

    /// Gives up what is known of some series, and their room.
    ///
    /// - Parameter time: all that took effect is from before its cohort's end, ms.
    mutating func forget(at time: Int64, _ isGone: (Key) -> Bool) {
        let kept = keys.indices.filter { !isGone(keys[$0]) }
        guard kept.count < keys.count else { return }
        // Labels of slices that had no room have passed uncounted.
        if sliceCount >= configuration.maxSeries { since = max(since, configuration.cohort(of: time) + 1) }
        (keys, series) = (kept.map { keys[$0] }, kept.map { series[$0] })
        index.removeAll()
        for (place, key) in keys.enumerated() { index.set(key.indexKey, to: place) }
        sliceCount = keys.reduce(0) { $0 + ($1.slice == 0 ? 0 : 1) }
    }

    /// Takes in what a label did to the truth of a decision. A label's delay is up to when its outcome
    /// was first known: that another source confirmed it later took nothing from it.
    package mutating func observe(_ effect: LabelEffect, of decision: DecisionRow, at place: Int) {
        change(effect.before, effect.knownBefore, decision, place, -1)
        change(effect.after, effect.knownAfter, decision, place, 1)
    }

    /// Finds a series and asks for the memory of it that ``observe(_:of:at:)`` will change soon. `mutating` so that nothing is copied; it
    /// changes nothing.
    mutating func expect(_ effect: LabelEffect, of decision: DecisionRow, _ key: Key) -> Int? {
        guard let place = index.find(key.indexKey) else { return nil }
        guard let label = effect.after ?? effect.before, let known = effect.knownAfter ?? effect.knownBefore,
            let stream = LabelStream(label.outcome, decision.decision)
        else { return place }
        let cohort = configuration.cohort(of: decision.time), bin = prior.bins.bin(of: known - decision.time)
        let addresses = series[place].triangle.addresses(stream, cohort: cohort, bin: bin)
        if let addresses { prefetchMemory(at: addresses) }
        return place
    }

    private mutating func change(_ label: LabelEntry?, _ known: Int64?, _ decision: DecisionRow, _ place: Int, _ sign: Int64) {
        guard let label, let known, let stream = LabelStream(label.outcome, decision.decision) else { return }
        series[place].add(
            stream, cohort: configuration.cohort(of: decision.time), delay: known - decision.time, weight: label.weight, sign: sign)
    }

    /// Whether a cohort ends at a pane's boundary.
    func endsCohort(at boundary: Int64) -> Bool { configuration.isEnabled && boundary % configuration.cohortMs == 0 }

    /// Learns from all that is known at the end of a cohort.
    ///
    /// - Parameter decisions: how many decisions a series has in a stretch of time; nil where that is no longer known.
    package mutating func close(at boundary: Int64, decisions: (Key, Int64, Int64) -> Int64?) {
        let newest = boundary / configuration.cohortMs - 1
        for place in series.indices {
            let triangle = series[place].triangle
            guard triangle.isEmpty || triangle.first <= newest else { continue }
            for cohort in (triangle.isEmpty ? newest : triangle.first)...newest {
                let start = cohort * configuration.cohortMs
                guard let count = decisions(keys[place], start, start + configuration.cohortMs) else { continue }
                series[place].setDecisions(count, cohort: cohort)
            }
        }
        // All traffic before its slices, which lean on it.
        for place in series.indices where keys[place].slice == 0 { series[place].learn(at: boundary, prior: prior, parent: nil) }
        for place in series.indices where keys[place].slice != 0 {
            let parent = find(Key(model: keys[place].model, slice: 0)).map { series[$0].delays }
            series[place].learn(at: boundary, prior: prior, parent: parent)
        }
        closed = boundary
        for place in series.indices where keys[place].slice == 0 { followErrors(place, newest, boundary) }
    }

    // MARK: Scores

    /// Cohorts between two calibrations, and the expected share of the fraud labels that a cohort needs for one.
    private static let calibrationCohorts: Int64 = 7
    private static let calibrationMaturity = 0.3

    /// Learns anew what the scores of each model mean, every seventh cohort.
    ///
    /// - Parameter outcomes: calls back with the labels of all traffic of a model over a stretch of time.
    mutating func calibrate(at boundary: Int64, outcomes: (UInt16, Int64, Int64, (Outcomes) -> Void) -> Void) {
        guard (boundary / configuration.cohortMs) % Self.calibrationCohorts == 0 else { return }
        for place in series.indices where keys[place].slice == 0 {
            let one = series[place]
            let model = keys[place].model
            let newest = boundary / configuration.cohortMs
            var samples: [ScoreCalibration.Sample] = []
            var start = boundary
            for cohort in max(one.triangle.first, newest - Int64(configuration.calibrationCohorts))..<max(one.triangle.first, newest) {
                let from = cohort * configuration.cohortMs
                let to = from + configuration.cohortMs
                guard let maturity = maturity(keys[place], from, to, at: boundary), maturity.fraud >= Self.calibrationMaturity else { break }
                start = min(start, from)
                let weights = (one.meanWeight(LabelStream.fraud) / maturity.fraud, one.meanWeight(LabelStream.legit) / max(maturity.legit, 0.05))
                outcomes(model, from, to) {
                    samples.append(
                        ScoreCalibration.Sample(
                            fraud: $0.fraudScores, legit: $0.legitScores, fraudWeight: weights.0, legitWeight: weights.1))
                }
            }
            if let learned = ScoreCalibration(samples, start: start, end: boundary) { calibrations[Int(model)] = learned }
        }
    }

    // MARK: Past errors

    private mutating func followErrors(_ place: Int, _ newest: Int64, _ boundary: Int64) {
        let one = series[place]
        let model = Int(keys[place].model)
        let mature = one.delays[LabelStream.fraudPassed.rawValue].age(arrived: Self.assessedMaturity)
        let assessed = newest - Int64((mature / Double(configuration.cohortMs)).rounded(.up))
        var followed = errors[model]
        var looked: (cohort: Int64, forecasts: [StreamForecast])?
        followed.assess(mature: assessed, final: newest - configuration.horizonMs / configuration.cohortMs) { cohort, measure in
            let known = looked.flatMap { $0.cohort == cohort ? $0.forecasts : nil } ?? forecasts(place, question(place, cohort: cohort), at: boundary)
            looked = (cohort, known)
            return RatioForecast(measure, known)
        }
        defer { errors[model] = followed }
        guard one.labels >= Self.minLabels else { return }
        for (age, cohorts) in NowcastErrors.ages.enumerated() {
            let cohort = newest - cohorts
            guard one.triangle.decisions(of: cohort) > 0 else { continue }
            let forecasts = forecasts(place, question(place, cohort: cohort), at: boundary)
            for measure in NowcastMeasure.allCases {
                guard let ratio = RatioForecast(measure, forecasts) else { continue }
                followed.keep(ratio, measure, age: age, cohort: cohort)
            }
        }
    }

    /// A whole cohort as the triangle knows it.
    package func question(_ place: Int, cohort: Int64) -> NowcastQuestion {
        let triangle = series[place].triangle
        var labels = StreamCounts()
        for stream in LabelStream.allCases { labels[stream] = Double(triangle.labels(stream, of: cohort)) }
        let start = cohort * configuration.cohortMs
        return NowcastQuestion(
            start: start, end: start + configuration.cohortMs, decisions: Double(triangle.decisions(of: cohort)), labels: labels)
    }

    // MARK: Answers

    /// What is known and to come of each stream, for the decisions of a question. O(cohorts).
    func forecasts(_ place: Int, _ question: NowcastQuestion, at boundary: Int64) -> [StreamForecast] {
        let one = series[place]
        let cohorts = cohorts(question.start, question.end)
        return LabelStream.allCases.map { stream in
            let (arrived, variance) = arrived(place, stream, question.start, question.end, at: boundary)
            let level = level(place, stream, cohorts, variance, at: boundary)
            return StreamForecast.make(
                known: question.labels[stream], decisions: max(question.decisions, 1), arrived: arrived, arrivedVariance: variance,
                level: level, dispersion: one.dispersion[stream.rawValue] + level.variance, weight: one.meanWeight(stream, cohorts))
        }
    }

    private func cohorts(_ start: Int64, _ end: Int64) -> Range<Int64> {
        configuration.cohort(of: start)..<configuration.cohort(of: end - 1) + 1
    }

    /// The rate of a stream in the neighbourhood of some cohorts, without themselves where there are others.
    private func level(_ place: Int, _ stream: LabelStream, _ cohorts: Range<Int64>, _ ownVariance: Double, at boundary: Int64) -> LevelForecast {
        let points = series[place].exposures(stream, at: boundary)
        let own = points.firstIndex { $0.cohort >= cohorts.lowerBound } ?? points.count
        let after = points.firstIndex { $0.cohort >= cohorts.upperBound } ?? points.count
        return series[place].level(
            stream, around: (cohorts.lowerBound + cohorts.upperBound - 1) / 2, points, excluding: after - own < points.count ? own..<after : 0..<0,
            ownVariance: ownVariance)
    }

    /// Expected share of a stream's labels that has arrived, over decisions in `start ..< end`, and its relative variance.
    func arrived(_ place: Int, _ stream: LabelStream, _ start: Int64, _ end: Int64, at boundary: Int64) -> (Double, Double) {
        var (sum, variance, weight) = (0.0, 0.0, 0.0)
        forEachPart(place, start, end) { middle, decisions in
            let delay = series[place].delays[stream.rawValue]
            let age = Double(boundary) - middle
            let share = delay.arrived(by: age)
            sum += decisions * share
            variance += decisions * share * delay.relativeVariance(at: age)
            weight += decisions
        }
        guard weight > 0 else { return (1e-9, 1) }
        return (min(1, max(sum / weight, 1e-9)), sum > 0 ? variance / sum : 1)
    }

    /// Calls `body` with the middle and the decisions of the part of each cohort that lies in `start ..< end`.
    private func forEachPart(_ place: Int, _ start: Int64, _ end: Int64, _ body: (Double, Double) -> Void) {
        let size = configuration.cohortMs
        for cohort in configuration.cohort(of: start)...configuration.cohort(of: end - 1) {
            let (from, to) = (max(start, cohort * size), min(end, (cohort + 1) * size))
            let decisions = Double(max(1, series[place].triangle.decisions(of: cohort)))
            body(Double(from + to) / 2, decisions * Double(to - from) / Double(size))
        }
    }

    /// How mature the labels of the decisions in `start ..< end` are; nil before a cohort has closed. O(cohorts of the window).
    package func maturity(_ key: Key, _ start: Int64, _ end: Int64, at boundary: Int64) -> Maturity? {
        guard configuration.isEnabled, let place = find(key) ?? find(Key(model: key.model, slice: 0)), closed != .min else { return nil }
        // Streams weigh as much as they have in the end.
        func share(_ streams: [LabelStream]) -> Double {
            var (sum, total) = (0.0, 0.0)
            for stream in streams {
                let rate = series[place].recentRates[stream.rawValue]
                sum += rate * arrived(place, stream, start, end, at: boundary).0
                total += rate
            }
            return sum / total
        }
        var (ages, weight) = (0.0, 0.0)
        forEachPart(place, start, end) { middle, decisions in
            ages += decisions * (Double(boundary) - middle)
            weight += decisions
        }
        return Maturity(fraud: share(LabelStream.fraud), legit: share(LabelStream.legit), ageMs: Int64(ages / weight))
    }

    /// What is expected to become of a window's decisions; nil where the series has no triangle of its own, or too few labels.
    package func estimate(_ key: Key, _ question: NowcastQuestion, at boundary: Int64) -> NowcastEstimate? {
        guard configuration.isEnabled, closed != .min, question.decisions > 0, let place = find(key),
            series[place].labels >= Self.minLabels
        else { return nil }
        let forecasts = forecasts(place, question, at: boundary)
        var age = 0.0
        var weight = 0.0
        forEachPart(place, question.start, question.end) { middle, decisions in
            age += decisions * (Double(boundary) - middle) / Double(configuration.cohortMs)
            weight += decisions
        }
        // A cohort that closes now counts as of age 0, its decisions are half a cohort old.
        let ageAtEnd = max(0, age / weight - 0.5)
        var values: [NowcastMeasure: NowcastValue] = [:]
        for measure in NowcastMeasure.allCases {
            values[measure] = value(of: measure, forecasts, errors[Int(key.model)], age: ageAtEnd)
        }
        let fraud = LabelStream.fraud.reduce(0) { $0 + forecasts[$1.rawValue].known + forecasts[$1.rawValue].remaining }
        return NowcastEstimate(expectedFraud: fraud, values: values)
    }

    private func value(
        of measure: NowcastMeasure, _ forecasts: [StreamForecast], _ errors: NowcastErrors, age: Double
    ) -> NowcastValue? {
        guard let ratio = RatioForecast(measure, forecasts) else { return nil }
        let a = measure.numerator.reduce(0) { $0 + forecasts[$1.rawValue].weight * forecasts[$1.rawValue].known }
        let b = measure.complement.reduce(0) { $0 + forecasts[$1.rawValue].weight * forecasts[$1.rawValue].known }
        let held = errors.intervals(ratio, measure, age: age)
        return NowcastValue(
            raw: a + b > 0 ? a / (a + b) : nil, value: ratio.value, interval80: held[0].interval, interval95: held[1].interval,
            holds80: held[0].holds, holds95: held[1].holds, errors: errors.count(measure, age: age))
    }
}

extension NowcastBook {
    /// - Parameter asked: numbers that are others where other series are asked for.
    package func encode(into writer: inout ByteWriter, asked: [Int]) {
        writer.write(bool: configuration.isEnabled)
        writer.write(count: configuration.maxSeries)
        writer.write(count: asked.count)
        for number in asked { writer.write(signed: Int64(number)) }
        writer.write(signed: since)
        writer.write(signed: closed)
        for one in errors { one.encode(into: &writer) }
        for one in calibrations {
            writer.write(bool: one != nil)
            one?.encode(into: &writer)
        }
        writer.write(count: keys.count)
        for (place, key) in keys.enumerated() {
            writer.write(varint: UInt64(key.model))
            writer.write(signed: Int64(key.slice))
            series[place].encode(into: &writer)
        }
    }

    /// Where other series are asked for than before, those that are new begin with the next cohort, and those that are
    /// not asked for any more go: what is missed meanwhile could not be taken back later.
    ///
    /// - Parameters:
    ///   - asked: as encoded, for the configuration of now.
    ///   - isAsked: whether a slice's series is asked for now.
    ///   - released: all that took effect is from before this time, ms.
    package mutating func restore(from reader: inout ByteReader, asked: [Int], isAsked: (Int32) -> Bool, at released: Int64) throws {
        let wasEnabled = try reader.readBool(), limit = try reader.readVarint()
        let before = try (0..<(try reader.readCount())).map { _ in Int(truncatingIfNeeded: try reader.readSigned()) }
        since = try reader.readSigned()
        if released != .min, (wasEnabled, limit) != (configuration.isEnabled, UInt64(configuration.maxSeries)) || before != asked {
            since = configuration.cohort(of: released - 1) + 1
        }
        closed = try reader.readSigned()
        for index in errors.indices { try errors[index].restore(from: &reader) }
        calibrations = try calibrations.map { _ in try reader.readBool() ? try ScoreCalibration(from: &reader) : nil }
        for _ in 0..<(try reader.readCount(minimumSize: 4)) {
            let model = UInt16(truncatingIfNeeded: try reader.readVarint())
            let slice = Int32(truncatingIfNeeded: try reader.readSigned())
            var one = SeriesNowcast(configuration, prior: prior, since: since)
            try one.restore(from: &reader)
            if isAsked(slice) { series[append(Key(model: model, slice: slice))] = one }
        }
        // What was learned of errors goes with the cohorts that it was learned on.
        if !configuration.isEnabled { self = NowcastBook(configuration, models: errors.count) }
    }
}
