import Testing
import VedetteStore

@Suite struct ExpiryTests {
    private func fill(_ store: StateStore, _ segments: ClosedRange<Int64>, _ generator: inout SplitMix) throws {
        var commit = Commit()
        for segment in segments {
            for _ in 0..<5000 {
                let key = randomKey(&generator)
                commit.put(segment: SegmentID(index: segment), table: .decisions, key: key, value: randomBytes(30, &generator))
                commit.put(segment: SegmentID(index: segment), table: .labels, key: key, value: [1])
            }
        }
        _ = try store.commit(&commit)
    }

    private func tableBytes(_ directory: String) throws -> Int {
        try Files.list(directory).filter { $0.hasSuffix(".sst") }.reduce(0) { try $0 + Files.read(directory + "/" + $1).count }
    }

    @Test func droppedSegmentsFreeTheDisk() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        var generator = SplitMix(seed: 1)
        let store = try StateStore(directory: path)
        try fill(store, -2...7, &generator)
        #expect(store.segments().map(\.index) == Array(-2...7))
        let before = try tableBytes(path)
        var commit = Commit()
        commit.dropSegments(before: SegmentID(index: 3))
        commit.dropSegments(before: SegmentID(index: 1))
        let stats = try store.commit(&commit)
        #expect(stats.segmentsDropped == 5)
        #expect(store.segments().map(\.index) == Array(3...7))
        let after = try tableBytes(path)
        #expect(after < before * 6 / 10, "\(before) bytes before, \(after) after")
        #expect(store.statistics().segments == 5)
    }

    @Test func whatIsExpiredStaysExpired() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        var generator = SplitMix(seed: 2)
        do {
            let store = try StateStore(directory: path)
            try fill(store, 0...3, &generator)
            var commit = Commit()
            commit.put(segment: SegmentID(index: 1), table: .decisions, key: StoreKey(high: 1, low: 1), value: [1])
            commit.put(segment: SegmentID(index: 2), table: .decisions, key: StoreKey(high: 1, low: 1), value: [1])
            commit.dropSegments(before: SegmentID(index: 2))
            let stats = try store.commit(&commit)
            #expect(stats.rows == 1 && stats.expiredRows == 1)
        }
        let store = try StateStore(directory: path)
        #expect(store.segments().map(\.index) == [2, 3])
        var commit = Commit()
        commit.put(segment: SegmentID(index: 0), table: .decisions, key: StoreKey(high: 1, low: 1), value: [1])
        commit.dropSegments(before: SegmentID(index: -5))
        let stats = try store.commit(&commit)
        #expect(stats.rows == 0 && stats.expiredRows == 1 && stats.segmentsDropped == 0)
        var value: [UInt8] = []
        #expect(try !store.get(segment: SegmentID(index: 0), table: .decisions, key: StoreKey(high: 1, low: 1), into: &value))
    }

    @Test func manySegmentsOpen() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        do {
            let store = try StateStore(directory: path)
            var commit = Commit()
            for segment in Int64(0)..<120 {
                for table in SegmentTable.allCases {
                    commit.put(segment: SegmentID(index: segment), table: table, key: StoreKey(high: 1, low: UInt32(segment)), value: [1])
                }
            }
            _ = try store.commit(&commit)
        }
        #expect(try StateStore(directory: path).segments().count == 120)
    }
}
