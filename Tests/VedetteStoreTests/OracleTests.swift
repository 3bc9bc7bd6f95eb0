import Testing
import VedetteStore

/// Random commits, drops and reopens against a dictionary that does the obvious thing.
@Suite struct OracleTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func aStoreIsADictionary(seed: UInt64) throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        var generator = SplitMix(seed: seed)
        var oracle = Content()
        var expired = Int64.min
        var store: StateStore? = try StateStore(directory: path)
        for round in 1...60 {
            var commit = Commit()
            // Few keys, so that commits overlap, replace and delete each other's.
            for _ in 0..<Int.random(in: 0...60, using: &generator) {
                let row = RowID(
                    segment: Int64.random(in: -2...4, using: &generator) + Int64(round / 15),
                    table: Bool.random(using: &generator) ? .decisions : .labels,
                    key: StoreKey(high: UInt64.random(in: 0...8, using: &generator) << 60, low: UInt32.random(in: 0...4, using: &generator)))
                let value = randomBytes(Int.random(in: 0...50, using: &generator), &generator)
                commit.put(segment: SegmentID(index: row.segment), table: row.table, key: row.key, value: value)
                oracle.rows[row] = value
            }
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                let key = randomBytes(Int.random(in: 0...1, using: &generator), &generator).map { $0 & 0x0F }
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    commit.deleteState(key: key)
                    oracle.state[key] = nil
                } else {
                    let value = randomBytes(Int.random(in: 0...300, using: &generator), &generator)
                    commit.putState(key: key, value: value)
                    oracle.state[key] = value
                }
            }
            if Int.random(in: 0..<10, using: &generator) == 0 {
                let before = Int64.random(in: -3...2, using: &generator) + Int64(round / 15)
                commit.dropSegments(before: SegmentID(index: before))
                expired = max(expired, before)
            }
            oracle.rows = oracle.rows.filter { $0.key.segment >= expired }
            let stats = try #require(try store?.commit(&commit))
            try #require(stats.deferred == nil)
            if Int.random(in: 0..<6, using: &generator) == 0 {
                store = nil
                store = try StateStore(directory: path)
            }
            try compare(try #require(store), oracle, "seed \(seed), round \(round)")
        }
    }

    private func compare(_ store: StateStore, _ oracle: Content, _ place: String) throws {
        let content = try Content.read(store, segments: -5...12)
        try #require(content == oracle, "\(place)")
        let segments = Set(oracle.rows.keys.filter { $0.table == .decisions }.map(\.segment)).sorted()
        try #require(store.segments().map(\.index) == segments, "\(place)")
        var buffer: [UInt8] = []
        for (row, value) in oracle.rows {
            try #require(try store.get(segment: SegmentID(index: row.segment), table: row.table, key: row.key, into: &buffer), "\(place)")
            try #require(buffer == value, "\(place)")
        }
        for (key, value) in oracle.state { try #require(try store.getState(key: key) == value, "\(place)") }
    }
}
