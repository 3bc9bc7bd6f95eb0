/// Settings of the label detectors.
public struct LabelIntegrityRule: Sendable, Equatable {
    public var sourceSeverity = Severity.p0
    public var poisoningSeverity = Severity.p1
    public var normalisationSeverity = Severity.p2
    public var burstSeverity = Severity.p1
    public var rateSeverity = Severity.p1
    /// An incident ends after this long without another label of its kind, ms.
    public var keepFiringForMs: Int64 = 86_400_000
    /// Lowest score of a borderline decision, in (0, 1); nil is half of the model's lowest threshold.
    public var borderlineFrom: Double?
    public var peers = LabelPeerRule()
    /// Labels of a day below which they are no burst, and the factor over the largest day of the past that is one.
    public var burstLabels: Int64 = 50
    public var burstFactor = 3.0
    /// Factor on a source's own rate of orphans, or of words that more trusted labels contradict, above which it is an incident.
    public var rateFactor = 2.0

    /// What `label_canary` follows; they share its chance of a false alert.
    public var canaryMetrics = CanaryMetric.allCases

    public init() {}
}
