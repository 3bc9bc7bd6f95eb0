/// One declared stream detector.
public struct DetectorSpec: Sendable, Equatable {
    /// What it looks for, with its settings.
    public enum Rule: Sendable, Equatable {
        case probing(ProbingRule)
        case policy(PolicyRuleSet)
        case labelSource(LabelIntegrityRule)
        case labelPoisoning(LabelIntegrityRule)
        case labelCanary(LabelIntegrityRule)
        case labelBurst(LabelIntegrityRule)
        case labelOrphans(LabelIntegrityRule)
        case labelConflicts(LabelIntegrityRule)
        case labelNormalisation(LabelIntegrityRule)

        /// Whether it looks at decisions, and not at labels alone.
        var readsDecisions: Bool {
            switch self {
            case .probing, .policy, .labelPoisoning, .labelCanary, .labelNormalisation: true
            case .labelSource, .labelBurst, .labelOrphans, .labelConflicts: false
            }
        }

        /// Whether it looks at labels, and not at decisions alone.
        var readsLabels: Bool {
            switch self {
            case .probing, .policy: false
            case .labelSource, .labelPoisoning, .labelCanary, .labelBurst, .labelOrphans, .labelConflicts, .labelNormalisation: true
            }
        }
    }

    /// Unique among the detectors of a configuration; part of an alert's fingerprint.
    public var id: String
    public var rule: Rule
    /// Empty: every model of the inventory.
    public var models: [String] = []

    public init(id: String, rule: Rule, models: [String] = []) {
        self.id = id
        self.rule = rule
        self.models = models
    }
}

/// Places of the detectors that look at decisions.
struct DecisionDetectors {
    /// Those that look at nothing else.
    let alone: [Int]
    /// Those that look at labels as well.
    let withLabels: [Int]

    init(_ specs: [DetectorSpec]) {
        let readers = specs.indices.filter { specs[$0].rule.readsDecisions }
        alone = readers.filter { !specs[$0].rule.readsLabels }
        withLabels = readers.filter { specs[$0].rule.readsLabels }
    }

    var isEmpty: Bool { alone.isEmpty && withLabels.isEmpty }
}
