/// What monitors are given: windows, their references, versions and budgets.
extension Topology {
    /// A family's window as it closed: all versions together, and each by itself.
    struct Observed {
        var family: Family
        var pane: Pane
        /// Those with data, in order of first appearance.
        var parts: [(version: UInt16, pane: Pane)]
    }

    /// A reference as composed for one window: its panes and how many decisions each version made in them.
    struct ComposedReference {
        var panes: [Pane]
        /// Per pane, in the order of ``panes``; empty where versions are not known (a pinned window, a baseline).
        var versions: [[UInt16: Int64]]

        /// Without the windows in which nothing happened; none where nothing happened in any of them.
        func filled(keepingEmpty: Bool) -> ComposedReference {
            let used = panes.indices.filter { !panes[$0].isEmpty }
            guard used.count < panes.count, !(keepingEmpty && !used.isEmpty) else { return self }
            return ComposedReference(panes: used.map { panes[$0] }, versions: versions.isEmpty ? [] : used.map { versions[$0] })
        }
    }

    /// References of one family that several monitors of one window share.
    final class ReferenceCache {
        private var known: [String: ComposedReference] = [:]

        func find(_ reference: Reference, make: () -> ComposedReference) -> ComposedReference {
            if let found = known[reference.label] { return found }
            let made = make()
            known[reference.label] = made
            return made
        }
    }

    /// Everything that one monitor looks at in one window.
    ///
    /// - Parameter boundary: the present, ms: later than the end of the window, for a recheck.
    func round(_ monitor: Int, _ start: Int64, _ end: Int64, at boundary: Int64, _ observed: [Observed]) -> EvaluationRound {
        let spec = configuration.monitors[monitor]
        let observations = observed.filter { isWatched($0.family, by: spec) }.map { observation($0, spec, start, end, at: boundary, ReferenceCache()) }
        return EvaluationRound(monitor: monitor, start: start, end: end, observations: observations)
    }

    /// What one monitor looks at of one family.
    func observation(_ one: Observed, _ spec: MonitorSpec, _ start: Int64, _ end: Int64, at boundary: Int64, _ cache: ReferenceCache) -> Observation {
        let needs = spec.rule.base.needs
        var observation = compared(one, spec, needs, start, end, at: boundary, cache)
        if needs.undeclared, one.family.slice == 0 {
            observation.undeclared = undeclared[Int(one.family.model)].fields(at: end)
            observation.missingDimensions = missingDimensions(one.family, start, end, referenceStarts(spec.reference, spec.window, start))
        }
        let key = NowcastBook.Key(model: one.family.model, slice: one.family.slice)
        if needs.cohorts { observation.outlook = Outlook(nowcasts, key, start: start, end: end, at: boundary) }
        if needs.labels { observation.labelContext = LabelContext(nowcasts, key, start: start, end: end, at: boundary) }
        return observation
    }

    private func compared(
        _ one: Observed, _ spec: MonitorSpec, _ needs: MonitorNeeds, _ start: Int64, _ end: Int64, at boundary: Int64, _ cache: ReferenceCache
    ) -> Observation {
        let model = Int(one.family.model)
        var observation = Observation(model: model, slice: name(of: one.family.slice), current: one.pane, references: [])
        if needs.budget, let rule = spec.rule.base as? SLORule { observation.budget = budget(rule, one.family, endingAt: end, isPast: boundary > end) }
        if case .version(let name) = spec.reference, needs.reference {
            compare(&observation, one, with: name)
            return observation
        }
        let reference =
            needs.reference
            ? cache.find(spec.reference) { composedReference(spec.reference, one.family, spec.window, start) }.filled(keepingEmpty: needs.countsTraffic)
            : ComposedReference(panes: [], versions: [])
        observation.references = reference.panes
        if needs.versions { observation.versions = versionPanes(one, reference) }
        if needs.isMovedByVersion, one.family.versions.count > 1 { match(&observation, one, reference, minCount: spec.minCount) }
        return observation
    }

