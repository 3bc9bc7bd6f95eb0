/// Closing, revising and finishing windows.
extension Topology {
    /// Everything that happens at a pane boundary, in a fixed order: windows that close
    /// (metrics, then monitors), windows that became final, and, on its schedule, revisions.
    func closeWindows(at boundary: Int64) throws {
        for spec in windows.specs.indices {
            if let start = windows.start(of: spec, closingAt: boundary) { closeWindow(spec, start, boundary) }
        }
        for spec in windows.specs.indices where windows.finalDelays[spec] > windows.specs[spec].sizeMs {
            // Of panes that had gone before they were kept for longer, nothing whole can be said any more.
            guard sink.wantsWindows, let start = windows.start(of: spec, finalAt: boundary), panes.covers(start, start + windows.specs[spec].sizeMs) else { continue }
            for family in families.families { emit(family, spec, start, at: boundary, isFinal: true) }
        }
        if boundary % configuration.panes.reviseEveryMs == 0 { revise(at: boundary) }
        settleAlerts(at: boundary)
    }

    private func closeWindow(_ spec: Int, _ start: Int64, _ end: Int64) {
        let monitors = configuration.monitors.indices.filter { configuration.monitors[$0].window == spec }
        let drivesBreakers = breakers.watches(window: spec)
        guard sink.wantsWindows || !monitors.isEmpty || drivesBreakers || windows.isPinned(spec, start: start) else { return }
        var reviews = monitors.filter { !hasOutlivedDecisions(configuration.monitors[$0].rule, end) }.map { Reviewing(monitor: $0, start: start, end: end) }
        // Until the next window of these panes they would be packed again: better at once than all of them together.
        let comesByOnce = windows.specs[spec].hopMs >= configuration.panes.packAfterMs
        for family in families.families {
            panes.readsInPassing = comesByOnce
            defer { if comesByOnce { readInPassing(family) } }
            let (pane, parts) = emit(family, spec, start, at: end, isFinal: windows.finalDelays[spec] == windows.specs[spec].sizeMs)
            if windows.isPinned(spec, start: start), !pane.isEmpty {
                windows.pinned[.init(window: spec, start: start, model: family.model, slice: family.slice)] = pane
            }
            look(at: Observed(family: family, pane: pane, parts: parts), in: &reviews)
            guard drivesBreakers else { continue }
            breakers.take(pane, window: spec, model: Int(family.model), slice: name(of: family.slice), at: end) { labelFree(family, pane)?.fraudRate }
        }
        for one in reviews {
            monitorStatus.note(one.tally, monitor: one.monitor)
            judge.consider(one.review)
        }
    }

    /// A monitor's way through the slices of a window.
    private struct Reviewing {
        let monitor: Int
        let start: Int64
        let end: Int64
        var review: Judge.Review
        var tally = MonitorStatus.Tally()

        init(monitor: Int, start: Int64, end: Int64) {
            (self.monitor, self.start, self.end) = (monitor, start, end)
            review = Judge.Review(monitor: monitor, start: start, end: end)
        }
    }

    /// Shows a family's window to the monitors that watch it. What they compare it with is composed once for all of
    /// them and gone before the next family: thousands of slices with four reference weeks each would be most of the memory.
    private func look(at one: Observed, in reviews: inout [Reviewing]) {
        let cache = ReferenceCache()
        for index in reviews.indices {
            let spec = configuration.monitors[reviews[index].monitor]
            guard isWatched(one.family, by: spec) else { continue }
            let observation = observation(one, spec, reviews[index].start, reviews[index].end, at: reviews[index].end, cache)
            let isJudged = judge.look(at: observation, in: &reviews[index].review)
            reviews[index].tally.add(observation, isJudged: isJudged, spec, models: configuration.models)
        }
    }

    /// When a replay has read all decisions, later windows hold none: that is the end of the
    /// data, not a drop in traffic. It goes by what was read, not by what took effect so far, so
    /// that it does not matter how far ahead of the watermark the input was read.
    private func hasOutlivedDecisions(_ rule: MonitorSpec.Rule, _ end: Int64) -> Bool {
        guard rule.base.needs.wholeWindow else { return false }
        return sequencer.partitions.allSatisfy { $0.identity.stream != .decisions || ($0.ended && end > $0.clock.maxTime) }
    }

    // MARK: Metrics

