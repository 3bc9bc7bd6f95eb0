import Testing
import VedetteStore

#if canImport(Glibc)
import Glibc
#endif

@Suite struct CrashTests {
    /// Commit `number` of a run in which every commit is known from its number.
    private static func commit(_ number: UInt64) -> Commit {
        var generator = SplitMix(seed: number)
        var commit = Commit()
        for _ in 0..<200 {
            commit.put(
                segment: SegmentID(index: Int64(number / 8) + Int64.random(in: 0...1, using: &generator)), table: .decisions,
                key: randomKey(&generator), value: randomBytes(20, &generator))
        }
        for key in UInt8(0)..<4 { commit.putState(key: [key], value: withUnsafeBytes(of: number) { Array($0) }) }
        commit.putState(key: [9], value: randomBytes(30_000, &generator))
        if number % 8 == 0 { commit.dropSegments(before: SegmentID(index: Int64(number / 8) - 2)) }
        return commit
    }

    /// What the store holds after `number` commits.
    private static func check(_ store: StateStore, _ place: String) throws {
        let number = store.commitNumber
        for key in UInt8(0)..<4 where number > 0 {
            #expect(try store.getState(key: [key]) == withUnsafeBytes(of: number) { Array($0) }, "\(place)")
        }
        var expected: [RowID: [UInt8]] = [:]
        var oldest = Int64(-100)
        for past in UInt64(1)...max(1, number) where number > 0 {
            if past % 8 == 0 { oldest = Int64(past / 8) - 2 }
            var generator = SplitMix(seed: past)
            for _ in 0..<200 {
                let segment = Int64(past / 8) + Int64.random(in: 0...1, using: &generator)
                let key = randomKey(&generator)
                expected[RowID(segment: segment, table: .decisions, key: key)] = randomBytes(20, &generator)
            }
        }
        expected = expected.filter { $0.key.segment >= oldest }
        let found = try Content.read(store, segments: -5...Int64(number / 8 + 3)).rows
        #expect(found == expected, "\(place): commit \(number), \(found.count) rows, expected \(expected.count)")
        #expect(store.segments().allSatisfy { $0.index >= oldest }, "\(place)")
    }

    @Test func leftoversOfAnUnfinishedCommitAreRemoved() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        do {
            let store = try StateStore(directory: path)
            var commit = Self.commit(1)
            _ = try store.commit(&commit)
            #expect(Files.list(path + "/incoming").isEmpty)
        }
        try Files.write([1, 2, 3], to: path + "/incoming/2.decisions.0.sst")
        try Files.write([], to: path + "/incoming/2.default.sst")
        let store = try StateStore(directory: path)
        #expect(Files.list(path + "/incoming").isEmpty)
        try Self.check(store, "after leftovers")
    }

    @Test func aMarkerOneCommitBehindIsAccepted() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        var old: [UInt8] = []
        do {
            let store = try StateStore(directory: path)
            for number in UInt64(1)...3 {
                var commit = Self.commit(number)
                _ = try store.commit(&commit)
                if number == 2 { old = try Files.read(path + "/VEDETTE-STATE") }
            }
        }
        let new = try Files.read(path + "/VEDETTE-STATE")
        try Files.write(old, to: path + "/VEDETTE-STATE")
        do { try Self.check(try StateStore(directory: path), "marker behind") }
        #expect(try Files.read(path + "/VEDETTE-STATE") == new, "open brings the marker up to date")
    }

    /// Lets the MANIFEST fail to grow, by the process's limit of file sizes, while the smaller table files succeed.
    private static func failAtTheCommitPoint(_ path: String) throws {
        signal(SIGXFSZ, SIG_IGN)
        var store = try StateStore(directory: path)
        func manifestSize() throws -> Int {
            try Files.list(path).filter { $0.hasPrefix("MANIFEST") }.map { try Files.read(path + "/" + $0).count }.max() ?? 0
        }
        func small(_ number: UInt64) -> Commit {
            var commit = Commit()
            commit.putState(key: [1], value: withUnsafeBytes(of: number) { Array($0) })
            commit.put(segment: SegmentID(index: 1), table: .labels, key: StoreKey(high: number, low: 0), value: [1])
            return commit
        }
        while try manifestSize() < 8000 {
            var commit = small(store.commitNumber + 1)
            _ = try store.commit(&commit)
        }
        for _ in 0..<3 {
            let number = store.commitNumber
            let before = try Content.read(store, segments: 0...2)
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            let unlimited = limit.rlim_cur
            limit.rlim_cur = rlim_t(try manifestSize() + 10)
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            var commit = small(number + 1)
            let errors = (0..<2).map { _ in storeError { _ = try store.commit(&commit) } }
            limit.rlim_cur = unlimited
            setrlimit(__rlimit_resource_t(RLIMIT_FSIZE.rawValue), &limit)
            #expect(errors.allSatisfy { $0?.kind == .mustReopen }, "\(errors)")
            store = try StateStore.ephemeral()
            store = try StateStore(directory: path)
            if store.commitNumber == number {
                #expect(try Content.read(store, segments: 0...2) == before)
                _ = try store.commit(&commit)
            }
            #expect(store.commitNumber == number + 1)
            #expect(try store.getState(key: [1]) == withUnsafeBytes(of: number + 1) { Array($0) })
            while try manifestSize() < 8000 {
                var commit = small(store.commitNumber + 1)
                _ = try store.commit(&commit)
            }
        }
    }

    @Test func aFailureAtTheCommitPointAsksForAReopen() async throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        await #expect(processExitsWith: .success) { [path = path as String] in
            try Self.failAtTheCommitPoint(path)
        }
    }

    private static func commitUntilKilled(_ path: String, _ microseconds: Int) throws {
        // The default action of SIGALRM ends the process at once, as SIGKILL does.
        var timer = itimerval()
        timer.it_value = timeval(tv_sec: 0, tv_usec: microseconds)
        setitimer(__itimer_which_t(ITIMER_REAL.rawValue), &timer, nil)
        let store = try StateStore(directory: path)
        while true {
            var commit = Self.commit(store.commitNumber + 1)
            let stats = try store.commit(&commit)
            // What has returned must be there afterwards.
            try Files.write(Array(String(stats.commit).utf8), to: path + ".returned")
        }
    }

    /// A process that commits in a loop and is killed at any moment, again and again on the same directory.
    @Test(arguments: [1, 2] as [UInt64]) func aKilledProcessLeavesAWholeCommit(seed: UInt64) async throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        var generator = SplitMix(seed: seed)
        var reached: UInt64 = 0
        try Files.write(Array("0".utf8), to: path + ".returned")
        for round in 0..<10 {
            // One that surely commits, the others at any moment, the opening included.
            let microseconds = round == 0 ? 900_000 : Int.random(in: 500...150_000, using: &generator)
            await #expect(processExitsWith: .signal(SIGALRM)) { [path = path as String, microseconds = microseconds as Int] in
                try Self.commitUntilKilled(path, microseconds)
            }
            let store = try StateStore(directory: path)
            // Empty when the kill came between the truncation and the writing of the note.
            let returned = UInt64(String(decoding: try Files.read(path + ".returned"), as: UTF8.self)) ?? 0
            #expect(store.commitNumber >= max(reached, returned), "seed \(seed), round \(round)")
            #expect(store.commitNumber <= max(reached, returned) + 1 || returned == 0, "seed \(seed), round \(round)")
            #expect(Files.list(path + "/incoming").isEmpty)
            try Self.check(store, "seed \(seed), round \(round)")
            reached = store.commitNumber
        }
        #expect(reached > 0, "no process got as far as a commit before it was killed")
    }
}
