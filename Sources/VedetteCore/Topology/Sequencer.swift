import HeapModule

/// Identity of one source partition.
public struct InputPartition: Sendable, Hashable, Comparable {
    public var stream: StreamKind
    /// Topic or file.
    public var source: String
    public var number: Int32

    public init(stream: StreamKind, source: String, number: Int32) {
        self.stream = stream
        self.source = source
        self.number = number
    }

    public static func < (a: InputPartition, b: InputPartition) -> Bool {
        (a.stream.rawValue, a.source, a.number) < (b.stream.rawValue, b.source, b.number)
    }
}

/// A batch of one kind of input.
public enum InputBatch: Sendable {
    case decisions(DecisionBatch)
    case labels(LabelBatch)
    case control(ControlBatch)

    public var partition: Int {
        switch self {
        case .decisions(let batch): batch.partition
        case .labels(let batch): batch.partition
        case .control(let batch): batch.partition
        }
    }

    var count: Int {
        switch self {
        case .decisions(let batch): batch.count
        case .labels(let batch): batch.count
        case .control(let batch): batch.count
        }
    }
}

/// One row waiting for the watermark.
struct SequencedRow {
    /// When it takes effect, ms: its event time, or its partition's watermark if it was late.
    var effective: Int64
    var time: Int64
    var id: RequestID
    var offset: Int64
    var slot: Int32
    var row: Int32
    var partition: Int32
    var stream: StreamKind

    /// The one order in which everything happens. It uses nothing that depends on how
    /// partitions were read; partition and offset only part two records with the same ID.
    static func precedes(_ a: SequencedRow, _ b: SequencedRow) -> Bool {
        if a.effective != b.effective { return a.effective < b.effective }
        if a.stream != b.stream { return a.stream.rawValue < b.stream.rawValue }
        if a.time != b.time { return a.time < b.time }
        if a.id != b.id { return a.id < b.id }
        if a.partition != b.partition { return a.partition < b.partition }
        return a.offset < b.offset
    }
}

/// A watermark that the log does not show: it took effect when `offset` was the next one to read.
///
/// Idleness is decided by the wall clock, so each decision is written into the progress
/// record, and a re-execution puts it at the same place of the partition's log.
public struct Punctuation: Sendable, Equatable {
    public var offset: Int64
    public var watermark: Int64
    /// Where records were held whose time nobody had confirmed: what the clock said, ms, so that another execution takes
    /// and refuses the same ones. `Int64.max` where there were none.
    public var present: Int64
    public init(offset: Int64, watermark: Int64, present: Int64 = .max) {
        self.offset = offset
        self.watermark = watermark
        self.present = present
    }
}

extension Punctuation {
    /// Two at one offset.
    public func combined(with other: Punctuation) -> Punctuation {
        Punctuation(offset: offset, watermark: max(watermark, other.watermark), present: min(present, other.present))
    }
}

/// Puts the records of all partitions into one order, whatever the order they were read in.
///
/// Rows wait in buckets of `granuleMs` of effective time. The watermark of the task is the
/// minimum over the partitions; a bucket that it has passed is complete, is sorted, and is
/// handed out whole. Memory is bounded by pausing partitions that run ahead (``isAhead``).
/// O(log n) per row within a bucket.
struct Sequencer {
    struct Partition {
        var identity: InputPartition
        var clock = PartitionClock()
        /// Offset before which everything has been taken in, or never will be.
        var position: Int64
        /// Closed for good: no longer holds the watermark back.
        var ended = false
        /// Slots of batches that still have waiting rows, oldest first, with what a restart needs.
        var live: [(slot: Int32, firstOffset: Int64, clockBefore: PartitionClock)] = []
        /// Punctuations that took effect, ascending: kept while a restart may read from before them.
        var punctuations: [Punctuation] = []
    }

    private struct Slot {
        var batch: InputBatch?
        var waiting = 0
    }

    let configuration: TimeConfiguration
    private(set) var partitions: [Partition] = []
    private var slots: [Slot] = []
    private var freeSlots: [Int32] = []
    private var buckets: [Int64: ContiguousArray<SequencedRow>] = [:]
    private var bucketKeys = Heap<Int64>()
    /// Memory of rows that have been handed out, for buckets to come.
    private var spare: ContiguousArray<ContiguousArray<SequencedRow>> = []
    /// Those of a reader that is some hundred buckets ahead, and of a second of busy traffic each: a few megabytes at most.
    private static let maxSpare = 512
    private static let maxSpareRows = 64
    private(set) var waitingRows = 0
    /// Everything before this has been handed out; a multiple of the granule.
    private(set) var released: Int64

    init(configuration: TimeConfiguration, released: Int64 = .min) {
        self.configuration = configuration
        self.released = released
    }

