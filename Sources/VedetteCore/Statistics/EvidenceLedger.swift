/// Evidence of many hypotheses, each looked at again and again over windows that do not overlap.
///
/// A hypothesis is "nothing changed" about one monitor, slice and subject. Window by window it
/// brings a p-value, which ``FalseDiscovery/logMixtureEValue(pValue:)`` turns into an e-value e;
/// what has been won is carried on as
///
///     M' = ((1 − w) M + w) e,  w = ``restartShare``
///
/// so a share w is always freshly staked: a change in the tenth window is not held to the nine
/// before it (fixed share: Herbster and Warmuth, "Tracking the best expert", 1998; e-detectors:
/// Shin, Ramdas and Rinaldo, "E-detectors", 2023). Where each e is at most 1 on average given the
/// windows before, so is M, at every window: E[M'] ≤ (1 − w) E[M] + w ≤ 1 by induction. So at any
/// one window M is an e-value, however it came about, and e-BH applies to all of them.
///
/// Two runs, each starting afresh every `spanMs`, half a span apart, are kept, and their mean is
/// the e-value: no run uses a reference that holds its own earlier windows, as long as references
/// lie `spanMs` or more back, and half a span of evidence is always there.
///
/// Only hypotheses with something to show are kept. What is not kept counts as
/// ``leastLogWealth``, the value that M can never fall below; so forgetting only ever lowers it.
public struct EvidenceLedger: Sendable, Equatable {
    /// w: about one over the number of windows that a change is followed for.
    public static let restartShare = 1.0 / 8
    /// The fixed point of M under e = 1/2, the smallest that the calibrator gives: ln(w / (1 + w)).
    public static let leastLogWealth = RealFunctions.log(restartShare / (1 + restartShare))
    /// Hypotheses with less than this are not kept.
    static let keptLogWealth = leastLogWealth + RealFunctions.log(2)
    /// Hypotheses kept at once; beyond it those with the least evidence go.
    public static let maxEntries = 100_000

    public struct Entry: Sendable, Equatable {
        /// ln M of the two runs.
        public var first: Double
        public var second: Double
        /// End of the newest window, ms; windows so far that brought evidence.
        public var end: Int64
        public var windows: Int
        /// Whether e-BH believed it at that window.
        public var isBelieved = false

        /// ln of the mean of both.
        public var logEValue: Double { EvidenceLedger.logMean(first, second) }
    }

    public let spanMs: Int64
    public private(set) var entries: [RequestID: Entry] = [:]
    /// End of the newest window that counted; the next one starts here or later.
    public private(set) var countedTo: Int64 = .min

    public init(spanMs: Int64) { self.spanMs = spanMs }

    /// Whether a window overlaps none that counted before; if so it counts.
    public mutating func admits(start: Int64, end: Int64) -> Bool {
        guard start >= countedTo else { return false }
        countedTo = end
        return true
    }

    /// Adds what one window says of one hypothesis; returns ln of its e-value now.
    public mutating func add(_ key: RequestID, pValue: Double, end: Int64) -> Double {
        let before = entries[key]
        // What is no number says nothing.
        let step = FalseDiscovery.logMixtureEValue(pValue: pValue.isNaN ? 1 : min(max(pValue, 1e-300), 1))
        let after = Entry(
            first: Self.carried(isSameRun(before, end, offset: 0) ? before?.first : nil, step),
            second: Self.carried(isSameRun(before, end, offset: spanMs / 2) ? before?.second : nil, step),
            end: end, windows: (before?.windows ?? 0) + (pValue < 1 ? 1 : 0))
        entries[key] = max(after.first, after.second) > Self.keptLogWealth ? after : nil
        return after.logEValue
    }

    private func isSameRun(_ entry: Entry?, _ end: Int64, offset: Int64) -> Bool {
        guard let entry else { return false }
        return floorDivide(entry.end - 1 + offset, spanMs) == floorDivide(end - 1 + offset, spanMs)
    }

    private static func carried(_ logWealth: Double?, _ step: Double) -> Double {
        let kept = (1 - restartShare) * RealFunctions.exp(min(logWealth ?? leastLogWealth, 600))
        return RealFunctions.log(kept + restartShare) + step
    }

    static func logMean(_ a: Double, _ b: Double) -> Double {
        let (high, low) = (max(a, b), min(a, b))
        return high + RealFunctions.log1p(RealFunctions.exp(low - high)) - RealFunctions.log(2)
    }

    /// Begins anew with a hypothesis: what it has won is gone, which only ever lowers its e-value.
    public mutating func forget(_ key: RequestID) { entries[key] = nil }

    /// Notes which hypotheses hold as of their newest window.
    public mutating func believe(_ keys: [RequestID]) {
        for key in entries.keys { entries[key]?.isBelieved = false }
        for key in keys { entries[key]?.isBelieved = true }
    }

    /// Forgets what both runs have left behind, and the weakest beyond the limit.
    public mutating func prune(at time: Int64) {
        if entries.values.contains(where: { time - $0.end > spanMs }) { entries = entries.filter { time - $0.value.end <= spanMs } }
        guard entries.count > Self.maxEntries else { return }
        let weakest = entries.sorted { ($0.value.logEValue, $0.key) < ($1.value.logEValue, $1.key) }
        for (key, _) in weakest.prefix(entries.count - Self.maxEntries * 15 / 16) { entries[key] = nil }
    }
}

extension EvidenceLedger {
    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: countedTo)
        writer.write(count: entries.count)
        for (key, entry) in entries.sorted(by: { $0.key < $1.key }) {
            writer.write(fixed64: key.high)
            writer.write(fixed64: key.low)
            writer.write(double: entry.first)
            writer.write(double: entry.second)
            writer.write(signed: entry.end)
            writer.write(count: entry.windows)
            writer.write(bool: entry.isBelieved)
        }
    }

    /// Throws ``CorruptBytes`` where the bytes are not a ledger's.
    public init(spanMs: Int64, from reader: inout ByteReader) throws {
        self.init(spanMs: spanMs)
        countedTo = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 34)) {
            let key = RequestID(high: try reader.readFixed64(), low: try reader.readFixed64())
            var entry = Entry(first: try reader.readDouble(), second: try reader.readDouble(), end: try reader.readSigned(), windows: 0)
            entry.windows = Int(truncatingIfNeeded: try reader.readVarint())
            entry.isBelieved = try reader.readBool()
            entries[key] = entry
        }
    }
}
