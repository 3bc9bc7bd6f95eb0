/// What monitors can and cannot judge right now, and what is left of the objectives' budgets.
///
/// Derived from each monitor's newest round and not part of a checkpoint: after a restart it is
/// empty until the next window closes.
public struct MonitorStatus: Sendable, Equatable {
    /// Slices of one monitor by what kept them from being judged.
    public struct Coverage: Sendable, Equatable {
        public var judged = 0
        /// New slices and models, whose reference is not there yet.
        public var withoutReference = 0
        /// Fewer decisions than the monitor's least.
        public var withTooFew = 0

        package init(judged: Int = 0, withoutReference: Int = 0, withTooFew: Int = 0) {
            self.judged = judged
            self.withoutReference = withoutReference
            self.withTooFew = withTooFew
        }
    }

    /// What is left of one objective's budget in one slice.
    public struct Budget: Sendable, Equatable {
        public var model: String
        public var slice: SliceName
        /// Share of the period's budget; negative where it is overspent.
        public var remaining: Double
        public var events: Int64
    }

    /// Slices of one objective that are listed, those with least left.
    public static let maxBudgets = 50

    /// By monitor.
    public internal(set) var coverage: [Coverage]
    public internal(set) var budgets: [[Budget]]

    package init(monitors: Int) {
        coverage = Array(repeating: Coverage(), count: monitors)
        budgets = Array(repeating: [], count: monitors)
    }

    /// What a monitor's newest round was, from all of its observations.
    package mutating func note(_ tally: Tally, monitor: Int) {
        coverage[monitor] = tally.coverage
        budgets[monitor] = Array(
            tally.budgets.enumerated().sorted { ($0.element.remaining, $0.offset) < ($1.element.remaining, $1.offset) }.prefix(Self.maxBudgets).map(\.element))
    }

    /// One round, counted observation by observation.
    package struct Tally {
        fileprivate var coverage = Coverage()
        fileprivate var budgets: [Budget] = []

        package init() {}

        package mutating func add(_ observation: Observation, _ spec: MonitorSpec, models: [ModelSpec]) {
            let needs = spec.rule.base.needs
            if needs.reference, observation.references.isEmpty {
                coverage.withoutReference += 1
            } else if observation.current.total < spec.minCount, spec.rule.name != VolumeRule.name, !needs.budget {
                coverage.withTooFew += 1
            } else {
                coverage.judged += 1
            }
            guard let rule = spec.rule.base as? SLORule, let period = observation.budget.last else { return }
            budgets.append(
                Budget(model: models[observation.model].name, slice: observation.slice, remaining: 1 - rule.spent(period), events: period.all))
        }
    }
}