    /// - Parameter punctuations: those of an earlier run at or after `position`, ascending by offset.
    mutating func addPartition(
        _ identity: InputPartition, position: Int64, clock: PartitionClock, punctuations: [Punctuation] = []
    ) -> Int {
        var partition = Partition(identity: identity, clock: clock, position: position)
        partition.punctuations = punctuations
        for entry in punctuations where entry.offset <= position { partition.clock.punctuate(entry.watermark) }
        partitions.append(partition)
        return partitions.count - 1
    }

    mutating func setEnded(_ partition: Int, _ ended: Bool) { partitions[partition].ended = ended }

    /// What comes before an offset and was not taken in is not coming any more: it was refused. Punctuations up to there
    /// take effect.
    mutating func pass(_ partition: Int, before offset: Int64) {
        guard offset > partitions[partition].position else { return }
        partitions[partition].position = offset
        for entry in partitions[partition].punctuations where entry.offset <= offset { partitions[partition].clock.punctuate(entry.watermark) }
    }

    /// Raises a partition's watermark from outside, at its present position.
    ///
    /// - Parameters:
    ///   - present: by which clock it was decided upon records that were held, ms; `Int64.max` where none were.
    ///   - always: remember it even where it raises nothing.
    mutating func punctuate(_ partition: Int, watermark: Int64, present: Int64 = .max, always: Bool = false) {
        guard always || watermark > self.watermark(of: partition) else { return }
        let position = partitions[partition].position
        partitions[partition].clock.punctuate(watermark)
        var entry = Punctuation(offset: position, watermark: watermark, present: present)
        // Only the highest one at an offset matters: a watermark never falls. What was held there was decided upon once.
        if let last = partitions[partition].punctuations.last, last.offset == position {
            entry = entry.combined(with: last)
            partitions[partition].punctuations.removeLast()
        }
        partitions[partition].punctuations.append(entry)
    }

    /// Takes over punctuations that another execution of the same log has made. Those behind the position take
    /// effect now, the others when their place is reached.
    ///
    /// - Parameter entries: ascending by offset.
    mutating func adopt(_ entries: [Punctuation], of partition: Int) {
        let position = partitions[partition].position
        for entry in entries {
            if entry.offset <= position { partitions[partition].clock.punctuate(entry.watermark) }
            let known = partitions[partition].punctuations
            let place = known.firstIndex { $0.offset >= entry.offset } ?? known.count
            if place < known.count, known[place].offset == entry.offset {
                partitions[partition].punctuations[place] = known[place].combined(with: entry)
            } else {
                partitions[partition].punctuations.insert(entry, at: place)
            }
        }
    }

    /// Forgets punctuations that no restart can need any more.
    mutating func prunePunctuations() {
        for index in partitions.indices {
            let restart = restartPoint(of: index).offset
            partitions[index].punctuations.removeAll { $0.offset < restart }
        }
    }

    func watermark(of partition: Int) -> Int64 {
        partitions[partition].clock.watermark(outOfOrderness: configuration.outOfOrdernessMs)
    }

    /// Minimum over the partitions that have not ended, floored to the granule; `Int64.max` when all have.
    var taskWatermark: Int64 {
        var minimum = Int64.max
        for index in partitions.indices where !partitions[index].ended { minimum = min(minimum, watermark(of: index)) }
        return minimum == .max || minimum == .min ? minimum : alignDown(minimum, to: configuration.granuleMs)
    }

    /// Whether the partition has run so far ahead of the slowest that reading it should pause:
    /// too many rows wait, and it is among those that they wait for least.
    ///
    /// - Parameter isPaused: it pauses now; it goes on when half of the rows are gone.
    func isAhead(_ partition: Int, isPaused: Bool) -> Bool {
        guard waitingRows > configuration.maxWaitingRows / (isPaused ? 2 : 1) else { return false }
        let slowest = taskWatermark
        let own = watermark(of: partition)
        guard own != .min, slowest != .max else { return false }
        return slowest == .min || (own > slowest && own - slowest > configuration.maxAheadMs)
    }

    /// Takes a batch in. Rows whose effect is already in the state (re-read after a restart) are skipped.
    mutating func ingest(_ batch: InputBatch) {
        let partition = batch.partition
        let count = batch.count
        guard count > 0 else { return }
        let slot = freeSlots.popLast() ?? { slots.append(Slot()); return Int32(slots.count - 1) }()
        let clockBefore = partitions[partition].clock
        let waiting: Int
        let firstOffset: Int64
        switch batch {
        case .decisions(let columns):
            firstOffset = columns.offset[0]
            waiting = place(columns.time, columns.requestID, columns.offset, slot: slot, partition: partition, stream: .decisions)
        case .labels(let columns):
            firstOffset = columns.offset[0]
            waiting = place(columns.time, columns.requestID, columns.offset, slot: slot, partition: partition, stream: .labels)
        case .control(let batch):
            firstOffset = batch.offset[0]
            waiting = place(batch.time, batch.requestID, batch.offset, slot: slot, partition: partition, stream: .control)
        }
        guard waiting > 0 else { return freeSlots.append(slot) }
        slots[Int(slot)] = Slot(batch: batch, waiting: waiting)
        partitions[partition].live.append((slot, firstOffset, clockBefore))
        waitingRows += waiting
    }

