/// The whole of the domain: records in, window results, alerts and late records out.
///
/// Synchronous, without I/O (sealed rows come through a ``RowStore``), and it never reads
/// the wall clock. The Kafka run loop, the replay and the tests drive this same object.
/// Output is a function of the records, of their order within each partition, and of the
/// punctuations; not of how partitions were interleaved or when `advance` was called.
public final class Topology {
    public let configuration: TopologyConfiguration
    public internal(set) var counters = Counters()
    /// Orphaned labels per row of the source registry; the last entry is "unlisted".
    public internal(set) var orphansBySource: [Int64]

    var sequencer: Sequencer
    var join: JoinState
    var panes: PaneStore
    var dimensions: ContiguousArray<Interner>
    /// Versions per model of the inventory.
    var versions: ContiguousArray<Interner>
    /// By model, the fields that records bring and nobody declared.
    var undeclared: ContiguousArray<UndeclaredFields>
    /// Kinds, actors and conditions of labels.
    var vocabulary: LabelVocabulary
    /// Learns which entities are new.
    var newEntities: NewEntities
    /// Names that label breakdowns refer to, for the output.
    var labelNames: LabelNames
    /// Sees every label as it joins, with what is known of where it came from.
    public var onLabel: ((JoinedLabel) -> Void)?
    var slices: SliceTable
    var families = FamilyTable()
    var pending: PendingLabels
    var windows: WindowEmitter
    var judge: Judge
    /// What the monitors can judge, and what is left of budgets, as of each one's newest window.
    public internal(set) var monitorStatus: MonitorStatus
    /// One per entry of `configuration.detectors`.
    var detectors: [any StreamDetector] = []
    /// Places of those that look at decisions.
    let decisionDetectors: DecisionDetectors
    /// Decisions that some of them have not seen yet; none between two calls.
    var unseen: ContiguousArray<ObservedDecision> = []
    /// How many of those the detectors have seen that look at labels as well.
    var seenBeforeLabels = 0
    /// Places of those that look at labels: where there are none, no label's words are read.
    let labelDetectors: [Int]
    var incidents: IncidentBook
    var nowcasts: NowcastBook
    /// Slice groups whose series have nowcasts of their own, and which slices of them; -1 is all traffic.
    let nowcastGroups: [(group: Int, values: Set<SliceName>?)]
    /// Slices of these groups that are known to be none of the values asked for. From the configuration, not stored.
    var unaskedSlices: Set<Int32> = []
    var breakers: BreakerBoard
    /// Baselines by name, as given at start.
    let baselines: [String: Baseline]
    /// Event time of the newest decision or label that took effect.
    var newestTime: Int64 = .min

    let hash: KeyedHash
    private let entityCount: Int
    let featureNames: [String]
    /// Registry rows by the hash of their pipeline.
    let sourceRows: [UInt64: Int]
    unowned let sink: any TopologySink

    /// - Parameters:
    ///   - hash: the keyed hash that the decoders used for request IDs.
    ///   - store: sealed rows of an earlier checkpoint, or ``EmptyRowStore``.
    ///   - sink: receives the output; must outlive the topology.
    public init(
        configuration: TopologyConfiguration, hash: KeyedHash, store: any RowStore, sink: any TopologySink,
        baselines: [String: Baseline] = [:]
    ) {
        self.configuration = configuration
        self.hash = hash
        self.sink = sink
        self.baselines = baselines
        let schema = configuration.schema
        precondition(
            schema.dimensions.count <= DecisionRow.maxDimensions && schema.entities.count <= DecisionRow.maxEntities,
            "more dimensions or entities than a row has room for")
        entityCount = schema.entities.count
        featureNames = schema.features.map(\.name)
        sequencer = Sequencer(configuration: configuration.time)
        join = JoinState(
            configuration: configuration.join, dimensions: schema.dimensions.count, entities: schema.entities.count, store: store)
        panes = PaneStore(configuration: configuration.panes, slices: configuration.slices, featureCount: schema.features.count, hash: hash)
        let idleMs = configuration.nameIdleMs
        dimensions = ContiguousArray(
            repeating: Interner(limit: configuration.slices.maxValuesPerDimension, idleMs: idleMs), count: schema.dimensions.count)
        versions = ContiguousArray(
            repeating: Interner(limit: configuration.slices.maxVersions, idleMs: idleMs, numbers: Int(UInt16.max) + 1), count: schema.models.count)
        undeclared = ContiguousArray(repeating: UndeclaredFields(), count: schema.models.count)
        vocabulary = LabelVocabulary(configuration: configuration.join)
        labelNames = LabelNames(sources: configuration.labelSources.map(\.pipeline))
        newEntities = NewEntities(configuration.slices, dimensions: &dimensions, hash: hash)
        slices = SliceTable(configuration: configuration.slices)
        pending = PendingLabels(configuration.join)
        windows = WindowEmitter(configuration: configuration)
        judge = Judge(configuration: configuration)
        monitorStatus = MonitorStatus(monitors: configuration.monitors.count)
        incidents = IncidentBook(configuration: configuration)
        nowcasts = NowcastBook(configuration.nowcast, models: schema.models.count)
        nowcastGroups = configuration.nowcastGroups
        detectors = DetectorFactory.make(configuration, hash: hash)
        decisionDetectors = DecisionDetectors(configuration.detectors)
        labelDetectors = configuration.detectors.indices.filter { configuration.detectors[$0].rule.readsLabels }
        breakers = BreakerBoard(configuration: configuration)
        orphansBySource = Array(repeating: 0, count: configuration.labelSources.count + 1)
        var rows: [UInt64: Int] = [:]
        for (row, source) in configuration.labelSources.enumerated() { rows[hash.hash64(source.pipeline)] = row }
        sourceRows = rows
    }

