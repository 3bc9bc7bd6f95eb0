/// Which sub-populations get metrics of their own.
public struct SliceConfiguration: Sendable, Equatable {
    /// Sets of indices into `EventSchema.dimensions`, ascending; a single dimension is a set of one.
    /// All traffic (the empty set) is always there and not listed.
    public var groups: [[Int]] = []
    /// Distinct values of one dimension before the rest fall into `other`.
    public var maxValuesPerDimension: Int = 1_000
    /// Slices of one model version before the rest fall into their group's `other`.
    public var maxSlices: Int = 10_000
    /// Versions of one model before the rest fall into `other`.
    public var maxVersions: Int = 32
    /// Whether features are measured in every slice and not only over all traffic.
    public var featuresInSlices: Bool = false

    /// Dimensions that are learned from when entities were first seen.
    public var newEntities: [NewEntityRule] = []
    /// Entities of one kind whose first-seen time is kept exactly; see ``FirstSeen``.
    public var entityMemory: Int = 100_000

    public init() {}
}
