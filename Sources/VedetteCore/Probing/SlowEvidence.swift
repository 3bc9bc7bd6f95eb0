/// Evidence that requests keep coming back to one place, however slowly.
///
/// Suspicious tries are counted in the time of suspicious requests, so honest traffic between them costs nothing:
/// one a day among two thousand decisions is one among some thirty. A try's surprise is -ln of the chance that a suspicious request
/// resembles an earlier one as much (``SuspiciousTail``). Tries that were simply allowed are counted apart, in the
/// time of all requests. At each of ``levels``, n tries of at least that surprise in T
/// requests are a Poisson scan against λ = T e^(-level): n ln(n/λ) - n, less the price of having chosen
/// the level and of looking at every T. The best level counts. O(levels), bounded whatever comes.
struct SlowEvidence: Equatable {
    static let levels: ContiguousArray<Double> = [2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 10, 12, 14]
    /// ln of the number of levels.
    private static let price = 2.4849066497880004

    private(set) var counts = ContiguousArray<Int64>(repeating: 0, count: levels.count)
    /// Requests of the counted kind at the first try, 0 before it.
    private(set) var since: Int64 = 0

    mutating func add(surprise: Double, at now: Int64) {
        if since == 0 { since = max(1, now) }
        for (place, level) in Self.levels.enumerated() where surprise >= level { counts[place] += 1 }
    }

    mutating func absorb(_ other: SlowEvidence) {
        guard other.since > 0 else { return }
        since = since == 0 ? other.since : min(since, other.since)
        for place in counts.indices { counts[place] += other.counts[place] }
    }

    /// Nats after `now` requests of the counted kind.
    func value(at now: Int64) -> Double {
        guard since > 0 else { return 0 }
        let trials = Double(max(1, now - since + 1))
        var best = 0.0
        for (place, level) in Self.levels.enumerated() where counts[place] > 1 {
            let n = Double(counts[place])
            best = max(best, n * (RealFunctions.log(n / trials) + level) - n)
        }
        return best - Self.price - RealFunctions.log(1 + RealFunctions.log(1 + trials))
    }
}

extension SlowEvidence: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: since)
        for count in counts { writer.write(signed: count) }
    }

    init(from reader: inout ByteReader) throws {
        since = try reader.readSigned()
        for place in counts.indices { counts[place] = try reader.readSigned() }
    }
}

/// How much suspicious requests that belong to no common campaign resemble each other.
///
/// Stopped requests lie in few places, so they resemble each other more than ordinary ones do. Every campaign has one
/// vote, its first request: an attack of two thousand tries teaches no more than an attack of two.
struct SuspiciousTail: Equatable {
    /// Votes that the root of the ordinary tail stands for, until there are more of its own.
    private static let prior = 50.0
    /// Honest clusters are more uneven than if every request chose one of the earlier ones: only this power of a
    /// campaign's share of what is remembered is credited.
    static let credit = 0.25

    private var tail = TailEstimate()
    /// Suspicious requests so far.
    private(set) var requests: Int64 = 0

    mutating func count() { requests += 1 }
    mutating func vote(_ similarity: Double) { tail.add(similarity) }

    /// -ln of the chance of a similarity at least as large, to a campaign with this share of what is remembered.
    /// - Parameter ordinary: ln of the share of ordinary requests with such a similarity.
    func surprise(_ similarity: Double, ordinary: Double, logShare: Double) -> Double {
        let seen = Double(tail.count(atLeast: similarity)) + Self.prior * RealFunctions.exp(0.5 * ordinary)
        return -RealFunctions.log(min(1, seen / (Double(tail.total) + Self.prior))) - Self.credit * logShare
    }
}

extension SuspiciousTail: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        tail.encode(into: &writer)
        writer.write(signed: requests)
    }

    init(from reader: inout ByteReader) throws {
        tail = try TailEstimate(from: &reader)
        requests = try reader.readSigned()
    }
}