    // MARK: Input

    /// Registers a source partition; its index is what batches carry.
    public func addPartition(
        _ identity: InputPartition, position: Int64 = 0, clock: PartitionClock = PartitionClock(), punctuations: [Punctuation] = []
    ) -> Int {
        sequencer.addPartition(identity, position: position, clock: clock, punctuations: punctuations)
    }

    /// Takes in the next records of one partition, in the order of their offsets.
    public func ingest(_ batch: InputBatch) { sequencer.ingest(batch) }

    /// Everything of the partition before an offset has been taken in, or was refused.
    public func pass(_ partition: Int, before offset: Int64) { sequencer.pass(partition, before: offset) }

    /// Wall-clock punctuation: the partition will not hold the watermark below `watermark`.
    ///
    /// - Parameters:
    ///   - present: the clock by which records that were held were taken or refused, ms; `Int64.max` where none were.
    ///   - always: remember it even where it raises nothing, because of that.
    public func punctuate(_ partition: Int, watermark: Int64, present: Int64 = .max, always: Bool = false) {
        sequencer.punctuate(partition, watermark: watermark, present: present, always: always)
    }

    /// Takes over punctuations that another execution of the same log has made, ascending by offset.
    public func adopt(_ punctuations: [Punctuation], of partition: Int) { sequencer.adopt(punctuations, of: partition) }

    /// The partition has no more records: it no longer holds the watermark back.
    public func end(_ partition: Int) { sequencer.setEnded(partition, true) }

    /// Whether reading this partition should pause until the others catch up.
    public func isAhead(_ partition: Int, isPaused: Bool = false) -> Bool { sequencer.isAhead(partition, isPaused: isPaused) }

    public var watermark: Int64 { sequencer.taskWatermark }
    public func watermark(of partition: Int) -> Int64 { sequencer.watermark(of: partition) }
    /// By monitor, the slices that have got their reference since the last call and are judged from now on.
    public func takeBegun() -> [[MonitorStatus.Place]] { monitorStatus.takeBegun() }
    /// Everything before this has been judged and emitted.
    public var judgedTo: Int64 { sequencer.released }
    public var waitingRows: Int { sequencer.waitingRows }
    /// Rows and label sets in memory that the store does not have yet.
    public var openRows: Int { join.openRows + join.openLabels }
    public var pendingLabels: Int { pending.count }
    /// What they count of `join.max_pending_bytes`.
    public var pendingLabelBytes: Int { pending.bytes }
    public var seriesCount: Int { panes.series.count }
    /// By level of the panes. O(panes).
    public var paneCensus: [PaneCensus] { panes.census }

    // MARK: Processing

    /// Processes everything that the watermark has passed: records in their one order,
    /// panes and windows at their boundaries.
    ///
    /// - Parameter boundaries: how many of those at most; what comes out does not depend on it.
    /// - Returns: whether all of it is done; else there is more to do at once.
    /// - Throws: what the row store throws; the state is then to be abandoned.
    @discardableResult
    public func advance(boundaries: Int = .max) throws -> Bool { try advance(to: sequencer.taskWatermark, boundaries) }

    /// The same, but no further than a watermark that another execution of the same log has reached.
    @discardableResult
    public func advance(atMost limit: Int64, boundaries: Int = .max) throws -> Bool {
        guard limit != .min else { return true }
        return try advance(to: min(sequencer.taskWatermark, alignDown(limit, to: configuration.time.granuleMs)), boundaries)
    }

