/// Everything that changed since the last checkpoint, to be made durable as one.
///
/// Rows may be put in any order; of several with the same key the last one counts.
/// A commit that failed without ``StoreError/Kind-swift.enum/mustReopen`` can be tried again as it is.
public struct Commit: Sendable {
    var runs: [SegmentRun] = []
    var state = StateRun()
    var expireBefore: SegmentID?

    /// Where to find the run of a segment and table in `runs`.
    private var runIndex: [RunID: Int] = [:]
    /// The run of the last row: rows mostly come in order of time.
    private var lastRun = -1

    public init() {}

    /// - Parameter maxStateBytes: bytes of a state value, at most those of a usual commit.
    package init(maxStateBytes: Int) { state = StateRun(limit: maxStateBytes) }

    /// Rows and state changes put so far.
    public var count: Int { runs.reduce(state.count) { $0 + $1.rows.count } }

    /// Bytes of memory in use for keys and values, about.
    public var byteCount: Int { runs.reduce(state.byteCount) { $0 + $1.rows.byteCount } }

    public var isEmpty: Bool { count == 0 && expireBefore == nil }

    /// Inserts or replaces a row. Amortised O(1); copies the value. At most 4 GiB - 1 bytes a value.
    public mutating func put(segment: SegmentID, table: SegmentTable, key: StoreKey, value: UnsafeRawBufferPointer) {
        runs[run(segment, table)].rows.append(key, value)
    }

    /// Inserts or replaces a row. Amortised O(1); copies the value. At most 4 GiB - 1 bytes a value.
    public mutating func put(segment: SegmentID, table: SegmentTable, key: StoreKey, value: [UInt8]) {
        value.withUnsafeBytes { put(segment: segment, table: table, key: key, value: $0) }
    }

    /// Inserts or replaces a state value, kept until it is deleted. Keys and values may be empty; of a value of more than
    /// 2 GiB - 1 bytes the commit says that it can not be stored.
    public mutating func putState(key: [UInt8], value: [UInt8]) {
        value.withUnsafeBytes { state.append(key: key, value: $0) }
    }

    /// Inserts or replaces a state value, kept until it is deleted. Keys and values may be empty.
    public mutating func putState(key: [UInt8], value: UnsafeRawBufferPointer) {
        state.append(key: key, value: value)
    }

    /// Deletes a state value; a missing one is no error.
    public mutating func deleteState(key: [UInt8]) {
        state.append(key: key, value: nil)
    }

    /// Lets every segment before `segment` go with this commit, for good: rows put there, now or later, are not stored.
    public mutating func dropSegments(before segment: SegmentID) {
        expireBefore = expireBefore.map { max($0, segment) } ?? segment
    }

    /// Empties the commit. Memory of the state changes is kept for the next one.
    public mutating func removeAll() {
        runs.removeAll(keepingCapacity: true)
        runIndex.removeAll(keepingCapacity: true)
        lastRun = -1
        state.removeAll()
        expireBefore = nil
    }

    private mutating func run(_ segment: SegmentID, _ table: SegmentTable) -> Int {
        let id = RunID(segment: segment, table: table)
        if lastRun >= 0, runs[lastRun].id == id { return lastRun }
        if let found = runIndex[id] {
            lastRun = found
        } else {
            lastRun = runs.count
            runs.append(SegmentRun(id: id))
            runIndex[id] = lastRun
        }
        return lastRun
    }
}

/// One table of one segment.
struct RunID: Hashable, Sendable {
    var segment: SegmentID
    var table: SegmentTable
}

/// The rows of a commit for one table of one segment.
struct SegmentRun: Sendable {
    let id: RunID
    var rows = RowRun()
}
