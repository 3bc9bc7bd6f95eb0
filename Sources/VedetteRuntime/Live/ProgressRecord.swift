import Foundation
import VedetteCodec
import VedetteCore

/// What has been put out for good. It commits in the same transaction as the output it speaks of.
public struct ProgressRecord: Sendable, Equatable {
    public var application: String
    /// Grows by one with every commit.
    public var sequence: Int64
    /// Number of the newest durable checkpoint when it was written.
    public var checkpoint: Int64
    /// Every window, alert and late record that is judged up to here has been put out, ms.
    public var watermark: Int64
    /// Per source partition, the offset below which every dead letter has been put out.
    public var offsets: [InputPartition: Int64]
    /// Punctuations since the checkpoint.
    public var punctuations: [InputPartition: [Punctuation]]
    /// Per source partition, where the history of this deployment begins; a partition that is missing begins with its first record.
    public var starts: [InputPartition: Int64] = [:]
    /// Per source partition, where the records end that were there at the first start and about which nothing is said.
    /// Empty once they have been read.
    public var history: [InputPartition: Int64] = [:]

    /// Names beyond their limits since the state began, by what they are of. For who reads, not for a restart.
    public var overflowed: [String: Int64] = [:]

    public init(
        application: String, sequence: Int64 = 0, checkpoint: Int64 = 0, watermark: Int64 = .min, offsets: [InputPartition: Int64] = [:],
        punctuations: [InputPartition: [Punctuation]] = [:]
    ) {
        self.application = application
        self.sequence = sequence
        self.checkpoint = checkpoint
        self.watermark = watermark
        self.offsets = offsets
        self.punctuations = punctuations
    }

    /// One JSON object (`schemas/progress.schema.json`).
    public func encoded() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("application", application)
        json.field("sequence", sequence)
        json.field("checkpoint", checkpoint)
        json.key("watermark")
        if watermark == .min { json.null() } else { json.value(time: watermark) }
        json.key("offsets")
        json.beginArray()
        let all = offsets.merging(starts) { offset, _ in offset }
        for (partition, offset) in all.sorted(by: { $0.key < $1.key }) {
            json.beginObject()
            Self.name(partition, into: &json)
            json.field("offset", offset)
            if let start = starts[partition] { json.field("start", start) }
            if let end = history[partition] { json.field("history_end", end) }
            json.endObject()
        }
        json.endArray()
        json.key("punctuations")
        json.beginArray()
        for (partition, entries) in punctuations.sorted(by: { $0.key < $1.key }) {
            for entry in entries {
                json.beginObject()
                json.field("kind", "idle")
                Self.name(partition, into: &json)
                json.field("offset", entry.offset)
                json.field("watermark", time: entry.watermark)
                if entry.present != .max { json.field("present", time: entry.present) }
                json.endObject()
            }
        }
        json.endArray()
        if !overflowed.isEmpty {
            json.key("overflowed")
            json.beginObject()
            for (name, count) in overflowed.sorted(by: { $0.key < $1.key }) { json.field(name, count) }
            json.endObject()
        }
        json.endObject()
        return json.bytes
    }

    private static func name(_ partition: InputPartition, into json: inout JSONWriter) {
        json.field("stream", partition.stream.word)
        json.field("topic", partition.source)
        json.field("partition", partition.number)
    }

    /// Nil where the bytes are not a progress record.
    public init?(decoding bytes: [UInt8]) {
        guard let root = try? JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any],
            let application = root["application"] as? String, let sequence = root["sequence"] as? NSNumber,
            let checkpoint = root["checkpoint"] as? NSNumber, let offsets = root["offsets"] as? [[String: Any]],
            let punctuations = root["punctuations"] as? [[String: Any]]
        else { return nil }
        self.init(application: application, sequence: sequence.int64Value, checkpoint: checkpoint.int64Value)
        if let text = root["watermark"] as? String {
            guard let time = RFC3339.parse(text) else { return nil }
            watermark = time
        }
        for entry in offsets {
            guard let partition = Self.partition(entry), let offset = entry["offset"] as? NSNumber else { return nil }
            self.offsets[partition] = offset.int64Value
            if let start = entry["start"] as? NSNumber { starts[partition] = start.int64Value }
            if let end = entry["history_end"] as? NSNumber { history[partition] = end.int64Value }
        }
        for (name, count) in root["overflowed"] as? [String: NSNumber] ?? [:] { overflowed[name] = count.int64Value }
        for entry in punctuations {
            guard let partition = Self.partition(entry), let offset = entry["offset"] as? NSNumber,
                let text = entry["watermark"] as? String, let time = RFC3339.parse(text)
            else { return nil }
            var punctuation = Punctuation(offset: offset.int64Value, watermark: time)
            if let text = entry["present"] as? String {
                guard let present = RFC3339.parse(text) else { return nil }
                punctuation.present = present
            }
            self.punctuations[partition, default: []].append(punctuation)
        }
    }

    /// This record, but nowhere behind another one. Without transactions an instance that does not know yet that it
    /// was replaced may write one more, which is behind.
    func combined(with other: ProgressRecord) -> ProgressRecord {
        var newest = sequence >= other.sequence ? self : other
        newest.watermark = max(watermark, other.watermark)
        newest.offsets = offsets.merging(other.offsets) { max($0, $1) }
        return newest
    }

    private static func partition(_ entry: [String: Any]) -> InputPartition? {
        guard let word = entry["stream"] as? String, let stream = StreamKind.allCases.first(where: { $0.word == word }),
            let topic = entry["topic"] as? String, let number = entry["partition"] as? NSNumber
        else { return nil }
        return InputPartition(stream: stream, source: topic, number: number.int32Value)
    }
}
