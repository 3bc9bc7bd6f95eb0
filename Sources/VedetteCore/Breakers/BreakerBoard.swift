/// All circuit breakers of a deployment: what drives them comes in, records go out at boundaries.
///
/// A function of what it is given, in order. An entry exists for all traffic of every model that a
/// breaker covers, and for a slice from the first time that something trips it there until it has
/// been closed for `flapWindowMs` again; a slice without a record follows the record of all traffic.
/// Bounded by ``maxEntries``.
package struct BreakerBoard {
    /// Entries of one breaker; an alert in one slice more is counted and drives the entry of all traffic instead.
    package static let maxEntries = 1_000

    let configuration: TopologyConfiguration
    let configurationMark: UInt64
    /// Of the configuration that the checkpoint was made under, if it was another, until this one has put something out.
    var otherMark: UInt64?
    /// Per breaker, in the order of first appearance.
    var entries: [[BreakerEntry]]
    /// Keys that somebody may still follow, and that the configuration does not name any more.
    var abandoned: [AbandonedBreaker] = []
    /// Trips of slices for which there was no room, and orders that named nothing.
    package internal(set) var refused: Int64 = 0

    package init(configuration: TopologyConfiguration) {
        self.configuration = configuration
        configurationMark = Self.mark(of: configuration)
        entries = Array(repeating: [], count: configuration.breakers.count)
    }

    package var isEmpty: Bool { configuration.breakers.isEmpty && abandoned.isEmpty }
    package var openCount: Int { entries.reduce(0) { $0 + $1.count { $0.state != .closed } } }

    // MARK: Input

    /// What began to fire, changed or ceased to, whatever was said of it.
    package mutating func take(_ signals: [AlertSignal], at time: Int64) {
        guard !configuration.breakers.isEmpty else { return }
        for signal in signals {
            guard let model = configuration.models.firstIndex(where: { $0.name == signal.model }) else { continue }
            for index in configuration.breakers.indices { take(signal, index, model, time) }
        }
    }

    private mutating func take(_ signal: AlertSignal, _ index: Int, _ model: Int, _ time: Int64) {
        let spec = configuration.breakers[index]
        guard isCovered(spec, model: signal.model, slice: signal.slice) else { return }
        let isHeard = signal.isFiring && spec.isDriven(by: signal.monitor, signal.monitorID, signal.severity) && !isSaidElsewhere(signal, spec)
        // An alert drives its slice's entry, or that of all traffic if there was no room when it came.
        let holders = places(index, model, signal.slice).filter { entries[index][$0].holds(signal.fingerprint) }
        if !isHeard {
            for place in holders { entries[index][place].forget(signal.fingerprint) }
        } else if let place = holders.first ?? admit(index, model, signal.slice, time) {
            entries[index][place].note(signal)
        }
    }

    /// Whether another slice that this breaker covers opens for the same thing.
    private func isSaidElsewhere(_ signal: AlertSignal, _ spec: BreakerSpec) -> Bool {
        signal.about.map { isCovered(spec, model: signal.model, slice: $0) } ?? false
    }

    /// Entries in which an alert of a slice may be.
    private func places(_ index: Int, _ model: Int, _ slice: SliceName) -> [Int] {
        guard let own = find(index, model, slice) else { return find(index, model, SliceName()).map { [$0] } ?? [] }
        return slice.isOverall ? [own] : [own] + (find(index, model, SliceName()).map { [$0] } ?? [])
    }

    /// After a restore: forgets what does not fire any more, and hears what a breaker that is new, or listens to more, never heard.
    /// Under an unchanged configuration it changes nothing.
    package mutating func reconcile(with firing: [AlertSignal], at time: Int64) {
        let fingerprints = Set(firing.map(\.fingerprint))
        for index in entries.indices {
            for place in entries[index].indices { entries[index][place].keep(only: fingerprints) }
        }
        take(firing, at: time)
    }

    /// Whether a window of this spec is looked at at all.
    package func watches(window: Int) -> Bool {
        configuration.breakers.contains { spec in
            spec.triggers.contains { if case .metric(let rule) = $0 { rule.window == window } else { false } }
        }
    }

    /// A window that just closed, all versions together.
    ///
    /// - Parameter labelFree: the fraud rate that its scores expect; asked only where a trigger is about it.
    package mutating func take(_ pane: Pane, window: Int, model: Int, slice: SliceName, at time: Int64, labelFree: () -> Double? = { nil }) {
        for (index, spec) in configuration.breakers.enumerated() {
            guard isCovered(spec, model: configuration.models[model].name, slice: slice) else { continue }
            for (number, trigger) in spec.triggers.enumerated() {
                guard case .metric(let rule) = trigger, rule.window == window else { continue }
                let level = BreakerLevel(rule, pane, labelFree: labelFree)
                let place = level?.isOver == true ? admit(index, model, slice, time, isExact: true) : find(index, model, slice)
                guard let place else { continue }
                entries[index][place].note(level, of: number, since: time - configuration.windows[window].sizeMs)
            }
        }
    }

    /// What a person said. An order for a slice that has no entry yet makes one.
    package mutating func take(_ given: BreakerOrder, at time: Int64) {
        var order = given
        let dimensions = configuration.schema.dimensions
        order.slice.parts.sort { (dimensions.firstIndex(of: $0.dimension) ?? .max) < (dimensions.firstIndex(of: $1.dimension) ?? .max) }
        guard let index = configuration.breakers.firstIndex(where: { $0.id == order.breaker }),
            let model = configuration.models.firstIndex(where: { $0.name == order.model }),
            isCovered(configuration.breakers[index], model: order.model, slice: nil),
            let place = order.state == nil ? find(index, model, order.slice) : admit(index, model, order.slice, time, isExact: true)
        else {
            refused += 1
            return
        }
        entries[index][place].hold(order.state == nil ? nil : order, at: time)
        // Published at the next boundary, whatever the state was.
        entries[index][place].publishedAt = .min
    }

    // MARK: Entries

    func isCovered(_ spec: BreakerSpec, model: String, slice: SliceName?) -> Bool {
        guard spec.models.isEmpty || spec.models.contains(model) else { return false }
        guard let slice, !slice.isOverall else { return true }
        switch spec.slices {
        case .overall: return false
        case .all: return true
        case .groups(let groups):
            let dimensions = slice.parts.map(\.dimension)
            return groups.contains { $0.map { configuration.schema.dimensions[$0] } == dimensions }
        }
    }

    private func find(_ index: Int, _ model: Int, _ slice: SliceName) -> Int? {
        entries[index].firstIndex { $0.model == model && $0.slice == slice }
    }

    /// The entry, made where it is not there yet; where there is no room, that of all traffic, or none if it must be exactly this one.
    mutating func admit(_ index: Int, _ model: Int, _ slice: SliceName, _ time: Int64, isExact: Bool = false) -> Int? {
        if let place = find(index, model, slice) { return place }
        guard entries[index].count < Self.maxEntries || slice.isOverall else {
            refused += 1
            return isExact ? nil : find(index, model, SliceName())
        }
        entries[index].append(BreakerEntry(model: model, slice: slice, triggers: configuration.breakers[index].triggers.count, at: time))
        return entries[index].count - 1
    }
}

extension BreakerSpec {
    /// Whether an alert of this monitor opens it.
    func isDriven(by monitor: String, _ monitorID: String, _ severity: Severity) -> Bool {
        triggers.contains { trigger in
            guard case .alert(let monitors, let least) = trigger, severity >= least else { return false }
            return monitors.isEmpty || monitors.contains(monitor) || monitors.contains(monitorID)
        }
    }
}
