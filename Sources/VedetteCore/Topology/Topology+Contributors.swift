/// Which slices carry an alert of all traffic whose monitor was not asked to watch slices.
extension Topology {
    /// The event with the slices of one dimension in which the same window shows the same thing, those that weigh most first,
    /// at most ``Judge/maxContributors``. They were not tested with the rest: they say where to look, and raise nothing.
    ///
    /// O(slices of the model), only for an alert that is raised or gets worse.
    func withContributors(_ event: AlertEvent) -> AlertEvent {
        guard event.status == .firing || event.status == .updated, event.slice.isOverall,
            let monitor = configuration.monitors.firstIndex(where: { $0.id == event.monitorID }),
            let model = configuration.schema.models.firstIndex(of: event.model)
        else { return event }
        let spec = configuration.monitors[monitor]
        guard spec.rule.base.needs.isCarriedBySlices, spec.slices == .overall, spec.sliceValues.isEmpty else { return event }
        // A slice that is nearly all of it says nothing of where to look.
        let whole = families.find(model: UInt16(model), slice: 0).map { decisions($0, event.windowStart, event.windowEnd) } ?? 0
        var found: [(contributor: AlertEvent.Contributor, mass: Double)] = []
        for family in families.families where Int(family.model) == model && isOfOneDimension(family) {
            panes.readsInPassing = true
            defer { readInPassing(family) }
            let observed = composed(family, event.windowStart, event.windowEnd)
            guard whole == 0 || Double(observed.pane.total) <= SliceExplanation.maxRowShare * Double(whole) else { continue }
            let observation = observation(observed, spec, event.windowStart, event.windowEnd, at: event.windowEnd, ReferenceCache())
            guard let subject = judge.monitors.subjects(of: observation, monitor: monitor).first,
                let finding = judge.monitors.finding(subject, in: observation, monitor: monitor, frozen: nil),
                finding.isSufficient, finding.effectPassed, finding.pValue <= Judge.presentLevel
            else { continue }
            let contributor = AlertEvent.Contributor(name: observation.slice.text, value: finding.value, count: finding.count)
            found.append((contributor, finding.share(in: observation.slice).mass))
        }
        var told = event
        let order = found.indices.sorted { (-found[$0].mass, $0) < (-found[$1].mass, $1) }
        told.contributors = order.prefix(Judge.maxContributors).map { found[$0].contributor } + event.contributors
        return told
    }

    private func isOfOneDimension(_ family: Family) -> Bool { slices.dimensions(of: slices.slices[Int(family.slice)].group).count == 1 }
}