    /// All other versions against one of the same window.
    private func compare(_ observation: inout Observation, _ one: Observed, with name: String) {
        let isWanted = { (version: UInt16) in self.versions[Int(one.family.model)].name(Int32(version)) == name }
        observation.references = one.parts.filter { isWanted($0.version) }.map(\.pane)
        observation.current = merged(one.parts.filter { !isWanted($0.version) }.map(\.pane), one.family)
    }

    private func versionPanes(_ one: Observed, _ reference: ComposedReference) -> [VersionPane] {
        one.family.versions.map { version in
            VersionPane(
                name: versions[Int(one.family.model)].name(Int32(version)) ?? "",
                current: one.parts.first { $0.version == version }?.pane ?? panes.makePane(SeriesKey(model: one.family.model, version: version, slice: one.family.slice)),
                referenceTotal: reference.versions.reduce(0) { $0 + ($1[version] ?? 0) })
        }
    }

    func merged(_ parts: [Pane], _ family: Family) -> Pane {
        if parts.count == 1 { return parts[0] }
        let pane = panes.makePane(SeriesKey(model: family.model, version: 0, slice: family.slice))
        pane.merge(ContiguousArray(parts), configuration: configuration.panes)
        return pane
    }

    // MARK: Versions

    /// Compares like with like where versions changed: reference windows of other versions are
    /// left out as long as one of the same versions is there; else, of the window, the decisions
    /// of versions that the reference knows. What cannot be matched is stated as the shift.
    private func match(_ observation: inout Observation, _ one: Observed, _ reference: ComposedReference, minCount: Int64) {
        guard reference.versions.count == reference.panes.count, !reference.panes.isEmpty else { return }
        let now = shares(Dictionary(uniqueKeysWithValues: one.parts.map { ($0.version, $0.pane.total) }))
        let alike = reference.panes.indices.filter { overlap(now, shares(reference.versions[$0])) >= 0.5 }
        let used = alike.isEmpty ? Array(reference.panes.indices) : alike
        observation.references = used.map { reference.panes[$0] }
        let before = shares(used.reduce(into: [:]) { sum, index in sum.merge(reference.versions[index]) { $0 + $1 } })
        observation.versionShift = 1 - overlap(now, before)
        observation.versionChange = change(from: before, to: now, one.family)
        let known = one.parts.filter { (before[$0.version] ?? 0) >= Self.knownShare }
        guard observation.versionShift > Self.leastShift, known.count < one.parts.count else { return }
        let total = known.reduce(0) { $0 + $1.pane.total }
        guard total > 0, total >= minCount, total * 10 >= one.pane.total else { return }
        observation.current = merged(known.map(\.pane), one.family)
        observation.versionShift = 1 - overlap(shares(Dictionary(uniqueKeysWithValues: known.map { ($0.version, $0.pane.total) })), before)
    }

    /// Chance, and versions that were always rare, move the mix by less.
    private static var leastShift: Double { 0.02 }

    /// A version that made less than this of the reference's decisions is new.
    private static var knownShare: Double { 0.05 }

    private func change(from before: [UInt16: Double], to now: [UInt16: Double], _ family: Family) -> String? {
        let most = { (shares: [UInt16: Double]) in family.versions.max { (shares[$0] ?? 0) < (shares[$1] ?? 0) } }
        guard let old = most(before), let new = most(now), old != new else { return nil }
        let name = { (version: UInt16) in self.versions[Int(family.model)].name(Int32(version)) ?? "(missing)" }
        return "\(name(old)) to \(name(new))"
    }

    private func shares(_ totals: [UInt16: Int64]) -> [UInt16: Double] {
        let sum = totals.values.reduce(0, +)
        return sum > 0 ? totals.mapValues { Double($0) / Double(sum) } : [:]
    }

    /// How much two mixes of versions have in common, 0...1.
    private func overlap(_ a: [UInt16: Double], _ b: [UInt16: Double]) -> Double {
        // By version, so that the sum is the same in every run.
        a.keys.sorted().reduce(0) { $0 + min(a[$1] ?? 0, b[$1] ?? 0) }
    }

    // MARK: References

