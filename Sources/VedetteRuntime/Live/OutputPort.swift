import VedetteCore

/// Where a live run puts its output for good.
///
/// The in-memory implementation of the crash tests and the Kafka one keep the same promise:
/// records and progress become visible together or not at all (at least once, and in order,
/// where transactions are off).
public protocol OutputPort: AnyObject {
    /// Makes all of it durable and visible. Returns only when that is so.
    ///
    /// - Throws: where it cannot be done now or ever; nothing may have become visible then,
    ///   except without transactions.
    func commit(_ records: [OutputRecord], _ progress: ProgressRecord) throws

    /// The newest progress record of this application that was committed. Whoever wrote before can commit no more.
    func lastProgress() throws -> ProgressRecord?

    /// The committed progress records of this application after one, oldest first, as far as they are still there,
    /// and the newest in any case. Whoever wrote before can commit no more.
    func progress(after sequence: Int64) throws -> [ProgressRecord]
}

extension OutputPort {
    public func progress(after sequence: Int64) throws -> [ProgressRecord] { try lastProgress().map { [$0] } ?? [] }
}
