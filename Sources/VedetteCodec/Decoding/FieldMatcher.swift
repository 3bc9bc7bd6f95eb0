import VedetteCore

/// Finds the mapped fields of a record in one pass over its tape.
///
/// Producers write their members in the same order record after record. So each key has a
/// successor, the key that followed it last time, and in the steady state matching a key is
/// comparing it with its predecessor's successor: no hash, no search. On a miss the key is
/// looked up in a table of the mapped keys. Keys that are not mapped are remembered in a
/// small ring per object, so that they too can be successors; nothing else is kept of what
/// a record holds, so memory is bounded whatever keys are sent.
///
/// Every mapped key may occur once per object: two parsers that read a duplicate differently
/// are a way to show the model one value and its watcher another. For one thread at a time.
final class FieldMatcher {
    private struct State {
        /// Number of the record; keys seen in it carry it.
        var record: UInt64 = 0
        /// Members of the features object that no field is mapped to, in this record.
        var unknownFeatures: Int = 0
        /// Of these, how many are in ``unknownNames``.
        var noted: Int = 0
    }

    /// JSON Pointers of the trie's entries, for messages.
    let entryPaths: [String]
    /// Tape index of each target's value; 0 where the record has none.
    let captures: UnsafeMutablePointer<UInt32>

    private let targetCount: Int
    private let featureLimit: Int
    private let noteLimit: Int
    /// Names of the members that no field is mapped to, valid until the next record.
    private let unknownNames: UnsafeMutablePointer<UnsafeBufferPointer<UInt8>>
    private let tables: MatcherTables
    private let slots: UnsafeMutablePointer<MatcherTables.Slot>
    private let nodes: UnsafeMutablePointer<MatcherTables.Node>
    private let hasMoreTargets: Bool
    /// Behind a pointer, so that using it costs no exclusivity check.
    private let state: UnsafeMutablePointer<State>

    /// - Parameter noteLimit: names of unmapped members that are kept of one record.
    init(_ trie: PathTrie, targetCount: Int, featureLimit: Int, noteLimit: Int) {
        self.targetCount = targetCount
        self.featureLimit = featureLimit
        self.noteLimit = noteLimit
        unknownNames = .allocate(capacity: max(1, noteLimit))
        unknownNames.initialize(repeating: UnsafeBufferPointer(start: nil, count: 0), count: max(1, noteLimit))
        entryPaths = trie.entries.map(\.path.description)
        tables = MatcherTables(trie)
        slots = tables.slots
        nodes = tables.nodes
        hasMoreTargets = !tables.moreTargets.isEmpty
        state = .allocate(capacity: 1)
        state.initialize(to: State())
        captures = .allocate(capacity: max(1, targetCount))
        captures.initialize(repeating: 0, count: max(1, targetCount))
    }

    deinit {
        state.deallocate()
        captures.deallocate()
        unknownNames.deallocate()
    }

    /// Members of the features object of the last record that no field is mapped to.
    var unknownFeatures: Int { state.pointee.unknownFeatures }

    /// The names of the first of them, at most the limit; valid until the next record.
    var notedNames: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>> { UnsafeBufferPointer(start: unknownNames, count: state.pointee.noted) }

    /// Fills ``captures`` from a record. O(words on the tape).
    func match(_ tape: JSONTape) throws(Fault) {
        captures.update(repeating: 0, count: targetCount)
        // Wrapping: the count starts at 0 and 2^64 records do not happen.
        state.pointee.record &+= 1
        state.pointee.unknownFeatures = 0
        state.pointee.noted = 0
        try walkObject(0, tape, JSONTape.rootIndex)
    }

    /// Safe: `index` is that of a `{`; simdjson lays a key and a value out for each member up to the closing word.
    private func walkObject(_ node: Int, _ tape: JSONTape, _ index: Int) throws(Fault) {
        let record = state.pointee.record
        let isFeatures = nodes[node].isFeatures
        if isFeatures, tape.memberCount(of: index) > featureLimit {
            throw Fault(reason: .tooManyFeatures, expected: .fewFeatures, entry: nodes[node].entry)
        }
        let end = tape.closing(of: index)
        var previous = Int(nodes[node].head)
        var position = index + 1
        var unknown = 0
        while position < end {
            let (key, length) = tape.string(tape.words[position])
            let first = ByteKey.firstWord(key, length)
            var current = Int(slots[previous].next)
            if !matches(current, key, length, first) {
                current = find(node, key, length, first)
                slots[previous].next = Int32(truncatingIfNeeded: current)
            }
            previous = current
            position += 1
            let slot = slots + current
            if slot.pointee.entry >= 0 {
                if slot.pointee.seen == record {
                    throw Fault(reason: .duplicateKey, expected: .once, entry: slot.pointee.entry)
                }
                slot.pointee.seen = record
                if slot.pointee.child < 0 {
                    capture(current, slot.pointee.target, position)
                } else {
                    try descend(slot.pointee.child, tape, position)
                }
            } else {
                unknown += 1
                if isFeatures { note(key, length) }
            }
            position = tape.index(after: position)
        }
        if isFeatures { state.pointee.unknownFeatures += unknown }
    }

