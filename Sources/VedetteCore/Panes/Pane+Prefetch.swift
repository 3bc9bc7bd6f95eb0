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

    /// Asks for what ``correct(_:to:id:text:scoreEntries:)`` will change.
    @inline(__always)
    func expectCorrection() {
        guard let outcomes = unownedOutcomes?.toOpaque() else { return }
        for line in 0..<Self.outcomeLines { vedette_prefetch(outcomes + line * Self.lineBytes) }
    }

    /// Asks for what ``addArrival(_:source:_:)`` will change.
    @inline(__always)
    func expectArrival() {
        let ages = Unmanaged.passUnretained(self).toOpaque() + 2 * Self.lineBytes, entries = delays?.address
        vedette_prefetch(ages)
        if let entries { vedette_prefetch(entries) }
    }
}
