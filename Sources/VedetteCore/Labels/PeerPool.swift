/// How the actors of one pool label, by stratum of the score, with old labels fading.
///
/// A pool is what can be compared: one model and one source of labels. `legit` and `total` halve
/// every ``LabelPeerTest/halfLifeDays``, so that a change that all actors share becomes the norm.
package struct StratumCounts: Sendable, Equatable {
    package var legit: Double = 0
    package var total: Double = 0

    mutating func fade(_ factor: Double) {
        legit *= factor
        total *= factor
    }
}

/// One actor's trial: what peers would have said, what it said, and the evidence.
package struct ActorTrial: Sendable, Equatable {
    /// Factors on the odds of "legit" that are bet on.
    static let bets: [Double] = [1.5, 3, 8]

    package var pool: Int
    package var key: UInt64
    /// Labels of borderline decisions, and of them those that said legit.
    package var labels: Int64 = 0
    package var legit: Int64 = 0
    /// What peers would have said of the same decisions, and the variance of that.
    package var expected = 0.0
    package var variance = 0.0
    /// Its own faded share of the pool's counts, to be left out when it is compared.
    var own: [StratumCounts]
    /// ln of each bet's wealth since it last stood at 1.
    package var wealth: [Double]
    /// When the wealth now standing began to grow, ms.
    package var risingSince: Int64 = 0
    /// Own log-odds offset and its deviation in the reference period, once that is over.
    package var reference: Reference?
    package var firstAt: Int64
    package var lastAt: Int64
    package var isAccused = false
    /// Counted since `risingSince`.
    package var risingLabels: Int64 = 0
    package var risingLegit: Int64 = 0
    package var risingExpected = 0.0

    package struct Reference: Sendable, Equatable {
        var offset: Double
        var deviation: Double
    }

    init(pool: Int, key: UInt64, strata: Int, at time: Int64) {
        self.pool = pool
        self.key = key
        own = Array(repeating: StratumCounts(), count: strata)
        wealth = Array(repeating: 0, count: Self.bets.count)
        risingSince = time
        firstAt = time
        lastAt = time
    }

    /// ln of the mean wealth over the bets.
    package var logEvidence: Double {
        let top = wealth.max() ?? 0
        let sum = wealth.reduce(0) { $0 + RealFunctions.exp($1 - top) }
        return top + RealFunctions.log(sum / Double(wealth.count))
    }

    /// Bets that the odds of "legit" are above those of `bound`; a bet that has lost its stake starts again with it.
    mutating func bet(isLegit: Bool, bound: Double, peers: Double, at time: Int64) {
        let odds = bound / (1 - bound)
        for index in wealth.indices {
            let raised = Self.bets[index] * odds
            let alternative = raised / (1 + raised)
            let factor = isLegit ? alternative / bound : (1 - alternative) / (1 - bound)
            wealth[index] = max(0, wealth[index]) + RealFunctions.log(factor)
        }
        if wealth.allSatisfy({ $0 <= 0 }) {
            risingSince = time
            risingLabels = 0
            risingLegit = 0
            risingExpected = 0
        } else {
            risingLabels += 1
            if isLegit { risingLegit += 1 }
            risingExpected += peers
        }
    }
}

extension ActorTrial: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: pool)
        writer.write(fixed64: key)
        for value in [labels, legit, risingSince, firstAt, lastAt, risingLabels, risingLegit] { writer.write(signed: value) }
        for value in [expected, variance, risingExpected] + wealth { writer.write(double: value) }
        writer.write(count: own.count)
        for counts in own {
            writer.write(double: counts.legit)
            writer.write(double: counts.total)
        }
        writer.write(bool: isAccused)
        writer.write(bool: reference != nil)
        if let reference {
            writer.write(double: reference.offset)
            writer.write(double: reference.deviation)
        }
    }

    package init(from reader: inout ByteReader) throws {
        pool = Int(truncatingIfNeeded: try reader.readVarint())
        key = try reader.readFixed64()
        labels = try reader.readSigned()
        legit = try reader.readSigned()
        risingSince = try reader.readSigned()
        firstAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        risingLabels = try reader.readSigned()
        risingLegit = try reader.readSigned()
        expected = try reader.readDouble()
        variance = try reader.readDouble()
        risingExpected = try reader.readDouble()
        wealth = []
        for _ in Self.bets { wealth.append(try reader.readDouble()) }
        own = []
        for _ in 0..<(try reader.readCount(minimumSize: 16)) {
            own.append(StratumCounts(legit: try reader.readDouble(), total: try reader.readDouble()))
        }
        isAccused = try reader.readBool()
        if try reader.readBool() { reference = Reference(offset: try reader.readDouble(), deviation: try reader.readDouble()) }
    }
}
