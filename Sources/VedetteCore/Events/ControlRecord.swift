/// What a person tells a running Vedette through the control topic.
///
/// Control records are part of the log: they pass through the same order as decisions and
/// labels, so a replay that reads them does what the live run did.
public struct ControlRecord: Sendable, Equatable {
    public enum Action: Sendable, Equatable {
        /// Sets the silence of this id, or replaces it.
        case silence(Silence)
        /// Ends the silence of this id.
        case unsilence(id: String)
        /// Holds a circuit breaker in a state, or gives it back to its triggers.
        case breaker(BreakerOrder)
    }

    /// When it was said, ms since 1970 UTC.
    public var time: Int64
    public var action: Action

    public init(time: Int64, action: Action) {
        self.time = time
        self.action = action
    }

    /// What it is about; with the time and the partition it orders the records.
    public var id: String {
        switch action {
        case .silence(let silence): silence.id
        case .unsilence(let id): id
        case .breaker(let order): "\(order.breaker)|\(order.model)|\(order.slice.text)"
        }
    }
}

/// Control records of one source partition, in the order of their offsets. Low volume: no columns of fields.
public final class ControlBatch: @unchecked Sendable {
    // Written by the thread that decodes, then handed over whole; as ``DecisionBatch``.
    public let partition: Int
    public var records: ContiguousArray<ControlRecord> = []
    public var offset = Column<Int64>()
    public var time = Column<Int64>()
    public var requestID = Column<RequestID>()

    public init(partition: Int) { self.partition = partition }

    public var count: Int { records.count }

    /// - Parameter hash: any one keyed hash; it orders records of one time.
    public func append(_ record: ControlRecord, offset: Int64, hash: KeyedHash) {
        records.append(record)
        self.offset.append(offset)
        time.append(record.time)
        requestID.append(Array(record.id.utf8).withUnsafeBytes { hash.hash128($0) })
    }

    public func removeLast() {
        records.removeLast()
        offset.removeLast()
        time.removeLast()
        requestID.removeLast()
    }
}
