/// How far scores can be read as probabilities of fraud, over labelled decisions.
///
/// Computed from the two score sketches, so it is exact for scores of up to six decimals while the
/// sketches are at level 0; at a resolution `r` the Brier score is off by at most `2 r`, and the
/// errors of the bins by at most `r`. Counts may be sampling weights: only their ratios matter.
///
/// - Brier score: the mean of `(score - outcome)²`, Brier (1950).
/// - Expected calibration error over 20 bins of equal width: `Σ n_b/n |mean score_b - fraud rate_b|`,
///   Naeini, Cooper and Hauskrecht (2015), Guo et al. (2017).
/// - The same over ten groups of about equal size, since fraud scores crowd at 0: a distinct score
///   belongs to group `⌊10 · (labels below it) / n⌋`, so equal scores are never parted.
public struct Calibration: Sendable, Equatable {
    public struct Bin: Sendable, Equatable {
        /// Index of the bin: scores in `[index/20, (index+1)/20)`, the last one closed.
        public var index: Int
        public var count: Int64
        public var meanScore: Double
        public var fraudRate: Double
    }

    public static let bins = 20
    public static let groups = 10

    public let count: Int64
    public let brier: Double
    public let expectedError: Double
    public let expectedErrorOfGroups: Double
    /// Mean score less fraud rate: above 0 where scores are too high.
    public let bias: Double
    /// The reliability diagram: bins that hold labels, ascending.
    public let reliability: [Bin]

    private struct Sum {
        var count: Int64 = 0
        var fraud: Int64 = 0
        var scores = 0.0

        @inline(__always)
        mutating func add(_ score: Double, fraud inFraud: Int64, legit: Int64) {
            count += inFraud + legit
            fraud += inFraud
            scores += score * Double(inFraud + legit)
        }

        var meanScore: Double { scores / Double(count) }
        var fraudRate: Double { Double(fraud) / Double(count) }
        var gap: Double { abs(scores - Double(fraud)) }
    }

    /// What is summed up of the scores, which come in ascending order. In one piece and without a reference: each score changes two sums.
    private struct Sums {
        let total: Int64
        // As many as ``bins`` and ``groups``: a type takes no constants.
        var byWidth = InlineArray<20, Sum>(repeating: Sum())
        var bySize = InlineArray<10, Sum>(repeating: Sum())
        var all = Sum()
        var squares = 0.0
        private var group = 0
        private var nextGroupStart: Int64

        init(total: Int64) {
            self.total = total
            nextGroupStart = Calibration.start(ofGroup: 1, total)
        }

        /// - Parameter bin: of equal width, the one that holds the score.
        @inline(__always)
        mutating func add(_ score: Double, bin: Int, fraud inFraud: Int64, legit inLegit: Int64) {
            byWidth[bin].add(score, fraud: inFraud, legit: inLegit)
            while group < Calibration.groups - 1, all.count >= nextGroupStart {
                group += 1
                nextGroupStart = Calibration.start(ofGroup: group + 1, total)
            }
            bySize[group].add(score, fraud: inFraud, legit: inLegit)
            all.add(score, fraud: inFraud, legit: inLegit)
            squares += Double(inFraud) * (1 - score) * (1 - score) + Double(inLegit) * score * score
        }
    }

    /// nil where nothing is labelled. O(distinct scores).
    public init?(fraud: ScoreSketch, legit: ScoreSketch) {
        let level = max(fraud.level, legit.level)
        let (frauds, legits) = (fraud.coarsened(toLevel: level), legit.coarsened(toLevel: level))
        var sums = Sums(total: fraud.total + legit.total)
        guard sums.total > 0 else { return nil }
        let bin = frauds.bins(ofUnits: ScoreSketch.unitsPerOne / Int32(Self.bins))
        ScoreSketch.forEachKey(frauds, legits) { key, inFraud, inLegit in
            // The score 1 is a key of its own.
            sums.add(frauds.value(ofKey: key), bin: min(Self.bins - 1, Int(bin(key))), fraud: inFraud, legit: inLegit)
        }
        self.init(sums)
    }

    /// Scores of both outcomes at one level, ascending, with counts or weights that together are `total`.
    init?<S: Sequence>(_ fraud: S, _ legit: S, total: Int64) where S.Element == (value: Double, count: Int64) {
        guard total > 0 else { return nil }
        var sums = Sums(total: total)
        JointWalk.forEach(fraud, legit) { score, inFraud, inLegit in
            let bin = min(Self.bins - 1, Int(ScoreSketch.unit(of: score)) * Self.bins / Int(ScoreSketch.unitsPerOne))
            sums.add(score, bin: bin, fraud: inFraud, legit: inLegit)
        }
        self.init(sums)
    }

    private init(_ sums: Sums) {
        let (total, all) = (sums.total, sums.all)
        count = total
        brier = sums.squares / Double(total)
        bias = all.meanScore - all.fraudRate
        expectedError = sums.byWidth.indices.reduce(0) { $0 + sums.byWidth[$1].gap } / Double(total)
        expectedErrorOfGroups = sums.bySize.indices.reduce(0) { $0 + sums.bySize[$1].gap } / Double(total)
        reliability = sums.byWidth.indices.filter { sums.byWidth[$0].count > 0 }.map {
            Bin(index: $0, count: sums.byWidth[$0].count, meanScore: sums.byWidth[$0].meanScore, fraudRate: sums.byWidth[$0].fraudRate)
        }
    }

    /// The least number of labels below with which a score is in a group or above it: a tenth of all for each, rounded up.
    /// The tenths are taken apart from the rest, so that no product of a total exceeds 64 bits.
    private static func start(ofGroup group: Int, _ total: Int64) -> Int64 {
        let (tenth, rest) = total.quotientAndRemainder(dividingBy: Int64(groups))
        return tenth * Int64(group) + (rest * Int64(group) + Int64(groups) - 1) / Int64(groups)
    }
}