    /// Emits a family's records of one window (each version, then all together) and returns the latter's pane and those of the versions with data.
    @discardableResult
    func emit(_ family: Family, _ spec: Int, _ start: Int64, at boundary: Int64, isFinal: Bool) -> (all: Pane, parts: [(version: UInt16, pane: Pane)]) {
        let end = start + windows.specs[spec].sizeMs
        var parts: [(version: UInt16, pane: Pane)] = []
        for version in family.versions {
            let pane = panes.composed(SeriesKey(model: family.model, version: version, slice: family.slice), start, end)
            if !pane.isEmpty { parts.append((version, pane)) }
        }
        let all: Pane
        if parts.count == 1 {
            all = parts[0].pane
        } else {
            all = panes.makePane(SeriesKey(model: family.model, version: 0, slice: family.slice))
            all.merge(ContiguousArray(parts.map(\.pane)), configuration: configuration.panes)
        }
        guard sink.wantsWindows, !all.isEmpty else { return (all, parts) }
        for part in parts { part.pane.compact() }
        all.compact()
        let unmatched = unmatched(family, start, end)
        let drift = drift(of: all, family, spec, start)
        let nowcast = nowcast(family, start, end, all, at: boundary)
        for part in parts {
            let ofPart = parts.count == 1 ? drift : self.drift(of: part.pane, family, spec, start)
            let name = versions[Int(family.model)].name(Int32(part.version)) ?? ""
            // One version alone is all of them.
            let ofOne = parts.count == 1 ? nowcast : nil
            send(family, name, spec, start, part.pane, unmatched[part.version] ?? 0, ofPart, ofOne, at: boundary, isFinal: isFinal)
        }
        let unmatchedOfAll = unmatched.values.reduce(0, +)
        let repeatsPrevious = parts.count == 1 && unmatchedOfAll == unmatched[parts[0].version] ?? 0
        send(family, "*", spec, start, all, unmatchedOfAll, drift, nowcast, at: boundary, isFinal: isFinal, repeatsPrevious: repeatsPrevious)
        return (all, parts)
    }

    private func send(
        _ family: Family, _ version: String, _ spec: Int, _ start: Int64, _ pane: Pane, _ unmatched: Int64,
        _ drift: [WindowDrift], _ nowcast: NowcastEstimate?, at boundary: Int64, isFinal: Bool, repeatsPrevious: Bool = false
    ) {
        let window = windows.specs[spec]
        let end = start + window.sizeMs
        // How many times closed windows have been revised since this one closed.
        let every = configuration.panes.reviseEveryMs
        let revisions = max(0, floorDivide(boundary, every) - floorDivide(end, every))
        let result = WindowResult(
            model: configuration.schema.models[Int(family.model)], version: version, slice: name(of: family.slice), window: window,
            start: start, end: end, isFinal: isFinal,
            revision: revisions + (isFinal && boundary > end ? 1 : 0),
            pane: pane, unmatched: unmatched, thresholdEpsilon: configuration.panes.thresholdEpsilon, labelNames: labelNames.updated(vocabulary.kinds),
            drift: drift, featureNames: featureNames, repeatsPrevious: repeatsPrevious,
            maturity: maturity(family, start, end, at: boundary), nowcast: nowcast,
            labelFree: nowcast == nil ? nil : labelFree(family, pane))
        sink.window(result, at: boundary)
    }

    /// Per version: decisions of panes that lie beyond the maturity horizon and have no label.
    private func unmatched(_ family: Family, _ start: Int64, _ end: Int64) -> [UInt16: Int64] {
        let horizon = panes.closed - configuration.join.maturityMs
        guard start < horizon else { return [:] }
        var counts: [UInt16: Int64] = [:]
        for version in family.versions {
            let key = SeriesKey(model: family.model, version: version, slice: family.slice)
            counts[version] = panes.unmatched(key, start, min(end, horizon))
        }
        return counts
    }

    func name(of slice: Int32) -> SliceName {
        let slice = slices.slices[Int(slice)]
        let dimensionIndices = slices.dimensions(of: slice.group)
        return SliceName(
            zip(dimensionIndices, slice.values).map { dimension, value in
                SliceName.Part(dimension: configuration.schema.dimensions[dimension], value: dimensions[dimension].name(value))
            })
    }

    // MARK: References

    private func drift(of pane: Pane, _ family: Family, _ spec: Int, _ start: Int64) -> [WindowDrift] {
        guard pane.total > 0 else { return [] }
        return configuration.driftReferences.map { wanted in
            let found = references(wanted.reference, family, spec, start, mayBePartial: true)
            // As monitors take them: of several weeks, each measure without the one that deviates most.
            let used = ComparableWeeks.robust(found) { $0.score.mean }
            let total = used.reduce(0) { $0 + $1.total }
            guard total > 0, var scores = used.first?.scores else { return WindowDrift(name: wanted.name) }
            scores.merge(ContiguousArray(used.dropFirst().map(\.scores)))
            let features = pane.features.indices.map { index in
                FeatureDistribution(index, in: found).flatMap { FeatureDrift(reference: $0.aggregate, current: pane.features[index]) }
            }
            return WindowDrift(
                name: wanted.name, distances: Distances(reference: scores, current: pane.scores), referenceCount: total, features: features)
        }
    }

