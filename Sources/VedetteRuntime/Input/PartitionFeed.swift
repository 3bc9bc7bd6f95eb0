import VedetteCodec
import VedetteCore

/// Turns the raw records of one source partition into batches for the topology.
///
/// Every record ends in exactly one of two places: a batch, or a dead letter. Records that
/// jump far into the future wait here until their successors tell a real gap from a bad clock.
final class PartitionFeed {
    let identity: InputPartition
    /// Index of the partition in the topology.
    let index: Int
    private let decoders: RecordDecoders
    /// Nil where records are JSON as they come.
    private let transcoder: (any RecordTranscoder)?
    private var pending: InputBatch
    private var guardian: FutureGuard
    private let time: TimeConfiguration
    private var held: [(offset: Int64, clock: Int64, bytes: [UInt8])] = []
    /// Event times that are wanted; nil for all.
    private let range: Range<Int64>?
    private let reject: (DeadLetter) -> Void
    /// Where another execution found the partition quiet and decided upon what was held.
    private var releases: [Punctuation]
    /// Dead letters of records before this offset are out already.
    var settledBefore: Int64 = .min

    /// Offset after the newest record that was read, whatever became of it.
    private(set) var nextOffset: Int64
    private(set) var rejected: Int64 = 0
    private(set) var accepted: Int64 = 0

    /// - Parameters:
    ///   - transcoder: turns records into JSON; nil where they are.
    ///   - maxTime: newest event time of the partition so far, `Int64.min` for none.
    ///   - releases: the punctuations that are executed again, ascending.
    init(
        identity: InputPartition, index: Int, decoders: RecordDecoders, transcoder: (any RecordTranscoder)?, time: TimeConfiguration,
        nextOffset: Int64, maxTime: Int64,
        range: Range<Int64>? = nil, releases: [Punctuation] = [], reject: @escaping (DeadLetter) -> Void
    ) {
        self.identity = identity
        self.index = index
        self.decoders = decoders
        self.transcoder = transcoder
        self.time = time
        self.nextOffset = nextOffset
        self.range = range
        self.releases = releases
        self.reject = reject
        guardian = FutureGuard(time, maxTime: maxTime)
        pending = Self.makeBatch(identity, index, decoders.schema)
    }

    /// - Parameter rows: as many as the batch before it had.
    private static func makeBatch(_ identity: InputPartition, _ index: Int, _ schema: EventSchema, rows: Int = 0) -> InputBatch {
        switch identity.stream {
        case .decisions: .decisions(DecisionBatch(schema: schema, partition: index, reservingRows: rows))
        case .labels: .labels(LabelBatch(partition: index, reservingRows: rows))
        case .control: .control(ControlBatch(partition: index))
        }
    }

    /// Rows that wait to be taken.
    var count: Int { pending.rowCount }

    /// - Parameter punctuations: where another execution found the partition quiet.
    func adopt(releases punctuations: [Punctuation]) {
        let reached = settledOffset
        releases.removeAll { $0.offset <= reached }
        releases += punctuations.filter { $0.offset > reached && !releases.contains($0) }
    }

    /// Decides upon what is held as another execution is known to have done before it read on.
    func releaseAsKnown() { releaseAsKnown(before: nextOffset) }

    /// - Parameter offset: the next to be looked at.
    private func releaseAsKnown(before offset: Int64) {
        guard let last = held.last, let known = releases.first(where: { $0.offset > last.offset && $0.offset <= offset }) else { return }
        takeHeld(present: known.present)
    }

    /// Every dead letter of a record before this offset has been given to `reject`.
    var settledOffset: Int64 { held.first?.offset ?? nextOffset }

    /// - Parameter clock: a trusted reading of the present, ms; `Int64.max` for none.
    func add(_ bytes: UnsafeRawBufferPointer, offset: Int64, clock: Int64) {
        nextOffset = offset + 1
        // The verdict on what is held must be the one of the first time, though nothing was quiet this time.
        if !held.isEmpty { releaseAsKnown(before: offset) }
        guard let time = decode(bytes, offset) else { return }
        if let range, !range.contains(time) {
            pending.removeLast()
            accepted -= 1
            return
        }
        switch guardian.judge(time, clock: clock) {
        case .accept:
            if held.isEmpty { return }
            pending.removeLast()
            accepted -= 1
            takeHeld()
            _ = decode(bytes, offset)
        case .acceptRejectingHeld:
            rejectHeld()
        case .hold:
            pending.removeLast()
            accepted -= 1
            held.append((offset, clock, Array(bytes)))
        case .reject:
            pending.removeLast()
            accepted -= 1
            rejectFuture(bytes, offset)
        }
    }

