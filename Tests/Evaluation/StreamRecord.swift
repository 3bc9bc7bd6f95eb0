import Foundation
import VedetteCodec

/// One decision of a stream, as far as the evaluation needs it, and its bytes.
struct StreamRecord {
    var id: String
    /// ms since 1970.
    var time: Int64
    var score: Double
    var isAllowed: Bool
    var threshold: Double
    /// NaN where missing; in the order of ``StreamFile/features``.
    var features: [Double]
    var entities: [String?]
    var line: [UInt8]
}

/// All decisions of a file, in order.
struct StreamFile {
    var features: [String]
    var entities: [String]
    var records: [StreamRecord]

    /// Names of features and entities come from the first record. Throws `FileError`, ``EvaluationFailure``.
    init(path: String) throws {
        features = []
        entities = []
        records = []
        let reader = try LineReader(path: path, lineLimit: 1 << 20, prefixBytes: 64)
        while let line = try reader.next() {
            let bytes = [UInt8](line.bytes)
            guard let object = try JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any] else { continue }
            let named = object["features"] as? [String: Any] ?? [:]
            let who = object["entities"] as? [String: Any] ?? [:]
            if records.isEmpty {
                features = named.keys.sorted()
                entities = who.keys.sorted()
            }
            let threshold = object["threshold"] as? [String: Any]
            guard let id = object["request_id"] as? String, let text = object["time"] as? String, let time = RFC3339.parse(text) else {
                throw EvaluationFailure("\(path): a record without request_id and time")
            }
            records.append(
                StreamRecord(
                    id: id, time: time, score: object["score"] as? Double ?? .nan, isAllowed: object["decision"] as? String == "allow",
                    threshold: (threshold?["challenge"] ?? threshold?["block"]) as? Double ?? .nan,
                    features: features.map { (named[$0] as? NSNumber)?.doubleValue ?? .nan }, entities: entities.map { who[$0] as? String },
                    line: bytes))
        }
        guard !records.isEmpty else { throw EvaluationFailure("\(path): no records") }
    }

    /// The part of it within a half-open period, ms; nil for no bound. Throws where nothing is left.
    func cut(from: Int64?, to: Int64?) throws -> StreamFile {
        var part = self
        part.records = records.filter { $0.time >= from ?? .min && $0.time < to ?? .max }
        guard !part.records.isEmpty else { throw EvaluationFailure("no records in this period") }
        return part
    }

    static func write(_ lines: some Sequence<[UInt8]>, to path: String) throws {
        let sink = try FileSink(path: path)
        for line in lines { try sink.writeLine(line) }
        try sink.close()
    }
}
