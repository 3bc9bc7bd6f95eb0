/// The circuit breakers: they hear of everything that fires and of every window that closes, and speak last at a boundary.
extension Topology {
    /// Traffic of this long, ms, says what a breaker's policy touches.
    private static var breakerTrafficMs: Int64 { 3_600_000 }

    /// What a person said.
    func apply(_ action: ControlRecord.Action, at time: Int64) {
        if case .breaker(let order) = action { breakers.take(order, at: time) } else { judge.apply(action) }
    }

    func closeBreakers(at boundary: Int64) {
        guard !breakers.isEmpty else { return }
        let records = breakers.close(at: boundary, isSilent: sink.isSilent(at: boundary)) { model, slice, policy in
            breakerTraffic(model: UInt16(model), slice, policy, boundary)
        }
        for record in records { sink.breaker(record, at: boundary) }
    }

    private func breakerTraffic(model: UInt16, _ slice: SliceName, _ policy: BreakerPolicy, _ boundary: Int64) -> BreakerTraffic? {
        guard let number = slice.isOverall ? 0 : families.families.first(where: { $0.model == model && name(of: $0.slice) == slice })?.slice,
            let all = breakerSums(model, 0, boundary - Self.breakerTrafficMs, boundary)
        else { return nil }
        guard let own = number == 0 ? all : breakerSums(model, number, boundary - Self.breakerTrafficMs, boundary) else { return nil }
        return BreakerTraffic(
            model: all.decisions.total, slice: own.decisions.total, touched: own.decisions.count(of: policy.insteadOf),
            amount: own.money.count > 0 ? own.money[policy.insteadOf] : nil,
            fraudShare: own.money.count > 0 ? fraudShare(model, number, policy.insteadOf, boundary) : nil)
    }

    /// Length of the past, ms, whose labels say what share of the amount is fraud.
    private static var breakerLabelMs: Int64 { 30 * 86_400_000 }
    /// Labels of frauds are no estimate before this share of them is expected to be in.
    private static var leastMaturity: Double { 0.05 }

    /// What share of the amount so decided is fraud: labelled fraud over all of the last 30 days, by amount, over the share of fraud
    /// labels that is expected to have arrived. Nil before there was an amount, or where next to no labels can be in yet.
    private func fraudShare(_ model: UInt16, _ slice: Int32, _ decision: Decision, _ boundary: Int64) -> Double? {
        let start = boundary - Self.breakerLabelMs
        guard let sums = breakerSums(model, slice, start, boundary), sums.labelled > 0, sums.money[decision] > 0 else { return nil }
        let maturity = [slice, 0].lazy.compactMap { slice in
            self.families.find(model: model, slice: slice).flatMap { self.maturity($0, start, boundary, at: boundary)?.fraud }
        }.first ?? 1
        guard maturity >= Self.leastMaturity else { return nil }
        return min(1, sums.fraudMoney[decision] / sums.money[decision] / maturity)
    }

    private struct BreakerSums {
        var decisions = DecisionCounts()
        var money = MoneyTotals()
        var fraudMoney = MoneyTotals()
        var labelled: Int64 = 0
    }

    /// O(panes), some 60 for an hour and as many for 30 days.
    private func breakerSums(_ model: UInt16, _ slice: Int32, _ start: Int64, _ end: Int64) -> BreakerSums? {
        guard let family = families.find(model: model, slice: slice) else { return nil }
        var sums = BreakerSums()
        for version in family.versions {
            for pane in panes.panes(of: SeriesKey(model: model, version: version, slice: slice), panes.alignedStart(start), end) {
                sums.decisions.merge(pane.decisions)
                if let operations = pane.operations { sums.money.merge(operations.money) }
                guard let labels = pane.boxedOutcomes else { continue }
                sums.labelled += labels.outcomes.labelled
                sums.fraudMoney.merge(labels.outcomes.fraudMoney)
            }
        }
        return sums
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
