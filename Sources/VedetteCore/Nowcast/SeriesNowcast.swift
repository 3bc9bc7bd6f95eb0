/// Everything that the nowcast knows of one series: its triangle, its delays, and how much its
/// cohorts differ.
package struct SeriesNowcast: Sendable {
    package private(set) var triangle: ReportingTriangle
    /// Per stream, as of the last close of a cohort.
    package private(set) var delays: [DelayDistribution]
    /// Per stream: relative variance of a cohort's true rate about its neighbourhood's.
    private(set) var dispersion: [Double]
    /// Per stream: labels a decision has in the end, around the newest cohort.
    private(set) var recentRates: [Double]
    private let configuration: NowcastConfiguration
    /// Weight of a cohort by its distance.
    private let kernel: [Double]

    /// The dispersion that is supposed, and the expected squared labels that it is worth.
    private static let supposedDispersion = 0.05
    private static let dispersionStrength = 4.0
    private static let dispersionRange = 0.005...2.0
    /// Half-life of the dispersion, in cohorts.
    private static let dispersionHalfLife = 60.0
    /// Labels that the supposed level of a neighbourhood is worth, and the least rate.
    private static let levelStrength = 0.2
    private static let leastRate = 1e-4
    /// The most relative variance of a level that the delays are to blame for.
    private static let mostDelayVariance = 1.0
    /// Labels of its own that a cohort needs for a mean weight of its own.
    private static let weightLabels = 20.0

    /// - Parameter since: the first cohort that is counted.
    init(_ configuration: NowcastConfiguration, prior: DelayDistribution, since: Int64) {
        self.configuration = configuration
        triangle = ReportingTriangle(configuration, bins: prior.bins, since: since)
        kernel = (0...configuration.keptCohorts).map {
            RealFunctions.exp(-Double($0) * Double(configuration.cohortMs) / Double(configuration.neighbourhoodMs))
        }
        delays = Array(repeating: prior, count: LabelStream.count)
        dispersion = Array(repeating: Self.supposedDispersion, count: LabelStream.count)
        recentRates = Array(repeating: Self.leastRate, count: LabelStream.count)
    }

    mutating func add(_ stream: LabelStream, cohort: Int64, delay: Int64, weight: Int64, sign: Int64) {
        triangle.add(stream, cohort: cohort, delay: delay, weight: weight, sign: sign)
    }

    mutating func setDecisions(_ count: Int64, cohort: Int64) { triangle.setDecisions(count, cohort: cohort) }

    /// Labels in the triangle.
    var labels: Int64 {
        (triangle.first..<triangle.end).reduce(0) { sum, cohort in
            sum + LabelStream.allCases.reduce(0) { $0 + triangle.labels($1, of: cohort) }
        }
    }

    // MARK: Learning

    /// Learns delays and dispersion from all that is known at `boundary`, the end of a cohort.
    ///
    /// `parent`: the delays of all traffic for a slice; nil for all traffic itself, which pools by outcome. O(cohorts x bins).
    mutating func learn(at boundary: Int64, prior: DelayDistribution, parent: [DelayDistribution]?) {
        let counts = LabelStream.allCases.map { DelayCounts(triangle, [$0], at: boundary, configuration) }
        for streams in [LabelStream.fraud, LabelStream.legit] {
            var pooled = DelayCounts(bins: triangle.bins)
            for stream in streams { pooled.merge(counts[stream.rawValue]) }
            let ofOutcome = DelayDistribution(pooled, prior: prior, strength: DelayDistribution.configuredStrength)
            for stream in streams {
                delays[stream.rawValue] = DelayDistribution(
                    counts[stream.rawValue], prior: parent?[stream.rawValue] ?? ofOutcome,
                    strength: parent == nil ? DelayDistribution.outcomeStrength : DelayDistribution.trafficStrength)
            }
        }
        for stream in LabelStream.allCases {
            dispersion[stream.rawValue] = learnedDispersion(stream, at: boundary)
            recentRates[stream.rawValue] = level(stream, around: triangle.end, exposures(stream, at: boundary), excluding: 0..<0).rate
        }
    }

    /// By moments: how much more the known labels scatter about their neighbourhood's level than counts do.
    private func learnedDispersion(_ stream: LabelStream, at boundary: Int64) -> Double {
        let points = exposures(stream, at: boundary)
        var excess = 0.0
        var scale = 0.0
        for (index, point) in points.enumerated() {
            let expected = level(stream, around: point.cohort, points, excluding: index..<index + 1).rate * point.exposure
            let weight = RealFunctions.exp(-RealFunctions.log(2) * Double(points.count - index) / Self.dispersionHalfLife)
            excess += weight * ((point.labels - expected) * (point.labels - expected) - expected)
            scale += weight * expected * expected
        }
        let value = (max(0, excess) + Self.dispersionStrength * Self.supposedDispersion) / (scale + Self.dispersionStrength)
        return min(max(value, Self.dispersionRange.lowerBound), Self.dispersionRange.upperBound)
    }

    // MARK: Levels

    struct Exposure {
        var cohort: Int64
        var labels: Double
        /// Decisions times the share of their labels that should have arrived.
        var exposure: Double
        /// Relative variance of that share.
        var variance: Double
    }

    /// Cohorts with decisions, oldest first.
    func exposures(_ stream: LabelStream, at boundary: Int64) -> [Exposure] {
        let delay = delays[stream.rawValue]
        return (triangle.first..<max(triangle.first, triangle.end)).compactMap { cohort in
            let decisions = triangle.decisions(of: cohort)
            let age = age(of: cohort, at: boundary)
            guard decisions > 0, age > 0 else { return nil }
            return Exposure(
                cohort: cohort, labels: Double(triangle.labels(stream, of: cohort)), exposure: Double(decisions) * delay.arrived(by: age),
                variance: delay.relativeVariance(at: age))
        }
    }

    /// Mean age of a cohort's decisions, ms.
    func age(of cohort: Int64, at boundary: Int64) -> Double {
        Double(boundary - cohort * configuration.cohortMs) - Double(configuration.cohortMs) / 2
    }

    /// The rate of a stream around a cohort: labels over used-up exposure, weighted by nearness
    /// (Cape Cod with decay: Gluck 1997), without the cohorts themselves.
    ///
    /// The logarithm of the share that has arrived is a sum over the hazards of all later delays, so the errors
    /// of a young and an old cohort have those of the old one's delays in common, and no more: their covariance
    /// is the variance of the older one's.
    ///
    /// - Parameter ownVariance: relative variance of the share that has arrived of the cohorts in question.
    func level(
        _ stream: LabelStream, around center: Int64, _ points: [Exposure], excluding: Range<Int>, ownVariance: Double = 0
    ) -> LevelForecast {
        var (labels, exposure, squares) = (0.0, 0.0, 0.0)
        var (variance, shared) = (0.0, 0.0)
        // From the youngest: what has been summed up is younger.
        for index in points.indices.reversed() where !excluding.contains(index) {
            let point = points[index]
            let weight = kernel[min(Int(abs(point.cohort - center)), kernel.count - 1)]
            let part = weight * point.exposure
            variance += part * point.variance * (part + 2 * exposure)
            shared += part * min(ownVariance, point.variance)
            labels += weight * point.labels
            exposure += part
            squares += weight * part
        }
        guard exposure > 0 else { return LevelForecast(rate: Self.leastRate, variance: 1, delayVariance: 1, sharedVariance: ownVariance) }
        let observed = max(labels / exposure, Self.leastRate)
        return LevelForecast(
            rate: (labels + Self.levelStrength) / (exposure + Self.levelStrength / observed),
            variance: min(1, squares / exposure) / (labels + Self.levelStrength),
            delayVariance: min(Self.mostDelayVariance, variance / (exposure * exposure)), sharedVariance: shared / exposure)
    }

    /// Mean weight of the labels of several streams, all cohorts together; 1 without labels.
    func meanWeight(_ streams: [LabelStream]) -> Double {
        var (labels, weight) = (0.0, 0.0)
        for cohort in triangle.first..<max(triangle.first, triangle.end) {
            for stream in streams {
                labels += Double(triangle.labels(stream, of: cohort))
                weight += triangle.weight(stream, of: cohort)
            }
        }
        return labels > 0 ? weight / labels : 1
    }

    /// Mean weight of a stream's labels: of the given cohorts where they have enough, else of all.
    func meanWeight(_ stream: LabelStream, _ cohorts: Range<Int64>) -> Double {
        func mean(_ cohorts: Range<Int64>, atLeast least: Double) -> Double? {
            var (labels, weight) = (0.0, 0.0)
            for cohort in cohorts.clamped(to: triangle.first..<max(triangle.first, triangle.end)) {
                labels += Double(triangle.labels(stream, of: cohort))
                weight += triangle.weight(stream, of: cohort)
            }
            return labels >= least && labels > 0 ? weight / labels : nil
        }
        return mean(cohorts, atLeast: Self.weightLabels) ?? mean(triangle.first..<max(triangle.first, triangle.end), atLeast: 1) ?? 1
    }
}

extension SeriesNowcast {
    func encode(into writer: inout ByteWriter) {
        triangle.encode(into: &writer)
        for delay in delays { delay.encode(into: &writer) }
        for value in dispersion + recentRates { writer.write(double: value) }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        try triangle.restore(from: &reader)
        for index in delays.indices { try delays[index].restore(from: &reader) }
        for index in dispersion.indices { dispersion[index] = try reader.readDouble() }
        for index in recentRates.indices { recentRates[index] = try reader.readDouble() }
    }
}
