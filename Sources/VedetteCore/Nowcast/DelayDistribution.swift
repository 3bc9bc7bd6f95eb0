/// The share of a stream's labels that has arrived by an age, and how sure that is.
///
/// Estimated from a reporting triangle by reverse hazards, the chance that a label which
/// arrived within the end of bin `k` arrived in bin `k`: right truncation (what has not come
/// yet) does not bias them (Lagakos, Barraj and De Gruttola 1988; in claims reserving: chain
/// ladder, Mack 1993). Each cohort counts for a bin from when the bin has passed for it, and
/// weighs half after every half-life since then, so that the newest diagonals tell drifting delays.
///
/// Partial pooling: each hazard is beta-distributed with the parent's as prior, worth `strength`
/// labels, so a sparse stream has its parent's delays and a rich one its own.
package struct DelayDistribution: Sendable, Equatable {
    package let bins: DelayBins
    /// Share arrived by each edge: 0 at the first, 1 at the last, never falling.
    package private(set) var arrived: [Double]
    /// Relative variance of `arrived` at each edge.
    package private(set) var variance: [Double]

    /// Labels that a prior is worth: the configured one, that of all outcomes for one stream, that of all traffic for one slice.
    static let configuredStrength = 8.0
    static let outcomeStrength = 20.0
    static let trafficStrength = 30.0

    /// A lognormal delay, cut off at the horizon: what is supposed before there is data.
    package init(bins: DelayBins, median: Double, spread: Double) {
        self.bins = bins
        arrived = bins.edges.map { edge in
            edge > 0 ? NormalDistribution.cdf((RealFunctions.log(Double(edge)) - RealFunctions.log(median)) / spread) : 0
        }
        arrived[bins.count] = 1
        variance = Array(repeating: 0, count: bins.count + 1)
    }

    /// A given share arrived by each edge.
    package init(bins: DelayBins, arrived: [Double]) {
        precondition(arrived.count == bins.count + 1, "one share for each edge")
        self.bins = bins
        self.arrived = arrived
        variance = Array(repeating: 0, count: arrived.count)
    }

    /// Learns from weighted counts; see ``DelayCounts``.
    package init(_ counts: DelayCounts, prior: DelayDistribution, strength: Double) {
        bins = prior.bins
        arrived = Array(repeating: 1, count: bins.count + 1)
        variance = Array(repeating: 0, count: bins.count + 1)
        var log = 0.0
        var spread = 0.0
        for bin in (1..<max(1, bins.count)).reversed() {
            let share = prior.arrived[bin + 1] - prior.arrived[bin]
            let inBin = counts.inBin[bin] + strength * share
            let before = max(0, counts.upTo[bin] - counts.inBin[bin]) + strength * prior.arrived[bin]
            let total = inBin + before
            if before > 0 {
                log += RealFunctions.log(before / total)
                spread += inBin / (before * (total + 1))
            } else if inBin > 0 {
                log = -.infinity
            }
            arrived[bin] = RealFunctions.exp(log)
            variance[bin] = spread
        }
        arrived[0] = 0
        variance[0] = bins.count > 1 ? variance[1] : 0
    }

    /// Share arrived by an age in ms, 0...1, linear within a bin.
    package func arrived(by age: Double) -> Double {
        let (bin, share) = bins.place(of: age)
        return arrived[bin] + share * (arrived[bin + 1] - arrived[bin])
    }

    /// Relative variance of ``arrived(by:)``: its standard deviation is linear within a bin as it is itself. (Not the
    /// relative one: where next to nothing arrives before an edge, the uncertainty of that nothing is no matter.)
    package func relativeVariance(at age: Double) -> Double {
        let (bin, share) = bins.place(of: age)
        let (low, high) = ((1 - share) * arrived[bin], share * arrived[bin + 1])
        guard low + high > 0 else { return variance[bin] }
        let deviation = (low * variance[bin].squareRoot() + high * variance[bin + 1].squareRoot()) / (low + high)
        return deviation * deviation
    }

    /// The age in ms by which a share has arrived, 0...1.
    package func age(arrived share: Double) -> Double {
        for bin in 0..<bins.count where arrived[bin + 1] >= share {
            let (low, high) = (arrived[bin], arrived[bin + 1])
            let part = high > low ? min(1, max(0, (share - low) / (high - low))) : 1
            return Double(bins.edges[bin]) + part * Double(bins.edges[bin + 1] - bins.edges[bin])
        }
        return Double(bins.edges[bins.count])
    }

    func encode(into writer: inout ByteWriter) {
        for value in arrived { writer.write(double: value) }
        for value in variance { writer.write(double: value) }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        for index in arrived.indices { arrived[index] = try reader.readDouble() }
        for index in variance.indices { variance[index] = try reader.readDouble() }
    }
}

/// What a triangle says of one or several streams' delays, per bin: weighted labels in it, and up to its end.
package struct DelayCounts: Sendable {
    package var inBin: [Double]
    package var upTo: [Double]

    package init(bins: DelayBins) {
        inBin = Array(repeating: 0, count: bins.count)
        upTo = inBin
    }

    /// O(cohorts x bins). `boundary`: the present, in ms.
    package init(_ triangle: ReportingTriangle, _ streams: [LabelStream], at boundary: Int64, _ configuration: NowcastConfiguration) {
        self.init(bins: triangle.bins)
        let bins = triangle.bins
        let rate = RealFunctions.log(2) / Double(configuration.halfLifeMs)
        // exp(-rate (boundary - passed)) with passed = end of the cohort + edge: a product of two.
        let growth = (0..<bins.count).map { RealFunctions.exp(rate * Double(bins.edges[$0 + 1])) }
        for cohort in triangle.first..<triangle.end {
            let age = boundary - (cohort + 1) * configuration.cohortMs
            guard age >= bins.edges[1] else { break }
            let decay = RealFunctions.exp(-rate * Double(age))
            for stream in streams {
                var sum: Int64 = 0
                for bin in 0..<bins.count where bins.edges[bin + 1] <= age {
                    let count = triangle.cell(stream, of: cohort, bin: bin)
                    sum += count
                    guard sum > 0 else { continue }
                    let weight = decay * growth[bin]
                    inBin[bin] += weight * Double(count)
                    upTo[bin] += weight * Double(sum)
                }
            }
        }
    }

    mutating func merge(_ other: DelayCounts) {
        for bin in inBin.indices {
            inBin[bin] += other.inBin[bin]
            upTo[bin] += other.upTo[bin]
        }
    }
}
