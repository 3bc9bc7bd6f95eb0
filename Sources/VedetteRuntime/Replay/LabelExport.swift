import VedetteCodec
import VedetteCore

/// Collects where the truth of every request came from, and writes it as a provenance file for training sets.
///
/// One record a labelled request (`schemas/provenance.schema.json`), in the order of decision time and request ID.
/// Memory: some 300 bytes a label, of all files or of one segment of the state; an export is a job of its own, not part of a live run.
public final class LabelExport {
    private struct Request {
        var first: JoinedLabel
        var set = LabelSet()
        /// Newest word of each source and class (counted or not), as ``LabelSet`` keeps them.
        var words: [JoinedLabel] = []
    }

    private let sources: [LabelSource]
    private let maxLabels: Int
    private var requests: [RequestID: Request] = [:]
    private var written = 0

    public init(_ configuration: VedetteConfiguration) {
        sources = configuration.topology.labelSources
        maxLabels = configuration.topology.join.maxLabelsPerRequest
    }

    /// Requests with at least one label.
    public var count: Int { written + requests.count }

    public func add(_ joined: JoinedLabel) {
        var request = requests[joined.key] ?? Request(first: joined)
        let effect = request.set.apply(joined.label, maxEntries: maxLabels)
        if effect.kind != .repeated, effect.kind != .superseded, effect.kind != .dropped {
            request.words.removeAll { $0.label.source == joined.label.source }
            request.words.append(joined)
        }
        requests[joined.key] = request
    }

    /// Writes everything; `-` is standard output.
    ///
    /// - Throws: ``OutputError``.
    public func write(to path: String) throws {
        do throws(FileError) {
            let sink = try FileSink(path: path)
            try write(to: sink)
            try sink.close()
        } catch {
            throw OutputError(cause: error)
        }
    }

    /// Writes what was collected since the last time, and forgets it.
    func write(to sink: FileSink) throws(FileError) {
        var json = JSONWriter()
        let sorted = requests.values.sorted { ($0.first.decisionTime, $0.first.requestID) < ($1.first.decisionTime, $1.first.requestID) }
        for request in sorted {
            json.removeAll()
            encode(request, into: &json)
            try sink.writeLine(json.bytes)
        }
        written += requests.count
        requests = [:]
    }

    private func encode(_ request: Request, into json: inout JSONWriter) {
        let truth = request.set.truth
        let winner = truth.flatMap { truth in request.words.first { $0.label == truth } }
        json.beginObject()
        json.field("request_id", request.first.requestID)
        json.field("model", request.first.model)
        json.field("version", request.first.version)
        json.field("decision_time", time: request.first.decisionTime)
        json.field("decision", request.first.decision.description)
        json.field("score", request.first.score)
        json.field("outcome", truth?.outcome.description)
        json.field("tier", Self.tier(truth?.tier ?? 0))
        json.field("weight", winner.map { weight($0) } ?? 0)
        json.field("quarantined", request.words.contains { $0.label.isQuarantined })
        json.key("provenance")
        json.beginArray()
        for word in request.words.sorted(by: { ($0.label.time, $0.label.source) < ($1.label.time, $1.label.source) }) {
            encode(word, isTruth: word.label == truth, into: &json)
        }
        json.endArray()
        json.endObject()
    }

    private func encode(_ word: JoinedLabel, isTruth: Bool, into json: inout JSONWriter) {
        json.beginObject()
        json.field("pipeline", word.pipeline)
        json.field("actor", word.actor)
        json.field("kind", word.kind)
        json.field("conditions", word.conditions)
        json.field("time", time: word.label.time)
        json.field("outcome", word.label.outcome.description)
        json.field("tier", Self.tier(word.label.tier))
        json.field("weight", weight(word))
        json.field("sampling_weight", Double(word.label.weight) / Double(LabelEntry.weightUnit))
        json.field("quarantined", word.label.isQuarantined)
        json.field("decides", isTruth)
        json.endObject()
    }

    /// Of its source; nothing for a label that has no trust or is quarantined.
    private func weight(_ word: JoinedLabel) -> Double {
        guard word.source >= 0, word.label.tier > 0, !word.label.isQuarantined else { return 0 }
        return sources[word.source].trainingWeight
    }

    private static func tier(_ tier: UInt8) -> String { tier == 0 ? "unlisted" : TrustWord.allCases.first { $0.tier == tier }?.rawValue ?? "unlisted" }
}