    /// With the windows that are kept and in which nothing happened, as empty panes.
    private func composedReference(_ reference: Reference, _ family: Family, _ spec: Int, _ start: Int64) -> ComposedReference {
        let starts = referenceStarts(reference, spec, start)
        guard !starts.isEmpty else { return ComposedReference(panes: references(reference, family, spec, start), versions: []) }
        let size = windows.specs[spec].sizeMs
        let found = starts.compactMap { from in composedReference(family, from, size, mayBePartial: false).map { (from, $0) } }
        return ComposedReference(
            panes: found.map(\.1),
            versions: family.versions.count == 1
                ? found.map { [family.versions[0]: $0.1.total] } : found.map { versionTotals(family, $0.0, $0.0 + size) })
    }

    private func versionTotals(_ family: Family, _ start: Int64, _ end: Int64) -> [UInt16: Int64] {
        var totals: [UInt16: Int64] = [:]
        for version in family.versions {
            let found = panes.panes(of: SeriesKey(model: family.model, version: version, slice: family.slice), start, end)
            totals[version] = found.reduce(0) { $0 + $1.total }
        }
        return totals
    }

    /// Starts of the windows that a reference means, newest first; empty where it is not one of this stream's past windows.
    private func referenceStarts(_ reference: Reference, _ spec: Int, _ start: Int64) -> [Int64] {
        switch reference {
        case .previousWindow: [start - windows.specs[spec].sizeMs]
        case .sameHours(let weeks): (1...max(1, weeks)).map { start - Int64($0) * 7 * 86_400_000 }
        case .pinned, .baseline, .version: []
        }
    }

    private func composedReference(_ family: Family, _ from: Int64, _ size: Int64, mayBePartial: Bool) -> Pane? {
        mayBePartial || panes.began - from <= size / Self.referenceGapDivisor ? composeAll(family, from, from + size) : nil
    }

    /// The panes that a reference means for the window of `spec` starting at `start`; without
    /// those that are empty or no longer kept, and, unless `mayBePartial`, those that reach back
    /// before the first record: part of a window is no reference for a judgement of a whole one.
    func references(_ reference: Reference, _ family: Family, _ spec: Int, _ start: Int64, mayBePartial: Bool = false) -> [Pane] {
        switch reference {
        case .previousWindow, .sameHours:
            let size = windows.specs[spec].sizeMs
            return referenceStarts(reference, spec, start).compactMap { composedReference(family, $0, size, mayBePartial: mayBePartial) }.filter { !$0.isEmpty }
        case .pinned(let pinnedStart):
            return [windows.pinned[.init(window: spec, start: pinnedStart, model: family.model, slice: family.slice)]].compactMap { $0 }
        case .baseline(let name):
            let model = configuration.schema.models[Int(family.model)]
            return [baselines[name]?.pane(model: model, slice: self.name(of: family.slice))].compactMap { $0 }
        case .version(let name):
            guard let version = family.versions.first(where: { versions[Int(family.model)].name(Int32($0)) == name }) else { return [] }
            let key = SeriesKey(model: family.model, version: version, slice: family.slice)
            let pane = panes.makePane(key)
            panes.compose(key, start, start + windows.specs[spec].sizeMs, into: pane)
            return pane.isEmpty ? [] : [pane]
        }
    }

    /// A reference may reach back before the first record by this part of its length.
    private static var referenceGapDivisor: Int64 { 100 }

    /// Counted from the slices of the missing values. O(dimensions x panes).
    private func missingDimensions(_ family: Family, _ start: Int64, _ end: Int64, _ starts: [Int64]) -> [MissingDimension] {
        let size = end - start
        let kept = starts.filter { panes.began - $0 <= size / Self.referenceGapDivisor && panes.covers($0, $0 + size) }
        let total = kept.reduce(0) { $0 + decisions(family, $1, $1 + size) }
        guard total > 0 else { return [] }
        return configuration.schema.dimensions.enumerated().compactMap { dimension, name in
            guard slices.hasOwnGroup(dimension) else { return nil }
            let missing = slices.missing(dimension).flatMap { families.find(model: family.model, slice: $0) }
            return MissingDimension(
                name: name, now: missing.map { decisions($0, start, end) } ?? 0,
                before: missing.map { missing in kept.reduce(0) { $0 + decisions(missing, $1, $1 + size) } } ?? 0, referenceTotal: total)
        }
    }