    private func advance(to watermark: Int64, _ boundaries: Int) throws -> Bool {
        guard watermark != .min else { return true }
        var left = boundaries
        while let start = sequencer.startOfNext(before: watermark) {
            guard try close(upTo: start, &left) else { return false }
            let rows = sequencer.takeNext()
            // What a person says begins no stream: panes start with the first decision or label.
            if rows.contains(where: { $0.stream != .control }) { panes.start(at: start) }
            for row in rows {
                switch sequencer.batch(of: row) {
                case .decisions(let batch): try process(row, of: batch)
                case .labels(let batch): try process(row, of: batch)
                case .control(let batch): apply(batch.records[Int(row.row)].action, at: row.effective)
                case nil: break
                }
            }
            showDecisions()
            sequencer.finish(rows)
            sequencer.markReleased(start + configuration.time.granuleMs)
        }
        guard watermark != .max else { return true }
        guard try close(upTo: watermark, &left) else { return false }
        sequencer.markReleased(watermark)
        return true
    }

    /// The end of a replay: everything read is processed, and every window that can still
    /// change is emitted in its final state, ended or not.
    public func finish() throws {
        for index in sequencer.partitions.indices { sequencer.setEnded(index, true) }
        var left = Int.max
        _ = try advance(to: .max, left)
        guard panes.closed != .min, newestTime != .min else { return }
        let end = alignDown(newestTime, to: panes.configuration.paneMs) + panes.configuration.paneMs
        _ = try close(upTo: end, &left)
        emitRemaining(newest: newestTime)
    }

    /// - Parameter left: boundaries that may yet be closed.
    /// - Returns: whether it came as far as that.
    private func close(upTo time: Int64, _ left: inout Int) throws -> Bool {
        guard panes.closed != .min else { return true }
        let pane = panes.configuration.paneMs
        while panes.closed + pane <= time {
            // What has been handed out to its end must be judged too, or progress says more than is out.
            guard left > 0 || panes.closed + pane <= sequencer.released else {
                // No row that takes effect before has not been processed.
                sequencer.markReleased(panes.closed)
                return false
            }
            left -= 1
            let boundary = panes.closed + pane
            panes.close(at: boundary)
            for orphan in pending.expire(at: boundary) { try countOrphan(orphan, at: boundary) }
            closeNowcasts(at: boundary)
            closeDetectors(at: boundary)
            try closeWindows(at: boundary)
            closeBreakers(at: boundary)
        }
        return true
    }

    // MARK: Decisions

    private func process(_ entry: SequencedRow, of batch: DecisionBatch) throws {
        let row = Int(entry.row)
        guard batch.model[row] != OtherModels.index else { return try noteOtherModel(entry) }
        counters.decisions += 1
        // Nearly always the next record of all, and the look-up waits for memory.
        if row + 1 < batch.count { join.expect(batch.requestID[row + 1]) }
        newestTime = max(newestTime, entry.time)
        let isLate = entry.time < entry.effective
        let isTooOld = join.segment(of: entry.time) < join.firstLiveSegment(at: entry.effective)
        if isTooOld {
            counters.tooLate += 1
            return report(late: entry, batch.string(batch.requestText[row]), .decisions, joined: false)
        }
        let content = UInt32(truncatingIfNeeded: batch.contentHash[row])
        if let earlier = try join.findDuplicate(entry.id, time: entry.time, watermark: entry.effective) {
            if isLate { report(late: entry, batch.string(batch.requestText[row]), .decisions, joined: false) }
            touch(earlier, at: entry.effective)
            if earlier.content != content { observeConflict(batch, row, entry, content: content) }
            return countDuplicate(of: earlier, at: entry.time, same: earlier.content == content)
        }
        let decision = intern(batch, row, entry, content: content)
        let facts = DecisionFacts(batch, row, amount: decision.amount, isLate: isLate, epsilon: configuration.panes.thresholdEpsilon)
        let reached = addToPanes(decision, facts, batch, row, id: entry.id)
        if isLate { report(late: entry, batch.string(batch.requestText[row]), .decisions, joined: true) }
        if !reached { counters.tooLate += 1 }
        undeclared[Int(decision.model)].begin()
        if batch.undeclared.count > 0 { addUndeclared(decision, batch, row, at: entry.effective) }
        join.insert(decision, id: entry.id)
        observe(decision, batch, row, entry)
        guard pending.count > 0 else { return }
        for label in pending.take(entry.id) {
            try apply(label.stated, .kept(label.words), to: decision, entry)
        }
    }

