/// Labels: from the record to the panes of their decisions.
extension Topology {
    func process(_ entry: SequencedRow, of batch: LabelBatch) throws {
        let row = Int(entry.row)
        counters.labels += 1
        expectDecisions(of: batch, after: row)
        newestTime = max(newestTime, entry.time)
        let source = batch.pipeline[row].isNone ? 0 : hash.hash64(of: batch.pipeline[row], in: batch.text)
        let registryRow = sourceRows[source] ?? -1
        let known = batch.decisionTime[row]
        let decision = try join.findDecision(entry.id, time: known == .min ? nil : known, watermark: entry.effective)
        if decision == nil, try isOfOtherModel(entry, decisionTime: known) {
            counters.labelsOtherModels += 1
            return
        }
        let stated = StatedLabel(
            source: source, row: registryRow, time: entry.time, outcome: Outcome(rawValue: batch.outcome[row]) ?? .withdrawn,
            samplingWeight: batch.samplingWeight[row])
        if entry.time < entry.effective {
            report(late: entry, batch.string(batch.requestText[row]), .labels, joined: decision != nil)
        }
        guard let decision else {
            let waiting = PendingLabel(
                id: entry.id, words: batch.words(row), stated: stated, expiresAt: entry.effective + configuration.join.pendingTTLMs)
            for orphan in pending.add(waiting) { try countOrphan(orphan, at: entry.effective) }
            return
        }
        try apply(stated, .row(row, of: batch), to: decision, entry)
    }

    /// Asks for the decisions of the labels to come: each is found by three looks at memory, one after the other, which are made a label apart.
    private func expectDecisions(of batch: LabelBatch, after row: Int) {
        let left = batch.count - row - 1
        if left > 2 { join.expect(batch.requestID[row + 3]) }
        if left > 1 { join.expectRow(batch.requestID[row + 2]) }
        if left > 0 { join.expectBytes(batch.requestID[row + 1]) }
    }

    func apply(_ stated: StatedLabel, _ texts: LabelTexts, to decision: DecisionRow, _ entry: SequencedRow) throws {
        showDecisionsBeforeLabel()
        let id = entry.id, source = stated.row, request = texts.request
        touch(decision, at: entry.effective)
        if source < 0 { counters.labelsUnlistedSource += 1 }
        let label = self.entry(stated, standing(of: stated, model: Int(decision.model), texts), texts)
        let effect = try join.apply(label, to: decision, id: id, request: request)
        count(effect)
        if !labelDetectors.isEmpty {
            observe(
                ObservedLabel(
                    words: texts.words, id: id, source: source, entry: label, decision: decision, effect: effect, verdicts: verdicts(label, effect),
                    dimensions: dimensions, effective: entry.effective))
        }
        observeNowcast(effect, decision)
        if let onLabel { onLabel(joined(label, source, decision, id, request, texts.words)) }
        guard effect.before != effect.after else { return }
        if !correct(effect.before, to: effect.after, decision, id: id, request: request) { counters.labelsUncounted += 1 }
    }

    /// Moves a decision from the truth before a label to the truth after it, in the panes of all its series. Answers false where a pane does not
    /// have what it is to give back.
    private func correct(_ before: LabelEntry?, to after: LabelEntry?, _ decision: DecisionRow, id: RequestID, request: String) -> Bool {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: slices.groupCount + 1) { numbers in
            var count = 0
            forEachSeries(of: decision) { number in
                numbers.initializeElement(at: count, to: number)
                count += 1
            }
            return panes.correct(
                before.map { counted($0, decision) }, to: after.map { counted($0, decision) }, decidedAt: decision.time, id: id, text: request,
                in: UnsafeBufferPointer(rebasing: numbers[..<count]))
        }
    }

    private func counted(_ label: LabelEntry, _ decision: DecisionRow) -> PaneStore.CountedTruth {
        let source = Int32(truncatingIfNeeded: sourceRows[label.source] ?? -1)
        return PaneStore.CountedTruth(label: CountedLabel(label, of: decision), time: label.time, source: source)
    }

    private func verdicts(_ label: LabelEntry, _ effect: LabelEffect) -> [LabelVerdict] {
        LabelVerdict.pairs(label, effect).compactMap { word, judge in
            let source = registryRow(of: word), judging = registryRow(of: judge)
            guard source >= 0, judging >= 0 else { return nil }
            let actor = word.actor == Interner.other ? "" : vocabulary.names(of: word).actor
            return LabelVerdict(
                source: source, actor: actor, outcome: word.outcome, tier: word.tier, judgeTier: judge.tier, judge: judging,
                isUpheld: word.outcome == judge.outcome, isQuarantined: word.standing == .quarantined)
        }
    }

    /// What counts of a label: nothing of what its source may not say, nor of an actor under suspicion.
    ///
    /// Where no source is registered nobody's rights are known, and every label counts.
    private func standing(of stated: StatedLabel, model: Int, _ texts: LabelTexts) -> LabelStanding {
        guard stated.row >= 0 else { return configuration.labelSources.isEmpty ? .admitted : .inadmissible }
        let rights = configuration.labelSources[stated.row].rights
        let mayBeQuarantined = labelDetectors.contains { detectors[$0].quarantines(source: stated.row, model: model) }
        guard !rights.isEmpty || mayBeQuarantined else { return .admitted }
        let actor = texts.actor
        if rights.breach(actor: actor, outcome: stated.outcome, model: configuration.schema.models[model]) != nil {
            counters.labelsUnauthorised += 1
            return .inadmissible
        }
        if mayBeQuarantined, labelDetectors.contains(where: { detectors[$0].isQuarantined(source: stated.row, actor: actor, model: model) }) {
            counters.labelsQuarantined += 1
            return .quarantined
        }
        return .admitted
    }

    /// A label as it is kept. What is not admitted stands beside the source's own words, under a key of its own, and what its source may not
    /// say has neither trust nor weight.
    private func entry(_ stated: StatedLabel, _ standing: LabelStanding, _ texts: LabelTexts) -> LabelEntry {
        let source = stated.row < 0 || standing == .inadmissible ? nil : configuration.labelSources[stated.row]
        var label = LabelEntry(
            source: standing.key(of: stated.source, isListed: stated.row >= 0), time: stated.time, outcome: stated.outcome, tier: source?.tier ?? 0)
        label.standing = standing
        if standing != .inadmissible { label.weight = Self.weight(stated.samplingWeight, else: source?.samplingWeight ?? 1) }
        vocabulary.number(&label, texts, hash: hash)
        return label
    }

    /// The label's own weight, else its source's, in thousandths. Where no source is listed every label's own counts: there is
    /// nobody to tell from the others.
    private static func weight(_ stated: Double, else usual: Double) -> Int64 {
        let weight = stated.isNaN ? usual : stated
        return max(1, Int64((min(weight, LabelEntry.maxWeight) * Double(LabelEntry.weightUnit)).rounded()))
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
