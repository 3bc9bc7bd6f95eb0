/// The windowed state store of the join, as the domain sees it: open rows in memory,
/// sealed ones behind a ``RowStore``.
///
/// Rows are keyed by request ID within the segment of their decision's time, so that
/// expiry drops whole segments. What is in memory is exactly what the store does not have
/// yet; ``drainRows(_:)`` hands it over at a checkpoint.
struct JoinState {
    private let configuration: JoinConfiguration
    private let dimensions: Int
    private let entityCount: Int
    private let store: any RowStore

    /// Open rows in the form that the store takes, one after the other: half the memory of the rows themselves,
    /// which are looked at again only for a label or a duplicate.
    private var encoded = ByteWriter()
    /// Where each begins.
    private var starts: ContiguousArray<Int> = []
    private var times: ContiguousArray<Int64> = []
    private var ids: ContiguousArray<RequestID> = []
    /// Newest open row of an ID.
    private var index = HashIndex()
    /// Open row with the same ID before this one, -1 for none.
    private var previous: ContiguousArray<Int32> = []
    private var labels: [LabelKey: LabelSet] = [:]
    private var scratch: [UInt8] = []

    struct LabelKey: Hashable {
        var segment: Int64
        var id: RequestID
    }

    init(configuration: JoinConfiguration, dimensions: Int, entities: Int, store: any RowStore) {
        self.configuration = configuration
        self.dimensions = dimensions
        self.entityCount = entities
        self.store = store
    }

    var openRows: Int { times.count }
    var openLabels: Int { labels.count }

    func segment(of time: Int64) -> Int64 { floorDivide(time, configuration.segmentMs) }
    private func start(of segment: Int64) -> Int64 { segment * configuration.segmentMs }

    /// First segment that has not expired at `watermark`.
    func firstLiveSegment(at watermark: Int64) -> Int64 { segment(of: watermark - configuration.retentionMs) }

    /// The decision that a record with this ID and time repeats: one within the duplicate window
    /// or in the same segment (which holds one row per ID), the nearest in time, the older of two equally near.
    ///
    /// Open and sealed rows are weighed alike, so the answer does not depend on when rows were sealed.
    mutating func findDuplicate(_ id: RequestID, time: Int64, watermark: Int64) throws -> DecisionRow? {
        let first = firstLiveSegment(at: watermark)
        let own = segment(of: time)
        var nearest: DecisionRow?
        func weigh(_ row: DecisionRow) {
            let distance = abs(row.time - time)
            guard distance <= configuration.duplicateWindowMs || segment(of: row.time) == own else { return }
            if let known = nearest, (abs(known.time - time), known.time) <= (distance, row.time) { return }
            nearest = row
        }
        var place = index.find(id.high) ?? -1
        while place >= 0 {
            if ids[place] == id, segment(of: times[place]) >= first { weigh(try readOpen(place)) }
            place = Int(previous[place])
        }
        let sealed = store.segments
        guard !sealed.isEmpty else { return nearest }
        let low = max(first, segment(of: time - configuration.duplicateWindowMs))
        let high = segment(of: time + configuration.duplicateWindowMs)
        for candidate in sealed.reversed() where candidate >= low && candidate <= high {
            if let row = try readSealed(id, candidate) { weigh(row) }
        }
        return nearest
    }

    /// The newest decision with this ID; the one in the segment of `time` where the label knows it.
    mutating func findDecision(_ id: RequestID, time: Int64?, watermark: Int64) throws -> DecisionRow? {
        let first = firstLiveSegment(at: watermark)
        let wanted = time.map(segment)
        var newest: DecisionRow?
        var place = index.find(id.high) ?? -1
        while place >= 0 {
            if ids[place] == id, segment(of: times[place]) >= first {
                if segment(of: times[place]) == wanted { return try readOpen(place) }
                if newest.map({ times[place] > $0.time }) ?? true { newest = try readOpen(place) }
            }
            place = Int(previous[place])
        }
        if let wanted, wanted >= first, store.segments.contains(wanted), let row = try readSealed(id, wanted) { return row }
        for candidate in store.segments.reversed() where candidate >= first {
            if let row = newest, segment(of: row.time) >= candidate { return row }
            if let row = try readSealed(id, candidate) { return row }
        }
        return newest
    }