    /// Safe: the key lies in the parser's buffer, which is written again by the next record only.
    private func note(_ key: UnsafePointer<UInt8>, _ length: Int) {
        let place = state.pointee.noted
        guard place < noteLimit else { return }
        unknownNames[place] = UnsafeBufferPointer(start: key, count: length)
        state.pointee.noted = place + 1
    }

    private func descend(_ node: Int32, _ tape: JSONTape, _ index: Int) throws(Fault) {
        switch UInt8(truncatingIfNeeded: tape.words[index] >> 56) {
        case 0x7B: try walkObject(Int(node), tape, index)
        case 0x5B: try walkArray(Int(node), tape, index)
        case 0x6E: break
        default: throw wrongContainer(node, tape, index)
        }
    }

    /// Elements are matched by their index, written out as a key.
    private func walkArray(_ node: Int, _ tape: JSONTape, _ index: Int) throws(Fault) {
        guard nodes[node].takesArray else { throw wrongContainer(Int32(truncatingIfNeeded: node), tape, index) }
        let end = tape.closing(of: index)
        var position = index + 1
        var element: UInt64 = 0
        while position < end {
            // Safe: 32 zeroed bytes hold the 20 digits of any UInt64 and the padding of a word load.
            let current = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digits -> Int in
                digits.initialize(repeating: 0)
                guard let base = digits.baseAddress else { return -1 }
                let length = CanonicalText.write(element, to: base)
                return lookup(node, base, length, ByteKey.firstWord(base, length))
            }
            if current >= 0 {
                let slot = slots[current]
                if slot.child < 0 {
                    capture(current, slot.target, position)
                } else {
                    try descend(slot.child, tape, position)
                }
            }
            element += 1
            position = tape.index(after: position)
        }
    }

    private func wrongContainer(_ node: Int32, _ tape: JSONTape, _ index: Int) -> Fault {
        Fault(reason: .wrongType, expected: .container, found: tape.value(at: index).kind, entry: nodes[Int(node)].entry)
    }

    @inline(__always)
    private func capture(_ slot: Int, _ target: Int32, _ position: Int) {
        // Tape indices fit: simdjson itself keeps them in 32 bits.
        captures[Int(target)] = UInt32(truncatingIfNeeded: position)
        if hasMoreTargets { captureMore(slot, position) }
    }

    @inline(never)
    private func captureMore(_ slot: Int, _ position: Int) {
        for target in tables.moreTargets[Int32(truncatingIfNeeded: slot)] ?? [] { captures[target] = UInt32(truncatingIfNeeded: position) }
    }

    @inline(__always)
    private func matches(_ slot: Int, _ key: UnsafePointer<UInt8>, _ length: Int, _ first: UInt64) -> Bool {
        let slot = slots + slot
        return slot.pointee.length == length && slot.pointee.first == first && ByteKey.equalRest(slot.pointee.key, key, length)
    }

    /// The slot of a key that was not expected here: mapped, remembered, or remembered now.
    @inline(never)
    private func find(_ node: Int, _ key: UnsafePointer<UInt8>, _ length: Int, _ first: UInt64) -> Int {
        let mapped = lookup(node, key, length, first)
        if mapped >= 0 { return mapped }
        guard length <= MatcherTables.ringKeyBytes else { return Int(nodes[node].unkept) }
        let ring = Int(nodes[node].ring)
        for slot in ring..<ring + MatcherTables.ringSize where matches(slot, key, length, first) { return slot }
        let slot = ring + Int(nodes[node].ringNext)
        nodes[node].ringNext = (nodes[node].ringNext + 1) % Int32(MatcherTables.ringSize)
        slots[slot].first = first
        slots[slot].length = length
        slots[slot].key.update(from: key, count: length)
        return slot
    }

    /// The slot of a mapped key, or -1.
    private func lookup(_ node: Int, _ key: UnsafePointer<UInt8>, _ length: Int, _ first: UInt64) -> Int {
        guard length <= tables.longestKey else { return -1 }
        let table = tables.table
        let mask = tables.tableMask
        var place = MatcherTables.hash(node: Int32(truncatingIfNeeded: node), key, length, first) & mask
        while table[place] >= 0 {
            let slot = Int(table[place])
            if Int(slots[slot].node) == node, matches(slot, key, length, first) { return slot }
            place = (place + 1) & mask
        }
        return -1
    }
}
