/// What explains a finding that is not itself the trouble.
public enum FindingCause: String, Sendable, CaseIterable {
    /// Other model versions decide than in the reference.
    case versionChange = "version_change"
}

/// What one monitor says about one slice, or one feature in it, in one window.
///
/// It is only a candidate: whether it holds against everything else that was tested in the
/// same round is for the ``Judge`` to say.
public struct Finding: Sendable, Equatable {
    /// The strongest effect that is told apart, in units of the limit; keeps a ratio to zero finite.
    public static let maxStrength = 1_000.0

    /// Feature that it is about; nil for the slice as a whole.
    public var subject: String?
    public var measure: Measure
    public var value: Double
    public var limit: Double
    /// What was observed, in its own unit: a rate, a mean score, a number of decisions.
    public var level: Double
    /// What it was compared with; its `level` is in the unit of this one's.
    public var reference: ReferenceSummary
    /// Rows behind `value`.
    public var count: Int64
    /// Nil where none is known, or where it would cost too much and nobody asks.
    public var interval: AlertEvent.Interval?
    /// Effect in units of its limit: 1 is just at the limit, at most ``maxStrength``.
    public var strength: Double
    /// All conditions on the size of the effect are met.
    public var effectPassed: Bool
    /// One-sided evidence against "nothing changed". 1 where the effect did not pass: nobody asks then.
    public var pValue: Double
    /// Enough rows to say anything. Where false, the window counts as missing data.
    public var isSufficient: Bool
    /// Overrides the monitor's severity.
    public var severity: Severity?
    /// Share of the window's decisions that have a label; nil where labels play no part.
    public var labelMaturity: Double?
    public var sampleRequestIDs: [String]
    /// What explains it, where that is known; nil where it stands for itself.
    public var cause: FindingCause?
    /// What its headline adds to the numbers: a type, a version, a budget.
    public var detail: String?
    /// The value from the labels known now, where `value` is what is expected in the end.
    public var raw: Double?
    /// Why there is nothing left to look at, where that is known: an alert of it ends with these words. Nil while it is judged.
    public var ended: String?

    public init(
        subject: String?, measure: Measure, value: Double, limit: Double, level: Double, reference: ReferenceSummary, count: Int64,
        interval: AlertEvent.Interval? = nil, strength: Double, effectPassed: Bool, pValue: Double = 1, isSufficient: Bool,
        severity: Severity? = nil, labelMaturity: Double? = nil, sampleRequestIDs: [String], cause: FindingCause? = nil,
        detail: String? = nil, raw: Double? = nil
    ) {
        self.subject = subject
        self.raw = raw
        self.measure = measure
        self.value = value
        self.limit = limit
        self.level = level
        self.reference = reference
        self.count = count
        self.interval = interval
        self.strength = strength
        self.effectPassed = effectPassed
        self.pValue = pValue
        self.isSufficient = isSufficient
        self.severity = severity
        self.labelMaturity = labelMaturity
        self.sampleRequestIDs = sampleRequestIDs
        self.cause = cause
        self.detail = detail
    }

    /// Whether the effect has fallen far enough below its limit to count as over.
    public func isClear(_ clearRatio: Double) -> Bool { !effectPassed && strength < clearRatio }

    /// `value / limit`, finite, between 0 and ``maxStrength``. A limit of 0 is passed by anything above 0.
    static func strength(_ value: Double, of limit: Double) -> Double {
        guard value > 0 else { return 0 }
        guard limit > 0 else { return maxStrength }
        return min(value / limit, maxStrength)
    }
}

/// All of a reference that a monitor needs to compare a window with it.
///
/// Small, so that an alert can keep the reference it fired against: with "the previous
/// window" as reference, a fault that stays would else become its own reference after one
/// window and look cured.
public struct ReferenceSummary: Sendable, Equatable, Snapshottable {
    /// Rows of the reference (decisions, labels); for volume the number of windows.
    public var count: Int64
    /// A rate, a mean score, a mean number of decisions.
    public var level: Double
    /// Standard deviation of a score; for volume the relative variance of one window's true rate.
    public var spread: Double
    /// For scores: ascending cut points between the bins.
    public var edges: [Double]
    /// For scores: rows in each bin. For rates: the one count that the rate is of.
    public var bins: [Int64]
    /// For scores: the sketch level (``ScoreSketch/widths``) that the edges belong to.
    public var sketchLevel: Int
    /// For categories: the keyed hash of each bin but the last, ascending; those from `cut` on are in the last.
    public var categories: [UInt64]
    public var cut: UInt64

    public init(
        count: Int64, level: Double, spread: Double = 0, edges: [Double] = [], bins: [Int64] = [], sketchLevel: Int = 0,
        categories: [UInt64] = [], cut: UInt64 = .max
    ) {
        self.count = count
        self.level = level
        self.spread = spread
        self.edges = edges
        self.bins = bins
        self.sketchLevel = sketchLevel
        self.categories = categories
        self.cut = cut
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: count)
        writer.write(double: level)
        writer.write(double: spread)
        writer.write(count: edges.count)
        for edge in edges { writer.write(double: edge) }
        writer.write(count: bins.count)
        for bin in bins { writer.write(signed: bin) }
        writer.write(count: sketchLevel)
        writer.write(count: categories.count)
        for hash in categories { writer.write(fixed64: hash) }
        writer.write(fixed64: cut)
    }

    public init(from reader: inout ByteReader) throws {
        count = try reader.readSigned()
        level = try reader.readDouble()
        spread = try reader.readDouble()
        edges = []
        bins = []
        for _ in 0..<(try reader.readCount(minimumSize: 8)) { edges.append(try reader.readDouble()) }
        for _ in 0..<(try reader.readCount()) { bins.append(try reader.readSigned()) }
        let sketchLevel = try reader.readVarint()
        guard sketchLevel < UInt64(ScoreSketch.widths.count) else {
            throw CorruptBytes(offset: reader.offset, expected: "a level of a score sketch")
        }
        self.sketchLevel = Int(sketchLevel)
        categories = []
        for _ in 0..<(try reader.readCount(minimumSize: 8)) { categories.append(try reader.readFixed64()) }
        cut = try reader.readFixed64()
        guard categories.isEmpty || bins.count == categories.count + 1 else {
            throw CorruptBytes(offset: reader.offset, expected: "one bin more than categories")
        }
        // Cut points between the bins; or weights and squares of weighted shares.
        guard edges.isEmpty || bins.count == edges.count + 1 || edges.count == 2 * bins.count else {
            throw CorruptBytes(offset: reader.offset, expected: "one bin more than edges")
        }
    }
}
