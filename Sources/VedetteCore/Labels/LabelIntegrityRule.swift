/// Settings of the label detectors.
public struct LabelIntegrityRule: Sendable, Equatable {
    public var sourceSeverity = Severity.p0
    public var poisoningSeverity = Severity.p1
    /// An incident ends after this long without another label of its kind, ms.
    public var keepFiringForMs: Int64 = 86_400_000
    /// Lowest score of a borderline decision, in (0, 1); nil is half of the model's lowest threshold.
    public var borderlineFrom: Double?
    public var peers = LabelPeerRule()

    public init() {}
}
