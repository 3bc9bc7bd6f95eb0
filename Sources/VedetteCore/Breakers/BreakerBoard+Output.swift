/// Records at a boundary.
extension BreakerBoard {
    /// Steps every entry to the boundary; answers the records that are due.
    ///
    /// - Parameters:
    ///   - isSilent: what is answered has been put out before, by this configuration or another.
    ///   - economics: what the state would cost and guards; asked only for records that go out.
    package mutating func close(
        at boundary: Int64, isSilent: Bool = false, economics: (_ model: Int, _ slice: SliceName, _ policy: BreakerPolicy) -> BreakerTraffic?
    ) -> [BreakerRecord] {
        var records: [BreakerRecord] = []
        // An earlier execution, which may have told more of these keys since the checkpoint, must be over.
        if !isSilent { records += beginAloud(at: boundary) }
        for (index, spec) in configuration.breakers.enumerated() {
            for (model, known) in configuration.models.enumerated() where spec.models.isEmpty || spec.models.contains(known.name) {
                _ = admit(index, model, SliceName(), boundary)
            }
            for place in entries[index].indices {
                guard let news = entries[index][place].step(to: boundary, spec) else { continue }
                let (model, slice) = (entries[index][place].model, entries[index][place].slice)
                let traffic = entries[index][place].traffic { economics(model, slice, spec.policy) }
                records.append(record(entries[index][place], spec, boundary, news, traffic))
            }
            entries[index].removeAll { $0.isRetired }
        }
        return records
    }

    /// Whoever went on from the checkpoint under another configuration may have put out more records than this execution made again,
    /// and of other keys.
    private mutating func beginAloud(at boundary: Int64) -> [BreakerRecord] {
        if otherMark != nil {
            for index in entries.indices {
                for place in entries[index].indices { entries[index][place].countsAnew = true }
            }
            otherMark = nil
        }
        defer { abandoned.removeAll() }
        return abandoned.map { $0.lastRecord(models: configuration.models, at: boundary) }
    }

    private func record(_ entry: BreakerEntry, _ spec: BreakerSpec, _ boundary: Int64, _ news: BreakerEntry.News, _ traffic: BreakerTraffic?) -> BreakerRecord {
        let causes = entry.causes(spec.triggers)
        return BreakerRecord(
            breaker: spec.id, model: configuration.models[entry.model].name, slice: entry.slice, state: entry.state, policy: spec.policy,
            relianceShare: entry.relianceShare(spec.timing), since: entry.since, at: boundary,
            expiresAt: entry.isRetired ? BreakerRecord.never : boundary + spec.expiryMs,
            notBefore: entry.forced == nil ? entry.machine.notBefore(spec.timing) : entry.forced?.until, sequence: entry.sequence,
            isHeartbeat: news == .heartbeat, isRetired: entry.isRetired, causes: causes, forced: entry.forced,
            economics: traffic.map { entry.economics($0, spec.timing) }, summary: entry.summary(causes))
    }
}

/// A key of an earlier configuration: one last record says that nobody guards it any more.
struct AbandonedBreaker: Equatable {
    var breaker: String
    /// Index into the inventory.
    var model: Int
    var slice: SliceName
    var policy: BreakerPolicy

    func lastRecord(models: [ModelSpec], at boundary: Int64) -> BreakerRecord {
        BreakerRecord(
            breaker: breaker, model: models[model].name, slice: slice, state: .closed, policy: policy, relianceShare: 1, since: boundary,
            at: boundary, expiresAt: BreakerRecord.never, notBefore: nil, sequence: BreakerEntry.firstSequence(at: boundary), isHeartbeat: false,
            isRetired: true, causes: [], forced: nil, economics: nil, summary: "closed for good: the configuration does not name it any more")
    }
}
