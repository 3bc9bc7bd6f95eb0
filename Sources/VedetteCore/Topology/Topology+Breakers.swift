/// The circuit breakers: they hear every alert that is made and every window that closes, and speak last at a boundary.
extension Topology {
    /// Traffic of this long, ms, says what a breaker's policy touches.
    private static var breakerTrafficMs: Int64 { 3_600_000 }

    /// Puts an alert out; breakers hear it first.
    func publish(_ event: AlertEvent, at boundary: Int64) {
        breakers.take(event, at: boundary)
        sink.alert(event, at: boundary)
    }

    /// What a person said.
    func apply(_ action: ControlRecord.Action, at time: Int64) {
        if case .breaker(let order) = action { breakers.take(order, at: time) } else { judge.apply(action) }
    }

    func closeBreakers(at boundary: Int64) {
        guard !breakers.isEmpty else { return }
        let records = breakers.close(at: boundary) { model, slice, policy in
            breakerTraffic(model: UInt16(model), slice, policy, boundary)
        }
        for record in records { sink.breaker(record, at: boundary) }
    }

    private func breakerTraffic(model: UInt16, _ slice: SliceName, _ policy: BreakerPolicy, _ boundary: Int64) -> BreakerTraffic? {
        guard let number = slice.isOverall ? 0 : families.families.first(where: { $0.model == model && name(of: $0.slice) == slice })?.slice,
            let all = breakerCounts(model, 0, boundary)
        else { return nil }
        guard let own = number == 0 ? all : breakerCounts(model, number, boundary) else { return nil }
        return BreakerTraffic(model: all.total, slice: own.total, touched: own.count(of: policy.insteadOf), amount: nil)
    }

    private func breakerCounts(_ model: UInt16, _ slice: Int32, _ boundary: Int64) -> DecisionCounts? {
        guard let family = families.find(model: model, slice: slice) else { return nil }
        var counts = DecisionCounts()
        for version in family.versions {
            counts.merge(panes.decisions(SeriesKey(model: model, version: version, slice: slice), boundary - Self.breakerTrafficMs, boundary))
        }
        return counts
    }
}

extension DecisionCounts {
    func count(of decision: Decision) -> Int64 {
        switch decision {
        case .allow: allow
        case .challenge: challenge
        case .block: block
        case .escalate: escalate
        case .log: log
        }
    }
}
