/// Evidence that requests come to one place more often than chance brings them there.
///
/// Each hit carries an e-value: the calibrator κ p^(κ-1) of its p-value under ordinary traffic, which has
/// expectation at most 1 whatever κ in (0, 1) (Vovk and Wang 2021). `n` hits in `T` requests are weighed by the
/// profile likelihood of a rate, n ln(n/T) - n, less ln(1 + ln(1 + T)) for having chosen the rate after the fact.
/// So a place that is popular all the time never accumulates: its many hits are spread over many requests.
/// A calibrated equivalent of an e-process rather than one in the strict sense; its false alarms are measured.
package struct ScanEvidence: Equatable {
    /// Half-way between trusting small p-values (towards 0) and caution (towards 1).
    static let calibrator = 0.3
    /// One request never counts for more, whatever the extrapolated tail says.
    static let maxPerHit = 12.0

    /// Sum of the hits' ln e-values.
    private(set) var sum = 0.0
    package private(set) var hits: Int64 = 0
    /// Request counter at the first hit.
    private(set) var since: Int64

    package init(since: Int64) { self.since = since }

    /// ln of the calibrated e-value of a p-value given as its logarithm.
    package static func logE(logP: Double) -> Double { -1.203972804325936 - (1 - calibrator) * logP }

    package mutating func add(_ logE: Double) {
        sum += min(logE, Self.maxPerHit)
        hits += 1
    }

    mutating func absorb(_ other: ScanEvidence) {
        sum += other.sum
        hits += other.hits
        since = min(since, other.since)
    }

    /// ln of the evidence after `now` requests.
    package func value(at now: Int64) -> Double {
        guard hits > 0 else { return 0 }
        let n = Double(hits)
        let trials = Double(max(now - since + 1, hits))
        return sum + n * RealFunctions.log(n / trials) - n - RealFunctions.log(1 + RealFunctions.log(1 + trials))
    }
}

extension ScanEvidence: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(double: sum)
        writer.write(signed: hits)
        writer.write(signed: since)
    }

    package init(from reader: inout ByteReader) throws {
        sum = try reader.readDouble()
        hits = try reader.readSigned()
        since = try reader.readSigned()
    }
}

/// Long and short memory side by side: a slow drip counts from its first try, a burst from where it began.
///
/// The short one starts anew whenever it has fallen below zero (Page 1954), so a place that was merely popular for
/// months does not shield an attack on it. Each has half of the weight.
package struct PairedEvidence: Equatable {
    private static let ln2 = 0.6931471805599453
    /// Hits before a restart of the short memory that say how often this place is visited anyway.
    private static let leastHistory: Int64 = 4
    private(set) var long: ScanEvidence
    private(set) var short: ScanEvidence
    /// Hits of the long memory when the short one began, and requests per such hit: the place's own base rate.
    private var history: Int64 = 0
    private var historySpan: Int64 = 0

    package init(since: Int64) {
        long = ScanEvidence(since: since)
        short = ScanEvidence(since: since)
    }

    package mutating func add(_ logE: Double, at now: Int64) {
        if short.hits > 0, short.value(at: now) < 0 {
            short = ScanEvidence(since: now)
            (history, historySpan) = (long.hits, max(1, now - long.since))
        }
        long.add(logE)
        short.add(logE)
    }

    mutating func absorb(_ other: PairedEvidence) {
        long.absorb(other.long)
        short.absorb(other.short)
        history += other.history
        historySpan = max(historySpan, other.historySpan)
    }

    package func value(at now: Int64) -> Double { max(long.value(at: now), min(short.value(at: now), burst(at: now))) - Self.ln2 }

    /// What the newest hits are worth against the place's own past: a corner that honest customers visit every day
    /// tells nothing by being visited on a busy day. The likelihood ratio of a Poisson rate against the past one.
    private func burst(at now: Int64) -> Double {
        guard history >= Self.leastHistory else { return .infinity }
        let n = Double(short.hits)
        let expected = Double(max(now - short.since + 1, short.hits)) * Double(history + 1) / Double(historySpan)
        return n > expected ? n * RealFunctions.log(n / expected) - n + expected : 0
    }
}

extension PairedEvidence: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        long.encode(into: &writer)
        short.encode(into: &writer)
        writer.write(signed: history)
        writer.write(signed: historySpan)
    }

    package init(from reader: inout ByteReader) throws {
        long = try ScanEvidence(from: &reader)
        short = try ScanEvidence(from: &reader)
        history = try reader.readSigned()
        historySpan = try reader.readSigned()
    }
}
