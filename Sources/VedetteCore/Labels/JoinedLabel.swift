/// One label as it joined its decision, with where it came from: what a training set should know of its truth.
public struct JoinedLabel: Sendable {
    /// As in the records.
    public var requestID: String
    public var key: RequestID
    public var model: String
    public var version: String
    public var decisionTime: Int64
    public var score: Double
    public var decision: Decision
    /// As it stands in the join: tier from the registry, standing.
    public var label: LabelEntry
    /// Row of the registry of label sources; -1 is unlisted.
    public var source: Int
    public var pipeline: String
    public var actor: String
    public var kind: String
    /// Empty where the record does not say.
    public var conditions: String
}
