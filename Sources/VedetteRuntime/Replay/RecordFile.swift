import VedetteCodec
import VedetteCore

/// A file of records, read one after the other.
protocol RecordFile: AnyObject {
    /// Size of the file as it is stored; nil where there is none.
    var totalBytes: Int64? { get }
    /// Stored bytes taken so far.
    var consumedBytes: Int64 { get }
    /// What turns its records into JSON; nil where they are.
    var transcoder: (any RecordTranscoder)? { get }

    /// Gives the next record to a feed.
    ///
    /// - Parameter clock: the present, ms.
    /// - Returns: false at the end of the file.
    /// - Throws: `FileError`.
    func giveNext(to feed: PartitionFeed, clock: Int64) throws -> Bool
}

/// JSON lines.
final class LineFile: RecordFile {
    private let reader: LineReader
    private let recordBytes: Int
    var transcoder: (any RecordTranscoder)? { nil }
    var totalBytes: Int64? { reader.totalBytes }
    var consumedBytes: Int64 { reader.consumedBytes }

    init(path: String, limits: DecodeLimits) throws(FileError) {
        reader = try LineReader(path: path, limits: limits)
        recordBytes = limits.recordBytes
    }

    func giveNext(to feed: PartitionFeed, clock: Int64) throws -> Bool {
        guard let line = try reader.next() else { return false }
        switch line.kind {
        case .complete: feed.add(line.bytes, offset: line.number, clock: clock)
        case .oversized:
            feed.addUnreadable(
                line.bytes, length: Int(line.length), offset: line.number, .oversized, "\(line.length) bytes; the limit is \(recordBytes)")
        case .truncated:
            feed.addUnreadable(line.bytes, length: Int(line.length), offset: line.number, .truncated, "the file ends inside of this record")
        }
        return true
    }
}

/// An Avro container file.
final class ContainerFile: RecordFile {
    private let file: AvroFile
    let transcoder: (any RecordTranscoder)?
    var totalBytes: Int64? { file.totalBytes }
    var consumedBytes: Int64 { file.consumedBytes }

    init(path: String, limits: DecodeLimits) throws(FileError) {
        file = try AvroFile(path: path, limits: limits)
        transcoder = AvroTranscoder(.one(file.schema), framing: .none, limits: limits)
    }

    func giveNext(to feed: PartitionFeed, clock: Int64) throws -> Bool {
        guard let record = try file.next() else { return false }
        if record.lost == 0 {
            feed.add(record.bytes, offset: record.number, clock: clock)
        } else {
            let others = record.lost > 1 ? "; \(record.lost - 1) behind it in the block are lost with it" : ""
            feed.addUnreadable(
                record.bytes, length: record.bytes.count, offset: record.number, .malformedAvro, "where this record ends can not be found\(others)")
        }
        return true
    }
}