    /// A record that could not be read whole, or was too large to be.
    func addUnreadable(_ prefix: UnsafeRawBufferPointer, length: Int, offset: Int64, _ reason: RejectReason, _ detail: String) {
        nextOffset = offset + 1
        send(reason, detail, prefix, length: length, offset)
    }

    /// A Kafka record without a payload.
    func addTombstone(offset: Int64) {
        addUnreadable(UnsafeRawBufferPointer(start: nil, count: 0), length: 0, offset: offset, .emptyPayload, "a record without a payload")
    }

    /// The input went quiet or ended: nothing contradicted what is held, so it is taken, unless it is ahead of the
    /// present by more than the bound.
    ///
    /// - Parameter present: ms; `Int64.max` where nothing is known of it.
    /// - Returns: whether anything was held.
    @discardableResult
    func release(present: Int64) -> Bool {
        guard !held.isEmpty else { return false }
        takeHeld(present: present)
        return true
    }

    func take() -> InputBatch? {
        guard pending.rowCount > 0 else { return nil }
        defer { pending = Self.makeBatch(identity, index, decoders.schema, rows: pending.rowCount) }
        return pending
    }

    // MARK: Private

    /// Decodes into the pending batch; returns the event time, or nil where it was rejected.
    private func decode(_ bytes: UnsafeRawBufferPointer, _ offset: Int64) -> Int64? {
        guard bytes.count <= decoders.limits.recordBytes else {
            send(.oversized, "\(bytes.count) bytes; the limit is \(decoders.limits.recordBytes)", bytes, length: bytes.count, offset)
            return nil
        }
        let rejection =
            if let transcoder { transcoder.decode(bytes) { decodeJSON($0, offset) } } else { decodeJSON(bytes, offset) }
        if let rejection {
            send(rejection.reason, rejection.detail, bytes, length: bytes.count, offset)
            return nil
        }
        accepted += 1
        return pending.lastTime
    }

    @inline(__always)
    private func decodeJSON(_ bytes: UnsafeRawBufferPointer, _ offset: Int64) -> Rejection? {
        switch pending {
        case .decisions(let batch): decoders.decisions.decode(bytes, offset: offset, into: batch)
        case .labels(let batch): decoders.labels.decode(bytes, offset: offset, into: batch)
        case .control(let batch): decoders.control.decode(bytes, offset: offset, into: batch)
        }
    }

    private func takeHeld(present: Int64 = .max) {
        let records = held
        held = []
        guardian.release(maxTime: .min)
        for record in records {
            record.bytes.withUnsafeBytes { bytes in
                guard let time = decode(bytes, record.offset) else { return }
                guard guardian.isBeyond(present, time) else { return guardian.release(maxTime: time) }
                pending.removeLast()
                accepted -= 1
                rejectFuture(bytes, record.offset)
            }
        }
    }

    private func rejectHeld() {
        let records = held
        held = []
        for record in records { record.bytes.withUnsafeBytes { rejectFuture($0, record.offset) } }
    }

    private func rejectFuture(_ bytes: UnsafeRawBufferPointer, _ offset: Int64) {
        send(
            .futureTime, "more than \(DurationText.format(time.maxFutureMs)) (time.max_future) ahead of the partition's clock, and not confirmed by later records",
            bytes, length: bytes.count, offset)
    }

    private func send(_ reason: RejectReason, _ detail: String, _ bytes: UnsafeRawBufferPointer, length: Int, _ offset: Int64) {
        rejected += 1
        guard offset >= settledBefore else { return }
        reject(
            DeadLetter(
                rejection: Rejection(reason: reason, detail: detail), stream: identity.stream, partition: index, offset: offset,
                payload: bytes, originalLength: length, limits: decoders.limits))
    }
}

extension InputBatch {
    var rowCount: Int {
        switch self {
        case .decisions(let batch): batch.count
        case .labels(let batch): batch.count
        case .control(let batch): batch.count
        }
    }

    var lastTime: Int64? {
        switch self {
        case .decisions(let batch): batch.time.last
        case .labels(let batch): batch.time.last
        case .control(let batch): batch.time.last
        }
    }

    func removeLast() {
        switch self {
        case .decisions(let batch): batch.removeLast()
        case .labels(let batch): batch.removeLast()
        case .control(let batch): batch.removeLast()
        }
    }
}
