/// The nowcasts: fed with every label effect, taught at the end of every cohort, asked by windows.
extension TopologyConfiguration {
    /// Slice groups whose series have nowcasts of their own; -1 is all traffic, which always has.
    var nowcastGroups: [Int] {
        let asked = [nowcast.slices] + monitors.filter { $0.rule.base.needs.cohorts }.map(\.slices)
        return [-1] + slices.groups.indices.filter { group in
            asked.contains { selection in
                switch selection {
                case .overall: false
                case .all: true
                case .groups(let wanted): wanted.contains(slices.groups[group])
                }
            }
        }
    }
}

extension Topology {
    func observeNowcast(_ effect: LabelEffect, _ decision: DecisionRow) {
        guard configuration.nowcast.isEnabled, effect.before != effect.after || effect.knownBefore != effect.knownAfter else { return }
        for group in nowcastGroups {
            let slice = group < 0 ? 0 : slices.number(group: group, values: decision.values, time: decision.time)
            guard let place = nowcasts.place(of: NowcastBook.Key(model: decision.model, slice: slice)) else { continue }
            nowcasts.observe(effect, of: decision, at: place)
        }
    }

    func closeNowcasts(at boundary: Int64) {
        guard nowcasts.endsCohort(at: boundary) else { return }
        for family in families.families where nowcastGroups.contains(Int(slices.slices[Int(family.slice)].group)) {
            _ = nowcasts.place(of: NowcastBook.Key(model: family.model, slice: family.slice))
        }
        nowcasts.close(at: boundary) { key, start, end in
            guard panes.covers(start, end), let family = families.find(model: key.model, slice: key.slice) else { return nil }
            return family.versions.reduce(0) {
                $0 + panes.decisions(SeriesKey(model: key.model, version: $1, slice: key.slice), start, end)
            }
        }
        calibrateScores(at: boundary)
    }

    /// After a cohort has closed.
    func calibrateScores(at boundary: Int64) {
        nowcasts.calibrate(at: boundary) { model, start, end, body in
            guard panes.covers(start, end), let family = families.find(model: model, slice: 0) else { return }
            for version in family.versions { panes.forEachOutcomes(SeriesKey(model: model, version: version, slice: 0), start, end, body) }
        }
    }

    /// Of windows that have a nowcast, so that the two stand side by side.
    func labelFree(_ family: Family, _ pane: Pane) -> LabelFreeEstimate? { nowcasts.labelFree(family.model, pane) }

    func maturity(_ family: Family, _ start: Int64, _ end: Int64, at boundary: Int64) -> Maturity? {
        nowcasts.maturity(NowcastBook.Key(model: family.model, slice: family.slice), start, end, at: boundary)
    }

    /// Of windows of at least a cohort's length.
    func nowcast(_ family: Family, _ start: Int64, _ end: Int64, _ pane: Pane, at boundary: Int64) -> NowcastEstimate? {
        nowcasts.nowcast(NowcastBook.Key(model: family.model, slice: family.slice), start, end, pane, at: boundary)
    }
}