    /// The last `lastMs` up to the last decision, as one pane per model and slice: a baseline to pin.
    /// The start is rounded down to a pane of the coarsest level, and not before the oldest pane kept.
    public func baselineEntries(lastMs: Int64) -> (entries: [Baseline.Entry], start: Int64, end: Int64) {
        guard let oldest = panes.oldestKept, let end = panes.endOfDecisions, let coarsest = configuration.panes.levels.last else { return ([], 0, 0) }
        let start = max(oldest, alignDown(end - lastMs, to: coarsest.sizeMs))
        let entries = families.families.compactMap { family -> Baseline.Entry? in
            let pane = panes.makePane(SeriesKey(model: family.model, version: 0, slice: family.slice))
            defer { readInPassing(family) }
            panes.readsInPassing = true
            for version in family.versions {
                panes.compose(SeriesKey(model: family.model, version: version, slice: family.slice), start, end, into: pane)
            }
            pane.compact()
            let model = configuration.schema.models[Int(family.model)]
            return pane.total > 0 ? Baseline.Entry(model: model, slice: name(of: family.slice), pane: pane) : nil
        }
        return (entries, start, end)
    }

    /// By the numbers that ``LabelBreakdown`` and ``LabelDelays`` use.
    public var labelKindNames: [String] { vocabulary.kinds.allNames }

    // MARK: Revisions

    /// Emits again the closed windows that late labels or late records changed, and lets the
    /// judge look again at the windows that its label-based alerts rest on.
    private func revise(at boundary: Int64) {
        for family in families.families {
            let corrected = takeCorrections(of: family)
            guard sink.wantsWindows, !corrected.isEmpty else { continue }
            defer { readInPassing(family) }
            panes.readsInPassing = true
            for spec in windows.specs.indices {
                var starts = Set<Int64>()
                for pane in corrected { starts.formUnion(windows.starts(of: spec, overlapping: pane, pane + panes.correctionSize)) }
                for start in starts.sorted() {
                    let end = start + windows.specs[spec].sizeMs
                    guard end < boundary, !windows.isFinal(spec, start: start, at: boundary), panes.covers(start, end) else { continue }
                    emit(family, spec, start, at: boundary, isFinal: false)
                }
            }
        }
        for request in judge.recheckRequests() {
            let spec = configuration.monitors[request.monitor].window
            let needsBudget = configuration.monitors[request.monitor].rule.base.needs.budget
            guard needsBudget || panes.covers(request.start, request.end) else { continue }
            let observed = families.families.filter { isWatched($0, by: configuration.monitors[request.monitor]) }.map { composed($0, request.start, request.end) }
            guard request.end - request.start == windows.specs[spec].sizeMs else { continue }
            judge.recheck(round(request.monitor, request.start, request.end, at: boundary, observed), at: boundary)
        }
    }

    func composed(_ family: Family, _ start: Int64, _ end: Int64) -> Observed {
        let parts = family.versions.compactMap { version -> (version: UInt16, pane: Pane)? in
            let key = SeriesKey(model: family.model, version: version, slice: family.slice)
            let pane = panes.makePane(key)
            panes.compose(key, start, end, into: pane)
            return pane.isEmpty ? nil : (version, pane)
        }
        return Observed(family: family, pane: merged(parts.map(\.pane), family), parts: parts)
    }

    private func takeCorrections(of family: Family) -> [Int64] {
        var all = Set<Int64>()
        for version in family.versions {
            guard let one = panes.find(SeriesKey(model: family.model, version: version, slice: family.slice)) else { continue }
            all.formUnion(one.takeCorrections())
        }
        return all.sorted()
    }

    /// At the end of a replay: every window with data that is not final yet, in its final state.
    func emitRemaining(newest: Int64) {
        let boundary = panes.closed
        guard sink.wantsWindows, let oldest = panes.oldestKept else { return }
        for spec in windows.specs.indices {
            let starts = windows.starts(of: spec, overlapping: oldest, newest + 1).filter {
                !windows.isFinal(spec, start: $0, at: boundary) && panes.covers($0, $0 + windows.specs[spec].sizeMs)
            }
            // Long windows that hop hold the same panes as their neighbours, where the replay was short.
            for family in families.families {
                panes.remembersCompositions(true)
                defer { readInPassing(family) }
                panes.readsInPassing = true
                for start in starts { emit(family, spec, start, at: boundary, isFinal: true) }
            }
        }
        panes.remembersCompositions(false)
    }

    /// Packs again what only this reading has unpacked.
    func readInPassing(_ family: Family) {
        panes.readsInPassing = false
        for version in family.versions { panes.packIdle(of: SeriesKey(model: family.model, version: version, slice: family.slice)) }
    }
}
