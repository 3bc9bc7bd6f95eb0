import Foundation
import VedetteCodec

/// One attack of `truth.json`.
struct Attack: Decodable {
    var id: String
    var kind: String
    var identity: String?
    var note: String?
    var request_ids: [String]
    /// 0-based index of the first `allow`.
    var first_success: Int?
    /// 0-based index of the first `allow` at half the seed's amount or more.
    var first_success_half_amount: Int?

    var queries: Int { request_ids.count }

    /// Index of the first query of the phase that uses what was found, where the note tells it: "up to 600 near copies".
    var scaleStart: Int? {
        guard let note, let range = note.range(of: "up to [0-9]+", options: .regularExpression),
            let copies = Int(note[range].dropFirst(6)), copies < queries
        else { return nil }
        return queries - copies
    }
}

struct AttackTruth: Decodable {
    var attacks: [Attack]

    static func read(_ path: String) throws -> AttackTruth {
        guard let data = FileManager.default.contents(atPath: path) else { throw EvaluationFailure("\(path): no such file") }
        return try JSONDecoder().decode(AttackTruth.self, from: data)
    }
}
