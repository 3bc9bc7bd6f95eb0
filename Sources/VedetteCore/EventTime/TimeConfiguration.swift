/// How event time is read off the input. All durations in milliseconds.
public struct TimeConfiguration: Sendable, Equatable {
    /// How far behind its partition's newest event a record may be before it counts as late.
    public var outOfOrdernessMs: Int64 = 5_000
    /// A record further ahead of its clock reference than this is rejected and moves no watermark.
    public var maxFutureMs: Int64 = 86_400_000
    /// How many records in a row must agree on a jump of more than `maxFutureMs` before it is believed.
    public var futureConfirmations: Int = 3
    /// Wall-clock silence after which a partition no longer holds the watermark back.
    public var idleTimeoutMs: Int64 = 60_000
    /// How far (event time) a partition may run ahead of the slowest before it is paused.
    public var maxAheadMs: Int64 = 300_000
    /// Rows that may wait for the watermark before anything is paused: pausing throws away what
    /// was fetched, and sparse topics are far apart in event time without using memory.
    public var maxWaitingRows: Int = 100_000
    /// Records are put in order in buckets of this length; divides the pane.
    public var granuleMs: Int64 = 1_000

    public init() {}
}
