import CProcessor

/// Asking for memory early: nothing is read or changed, and an address that is nobody's is no matter.
///
/// Addresses are taken first and asked for afterwards. What is alive while a C function is called is counted, and the count of an object
/// lies in the very memory that has yet to come.
extension Pane {
    private static let lineBytes = 64
    /// Cache lines that hold an ``OutcomesBox``.
    private static let outcomeLines = 7

    /// Asks for what a label looks at first.
    @inline(__always)
    static func prefetch(_ pane: Unmanaged<Pane>) {
        vedette_prefetch(pane.toOpaque())
        vedette_prefetch(pane.toOpaque() + lineBytes)
    }

    /// Asks for what ``correct(_:to:id:text:scoreEntries:)`` will change first: the outcomes, and the samples of fraud.
    @inline(__always)
    func expectCorrection(_ outcome: Outcome) {
        let outcomes = unownedOutcomes?.toOpaque(), samples = outcome == .fraud ? fraudSamples.address : nil
        if let samples { vedette_prefetch(samples) }
        guard let outcomes else { return }
        for line in 0..<Self.outcomeLines { vedette_prefetch(outcomes + line * Self.lineBytes) }
    }

    /// Asks for what these point to in turn.
    @inline(__always)
    func expectCounts(_ outcome: Outcome) {
        guard let (ages, others) = unownedOutcomes?._withUnsafeGuaranteedRef({ ($0.ages.address, $0.outcomes.addresses(outcome)) }) else { return }
        if let ages { vedette_prefetch(ages) }
        for index in others.indices { if let address = others[index] { vedette_prefetch(address) } }
    }

    /// Asks for what ``addArrival(_:source:_:)`` will change first.
    @inline(__always)
    func expectArrival() {
        let ages = Unmanaged.passUnretained(self).toOpaque() + 2 * Self.lineBytes, entries = delays?.address
        vedette_prefetch(ages)
        if let entries { vedette_prefetch(entries) }
    }

    /// Asks for what these point to in turn.
    @inline(__always)
    func expectDelays(source: Int32, kind: Int32) {
        let ages = arrivedAges.address, addresses = delays?.addresses(source, kind) ?? nil
        if let ages { vedette_prefetch(ages) }
        guard let addresses else { return }
        for index in addresses.indices { if let address = addresses[index] { vedette_prefetch(address) } }
    }
}