    func decisions(_ family: Family, _ start: Int64, _ end: Int64) -> Int64 {
        family.versions.reduce(0) { $0 + panes.decisions(SeriesKey(model: family.model, version: $1, slice: family.slice), start, end) }
    }

    /// All versions of a family over an interval; nil when it is no longer kept.
    func composeAll(_ family: Family, _ start: Int64, _ end: Int64) -> Pane? {
        guard panes.covers(start, end) else { return nil }
        let pane = panes.makePane(SeriesKey(model: family.model, version: 0, slice: family.slice))
        var parts: ContiguousArray<Pane> = []
        for version in family.versions {
            parts += panes.panes(of: SeriesKey(model: family.model, version: version, slice: family.slice), start, end)
        }
        pane.merge(parts, configuration: configuration.panes)
        return pane
    }

    // MARK: Budgets

    /// Events over each of the rule's lengths, ending at `end`. A length that reaches back beyond
    /// the finest panes begins at the edge of the pane that holds its start, so it may be longer
    /// by one pane of the level kept at that age. One that cannot be composed so closely counts nothing: it neither burns
    /// nor contradicts. O(panes), some 80 for a slice without bad events.
    ///
    /// - Parameter isPast: the window is looked at again; then there is nothing where a long window could be composed at
    ///   its time and can no more: what is not seen refutes nothing.
    func budget(_ rule: SLORule, _ family: Family, endingAt end: Int64, isPast: Bool) -> [EventCounts] {
        let lengths = rule.lengths
        guard !isPast || rule.pairs.allSatisfy({ composableStart($0.longMs, rule, end) != nil || !wasComposable($0.longMs, end) }) else { return [] }
        let important = configuration.models[Int(family.model)].importantFeatures
        func counted(_ length: Int64) -> EventCounts {
            var counts = EventCounts()
            guard let start = composableStart(length, rule, end) else { return counts }
            for version in family.versions {
                for pane in panes.panes(of: SeriesKey(model: family.model, version: version, slice: family.slice), start, end) {
                    counts.add(rule.count(pane, importantFeatures: important))
                }
            }
            return counts
        }
        guard let period = lengths.last.map(counted) else { return [] }
        // Where nothing bad happened in the period, nothing burns in any part of it.
        guard period.bad > 0 else { return Array(repeating: period, count: lengths.count) }
        return lengths.dropLast().map(counted) + [period]
    }

    /// A length may be longer than stated by this part of it.
    private static var budgetGapDivisor: Int64 { 10 }

    /// Where a length that ends at `end` begins in the panes that are kept now; nil where not close enough.
    private func composableStart(_ length: Int64, _ rule: SLORule, _ end: Int64) -> Int64? {
        let start = panes.alignedStart(end - length)
        guard end - length - start <= length / Self.budgetGapDivisor, panes.covers(start, end) || end - start >= rule.periodMs else { return nil }
        return start
    }

    /// Whether a length could be composed when the window that ends at `end` closed.
    private func wasComposable(_ length: Int64, _ end: Int64) -> Bool {
        let levels = configuration.panes.levels
        let size = (levels.first { $0.keepMs >= length } ?? levels[levels.count - 1]).sizeMs
        return end - length - alignDown(end - length, to: size) <= length / Self.budgetGapDivisor
    }

    func isWatched(_ family: Family, by spec: MonitorSpec) -> Bool {
        let model = configuration.schema.models[Int(family.model)]
        guard spec.models.isEmpty || spec.models.contains(model) else { return false }
        let group = slices.slices[Int(family.slice)].group
        switch spec.slices {
        case .overall: return group < 0
        case .all: return true
        case .groups(let groups):
            guard group >= 0 else { return false }
            if groups.contains(slices.dimensions(of: group)) { return true }
            return !spec.sliceValues.isEmpty && spec.sliceValues.contains(name(of: family.slice))
        }
    }
}