    private mutating func place(
        _ times: borrowing Column<Int64>, _ ids: borrowing Column<RequestID>, _ offsets: borrowing Column<Int64>,
        slot: Int32, partition: Int, stream: StreamKind
    ) -> Int {
        var clock = partitions[partition].clock
        var waiting = 0
        let punctuations = partitions[partition].punctuations
        var next = punctuations.firstIndex { $0.offset > partitions[partition].position } ?? punctuations.count
        // The bucket of the record before is nearly always this one's too.
        var bucket = Bucket()
        for row in times.indices {
            while next < punctuations.count, punctuations[next].offset <= offsets[row] {
                clock.punctuate(punctuations[next].watermark)
                next += 1
            }
            let effective = clock.observe(times[row], outOfOrderness: configuration.outOfOrdernessMs)
            guard effective >= released else { continue }
            let entry = SequencedRow(
                effective: effective, time: times[row], id: ids[row], offset: offsets[row],
                slot: slot, row: Int32(row), partition: Int32(partition), stream: stream)
            let key = floorDivide(effective, configuration.granuleMs)
            if key != bucket.key {
                putBack(bucket)
                bucket = takeOut(key)
            }
            bucket.rows.append(entry)
            waiting += 1
        }
        putBack(bucket)
        let position = offsets[offsets.count - 1] + 1
        while next < punctuations.count, punctuations[next].offset <= position {
            clock.punctuate(punctuations[next].watermark)
            next += 1
        }
        partitions[partition].clock = clock
        partitions[partition].position = position
        return waiting
    }

    /// A bucket that rows are being put into, out of the table so that nothing is looked up for each of them.
    private struct Bucket {
        /// `Int64.min` for none.
        var key: Int64 = .min
        var rows: ContiguousArray<SequencedRow> = []
    }

    private mutating func takeOut(_ key: Int64) -> Bucket {
        if let known = buckets.removeValue(forKey: key) { return Bucket(key: key, rows: known) }
        bucketKeys.insert(key)
        return Bucket(key: key, rows: spare.popLast() ?? [])
    }

    private mutating func putBack(_ bucket: consuming Bucket) {
        if bucket.key != .min { buckets[bucket.key] = bucket.rows }
    }

    /// Start of the next complete bucket before `watermark`; nil when there is none.
    func startOfNext(before watermark: Int64) -> Int64? {
        guard let start = bucketKeys.min.map({ $0 * configuration.granuleMs }), start < watermark else { return nil }
        return start
    }

    /// The rows of the next bucket, in order.
    mutating func takeNext() -> ContiguousArray<SequencedRow> {
        guard let key = bucketKeys.popMin(), var rows = buckets.removeValue(forKey: key) else { return [] }
        rows.sort(by: SequencedRow.precedes)
        return rows
    }

    func batch(of row: SequencedRow) -> InputBatch? { slots[Int(row.slot)].batch }

    /// Gives back rows that have been processed, so that their batches can go.
    mutating func finish(_ rows: consuming ContiguousArray<SequencedRow>) {
        waitingRows -= rows.count
        for index in rows.indices {
            let row = rows[index]
            let slot = Int(row.slot)
            slots[slot].waiting -= 1
            guard slots[slot].waiting == 0 else { continue }
            slots[slot].batch = nil
            freeSlots.append(row.slot)
            partitions[Int(row.partition)].live.removeAll { $0.slot == row.slot }
        }
        guard spare.count < Self.maxSpare, rows.capacity <= Self.maxSpareRows else { return }
        rows.removeAll(keepingCapacity: true)
        spare.append(rows)
    }

    mutating func markReleased(_ watermark: Int64) { released = max(released, watermark) }

    /// Where to read again after a restart: the first offset of the oldest batch with waiting
    /// rows (or the position), with the clock as it stood before it.
    func restartPoint(of partition: Int) -> (offset: Int64, clock: PartitionClock) {
        let state = partitions[partition]
        guard let oldest = state.live.min(by: { $0.firstOffset < $1.firstOffset }) else { return (state.position, state.clock) }
        return (oldest.firstOffset, oldest.clockBefore)
    }
}
