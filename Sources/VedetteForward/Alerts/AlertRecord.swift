import Foundation
import VedetteCodec
import VedetteCore

/// One record of the alert topic (`schemas/alert.schema.json`): what forwarding looks at, and its bytes.
package struct AlertRecord: Sendable, Equatable {
    package enum Status: String, Sendable, Decodable { case firing, updated, resolved, withdrawn }

    package struct Team: Sendable, Equatable, Decodable {
        package var team: String
        package var contact: String?
    }

    package var id: String
    /// What is wrong, as a key.
    package var fingerprint: String
    /// 1 for the first time that this fingerprint fires.
    package var episode: Int64
    /// 0 for the first record of an episode.
    package var revision: Int64
    package var status: Status
    package var severity: Severity
    package var monitor: String
    package var monitorID: String
    package var model: String
    package var version: String
    /// Dimension and value, by dimension; nil is a missing value.
    package var slice: [(dimension: String, value: String?)]
    package var subject: String?
    package var summary: String
    package var reason: String?
    /// Event times, ms.
    package var startedAt: Int64
    package var emittedAt: Int64
    package var owner: Team
    package var security: Team
    package var runbook: String
    package var immediateActions: [String]
    package var escalation: String
    package var recommendedAction: String
    package var blastRadius: String
    /// Made by a replay, which never pages.
    package var isReplay: Bool
    /// The record as it stands in the topic.
    package var bytes: [UInt8]

    /// Whether the condition holds.
    package var isOpen: Bool { status == .firing || status == .updated }

    /// `country=FR channel=app`, or empty for all traffic.
    package var sliceText: String { slice.map { "\($0.dimension)=\($0.value ?? "(missing)")" }.joined(separator: " ") }

    package static func == (a: Self, b: Self) -> Bool { a.bytes == b.bytes }

    /// - Throws: ``BrokenRecord``, which names the member that is wrong and never holds a value.
    package init(_ bytes: [UInt8]) throws(BrokenRecord) {
        let wire: Wire
        do {
            wire = try JSONDecoder().decode(Wire.self, from: Data(bytes))
        } catch {
            throw BrokenRecord(error)
        }
        guard let startedAt = RFC3339.parse(wire.started_at), let emittedAt = RFC3339.parse(wire.emitted_at) else {
            throw BrokenRecord(reason: "started_at or emitted_at is not a time")
        }
        guard let severity = Severity(rawValue: wire.severity) else { throw BrokenRecord(reason: "severity is not P0 to P3") }
        guard let mode = RunMode(rawValue: wire.mode) else { throw BrokenRecord(reason: "mode is neither live nor replay") }
        (id, fingerprint, episode, revision) = (wire.id, wire.fingerprint, wire.episode, wire.revision)
        (status, self.severity, isReplay) = (wire.status, severity, mode == .replay)
        (monitor, monitorID, model, version) = (wire.monitor, wire.monitor_id, wire.model, wire.version)
        slice = wire.slice.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
        (subject, summary, reason) = (wire.subject, wire.summary, wire.reason)
        (self.startedAt, self.emittedAt) = (startedAt, emittedAt)
        (owner, security, runbook) = (wire.owner, wire.security, wire.runbook)
        (immediateActions, escalation) = (wire.immediate_actions, wire.escalation)
        (recommendedAction, blastRadius) = (wire.recommended_action, wire.blast_radius)
        self.bytes = bytes
    }

    /// Names as in the record.
    private struct Wire: Decodable {
        var id: String, fingerprint: String, episode: Int64, revision: Int64
        var status: Status, severity: String, mode: String
        var monitor: String, monitor_id: String, model: String, version: String
        var slice: [String: String?]
        var subject: String?
        var summary: String
        var reason: String?
        var started_at: String, emitted_at: String
        var owner: Team, security: Team
        var runbook: String
        var immediate_actions: [String]
        var escalation: String, recommended_action: String, blast_radius: String
    }
}

/// A record of the alert topic that is none.
package struct BrokenRecord: Error, Sendable, Equatable, CustomStringConvertible {
    package let reason: String

    init(reason: String) { self.reason = reason }

    init(_ error: any Error) {
        func path(_ context: DecodingError.Context, _ key: String? = nil) -> String {
            (context.codingPath.map(\.stringValue) + (key.map { [$0] } ?? [])).joined(separator: ".")
        }
        switch error {
        case DecodingError.keyNotFound(let key, let context): reason = "\(path(context, key.stringValue)) is missing"
        case DecodingError.typeMismatch(_, let context): reason = path(context).isEmpty ? "not a JSON object" : "\(path(context)) has the wrong type"
        case DecodingError.valueNotFound(_, let context): reason = "\(path(context)) is null"
        case DecodingError.dataCorrupted(let context) where !context.codingPath.isEmpty: reason = "\(path(context)) has a value that is not known"
        default: reason = "not JSON"
        }
    }

    package var description: String { reason }
}
