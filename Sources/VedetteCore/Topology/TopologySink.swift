/// A record that came after its partition's watermark.
public struct LateRecord: Sendable, Equatable {
    public var stream: StreamKind
    /// Index of the source partition in the run's list of inputs.
    public var partition: Int
    public var offset: Int64
    public var requestID: String
    public var time: Int64
    /// The partition's watermark when it came.
    public var watermark: Int64
    /// Whether it still reached the join and the panes.
    public var joined: Bool

    public var lateByMs: Int64 { watermark - time }
}

/// Where the topology's output goes. Calls come in the order of `at`, the event time up to
/// which everything has been judged when the output is made; it never falls.
public protocol TopologySink: AnyObject {
    /// Whether anybody takes window results. Where nobody does, windows are composed for monitors only.
    var wantsWindows: Bool { get }
    /// Whether output made at `at` is dropped, because an earlier execution of the same log has put it out.
    func isSilent(at: Int64) -> Bool
    func window(_ result: WindowResult, at: Int64)
    func alert(_ event: AlertEvent, at: Int64)
    func breaker(_ record: BreakerRecord, at: Int64)
    func late(_ record: LateRecord, at: Int64)
}

extension TopologySink {
    public func isSilent(at: Int64) -> Bool { false }
}
