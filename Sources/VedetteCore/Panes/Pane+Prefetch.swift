/// Asking for memory early: see ``prefetchMemory(at:)``.
extension Pane {
    private static let lineBytes = 64
    /// Cache lines that hold a pane (432 bytes, which begin anywhere), and an ``OutcomesBox``.
    private static let ownLines = 8
    private static let outcomeLines = 7

    /// Asks for what a label looks at first.
    @inline(__always)
    static func prefetch(_ pane: Unmanaged<Pane>) {
        prefetchMemory(at: pane.toOpaque())
        prefetchMemory(at: pane.toOpaque() + lineBytes)
    }

    /// Asks for what ``correct(_:to:id:text:scoreEntries:)`` will change first: the outcomes, and the samples of fraud.
    @inline(__always)
    func expectCorrection(_ outcome: Outcome) {
        let outcomes = unownedOutcomes?.toOpaque(), samples = outcome == .fraud ? fraudSamples.address : nil
        prefetchMemory(at: samples)
        guard let outcomes else { return }
        for line in 0..<Self.outcomeLines { prefetchMemory(at: outcomes + line * Self.lineBytes) }
    }

    /// Asks for what these point to in turn.
    @inline(__always)
    func expectCounts(_ outcome: Outcome) {
        guard let (ages, others) = unownedOutcomes?._withUnsafeGuaranteedRef({ ($0.ages.address, $0.outcomes.addresses(outcome)) }) else { return }
        prefetchMemory(at: ages)
        prefetchMemory(at: others)
    }

    /// Asks for what ``addArrival(_:source:_:)`` will change first.
    @inline(__always)
    func expectArrival() {
        let ages = Unmanaged.passUnretained(self).toOpaque() + 2 * Self.lineBytes, entries = delays?.address
        prefetchMemory(at: ages)
        prefetchMemory(at: entries)
    }

    /// Asks for what these point to in turn.
    @inline(__always)
    func expectDelays(source: Int32, kind: Int32) {
        let ages = arrivedAges.address, addresses = delays?.addresses(source, kind) ?? nil
        prefetchMemory(at: ages)
        if let addresses { prefetchMemory(at: addresses) }
    }

    /// Asks for a pane that will be merged.
    @inline(__always)
    static func expectMerge(_ pane: Unmanaged<Pane>) {
        for line in 0..<ownLines { prefetchMemory(at: pane.toOpaque() + line * lineBytes) }
    }

    /// Asks for what such panes point to, and that to in turn: of a window's panes each would be waited for after the other.
    static func expectSketches(of panes: ContiguousArray<Pane>) {
        panes.withUnsafeBufferPointer { panes in
            for place in panes.indices { Unmanaged.passUnretained(panes[place])._withUnsafeGuaranteedRef { $0.expectSketches() } }
            for place in panes.indices { Unmanaged.passUnretained(panes[place])._withUnsafeGuaranteedRef { $0.expectOutcomeScores() } }
        }
    }

    @inline(__always)
    private func expectSketches() {
        let (scores, latencies) = (scoreAddresses, latencies.addresses)
        let (samples, outcomes, delays) = (samples.address, unownedOutcomes?.toOpaque(), delays?.address)
        prefetchMemory(at: scores)
        prefetchMemory(at: latencies)
        prefetchMemory(at: samples)
        prefetchMemory(at: delays)
        guard let outcomes else { return }
        for line in 0..<Self.outcomeLines { prefetchMemory(at: outcomes + line * Self.lineBytes) }
    }

    @inline(__always)
    private func expectOutcomeScores() {
        guard let (fraud, legit) = unownedOutcomes?._withUnsafeGuaranteedRef({ ($0.outcomes.addresses(.fraud), $0.outcomes.addresses(.legit)) }) else { return }
        prefetchMemory(at: fraud)
        prefetchMemory(at: legit)
    }
}
