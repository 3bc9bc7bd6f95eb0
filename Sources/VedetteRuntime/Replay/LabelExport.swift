import VedetteCodec
import VedetteCore

/// Collects where the truth of every request came from, and writes it as a provenance file for training sets.
///
/// One record a labelled request (`schemas/provenance.schema.json`), in the order of decision time and request ID. What counts is what counted when the
/// labels joined, as in metrics; whose words have come under suspicion since is known when it is written, and they weigh nothing.
/// Memory: some 300 bytes a label, of all files or of one segment of the state; an export is a job of its own, not part of a live run.
public final class LabelExport {
    private struct Request {
        var first: JoinedLabel
        var set = LabelSet()
        /// Newest word of each source and class (counted or not), as ``LabelSet`` keeps them.
        var words: [JoinedLabel] = []
    }

    /// One word as it is written.
    private struct Word {
        var label: JoinedLabel
        /// Under suspicion when it joined, or since.
        var isQuarantined: Bool
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
            // One source too many has taken the place of the weakest.
            let kept = request.set.entries
            request.words.removeAll { word in word.label.source == joined.label.source || !kept.contains { $0.source == word.label.source } }
            request.words.append(joined)
        }
        requests[joined.key] = request
    }

    /// Writes everything; `-` is standard output.
    ///
    /// - Parameter isSuspected: of a word, at the end of what was read (``Topology/isSuspected(_:)``).
    /// - Throws: ``OutputError``.
    public func write(to path: String, isSuspected: (JoinedLabel) -> Bool) throws {
        try OutputError.wrapping { () throws(FileError) in
            let sink = try FileSink(path: path)
            try write(to: sink, isSuspected: isSuspected)
            try sink.close()
        }
    }

    /// Writes what was collected since the last time, and forgets it.
    func write(to sink: FileSink, isSuspected: (JoinedLabel) -> Bool) throws(FileError) {
        var json = JSONWriter()
        let sorted = requests.values.sorted { ($0.first.decisionTime, $0.first.requestID) < ($1.first.decisionTime, $1.first.requestID) }
        for request in sorted {
            json.removeAll()
            encode(request, request.words.map { Word(label: $0, isQuarantined: $0.label.standing == .quarantined || isSuspected($0)) }, into: &json)
            try sink.writeLine(json.bytes)
        }
        written += requests.count
        requests = [:]
    }

    private func encode(_ request: Request, _ words: [Word], into json: inout JSONWriter) {
        let truth = request.set.truth
        let winner = truth.flatMap { truth in words.first { $0.label.label == truth } }
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
        json.field("quarantined", words.contains(where: \.isQuarantined))
        json.key("provenance")
        json.beginArray()
        for word in words.sorted(by: { ($0.label.label.time, $0.label.label.source) < ($1.label.label.time, $1.label.label.source) }) {
            encode(word, isTruth: word.label.label == truth, into: &json)
        }
        json.endArray()
        json.endObject()
    }

    private func encode(_ given: Word, isTruth: Bool, into json: inout JSONWriter) {
        let word = given.label
        json.beginObject()
        json.field("pipeline", word.pipeline)
        json.field("actor", word.actor)
        json.field("kind", word.kind)
        json.field("conditions", word.conditions)
        json.field("time", time: word.label.time)
        json.field("outcome", word.label.outcome.description)
        json.field("tier", Self.tier(word.label.tier))
        json.field("weight", weight(given))
        json.field("sampling_weight", Double(word.label.weight) / Double(LabelEntry.weightUnit))
        json.field("standing", "\(word.label.standing)")
        json.field("quarantined", given.isQuarantined)
        json.field("decides", isTruth)
        json.endObject()
    }

    /// Of its source; nothing for a label that has no trust or is under suspicion.
    private func weight(_ word: Word) -> Double {
        guard word.label.source >= 0, word.label.label.standing != .inadmissible, !word.isQuarantined else { return 0 }
        return sources[word.label.source].trainingWeight
    }

    private static func tier(_ tier: UInt8) -> String { tier == 0 ? "unlisted" : TrustWord.allCases.first { $0.tier == tier }?.rawValue ?? "unlisted" }
}
