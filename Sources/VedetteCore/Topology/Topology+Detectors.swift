/// The stream detectors: fed with every record in the one order, heard at every boundary.
extension Topology {
    /// Decisions that detectors are shown together, at most: what they read of them is still in a near cache.
    private static var shownTogether: Int { 64 }

    /// Detectors that look at decisions alone see this one later, at the end of ``advance(boundaries:)``'s bucket at the latest: nothing but
    /// decisions and boundaries can change what they see in it. Numbers of names are never given twice, so its row still means the same.
    func observe(_ decision: DecisionRow, _ batch: DecisionBatch, _ index: Int, _ entry: SequencedRow, isConflict: Bool = false) {
        guard !decisionDetectors.isEmpty else { return }
        unseen.append(ObservedDecision(row: decision, batch: batch, index: index, effective: entry.effective, isConflict: isConflict))
        if unseen.count == Self.shownTogether { showDecisions() }
    }

    /// All detectors of decisions see those that they have not seen.
    func showDecisions() {
        guard !unseen.isEmpty else { return }
        showDecisionsBeforeLabel()
        var decisions: ContiguousArray<ObservedDecision> = []
        swap(&decisions, &unseen)
        for place in decisionDetectors.alone { detectors[place].observe(decisions.span, dimensions) }
        decisions.removeAll(keepingCapacity: true)
        unseen = decisions
        seenBeforeLabels = 0
    }

    /// Detectors that look at labels as well have to see the decisions before it first.
    func showDecisionsBeforeLabel() {
        guard seenBeforeLabels < unseen.count else { return }
        let decisions = unseen
        for place in decisionDetectors.withLabels {
            detectors[place].observe(decisions.span.extracting(seenBeforeLabels..<decisions.count), dimensions)
        }
        seenBeforeLabels = decisions.count
    }

    /// Shows the detectors a decision whose ID is taken by another one. Nothing that metrics or the join rest on learns from it.
    func observeConflict(_ batch: DecisionBatch, _ index: Int, _ entry: SequencedRow, content: UInt32) {
        guard !decisionDetectors.isEmpty else { return }
        let model = batch.model[index]
        var row = DecisionRow(
            time: entry.time, model: model, version: UInt16(truncatingIfNeeded: versions[Int(model)].known(batch.version[index], in: batch.text, hash: hash)),
            score: batch.score[index], decision: Decision(rawValue: batch.decision[index]) ?? .log, amount: Money(batch.amount[index]),
            exploration: Self.exploration(batch.explorationProbability[index]), content: content)
        let (dimensionCount, entityCount) = (dimensions.count, configuration.schema.entities.count)
        for place in 0..<dimensionCount {
            row.values.append(dimensions[place].known(batch.dimensions[index * dimensionCount + place], in: batch.text, hash: hash))
        }
        for place in 0..<entityCount { row.entities.append(UInt32(truncatingIfNeeded: batch.entities[index * entityCount + place])) }
        observe(row, batch, index, entry, isConflict: true)
    }

    func observe(_ label: ObservedLabel) {
        for place in labelDetectors { detectors[place].observe(label) }
    }

    func observe(orphan: PendingLabel, at time: Int64) {
        showDecisionsBeforeLabel()
        for place in labelDetectors { detectors[place].observe(orphan: orphan, at: time) }
    }

    func closeDetectors(at boundary: Int64) {
        closeAbandoned(at: boundary)
        var reports: [IncidentReport] = []
        for place in detectors.indices { reports += detectors[place].close(at: boundary) }
        let events = judge.settle(reports, &incidents, at: boundary) { self.decisions(ofModel: $0, since: $1, to: boundary) }
        for event in events { sink.alert(event, at: boundary) }
        breakers.take(incidents.takeSignals(), at: boundary)
    }

    /// What a change of the configuration left open is ended when this execution speaks for the first time.
    private func closeAbandoned(at boundary: Int64) {
        guard !sink.isSilent(at: boundary) else { return }
        for event in judge.takeAbandoned(at: boundary) + incidents.takeAbandoned(at: boundary) { sink.alert(event, at: boundary) }
    }

    /// Decisions of a model, by event time from the start of the pane that holds `since` on. O(panes), some hundred.
    private func decisions(ofModel model: Int, since: Int64, to boundary: Int64) -> Int64 {
        guard let family = families.find(model: UInt16(model), slice: 0) else { return 0 }
        let start = panes.alignedStart(max(since, panes.began))
        return family.versions.reduce(0) { $0 + panes.decisions(SeriesKey(model: UInt16(model), version: $1, slice: 0), start, boundary) }
    }

    /// What the judge says at a boundary; incidents that are open may explain it.
    func settleAlerts(at boundary: Int64) {
        var explained: [(cause: RequestID, effect: AlertEvent.Contributor)] = []
        for event in judge.settle(at: boundary, incidents: detectors.isEmpty ? [] : incidents.causes(), explained: &explained) {
            sink.alert(withContributors(event), at: boundary)
        }
        breakers.take(judge.takeSignals(), at: boundary)
        for (cause, effect) in explained { incidents.explain(cause, effect) }
    }

    // MARK: Snapshot

    /// Each detector's bytes under its id, so that a configuration with other detectors still reads the rest.
    func encodeDetectors(into writer: inout ByteWriter) {
        writer.write(count: detectors.count)
        for (spec, detector) in zip(configuration.detectors, detectors) {
            var own = ByteWriter()
            detector.encode(into: &own)
            writer.write(string: spec.id)
            writer.write(blob: own.bytes)
        }
        incidents.encode(into: &writer)
    }

    func restoreDetectors(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let id = try reader.readString()
            let bytes = try reader.readBlob()
            guard let place = configuration.detectors.firstIndex(where: { $0.id == id }) else { continue }
            var own = ByteReader(bytes)
            try detectors[place].restore(from: &own)
        }
        incidents = try IncidentBook(configuration: configuration, from: &reader)
        incidents.abandon { detectors[$0].stands($1) }
    }
}
