import Testing
import VedetteStore

@Suite struct CommitTests {
    let segment = SegmentID(index: 7)

    @Test func aNewStoreIsEmpty() throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("a/b/state"))
        var value: [UInt8] = [9]
        #expect(store.commitNumber == 0)
        #expect(store.segments().isEmpty)
        #expect(try store.getState(key: [1]) == nil)
        #expect(try !store.get(segment: segment, table: .decisions, key: StoreKey(high: 1, low: 2), into: &value))
        #expect(value == [9], "a miss leaves the buffer alone")
        #expect(try Content.read(store, segments: 0...10) == Content())
    }

    @Test func rowsAndStateComeBack() throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        let key = StoreKey(high: .max, low: .max)
        var commit = Commit()
        commit.put(segment: segment, table: .decisions, key: key, value: [1, 2, 3])
        commit.put(segment: segment, table: .labels, key: key, value: [4])
        commit.putState(key: [], value: [5])
        commit.putState(key: [0xFF, 0xFF], value: [])
        let stats = try store.commit(&commit)
        #expect(stats.commit == 1 && stats.rows == 2 && stats.stateKeys == 2 && stats.bytes > 0)
        #expect(stats.deferred == nil)
        var value: [UInt8] = []
        #expect(try store.get(segment: segment, table: .decisions, key: key, into: &value))
        #expect(value == [1, 2, 3])
        #expect(try store.get(segment: segment, table: .labels, key: key, into: &value))
        #expect(value == [4])
        #expect(try !store.get(segment: SegmentID(index: 8), table: .decisions, key: key, into: &value))
        #expect(try store.getState(key: []) == [5])
        #expect(try store.getState(key: [0xFF, 0xFF]) == [], "an empty value is not a missing one")
        #expect(try store.getState(key: [0xFF]) == nil)
        #expect(store.segments() == [segment])
    }

    /// Keys as digests are, all alike in their upper bits, falling, and few of them over and over: the table takes none out of order.
    @Test(arguments: [1, 255, 256, 20_000], 0..<4) func rowsOfAnyKeysAreSorted(_ count: Int, _ shape: Int) throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        var random = SplitMix(seed: UInt64(count * 4 + shape))
        var commit = Commit()
        var expected: [StoreKey: [UInt8]] = [:]
        for row in 0..<count {
            let digest = random.next()
            let high = [digest, digest & 0xFFFF, UInt64(count - row), (digest % 50) << 60 | digest % 7][shape]
            let key = StoreKey(high: high, low: UInt32(truncatingIfNeeded: digest >> 40) & 3)
            let value = withUnsafeBytes(of: row) { Array($0.prefix(row % 9)) }
            commit.put(segment: segment, table: .decisions, key: key, value: value)
            expected[key] = value
        }
        #expect(try store.commit(&commit).rows == expected.count)
        var found: [UInt8] = []
        for (key, value) in expected {
            let isThere = try store.get(segment: segment, table: .decisions, key: key, into: &found)
            if !isThere || found != value { Issue.record("\(key): \(isThere ? "\(found)" : "nothing") for \(value)") }
        }
    }

    @Test func aValueThatIsTooLargeIsRefusedByName() throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        var commit = Commit()
        commit.putState(key: [1], value: [1])
        _ = try store.commit(&commit)
        var large = Commit(maxStateBytes: 10)
        large.putState(key: [2], value: [UInt8](repeating: 0, count: 10))
        large.putState(key: [0x54, 7], value: [UInt8](repeating: 0, count: 11))
        large.deleteState(key: [1])
        let error = storeError { _ = try store.commit(&large) }
        #expect(error?.kind == .tooLarge && error?.message.contains("54 7") == true && error?.message.contains("11 bytes") == true)
        #expect(store.commitNumber == 1)
        #expect(try store.getState(key: [1]) == [1], "nothing of it was stored")
        large.removeAll()
        large.putState(key: [2], value: [3])
        #expect(try store.commit(&large).commit == 2)
        #expect(try store.getState(key: [2]) == [3])
    }

    @Test func emptyValuesAndTheLastOfEqualKeysCount() throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        let key = StoreKey(high: 1, low: 1)
        var commit = Commit()
        for value in [[], [1], [], [2, 2], []] as [[UInt8]] {
            commit.put(segment: segment, table: .decisions, key: key, value: value)
        }
        for value in [[], [7], []] as [[UInt8]] {
            commit.put(segment: segment, table: .labels, key: key, value: value)
            commit.put(segment: segment, table: .labels, key: key, value: [8])
        }
        commit.putState(key: [1], value: [1])
        commit.deleteState(key: [1])
        commit.deleteState(key: [2])
        commit.putState(key: [2], value: [])
        commit.putState(key: [2, 0], value: [3])
        let stats = try store.commit(&commit)
        #expect(stats.rows == 2)
        #expect(stats.stateKeys == 3)
        var value: [UInt8] = [1]
        #expect(try store.get(segment: segment, table: .decisions, key: key, into: &value))
        #expect(value.isEmpty)
        #expect(try store.get(segment: segment, table: .labels, key: key, into: &value))
        #expect(value == [8])
        #expect(try store.getState(key: [1]) == nil)
        #expect(try store.getState(key: [2]) == [])
        #expect(try store.getState(key: [2, 0]) == [3])
    }

    @Test func laterCommitsReplaceAndDelete() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        let key = StoreKey(high: 5, low: 6)
        do {
            let store = try StateStore(directory: path)
            for round in UInt8(0)..<40 {
                var commit = Commit()
                commit.put(segment: segment, table: .decisions, key: key, value: [round])
                commit.putState(key: [1], value: [round])
                if round % 2 == 1 { commit.deleteState(key: [2]) } else { commit.putState(key: [2], value: [round]) }
                _ = try store.commit(&commit)
                var value: [UInt8] = []
                #expect(try store.get(segment: segment, table: .decisions, key: key, into: &value))
                #expect(value == [round])
                #expect(try store.getState(key: [2]) == (round % 2 == 1 ? nil : [round]))
            }
        }
        let store = try StateStore(directory: path)
        #expect(store.commitNumber == 40)
        #expect(try store.getState(key: [1]) == [39])
        #expect(try store.getState(key: [2]) == nil)
    }

    @Test func scansAreInOrderOfTheKeys() throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        var generator = SplitMix(seed: 3)
        var keys = (0..<500).map { _ in randomKey(&generator) }
        // Keys that a signed or little-endian comparison would order otherwise.
        keys += [StoreKey(high: 0, low: 1), StoreKey(high: 0, low: 256), StoreKey(high: 1, low: 0), StoreKey(high: 1 << 63, low: 0)]
        var names: [[UInt8]] = [[], [0], [0, 0], [0x7F], [0x80], [0xFF], [0xFF, 0]]
        for _ in 0..<200 { names.append(randomBytes(Int.random(in: 1...6, using: &generator), &generator)) }
        for part in 0..<3 {
            var commit = Commit()
            for (index, key) in keys.enumerated() where index % 3 == part {
                commit.put(segment: segment, table: .decisions, key: key, value: [])
            }
            for (index, name) in names.enumerated() where index % 3 == part { commit.putState(key: name, value: [1]) }
            _ = try store.commit(&commit)
        }
        var rows: [StoreKey] = []
        try store.scanRows(segment: segment, table: .decisions) { key, _ in rows.append(key) }
        #expect(rows == Set(keys).sorted())
        var found: [[UInt8]] = []
        try store.scanState(prefix: []) { key, _ in found.append(Array(key)) }
        #expect(found == Set(names).sorted { $0.lexicographicallyPrecedes($1) })
        for prefix: [UInt8] in [[0], [0x80], [0xFF], [0xFF, 0], [9, 9, 9]] {
            var part: [[UInt8]] = []
            try store.scanState(prefix: prefix) { key, _ in part.append(Array(key)) }
            #expect(part == found.filter { $0.starts(with: prefix) })
        }
    }

    @Test func aScanPassesTheCallersErrorOn() throws {
        struct Stop: Error {}
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        var commit = Commit()
        for byte in UInt8(0)..<9 { commit.putState(key: [byte], value: []) }
        _ = try store.commit(&commit)
        var seen = 0
        #expect(throws: Stop.self) {
            try store.scanState(prefix: []) { _, _ in
                seen += 1
                if seen == 3 { throw Stop() }
            }
        }
        #expect(seen == 3)
    }

    @Test func aBigCommitAndLookUpsAtRandom() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        let count = 200_000
        var generator = SplitMix(seed: 11)
        let keys = (0..<count).map { _ in randomKey(&generator) }
        func value(_ index: Int) -> [UInt8] { withUnsafeBytes(of: UInt64(index)) { Array($0) } + Array(repeating: 0xAB, count: index % 40) }
        do {
            let store = try StateStore(directory: path)
            var commit = Commit()
            for index in 0..<count {
                commit.put(segment: SegmentID(index: Int64(index % 3)), table: .decisions, key: keys[index], value: value(index))
            }
            #expect(commit.count == count)
            let stats = try store.commit(&commit)
            #expect(stats.rows == count)
            #expect(store.statistics().decisions.estimatedRows == count)
            #expect(store.statistics().decisions.bytes > count * 10)
        }
        let store = try StateStore(directory: path)
        var buffer: [UInt8] = []
        for _ in 0..<50_000 {
            let index = Int.random(in: 0..<count, using: &generator)
            let isFound = try store.get(segment: SegmentID(index: Int64(index % 3)), table: .decisions, key: keys[index], into: &buffer)
            guard isFound, buffer == value(index) else {
                Issue.record("row \(index) is missing or wrong")
                return
            }
            let other = try store.get(segment: SegmentID(index: Int64((index + 1) % 3)), table: .decisions, key: keys[index], into: &buffer)
            guard !other else {
                Issue.record("row \(index) is in another segment too")
                return
            }
        }
    }

    @Test func aCommitCanBeReusedAndRetried() throws {
        let scratch = try Scratch()
        let store = try StateStore(directory: scratch.sub("s"))
        var commit = Commit()
        #expect(commit.isEmpty)
        commit.put(segment: segment, table: .decisions, key: StoreKey(high: 1, low: 1), value: [1])
        commit.putState(key: [1], value: [1])
        #expect(commit.count == 2 && commit.byteCount > 0)
        _ = try store.commit(&commit)
        _ = try store.commit(&commit)
        #expect(store.commitNumber == 2)
        commit.removeAll()
        #expect(commit.isEmpty)
        commit.put(segment: SegmentID(index: 8), table: .labels, key: StoreKey(high: 2, low: 2), value: [2])
        _ = try store.commit(&commit)
        let content = try Content.read(store, segments: 0...10)
        #expect(content.rows.count == 2 && content.state == [[1]: [1]])
        #expect(store.segments() == [segment], "a segment with labels only holds no decisions")
    }

    @Test func anEphemeralStoreLeavesNothing() throws {
        var path = ""
        do {
            let store = try StateStore.ephemeral()
            path = store.directory
            var commit = Commit()
            for index in 0..<1000 {
                commit.put(segment: segment, table: .decisions, key: StoreKey(high: UInt64(index), low: 0), value: [1])
            }
            _ = try store.commit(&commit)
            #expect(Files.list(path).contains("CURRENT"))
        }
        #expect(!Files.isDirectory(path))
    }
}
