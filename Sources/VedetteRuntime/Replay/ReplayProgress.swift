/// How far a replay is, for a progress bar.
public struct ReplayProgress: Sendable {
    public var records: Int64
    /// Event time reached, ms; nil before the first record.
    public var eventTime: Int64?
    /// Share of the input read, 0...1; nil where the size is not known.
    public var fraction: Double?
}

/// What a replay did.
public struct ReplaySummary: Sendable {
    public var records: Int64 = 0
    public var rejected: Int64 = 0
    public var alerts: Int = 0
    public var metrics: Int = 0
}
