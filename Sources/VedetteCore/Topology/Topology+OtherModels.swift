/// Decisions of models that other deployments watch: known to the join by their IDs, and to nothing else, so that
/// a label of theirs is told from one that somebody invented.
extension Topology {
    func noteOtherModel(_ entry: SequencedRow) throws {
        counters.otherModels += 1
        newestTime = max(newestTime, entry.time)
        guard join.segment(of: entry.time) >= join.firstLiveSegment(at: entry.effective) else { return }
        let id = entry.id.ofOtherModel
        guard try join.findDuplicate(id, time: entry.time, watermark: entry.effective) == nil else { return }
        join.insert(.ofOtherModel(at: entry.time), id: id)
    }

    /// Whether a label without a listed model's decision belongs to one that is ignored.
    ///
    /// Listed and other models may decide the same request (a champion and its shadow), so a young label waits for
    /// the listed one's decision all the same, as long as it would have without the other.
    func isOfOtherModel(_ label: SequencedRow, decisionTime: Int64) throws -> Bool {
        guard let decision = try otherDecision(label.id, time: decisionTime == .min ? nil : decisionTime, at: label.effective) else {
            return false
        }
        return label.effective - decision.time >= configuration.join.pendingTTLMs
    }

    /// A label that waited in vain.
    func countOrphan(_ label: PendingLabel, at time: Int64) throws {
        if try otherDecision(label.id, time: nil, at: time) != nil {
            counters.labelsOtherModels += 1
            return
        }
        counters.orphans += 1
        let row = label.stated.row
        if row < 0 { counters.labelsUnlistedSource += 1 }
        observe(orphan: label, at: time)
        orphansBySource[row < 0 ? orphansBySource.count - 1 : row] += 1
    }

    private func otherDecision(_ id: RequestID, time: Int64?, at watermark: Int64) throws -> DecisionRow? {
        guard configuration.schema.otherModels == .ignore else { return nil }
        return try join.findDecision(id.ofOtherModel, time: time, watermark: watermark)
    }
}
