/// Labels in the panes of their decisions and of their arrival.
extension PaneStore {
    /// A label that a decision has or had, and its source as a row of the registry; -1 is unlisted.
    struct CountedTruth {
        var label: CountedLabel
        var time: Int64
        var source: Int32
    }

    /// Moves a decision's contribution from the truth before a label to the truth after it in every pane of some series that has it, and
    /// counts what arrived. Answers false where a pane does not have what it is to give back.
    ///
    /// These panes are minutes to months old and lie anywhere: nearly all that a label costs is waiting for memory. So first all
    /// panes are found, then what they point to is asked for, and then they are changed: each waits while the others do.
    mutating func correct(
        _ before: CountedTruth?, to after: CountedTruth?, decidedAt time: Int64, id: RequestID, text: String, in numbers: UnsafeBufferPointer<Int32>
    ) -> Bool {
        let scoreEntries = configuration.scoreEntries
        return withUnsafeTemporaryAllocation(of: Unmanaged<Pane>.self, capacity: 3 * numbers.count * configuration.levels.count) { memory in
            var panes = ReachedPanes(memory)
            expect(numbers, at: time)
            let corrected = reach(numbers, at: time, &panes)
            let left = before.map { reach(numbers, at: $0.time, &panes) } ?? 0..<0
            let arrived = after.map { reach(numbers, at: $0.time, &panes) } ?? 0..<0
            let outcome = after?.label.outcome ?? before?.label.outcome ?? .withdrawn
            panes.forEach(corrected) { $0.expectCorrection(outcome) }
            panes.forEach(arrived) { $0.expectArrival() }
            panes.forEach(corrected) { $0.expectCounts(outcome) }
            if let after { panes.forEach(arrived) { $0.expectDelays(source: after.source, kind: after.label.kind) } }
            var isCounted = true
            panes.forEach(corrected) {
                if !$0.correct(before?.label, to: after?.label, id: id, text: text, scoreEntries: scoreEntries) { isCounted = false }
            }
            if let before { panes.forEach(left) { if !$0.addArrival(before.label, source: before.source, -1) { isCounted = false } } }
            if let after { panes.forEach(arrived) { _ = $0.addArrival(after.label, source: after.source, 1) } }
            return isCounted
        }
    }

    /// Adds every pane that ``update(_:at:_:)`` would change to `reached`, and asks for its beginning. Whoever changes it says so.
    @inline(__always)
    private mutating func reach(_ number: Int32, at time: Int64, _ reached: inout ReachedPanes) {
        if let pane = openPane(number, at: time) {
            Pane.prefetch(pane)
            return reached.append(pane)
        }
        _ = forEachClosedPane(number, at: time) { pane in
            Pane.prefetch(pane)
            reached.append(pane)
        }
    }

    /// Asks for where the panes of a time are found in some series: the series one after the other, then their levels, so that none waits for
    /// what another waits for.
    private mutating func expect(_ numbers: UnsafeBufferPointer<Int32>, at time: Int64) {
        guard !isOpen(time) else { return }
        if located.time != time || located.closed != closed { locate(time) }
        for number in numbers { prefetchMemory(at: Unmanaged.passUnretained(series[Int(number)]).toOpaque()) }
        for number in numbers {
            Unmanaged.passUnretained(series[Int(number)])._withUnsafeGuaranteedRef { one in
                for place in located.places { prefetchMemory(at: one.address(level: place.level)) }
            }
        }
    }

    /// Finds every pane of some series that holds a time. Answers their places.
    private mutating func reach(_ numbers: UnsafeBufferPointer<Int32>, at time: Int64, _ panes: inout ReachedPanes) -> Range<Int> {
        let start = panes.count
        for number in numbers { reach(number, at: time, &panes) }
        let reached = start..<panes.count
        let usedAt = isOpen(time) ? nil : closed
        panes.forEach(reached) {
            $0.isDirty = true
            if let usedAt { $0.usedAt = usedAt }
        }
        return reached
    }
}

/// Panes without reference counts.
///
/// Safe while no pane is let go, packed or exchanged for another one: until then their series keep them, whatever else is made or unpacked.
struct ReachedPanes {
    private let memory: UnsafeMutableBufferPointer<Unmanaged<Pane>>
    private(set) var count = 0

    /// - Parameter memory: room for all of them, not initialised; it must outlive this.
    init(_ memory: UnsafeMutableBufferPointer<Unmanaged<Pane>>) { self.memory = memory }

    @inline(__always)
    mutating func append(_ pane: Unmanaged<Pane>) {
        precondition(count < memory.count, "no room for another pane")
        memory.initializeElement(at: count, to: pane)
        count += 1
    }

    @inline(__always)
    func forEach(_ places: Range<Int>, _ body: (Pane) -> Void) {
        precondition(places.upperBound <= count, "no such panes")
        for place in places { memory[place]._withUnsafeGuaranteedRef(body) }
    }
}
