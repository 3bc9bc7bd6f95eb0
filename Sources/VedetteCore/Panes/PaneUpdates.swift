extension Pane {
    /// Adds a decision.
    @inline(__always)
    func add(
        _ row: DecisionRow, _ facts: borrowing DecisionFacts, _ batch: DecisionBatch, _ index: Int, id: RequestID, hash: KeyedHash
    ) {
        if facts.isLate { late += 1 }
        if !facts.isEmpty { add(facts, row.decision) }
        decisions.add(row.decision)
        score.add(row.score)
        scores.add(row.score)
        if row.decision.isIntervention { addActed(row) }
        let milliseconds = batch.latencyMs[index]
        if !milliseconds.isNaN {
            latency.add(milliseconds)
            latencies.add(milliseconds)
        }
        let signals = batch.signals[index]
        if signals != SignalUse.unknown.rawValue {
            signalsKnown += 1
            if signals == SignalUse.modelOnly.rawValue { modelOnly += 1 }
        }
        if samples.admits(id) { batch.text.withText(batch.requestText[index]) { samples.insert(id, text: $0) } }
        if facts.isFailure, let operations, operations.failedSamples.admits(id) {
            batch.text.withText(batch.requestText[index]) { operations.failedSamples.insert(id, text: $0) }
        }
        // Series of slices have none, and an empty array is never anybody's own: it would be made anew each time.
        guard !features.isEmpty else { return }
        // Once for all of them: who else has the array is a question for each element otherwise.
        features.withUnsafeMutableBufferPointer { features in
            let stride = features.count
            for feature in 0..<stride {
                let place = index &* stride &+ feature
                let state = FeatureState(rawValue: batch.featureState[place]) ?? .absent
                features[feature].add(state, batch.featureValue[place], text: batch.text, hash: hash)
                if features[feature].admits(id, state) { batch.text.withText(batch.requestText[index]) { features[feature].sample(id, state, text: $0) } }
            }
        }
    }

    private func add(_ facts: borrowing DecisionFacts, _ decision: Decision) {
        if let operations { return operations.add(facts, decision) }
        let made = Operations()
        made.add(facts, decision)
        operations = made
    }

    /// Counts a decision at the places of what it has and the schema does not declare.
    func addUndeclared(_ places: [UInt64]) {
        let counts = undeclared ?? UndeclaredCounts()
        for place in places { counts.add(place) }
        undeclared = counts
    }

    /// Moves a decision's contribution from the truth before a label to the truth after it.
    ///
    /// Answers whether the truth before was counted here. It always is; a process that insisted on it would
    /// die of one record again after every start, so where it is not, nothing is taken.
    ///
    /// - Parameter scoreEntries: of ``PaneConfiguration/scoreEntries``.
    func correct(_ before: CountedLabel?, to after: CountedLabel?, id: RequestID, text: String, scoreEntries: Int) -> Bool {
        let labels = unownedOutcomes ?? .passUnretained(madeOutcomes(scoreEntries: scoreEntries))
        let isCounted = labels._withUnsafeGuaranteedRef { labels in
            var isCounted = true
            if let before {
                isCounted = labels.outcomes.remove(before)
                if isCounted {
                    // It made `explored` when it was added, if it needs it.
                    explore(before, -1)
                    labels.ages.add(before.age, weight: before.weight, -1)
                }
            }
            if let after {
                explore(after, 1)
                labels.outcomes.add(after)
                labels.ages.add(after.age, weight: after.weight, 1)
            }
            return isCounted
        }
        if after?.outcome == .fraud { fraudSamples.insert(id, text: text) }
        return isCounted
    }

    /// Counts a label (or takes it back, with -1) in the pane of its arrival. Answers false, and changes nothing, where what is
    /// to be taken back was not counted here.
    ///
    /// - Parameter source: row of the registry, -1 for unlisted.
    func addArrival(_ label: CountedLabel, source: Int32, _ count: Int64) -> Bool {
        if delays == nil { delays = LabelDelays() }
        if count > 0 {
            delays?.add(label.delayMs, source: source, kind: label.kind)
        } else {
            guard delays?.remove(label.delayMs, source: source, kind: label.kind) == true else { return false }
        }
        arrivedAges.add(label.age, weight: label.weight, count)
        switch label.outcome {
        case .fraud: arrivedFraud += count
        case .legit: arrivedLegit += count
        case .withdrawn: break
        }
        return true
    }
}
