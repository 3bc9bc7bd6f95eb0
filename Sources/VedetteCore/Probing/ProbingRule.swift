/// Settings of the probing detectors.
public struct ProbingRule: Sendable, Equatable {
    public init() {}
}