    private func intern(_ batch: DecisionBatch, _ row: Int, _ entry: SequencedRow, content: UInt32) -> DecisionRow {
        let (model, time) = (batch.model[row], entry.time)
        let version = versions[Int(model)].number(batch.version[row], in: batch.text, hash: hash, at: entry.effective)
        var didRetire = versions[Int(model)].didRetire
        var decision = DecisionRow(
            time: time, model: model, version: UInt16(truncatingIfNeeded: version), score: batch.score[row],
            decision: Decision(rawValue: batch.decision[row]) ?? .log, amount: Money(batch.amount[row]),
            exploration: Self.exploration(batch.explorationProbability[row]), content: content)
        let stride = dimensions.count
        for index in 0..<stride {
            decision.values.append(dimensions[index].number(batch.dimensions[row * stride + index], in: batch.text, hash: hash, at: entry.effective))
            didRetire = didRetire || dimensions[index].didRetire
        }
        if didRetire { forgetRetired(at: entry.effective) }
        if !newEntities.isEmpty {
            newEntities.observe(at: time, began: panes.began) { batch.entities[row * entityCount + $0] } assign: { dimension, value in
                if decision.values[dimension] == Interner.missing { decision.values[dimension] = value }
            }
        }
        for index in 0..<entityCount {
            decision.entities.append(UInt32(truncatingIfNeeded: batch.entities[row * entityCount + index]))
        }
        return decision
    }

    /// 0 stands for none: a request that can not get through is never seen to.
    static func exploration(_ probability: Double) -> Float { probability.isNaN ? 0 : Float(probability) }

    private func addToPanes(_ decision: DecisionRow, _ facts: DecisionFacts, _ batch: DecisionBatch, _ row: Int, id: RequestID) -> Bool {
        guard let index = panes.openIndex(at: decision.time) else {
            var reached = false
            forEachSeries(of: decision) { number in
                if panes.update(number, at: decision.time, { $0.add(decision, facts, batch, row, id: id, hash: hash) }) { reached = true }
            }
            return reached
        }
        forEachSeries(of: decision) { number in
            panes.openPane(number, index)._withUnsafeGuaranteedRef { pane in
                pane.isDirty = true
                pane.add(decision, facts, batch, row, id: id, hash: hash)
            }
        }
        return true
    }

    /// Counts what the schema does not declare, for all traffic of the model.
    private func addUndeclared(_ decision: DecisionRow, _ batch: DecisionBatch, _ row: Int, at effective: Int64) {
        var places: [UInt64] = []
        batch.forEachUndeclared(of: row) { name in
            let digest = name.isNone ? UndeclaredFields.others : hash.hash64(of: name, in: batch.text)
            let text = name.isNone ? UndeclaredFields.othersName : batch.string(name)
            if let place = undeclared[Int(decision.model)].note(hash: digest, at: effective, name: text) { places.append(place) }
        }
        guard !places.isEmpty else { return }
        let number = panes.number(of: SeriesKey(model: decision.model, version: decision.version, slice: 0))
        _ = panes.update(number, at: decision.time) { $0.addUndeclared(places) }
    }

    /// Calls `body` with the number of every series that a decision belongs to: all traffic, then each group.
    @inline(__always)
    func forEachSeries(of row: DecisionRow, _ body: (Int32) -> Void) {
        for group in -1..<slices.groupCount {
            let slice = group < 0 ? 0 : slices.number(group: group, values: row.values, time: row.time)
            let key = SeriesKey(model: row.model, version: row.version, slice: slice)
            let before = panes.series.count
            let number = panes.number(of: key)
            if panes.series.count > before { families.add(key) }
            body(number)
        }
    }

    private func countDuplicate(of earlier: DecisionRow, at time: Int64, same: Bool) {
        if same { counters.duplicates += 1 } else { counters.conflicts += 1 }
        forEachSeries(of: earlier) { number in
            _ = panes.update(number, at: time) { pane in
                if same { pane.duplicates += 1 } else { pane.conflicts += 1 }
            }
        }
    }

    func report(late entry: SequencedRow, _ id: String, _ stream: StreamKind, joined: Bool) {
        guard entry.time < entry.effective else { return }
        counters.late += 1
        let record = LateRecord(
            stream: stream, partition: Int(entry.partition), offset: entry.offset, requestID: id, time: entry.time,
            watermark: entry.effective, joined: joined)
        sink.late(record, at: entry.effective)
    }

    func restoreCounters(_ counters: Counters, _ orphans: [Int64]) {
        self.counters = counters
        orphansBySource = orphans
    }

    // MARK: Rows

    /// Hands over every row that the store does not have; see ``JoinState/drainRows(_:)``.
    public func drainRows(_ body: (Int64, RowTable, RequestID, UnsafeRawBufferPointer) throws -> Void) rethrows {
        try join.drainRows(body)
    }

    /// Segments below this one have expired and may be dropped once the checkpoint is durable.
    public var firstLiveSegment: Int64 { sequencer.released == .min ? .min : join.firstLiveSegment(at: sequencer.released) }
}
