import VedetteCore

/// Following another instance, taking over from it, and the first start of all.
extension Pipeline {
    /// Offset before which a partition may be read: what follows may yet turn out to lie behind a punctuation that
    /// the active instance has not told of. `Int64.max` for the active one itself.
    public func readLimit(of index: Int) -> Int64 { isStandby ? known?.offsets[identity(of: index)] ?? 0 : .max }

    /// Where the history of a partition begins; nil where nobody has said so.
    public func startOffset(of identity: InputPartition) -> Int64? { known?.starts[identity] }

    /// Another instance has put out more: from now on this one may read and judge, silently, as far as that.
    /// Call it before anything that lies behind the new limits is added.
    public func follow(_ record: ProgressRecord) {
        let newest = known.map { record.combined(with: $0) } ?? record
        known = newest
        collector.silentThrough = max(collector.silentThrough, newest.watermark)
        for index in 0..<partitionCount {
            feeds[index].settledBefore = max(feeds[index].settledBefore, newest.offsets[identity(of: index)] ?? .min)
            let punctuations = newest.punctuations[identity(of: index)] ?? []
            topology.adopt(punctuations, of: index)
            feeds[index].adopt(releases: punctuations)
        }
    }

    /// From here on this instance judges aloud: whoever did before is fenced off, and what they committed last is known.
    ///
    /// - Throws: what the port throws.
    public func lead() throws {
        // Each of them: the newest alone does not tell of punctuations from before the checkpoint of who wrote it.
        for record in try output.progress(after: known?.sequence ?? -1) { follow(record) }
        if let known { progress = known }
        isStandby = false
        for index in 0..<partitionCount { beginLate(index) }
        if isQuiet { keepQuiet() }
    }

    /// The first start of all: pins where the history begins, so that whoever comes without state begins there too.
    ///
    /// - Parameter history: where the records that are there already end, where nothing is to be said about them.
    /// - Throws: what the port throws.
    public func begin(at starts: [InputPartition: Int64], history: [InputPartition: Int64]) throws {
        progress.starts = starts
        progress.history = history
        if isQuiet { keepQuiet() }
        try putOut()
    }

    /// A partition that neither the state nor what was put out knows: its topic has grown, and what it holds of times
    /// that are judged is late.
    func beginLate(_ index: Int) {
        let identity = identity(of: index)
        let judged = max(topology.judgedTo, known?.watermark ?? .min)
        guard judged != .min, !isRestored(identity), known?.offsets[identity] == nil else { return }
        // Nothing of it has been read, so nothing is held.
        punctuate(index, watermark: judged, present: .max)
    }

    /// Where the history of a partition ends about which nothing is said; nil for none.
    public func historyEnd(of index: Int) -> Int64? { progress.history[identity(of: index)] }

    /// All of the history has been read: nothing is said up to the newest time in it, everything after.
    ///
    /// - Parameter present: the wall clock, ms. A partition that is ahead of it by more than is believed says nothing of
    ///   the history, or nothing would be said for as long.
    /// - Throws: what the port throws.
    public func endHistory(present: Int64) throws {
        try step()
        let limit = present + configuration.topology.time.maxFutureMs
        let newest = (0..<partitionCount).map { topology.watermark(of: $0) }.filter { $0 <= limit }.max() ?? .min
        progress.watermark = max(progress.watermark, newest)
        progress.history = [:]
        collector.silentThrough = progress.watermark
        for feed in feeds { feed.settledBefore = feed.settledOffset }
        try putOut()
    }

    private func keepQuiet() {
        collector.silentThrough = .max
        for feed in feeds { feed.settledBefore = .max }
    }
}
