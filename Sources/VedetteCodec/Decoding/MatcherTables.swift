/// What a ``FieldMatcher`` knows of the mapped keys, compiled from a ``PathTrie``, and what it
/// remembers of the order of keys. Owns the memory; sizes are fixed at construction.
final class MatcherTables {
    /// A key of an object: mapped, remembered, or a place-holder.
    struct Slot {
        /// First 8 bytes of the key, the whole key, its length; -1 for a slot that matches nothing.
        var first: UInt64 = 0
        var key: UnsafeMutablePointer<UInt8>
        var length: Int = -1
        /// Slot of the key that followed last time.
        var next: Int32
        /// Owning node, and the trie entry of a mapped key (-1 for others).
        var node: Int32
        var entry: Int32 = -1
        /// The only or first field that takes the value, or -1; the rest are in `moreTargets`.
        var target: Int32 = -1
        /// Node of the members, or -1 for a value.
        var child: Int32 = -1
        /// The record in which the key was seen last.
        var seen: UInt64 = 0
    }

    /// An object or array that has mapped members, or must be an object.
    struct Node {
        /// Slot that stands before the first key, and the one for keys too long to remember.
        var head: Int32
        var unkept: Int32
        /// The ring of remembered keys: first slot, and where the next one goes.
        var ring: Int32
        var ringNext: Int32 = 0
        var entry: Int32
        /// Whether this is the features object, whose members are limited and counted.
        var isFeatures: Bool
        /// Whether some key is an array index, so that an array may stand here.
        var takesArray: Bool
    }

    /// Unmapped keys remembered per object, and the bytes of each; a longer one is looked up every time.
    static let ringSize = 16
    static let ringKeyBytes = 64

    let slots: UnsafeMutablePointer<Slot>
    let nodes: UnsafeMutablePointer<Node>
    /// Open-addressed table of mapped keys by node and key, at most a quarter full: slot numbers, -1 where empty.
    let table: UnsafeMutablePointer<Int32>
    let tableMask: Int
    let longestKey: Int
    /// Fields beyond the first that take the same value, by slot.
    private(set) var moreTargets: [Int32: [Int]] = [:]

    private let keys: UnsafeMutablePointer<UInt8>
    private var slotCount = 0
    private var keyCount = 0

    init(_ trie: PathTrie) {
        let interior = trie.entries.indices.filter { $0 == 0 || trie.entries[$0].isContainer || !trie.entries[$0].children.isEmpty }
        let keyLengths = trie.entries.map { $0.path.segments.last?.utf8.count ?? 0 }
        let keyBytes = interior.count * Self.ringSize * (Self.ringKeyBytes + ByteKey.padding)
            + keyLengths.reduce(ByteKey.padding) { $0 + $1 + ByteKey.padding }
        var tableSize = 16
        while tableSize < trie.entries.count * 4 { tableSize *= 2 }

        slots = .allocate(capacity: interior.count * (2 + Self.ringSize) + trie.entries.count)
        nodes = .allocate(capacity: interior.count)
        keys = .allocate(capacity: keyBytes)
        keys.initialize(repeating: 0, count: keyBytes)
        table = .allocate(capacity: tableSize)
        table.initialize(repeating: -1, count: tableSize)
        tableMask = tableSize - 1
        longestKey = keyLengths.max() ?? 0

        let nodeOfEntry = Dictionary(uniqueKeysWithValues: interior.enumerated().map { ($1, Int32($0)) })
        for (node, entry) in interior.enumerated() { addNode(Int32(node), entry, trie, nodeOfEntry) }
    }

    deinit {
        slots.deallocate()
        nodes.deallocate()
        keys.deallocate()
        table.deallocate()
    }

    private func addNode(_ node: Int32, _ entry: Int, _ trie: PathTrie, _ nodeOfEntry: [Int: Int32]) {
        let head = Int32(slotCount)
        // Slots only ever name slots of their own node as successors, so keys of one object never match another's.
        addSlot(Slot(key: keys, next: head, node: node))
        addSlot(Slot(key: keys, next: head, node: node))
        for _ in 0..<Self.ringSize { addSlot(Slot(key: takeKey(Self.ringKeyBytes), next: head, node: node)) }
        (nodes + Int(node)).initialize(
            to: Node(
                head: head, unkept: head + 1, ring: head + 2, entry: Int32(entry), isFeatures: trie.entries[entry].isFeatures,
                takesArray: trie.entries[entry].children.contains { UInt64($0.key) != nil }))
        for (name, child) in trie.entries[entry].children {
            let bytes = Array(name.utf8)
            let key = takeKey(bytes.count)
            key.update(from: bytes, count: bytes.count)
            let first = ByteKey.firstWord(key, bytes.count)
            let targets = trie.entries[child].targets
            let slot = Int32(slotCount)
            addSlot(
                Slot(
                    first: first, key: key, length: bytes.count, next: head, node: node, entry: Int32(child),
                    target: Int32(targets.first ?? -1), child: nodeOfEntry[child] ?? -1))
            if targets.count > 1 { moreTargets[slot] = Array(targets.dropFirst()) }
            var place = Self.hash(node: node, key, bytes.count, first) & tableMask
            while table[place] >= 0 { place = (place + 1) & tableMask }
            table[place] = slot
        }
    }

    private func addSlot(_ slot: Slot) {
        (slots + slotCount).initialize(to: slot)
        slotCount += 1
    }

    /// Room for a key of this length and its padding.
    private func takeKey(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        defer { keyCount += length + ByteKey.padding }
        return keys + keyCount
    }

    /// Unkeyed: the table holds the mapping's own keys only, so nobody outside can fill it.
    static func hash(node: Int32, _ key: UnsafePointer<UInt8>, _ length: Int, _ first: UInt64) -> Int {
        // Wrapping multiplication is the hash.
        var hash = (first ^ UInt64(length) &* 0xA076_1D64_78BD_642F ^ UInt64(node) &<< 32) &* 0x9E37_79B9_7F4A_7C15
        var index = 8
        while index < length {
            let word = ByteKey.firstWord(key + index, length - index)
            hash = (hash ^ hash &>> 29 ^ word) &* 0x9E37_79B9_7F4A_7C15
            index += 8
        }
        return Int(truncatingIfNeeded: hash &>> 32)
    }
}
