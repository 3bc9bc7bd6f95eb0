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
        /// Slices whose labels are not followed, for a monitor that judges what is expected of labels still to come.
        public var withoutNowcast = 0
        /// Fewer decisions, or labels, than the monitor's least, here or in the reference.
        public var withTooFew = 0

        package init(judged: Int = 0, withoutReference: Int = 0, withoutNowcast: Int = 0, withTooFew: Int = 0) {
            self.judged = judged
            self.withoutReference = withoutReference
            self.withoutNowcast = withoutNowcast
            self.withTooFew = withTooFew
        }
    }

    /// A slice of a model.
    public struct Place: Sendable, Hashable {
        public var model: String
        public var slice: SliceName

        package init(model: String, slice: SliceName) {
            self.model = model
            self.slice = slice
        }
    }

    /// A slice that is not judged, and for want of what.
    public struct Waiting: Sendable, Equatable {
        public enum Reason: String, Sendable, CaseIterable {
            case noReference = "no_reference"
            case noNowcast = "no_nowcast"
            case tooFew = "too_few"
        }

        public var place: Place
        public var reason: Reason

        package init(_ place: Place, _ reason: Reason) {
            self.place = place
            self.reason = reason
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
    /// Waiting slices of one monitor that are listed, whole models first, those with most decisions first.
    public static let maxWaiting = 50
    /// Slices of one monitor whose first judgement is told.
    static let maxFollowed = 1_000

    /// By monitor.
    public internal(set) var coverage: [Coverage]
    public internal(set) var budgets: [[Budget]]
    /// Those that wait for something, the first ``maxWaiting``.
    public internal(set) var waiting: [[Waiting]]
    /// Those that waited for their reference in the newest window, and those judged since for the first time; see ``takeBegun()``.
    private var expected: [Set<Place>]
    private var begun: [[Place]]

    package init(monitors: Int) {
        coverage = Array(repeating: Coverage(), count: monitors)
        budgets = Array(repeating: [], count: monitors)
        waiting = Array(repeating: [], count: monitors)
        expected = Array(repeating: [], count: monitors)
        begun = Array(repeating: [], count: monitors)
    }

    /// By monitor, the slices that have got their reference since the last call and are judged from now on.
    package mutating func takeBegun() -> [[Place]] {
        defer { begun = Array(repeating: [], count: begun.count) }
        return begun
    }

    /// What a monitor's newest round was, from all of its observations.
    package mutating func note(_ tally: Tally, monitor: Int) {
        coverage[monitor] = tally.coverage
        waiting[monitor] = Array(
            tally.waiting.enumerated().sorted { a, b in
                let (isWhole, isOtherWhole) = (a.element.waiting.place.slice.isOverall, b.element.waiting.place.slice.isOverall)
                return (isWhole ? 0 : 1, -a.element.decisions, a.offset) < (isOtherWhole ? 0 : 1, -b.element.decisions, b.offset)
            }.prefix(Self.maxWaiting).map(\.element.waiting))
        begun[monitor] += tally.judged.filter { expected[monitor].contains($0) }.prefix(Self.maxFollowed - min(begun[monitor].count, Self.maxFollowed))
        expected[monitor].subtract(tally.judged)
        for one in tally.waiting where one.waiting.reason == .noReference && expected[monitor].count < Self.maxFollowed {
            expected[monitor].insert(one.waiting.place)
        }
        budgets[monitor] = Array(
            tally.budgets.enumerated().sorted { ($0.element.remaining, $0.offset) < ($1.element.remaining, $1.offset) }.prefix(Self.maxBudgets).map(\.element))
    }

    /// One round, counted observation by observation.
    package struct Tally {
        fileprivate var coverage = Coverage()
        fileprivate var budgets: [Budget] = []
        fileprivate var waiting: [(waiting: Waiting, decisions: Int64)] = []
        /// Only of monitors with a reference to wait for.
        fileprivate var judged: [Place] = []

        package init() {}

        /// - Parameter isJudged: whether the monitor said anything of it, that it is well included.
        package mutating func add(_ observation: Observation, isJudged: Bool, _ spec: MonitorSpec, models: [ModelSpec]) {
            let needs = spec.rule.base.needs
            let place = Place(model: models[observation.model].name, slice: observation.slice)
            if isJudged {
                coverage.judged += 1
                if needs.reference { judged.append(place) }
            } else if needs.reference, observation.references.isEmpty {
                coverage.withoutReference += 1
                wait(place, .noReference, observation)
            } else if needs.cohorts, observation.outlook == nil {
                coverage.withoutNowcast += 1
                wait(place, .noNowcast, observation)
            } else {
                coverage.withTooFew += 1
                wait(place, .tooFew, observation)
            }
            guard let rule = spec.rule.base as? SLORule, let period = observation.budget.last else { return }
            budgets.append(
                Budget(model: models[observation.model].name, slice: observation.slice, remaining: 1 - rule.spent(period), events: period.all))
        }

        private mutating func wait(_ place: Place, _ reason: Waiting.Reason, _ observation: Observation) {
            waiting.append((Waiting(place, reason), observation.current.total))
        }
    }
}
