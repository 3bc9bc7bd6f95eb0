/// Labels: from the record to the panes of their decisions.
extension Topology {
    func process(_ entry: SequencedRow, of batch: LabelBatch) throws {
        let row = Int(entry.row)
        counters.labels += 1
        newestTime = max(newestTime, entry.time)
        let source = batch.pipeline[row].isNone ? 0 : hash.hash64(of: batch.pipeline[row], in: batch.text)
        let registryRow = sourceRows[source] ?? -1
        let known = batch.decisionTime[row]
        let decision = try join.findDecision(entry.id, time: known == .min ? nil : known, watermark: entry.effective)
        if decision == nil, try isOfOtherModel(entry, decisionTime: known) {
            counters.labelsOtherModels += 1
            return
        }
        var label = LabelEntry(
            source: source, time: entry.time, outcome: Outcome(rawValue: batch.outcome[row]) ?? .withdrawn,
            tier: registryRow < 0 ? 0 : configuration.labelSources[registryRow].tier,
            kind: labelKinds.number(batch.kind[row], in: batch.text, hash: hash),
            weight: weight(batch.samplingWeight[row], registryRow))
        label.actor = labelActors.number(batch.actor[row], in: batch.text, hash: hash)
        label.conditions = labelConditions.number(batch.conditions[row], in: batch.text, hash: hash)
        if entry.time < entry.effective {
            report(late: entry, batch.string(batch.requestText[row]), .labels, joined: decision != nil)
        }
        guard let decision else {
            let waiting = PendingLabel(
                id: entry.id, words: batch.words(row), entry: label, source: registryRow,
                expiresAt: entry.effective + configuration.join.pendingTTLMs)
            for orphan in pending.add(waiting) { try countOrphan(orphan, at: entry.effective) }
            return
        }
        try apply(label, source: registryRow, to: decision, entry, request: batch.string(batch.requestText[row])) { batch.words(row) }
    }

    /// The label's own weight, else its source's. A source that is not listed can not make its labels heavier.
    private func weight(_ stated: Double, _ registryRow: Int) -> Int64 {
        guard registryRow >= 0 else { return LabelEntry.weightUnit }
        let weight = stated.isNaN ? configuration.labelSources[registryRow].samplingWeight : stated
        return max(1, Int64((min(weight, LabelEntry.maxWeight) * Double(LabelEntry.weightUnit)).rounded()))
    }

    /// - Parameter words: made only where somebody reads them.
    func apply(
        _ given: LabelEntry, source: Int, to decision: DecisionRow, _ entry: SequencedRow, request: String, words: () -> LabelWords
    ) throws {
        let id = entry.id
        if source < 0 { counters.labelsUnlistedSource += 1 }
        let label = admitted(given, source: source, model: Int(decision.model), words: words)
        let effect = try join.apply(label, to: decision, id: id, request: request)
        count(effect)
        if !labelDetectors.isEmpty {
            observe(
                ObservedLabel(
                    words: words(), id: id, source: source, entry: label, decision: decision, effect: effect, verdicts: verdicts(label, effect),
                    dimensions: dimensions, effective: entry.effective))
        }
        observeNowcast(effect, decision)
        if let onLabel { onLabel(joined(label, source, decision, id, request, words())) }
        guard effect.before != effect.after else { return }
        let paneConfiguration = configuration.panes
        var isCounted = true
        forEachSeries(of: decision) { number in
            _ = panes.update(number, at: decision.time) { pane in
                if !pane.correct(effect, decision, id: id, text: request, configuration: paneConfiguration) { isCounted = false }
            }
            if let before = effect.before, !arrive(before, -1, number, decision.time) { isCounted = false }
            if let after = effect.after { _ = arrive(after, 1, number, decision.time) }
        }
        if !isCounted { counters.labelsUncounted += 1 }
    }

    /// Labels outside of their source's rights are nobody's word.
    private func verdicts(_ label: LabelEntry, _ effect: LabelEffect) -> [LabelVerdict] {
        LabelVerdict.pairs(label, effect).compactMap { word, judge in
            guard let source = sourceRows[word.isQuarantined ? word.source ^ 1 : word.source], let judging = sourceRows[judge.source] else { return nil }
            let actor = word.actor == Interner.other ? "" : labelActors.name(word.actor) ?? ""
            return LabelVerdict(
                source: source, actor: actor, outcome: word.outcome, tier: word.tier, judgeTier: judge.tier, judge: judging,
                isUpheld: word.outcome == judge.outcome)
        }
    }

    /// Answers false where a pane does not have what it is to give back.
    private func arrive(_ label: LabelEntry, _ count: Int64, _ number: Int32, _ decisionTime: Int64) -> Bool {
        let source = Int32(truncatingIfNeeded: sourceRows[label.source] ?? -1)
        var isCounted = true
        _ = panes.update(number, at: label.time) {
            if !$0.addArrival(label, source: source, decisionTime: decisionTime, count) { isCounted = false }
        }
        return isCounted
    }

    /// What counts of a label: nothing of what its source may not say, nor of an actor under suspicion.
    ///
    /// Such a label stands beside the source's own, under a key of its own, so that it can not replace what
    /// the source said by right.
    private func admitted(_ given: LabelEntry, source: Int, model: Int, words: () -> LabelWords) -> LabelEntry {
        guard source >= 0 else { return given }
        let rights = configuration.labelSources[source].rights
        let mayBeQuarantined = labelDetectors.contains { detectors[$0].quarantines(source: source, model: model) }
        guard !rights.isEmpty || mayBeQuarantined else { return given }
        var label = given
        let actor = words().actor
        if rights.breach(actor: actor, outcome: given.outcome, model: configuration.schema.models[model]) != nil {
            counters.labelsUnauthorised += 1
            label.tier = 0
            label.source = ~given.source
        } else if mayBeQuarantined, labelDetectors.contains(where: { detectors[$0].isQuarantined(source: source, actor: actor, model: model) }) {
            counters.labelsQuarantined += 1
            label.isQuarantined = true
            label.source = given.source ^ 1
        }
        return label
    }

    private func count(_ effect: LabelEffect) {
        switch effect.kind {
        case .new: counters.labelsJoined += 1
        case .changed: counters.labelsChanged += 1
        case .withdrawn: counters.labelsWithdrawn += 1
        case .repeated: counters.labelsRepeated += 1
        case .superseded, .dropped: counters.labelsIgnored += 1
        }
        if effect.conflict { counters.labelConflicts += 1 }
    }
}
