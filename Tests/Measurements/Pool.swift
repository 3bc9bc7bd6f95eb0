import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// Real decisions to resample from: raw lines of the first model version of the card payments
/// (before the change of version), with their outcome; where the data is not there, simulated
/// ones of the same form (``SimulatedRows``).
struct Pool {
    struct Row {
        var line: [UInt8]
        var score: Double
        var isFraud: Bool
        /// Challenged, blocked or escalated.
        var isStopped: Bool
        /// Values of the numeric features in the order of ``Pool/features``; nan where null.
        var values: [Double]
        /// Where the id, the time, the value of `amount` and the slice stand in the line.
        var id: Range<Int>
        var time: Range<Int>
        var amount: Range<Int>
        var slice: Range<Int>
        var version: Range<Int>
    }

    static let features = [
        "amount", "user_tx_1d", "user_avg_amount_1d", "user_tx_7d", "user_avg_amount_7d", "user_tx_30d", "user_avg_amount_30d", "terminal_tx_1d",
        "terminal_risk_1d", "terminal_tx_7d", "terminal_risk_7d", "terminal_tx_30d", "terminal_risk_30d",
    ]
    static let versionChange: Int64 = 1_533_513_600_000

    var rows: [Row] = []
    var source: String

    /// Standard deviation of `amount`.
    var amountSpread: Double {
        let values = rows.map { $0.values[0] }
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count - 1)).squareRoot()
    }

    init(data: String, size: Int, seed: UInt64 = 1) throws {
        let decisions = "\(data)/cards/decisions.jsonl.zst"
        guard FileManager.default.fileExists(atPath: decisions) else {
            log("\(decisions) is not there: simulated rows take its place; name the directory of the data sets with --data")
            source = "simulated rows (no data sets here)"
            rows = SimulatedRows.make(size, seed: seed)
            return
        }
        source = "cards, version 2018.06.1"
        let frauds = try Self.frauds("\(data)/cards/labels.jsonl.zst")
        var random = MeasureRandom(seed: seed)
        var seen = 0
        let reader = try LineReader(path: decisions, limits: DecodeLimits())
        while let line = try reader.next() {
            let bytes = Array(line.bytes)
            guard contains(bytes, "\"version\":\"2018.06.1\"") else { break }
            seen += 1
            // Reservoir sampling: every row of the version with the same chance.
            let place = rows.count < size ? rows.count : random.below(seen)
            guard place < size, let row = Row(bytes, frauds) else { continue }
            if place == rows.count { rows.append(row) } else { rows[place] = row }
        }
        guard rows.count == size else { throw MeasureFailure("only \(rows.count) rows in \(decisions)") }
    }

    private static func frauds(_ path: String) throws -> Set<String> {
        var ids = Set<String>()
        let reader = try LineReader(path: path, limits: DecodeLimits())
        while let line = try reader.next() {
            let bytes = Array(line.bytes)
            guard contains(bytes, "\"outcome\":\"fraud\""), let id = range(of: "request_id", in: bytes) else { continue }
            ids.insert(String(decoding: bytes[id.dropFirst().dropLast()], as: UTF8.self))
        }
        return ids
    }
}

extension Pool.Row {
    init?(_ bytes: [UInt8], _ frauds: Set<String>) {
        guard let id = range(of: "request_id", in: bytes), let time = range(of: "time", in: bytes), let amount = range(of: "amount", in: bytes),
            let slice = range(of: "terminal_known", in: bytes), let score = range(of: "score", in: bytes), let decision = range(of: "decision", in: bytes),
            let version = range(of: "version", in: bytes)
        else { return nil }
        line = bytes
        (self.id, self.time, self.amount, self.slice, self.version) = (id, time, amount, slice, version)
        let text = { (range: Range<Int>) in String(decoding: bytes[range], as: UTF8.self) }
        self.score = Double(text(score)) ?? 0
        isStopped = text(decision) != "\"allow\""
        isFraud = frauds.contains(String(text(id).dropFirst().dropLast()))
        values = Pool.features.map { name in range(of: name, in: bytes).flatMap { Double(text($0)) } ?? .nan }
    }
}

func contains(_ bytes: [UInt8], _ text: String) -> Bool { find(Array(text.utf8), in: bytes, from: 0) != nil }

/// Range of the scalar value behind a key, quotes included.
func range(of key: String, in bytes: [UInt8]) -> Range<Int>? {
    let pattern = Array("\"\(key)\":".utf8)
    guard let at = find(pattern, in: bytes, from: 0) else { return nil }
    let start = at + pattern.count
    var end = start
    while end < bytes.count, bytes[end] != UInt8(ascii: ","), bytes[end] != UInt8(ascii: "}") { end += 1 }
    return start..<end
}

private func find(_ pattern: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= pattern.count else { return nil }
    for at in start...(bytes.count - pattern.count) where bytes[at] == pattern[0] {
        if pattern.indices.allSatisfy({ bytes[at + $0] == pattern[$0] }) { return at }
    }
    return nil
}
