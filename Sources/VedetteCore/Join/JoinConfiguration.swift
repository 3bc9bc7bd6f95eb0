/// How decisions and labels find each other. All durations in milliseconds.
public struct JoinConfiguration: Sendable, Equatable {
    /// How long a decision row is kept.
    public var retentionMs: Int64 = 120 * 86_400_000
    /// Event time that one segment of rows covers; expiry drops whole segments.
    public var segmentMs: Int64 = 86_400_000
    /// How long a label waits for a decision that has not arrived.
    public var pendingTTLMs: Int64 = 86_400_000
    /// Labels that may wait at once; beyond it the oldest becomes an orphan early.
    public var maxPending: Int = 1_000_000
    /// The same by memory, bytes: each label counts ``PendingLabels/labelBytes`` and its texts.
    public var maxPendingBytes: Int = 512 << 20
    /// How far apart in event time two records with one ID still count as one decision; within one segment they always do.
    public var duplicateWindowMs: Int64 = 86_400_000
    /// Age at which a decision without a label counts as unmatched.
    public var maturityMs: Int64 = 45 * 86_400_000
    /// Sources whose labels are remembered for one request; beyond it the least trusted is dropped and counted. As many labels may wait
    /// for one decision; one more is an orphan at once.
    public var maxLabelsPerRequest: Int = 16
    /// Distinct kinds of label before the rest count as other.
    public var maxLabelKinds: Int = 32
    /// Distinct actors of labels before the rest count as other.
    public var maxLabelActors: Int = 65_536
    /// Distinct conditions of labels before the rest count as other.
    public static let maxLabelConditions = 1_024

    public init() {}
}

/// One row of the registry of label sources. Trust comes from here, never from the record.
public struct LabelSource: Sendable, Equatable {
    public var pipeline: String
    /// 1 low, 2 medium, 3 high.
    public var tier: UInt8
    /// How many requests one label of this source stands for, where the label does not say; above 0.
    public var samplingWeight: Double
    /// What it may say.
    public var rights = LabelRights()
    /// How much a label of it weighs in a training set, at least 0.
    public var trainingWeight = 1.0

    public init(pipeline: String, tier: UInt8, samplingWeight: Double = 1) {
        self.samplingWeight = samplingWeight
        self.pipeline = pipeline
        self.tier = tier
    }
}
