import Foundation
import Testing
import VedetteCodec
import VedetteCore

/// The decisions of a real stream by week, with the labels that they ever got; read without Vedette's decoders.
struct RealRows {
    struct Row {
        var score: Double
        var isBlocked: Bool
        var isStopped: Bool
        /// Nil without a label.
        var isFraud: Bool?
    }

    /// By the date of their Monday, rows in the order of the file.
    private(set) var weeks: [String: [Row]] = [:]

    init(_ name: String) throws {
        var fraud: [String: Bool] = [:]
        try Self.forEachLine("\(name)/labels.jsonl.zst") { line in
            if let id = Self.text(line, "request_id"), let outcome = Self.text(line, "outcome") { fraud[id] = outcome == "fraud" }
        }
        try Self.forEachLine("\(name)/decisions.jsonl.zst") { line in
            let id = try #require(Self.text(line, "request_id"))
            let time = try #require(Self.text(line, "time").flatMap { RFC3339.parse($0) })
            let decision = try #require(Self.text(line, "decision"))
            let start = try #require(Self.position(line, "score"))
            let score = try #require(Double(String(decoding: line[start...].prefix { $0 != UInt8(ascii: ",") }, as: UTF8.self)))
            // 1970-01-05 was a Monday.
            let week: Int64 = 7 * 86_400_000
            let monday = (time - 4 * 86_400_000) / week * week + 4 * 86_400_000
            weeks[String(RFC3339.string(monday).prefix(10)), default: []].append(
                Row(score: score, isBlocked: decision == "block", isStopped: decision != "allow", isFraud: fraud[id]))
        }
    }

    private static func forEachLine(_ name: String, _ body: (ArraySlice<UInt8>) throws -> Void) throws {
        let reader = try LineReader(path: SharedData.path(name), lineLimit: 1 << 20, prefixBytes: 0)
        while let line = try reader.next() { try body(ArraySlice(line.bytes)) }
    }

    /// Where the value of the first member of this name begins.
    private static func position(_ line: ArraySlice<UInt8>, _ name: String) -> Int? { line.firstRange(of: Array("\"\(name)\":".utf8))?.upperBound }

    private static func text(_ line: ArraySlice<UInt8>, _ name: String) -> String? {
        guard let start = position(line, name) else { return nil }
        return String(decoding: line[(start + 1)...].prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
    }
}

/// What monitors take as evidence, and what scores alone say, on the card payments: against scipy, scikit-learn,
/// NannyML and an implementation of DeLong's variance (`make_real_statistics.py`).
@Suite("Tests and estimates on real rows", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)))
struct RealRowsTests {
    private func sketch(_ rows: [RealRows.Row], where isWanted: (RealRows.Row) -> Bool = { _ in true }) -> ScoreSketch {
        var sketch = ScoreSketch(maxEntries: 65_536)
        for row in rows where isWanted(row) { sketch.add(row.score) }
        return sketch
    }

    private func near(_ a: Double?, _ b: Facts, _ relative: Double = 1e-9) -> Bool {
        guard let a, let b = b.number else { return false }
        return abs(a - b) <= relative * max(abs(a), abs(b))
    }

    @Test("Week by week: AUC and its error, betting intervals, Fisher's test, homogeneity of scores, permutation tails")
    func tests() throws {
        let (weeks, expected) = (try RealRows("cards").weeks, try Facts.read(RealStatistics.file)["tests"])
        #expect(weeks.keys.sorted() == expected.keys && weeks.count == 16)
        var before: [RealRows.Row] = []
        for week in expected.keys {
            let (rows, facts) = (try #require(weeks[week]), expected[week])
            let (fraud, legit) = (sketch(rows) { $0.isFraud == true }, sketch(rows) { $0.isFraud == false })
            let area = try #require(AreaUnderCurve(fraud: fraud, legit: legit))
            #expect(near(area.value, facts["auc"]) && near(area.standardError, facts["auc_se"]), "\(week): \(area)")
            let interval = BettingConfidenceSequence.interval(successes: fraud.total, n: fraud.total + legit.total)
            #expect(near(interval.lower, facts["betting"].list[0]) && near(interval.upper, facts["betting"].list[1]), "\(week): \(interval)")
            defer { before = rows }
            guard !before.isEmpty else { continue }
            for (index, side) in [Alternative.twoSided, .greater, .less].enumerated() {
                let test = try #require(ProportionTest.evaluate(
                    current: (Int64(rows.count(where: \.isStopped)), Int64(rows.count)),
                    reference: (Int64(before.count(where: \.isStopped)), Int64(before.count)), alternative: side))
                #expect(test.method == .fisherExact && near(test.pValue, facts["fisher"].list[index]), "\(week) \(side): \(test)")
            }
            let counts = try #require(Distances(reference: sketch(before), current: sketch(rows)).decileCounts)
            let test = try #require(HomogeneityTest.evaluate(reference: counts.reference, current: counts.current))
            #expect(near(test.statistic, facts["g"].list[0], 1e-8) && near(test.pValue, facts["g"].list[1], 1e-8), "\(week): \(test)")
            let exact = try #require(facts["permutation"].number)
            let tail = PermutationMeanTail.twoSided(sketch(Array(rows.prefix(8))), sketch(Array(before.prefix(9))))
            #expect(tail >= min(1, 2 * exact) * 0.999 && tail < 15 * 2 * exact, "\(week): \(tail) for \(exact)")
        }
    }

    @Test("Confidence-based estimates of eight weeks, on scores calibrated by the labels of the eight before") func confidence() throws {
        let (weeks, expected) = (try RealRows("cards").weeks, try Facts.read(RealStatistics.file)["confidence"])
        let learned = weeks.keys.sorted().prefix(8).flatMap { weeks[$0] ?? [] }
        let sample = ScoreCalibration.Sample(
            fraud: sketch(learned) { $0.isFraud == true }, legit: sketch(learned) { $0.isFraud == false }, fraudWeight: 1, legitWeight: 5)
        let calibration = try #require(ScoreCalibration([sample], start: 0, end: 1))
        #expect(expected.keys.count == 8)
        for week in expected.keys {
            let (rows, facts) = (try #require(weeks[week]), expected[week])
            let estimate = try #require(LabelFreeEstimate(
                all: sketch(rows), challenged: sketch(rows) { $0.isStopped && !$0.isBlocked }, blocked: sketch(rows) { $0.isBlocked }, calibration))
            #expect(near(estimate.fraudRate, facts["fraud_rate"]))
            #expect(near(estimate.recallAtBlock, facts["recall_block"]) && near(estimate.recallAtIntervention, facts["recall_both"]))
            #expect(near(estimate.precisionAtBlock, facts["precision_block"]) && near(estimate.precisionAtIntervention, facts["precision_both"]))
            // Theirs rounds its counts to five digits.
            #expect(near(estimate.auc, facts["auc"], 2e-3), "\(week): \(estimate.auc ?? -1) \(facts["auc"].number ?? -1)")
        }
    }
}