    /// Asks for the memory of an ID that a record soon to come has. `mutating` so that nothing is copied; it changes nothing.
    mutating func expect(_ id: RequestID) { index.prefetch(id.high) }

    /// Once that has come, asks for what is known of the newest open row of the ID.
    mutating func expectRow(_ id: RequestID) {
        guard let place = index.find(id.high) else { return }
        let addresses: InlineArray<4, UnsafeRawPointer?> = [
            Self.address(ids, place), Self.address(times, place), Self.address(starts, place), Self.address(previous, place),
        ]
        prefetchMemory(at: addresses)
    }

    /// Once that has come too, asks for the row itself.
    mutating func expectBytes(_ id: RequestID) {
        guard let place = index.find(id.high) else { return }
        let start = encoded.bytes.withUnsafeBytes { $0.baseAddress }
        prefetchMemory(at: start.map { $0 + starts[place] })
    }

    /// Where an element is, to be asked for early and not to be read.
    @inline(__always)
    private static func address<Element>(_ column: ContiguousArray<Element>, _ place: Int) -> UnsafeRawPointer? {
        column.withUnsafeBufferPointer { $0.baseAddress.map { UnsafeRawPointer($0 + place) } }
    }

    private mutating func readSealed(_ id: RequestID, _ segment: Int64) throws -> DecisionRow? {
        guard try store.read(segment: segment, table: .decisions, id: id, into: &scratch) else { return nil }
        return try DecisionRow(scratch, segmentStart: start(of: segment), dimensions: dimensions, entities: entityCount)
    }

    private func end(of place: Int) -> Int { place + 1 < starts.count ? starts[place + 1] : encoded.bytes.count }

    private mutating func readOpen(_ place: Int) throws -> DecisionRow {
        scratch.removeAll(keepingCapacity: true)
        scratch.append(contentsOf: encoded.bytes[starts[place]..<end(of: place)])
        return try DecisionRow(scratch, segmentStart: start(of: segment(of: times[place])), dimensions: dimensions, entities: entityCount)
    }

    mutating func insert(_ row: DecisionRow, id: RequestID) {
        let place = times.count
        starts.append(encoded.bytes.count)
        row.encode(into: &encoded, segmentStart: start(of: segment(of: row.time)))
        times.append(row.time)
        ids.append(id)
        previous.append(Int32(index.find(id.high) ?? -1))
        index.set(id.high, to: place)
    }

    /// Applies a label to the request's set and keeps the result.
    ///
    /// - Parameter request: the request ID in the label's own words.
    mutating func apply(_ label: LabelEntry, to row: DecisionRow, id: RequestID, request: String) throws -> LabelEffect {
        let segment = segment(of: row.time)
        let key = LabelKey(segment: segment, id: id)
        var set: LabelSet
        if let open = labels[key] {
            set = open
        } else if try store.read(segment: segment, table: .labels, id: id, into: &scratch) {
            set = try LabelSet(scratch, segmentStart: start(of: segment))
        } else {
            set = LabelSet()
            set.request = request
        }
        let effect = set.apply(label, maxEntries: configuration.maxLabelsPerRequest)
        if effect.kind != .repeated, effect.kind != .superseded, effect.kind != .dropped { labels[key] = set }
        return effect
    }

    /// Hands every open row to `body` as (segment, table, id, bytes) and forgets it.
    ///
    /// Call it when the store is about to make them durable; afterwards reads find them there.
    mutating func drainRows(_ body: (Int64, RowTable, RequestID, UnsafeRawBufferPointer) throws -> Void) rethrows {
        try encoded.bytes.withUnsafeBytes { bytes in
            for place in times.indices {
                try body(segment(of: times[place]), .decisions, ids[place], UnsafeRawBufferPointer(rebasing: bytes[starts[place]..<end(of: place)]))
            }
        }
        var writer = ByteWriter(reservingCapacity: 64)
        for (key, set) in labels {
            writer.removeAll()
            set.encode(into: &writer, segmentStart: start(of: key.segment))
            try writer.bytes.withUnsafeBytes { try body(key.segment, .labels, key.id, $0) }
        }
        encoded.removeAll()
        starts.removeAll(keepingCapacity: true)
        times.removeAll(keepingCapacity: true)
        ids.removeAll(keepingCapacity: true)
        previous.removeAll(keepingCapacity: true)
        index.removeAll()
        labels.removeAll(keepingCapacity: true)
    }
}
