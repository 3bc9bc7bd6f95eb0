/// The nowcasts: fed with every label effect, taught at the end of every cohort, asked by windows.
extension TopologyConfiguration {
    /// Slice groups whose series have nowcasts of their own, and of each which slices: nil for all of them.
    /// -1 is all traffic, which always has.
    var nowcastGroups: [(group: Int, values: Set<SliceName>?)] {
        let judging = monitors.filter { $0.rule.base.needs.cohorts }
        let asked = [nowcast.slices] + judging.map(\.slices)
        let single = nowcast.sliceValues + judging.flatMap(\.sliceValues)
        return [(-1, nil)] + slices.groups.indices.compactMap { group in
            let isWhole = asked.contains { selection in
                switch selection {
                case .overall: false
                case .all: true
                case .groups(let wanted): wanted.contains(slices.groups[group])
                }
            }
            if isWhole { return (group, nil) }
            let dimensions = slices.groups[group].map { schema.dimensions[$0] }
            let values = Set(single.filter { $0.parts.map(\.dimension) == dimensions })
            return values.isEmpty ? nil : (group, values)
        }
    }
}

extension Topology {
    func observeNowcast(_ effect: LabelEffect, _ decision: DecisionRow) {
        guard configuration.nowcast.isEnabled, effect.before != effect.after || effect.knownBefore != effect.knownAfter else { return }
        // First find them all, then change them: what one look-up waits for, the others need not wait for again.
        withUnsafeTemporaryAllocation(of: Int.self, capacity: nowcastGroups.count) { places in
            var count = 0
            for index in nowcastGroups.indices {
                let group = nowcastGroups[index].group
                let slice = group < 0 ? 0 : slices.number(group: group, values: decision.values, time: decision.time)
                let key = NowcastBook.Key(model: decision.model, slice: slice)
                guard let place = nowcasts.expect(effect, of: decision, key) ?? nowcastPlace(making: key, among: nowcastGroups[index].values)
                else { continue }
                places.initializeElement(at: count, to: place)
                count += 1
            }
            for index in 0..<count { nowcasts.observe(effect, of: decision, at: places[index]) }
        }
    }

    /// Others where the configuration asks for other nowcasts.
    var askedNowcasts: [Int] {
        nowcastGroups.flatMap { group, values in
            [group] + (values?.map { Int(truncatingIfNeeded: hash.hash64($0.text)) }.sorted() ?? [])
        }
    }

    func isNowcastAsked(_ slice: Int32) -> Bool {
        guard slices.slices.indices.contains(Int(slice)), let asked = nowcastGroups.first(where: { $0.group == Int(slices.slices[Int(slice)].group) })
        else { return false }
        return asked.values?.contains(name(of: slice)) ?? true
    }

    /// Where a slice's nowcast is that there was none of; nil where nobody asked for it, or there is no room.
    private func nowcastPlace(making key: NowcastBook.Key, among values: Set<SliceName>?) -> Int? {
        guard let values else { return nowcasts.place(of: key) }
        // A name is put together once for each slice, not for each label.
        if unaskedSlices.contains(key.slice) { return nil }
        if values.contains(name(of: key.slice)) { return nowcasts.place(of: key) }
        unaskedSlices.insert(key.slice)
        return nil
    }

    func closeNowcasts(at boundary: Int64) {
        guard nowcasts.endsCohort(at: boundary) else { return }
        for family in families.families {
            let group = Int(slices.slices[Int(family.slice)].group)
            guard let asked = nowcastGroups.first(where: { $0.group == group }) else { continue }
            let key = NowcastBook.Key(model: family.model, slice: family.slice)
            if nowcasts.find(key) == nil { _ = nowcastPlace(making: key, among: asked.values) }
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
