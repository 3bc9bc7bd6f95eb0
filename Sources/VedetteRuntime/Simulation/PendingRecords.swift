/// A record that is due later: a label that has not arrived yet, or a decision on its way.
///
/// It holds no bytes. The line is made when the record is due, from the number and time of
/// its decision, so what waits costs 40 bytes a record.
struct PendingRecord {
    /// When it is delivered, epoch milliseconds.
    var releaseMs: Int64
    /// Breaks ties, so that equal times keep the order in which they were scheduled.
    var order: UInt64
    /// Number of the decision it belongs to.
    var sequence: UInt64
    /// When that decision was taken, epoch milliseconds.
    var decisionMs: Int64
    /// Event time of the record itself less `decisionMs`.
    var content: Content

    enum Content {
        case decision(stampedAfterMs: Int32, variant: DecisionVariant, role: SimulatedRole)
        case label(LabelFacts, afterMs: Int64, role: SimulatedRole)
        case malformed(MalformedKind)
    }

    static func < (a: PendingRecord, b: PendingRecord) -> Bool {
        a.releaseMs != b.releaseMs ? a.releaseMs < b.releaseMs : a.order < b.order
    }
}

/// A binary heap of pending records, earliest first. Push and pop are O(log n).
struct PendingRecords {
    private var heap = ContiguousArray<PendingRecord>()
    private var nextOrder: UInt64 = 0

    var count: Int { heap.count }
    var nextReleaseMs: Int64? { heap.first?.releaseMs }

    mutating func push(releaseMs: Int64, sequence: UInt64, decisionMs: Int64, content: PendingRecord.Content) {
        let record = PendingRecord(releaseMs: releaseMs, order: nextOrder, sequence: sequence, decisionMs: decisionMs, content: content)
        nextOrder += 1
        heap.append(record)
        var child = heap.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> PendingRecord? {
        guard let first = heap.first, let last = heap.popLast() else { return nil }
        guard !heap.isEmpty else { return first }
        heap[0] = last
        var parent = 0
        while true {
            let left = 2 * parent + 1
            guard left < heap.count else { break }
            let right = left + 1
            let child = right < heap.count && heap[right] < heap[left] ? right : left
            guard heap[child] < heap[parent] else { break }
            heap.swapAt(parent, child)
            parent = child
        }
        return first
    }
}
