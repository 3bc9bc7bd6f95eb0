import VedetteKafka

/// Records of one partition that a standby has been given before the active instance told how far it may read.
struct WaitingRecords {
    /// More than this, and the partition is paused; records, and bytes of their payloads.
    static let maxRecords = 4_096
    static let maxBytes = 4 << 20

    private var records: [(offset: Int64, clock: Int64, payload: [UInt8]?)] = []
    private var first = 0
    private var bytes = 0

    var isEmpty: Bool { first == records.count }

    /// - Parameter isPaused: it pauses now; it goes on when half of it is gone.
    func isFull(isPaused: Bool) -> Bool {
        let share = isPaused ? 2 : 1
        return records.count - first > Self.maxRecords / share || bytes > Self.maxBytes / share
    }

    mutating func append(_ record: borrowing ConsumerRecord) {
        let payload = record.payload.map { Array($0) }
        bytes += payload?.count ?? 0
        records.append((record.offset, record.timestampMs ?? .max, payload))
    }

    /// Gives out, in order, those before an offset.
    mutating func take(before limit: Int64, _ body: (_ offset: Int64, _ clock: Int64, _ payload: UnsafeRawBufferPointer?) -> Void) {
        while first < records.count, records[first].offset < limit {
            let record = records[first]
            if let payload = record.payload {
                payload.withUnsafeBytes { body(record.offset, record.clock, $0) }
                bytes -= payload.count
            } else {
                body(record.offset, record.clock, nil)
            }
            first += 1
        }
        guard first == records.count || first > Self.maxRecords else { return }
        records.removeFirst(first)
        first = 0
    }
}
