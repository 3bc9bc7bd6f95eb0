/// The names that the configuration declares, interned once: a record refers to them by index.
///
/// One schema serves all models of a process; its features are the union over the models.
public struct EventSchema: Sendable, Equatable {
    public struct Feature: Sendable, Equatable {
        public var name: String
        public var kind: FeatureKind
        public init(name: String, kind: FeatureKind) {
            self.name = name
            self.kind = kind
        }
    }

    /// Model names of the inventory.
    public var models: [String]
    /// What becomes of the decisions of all other models.
    public var otherModels = OtherModels.reject
    public var features: [Feature]
    /// Slice dimensions, such as `country`.
    public var dimensions: [String]
    /// Of `dimensions`, those that a record need not have, because their values are learned.
    public var learnedDimensions: [String] = []
    /// Entity kinds, such as `device`.
    public var entities: [String]
    /// Signals that are told apart, at most ``maxSignals``; index `i` is bit `i` of ``DecisionBatch/signalSet``.
    public var signals: [String]

    /// Bit 63 of a signal set stands for every other name.
    public static let maxSignals = 63
    public static let otherSignal: UInt64 = 1 << 63

    public init(models: [String], features: [Feature], dimensions: [String], entities: [String], signals: [String] = []) {
        precondition(signals.count <= Self.maxSignals, "a signal set has 63 named bits")
        self.signals = signals
        self.models = models
        self.features = features
        self.dimensions = dimensions
        self.entities = entities
    }
}

/// What becomes of decisions whose model the inventory does not list.
public enum OtherModels: String, Sendable, CaseIterable {
    /// They are dead letters.
    case reject
    /// Somebody else watches them: they are not measured, and their labels are no orphans.
    case ignore

    /// Stands in for the index of a model that is ignored.
    public static let index = UInt16.max
}

/// A piece of text in a batch's `text` arena: offset and length in bytes, or nothing.
public struct TextRef: Sendable, Equatable, BitwiseCopyable {
    public var offset: UInt32
    public var length: UInt32

    @inlinable
    public init(offset: UInt32, length: UInt32) {
        self.offset = offset
        self.length = length
    }

    public static let none = TextRef(offset: .max, length: 0)

    @inlinable
    public var isNone: Bool { offset == .max }

    /// The reference as the bits of a `Double` column, for category features.
    @inlinable
    public var packed: Double { Double(bitPattern: UInt64(offset) << 32 | UInt64(length)) }

    @inlinable
    public init(packed: Double) {
        self.init(offset: UInt32(truncatingIfNeeded: packed.bitPattern >> 32), length: UInt32(truncatingIfNeeded: packed.bitPattern))
    }
}
