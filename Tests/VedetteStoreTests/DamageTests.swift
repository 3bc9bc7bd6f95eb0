import Testing
import VedetteStore

/// Damage to any file either changes nothing that is read, or is an error. It is never wrong data.
@Suite struct DamageTests {
    private static let segments = Int64(0)...1

    /// A closed store of a few commits, and what it holds.
    private func makeStore(_ path: String) throws -> Content {
        var generator = SplitMix(seed: 77)
        let store = try StateStore(directory: path)
        for round in UInt8(0)..<3 {
            var commit = Commit()
            for segment in Self.segments {
                for _ in 0..<300 {
                    commit.put(
                        segment: SegmentID(index: segment), table: .decisions, key: randomKey(&generator),
                        value: randomBytes(34, &generator))
                }
            }
            commit.putState(key: [round], value: randomBytes(500, &generator))
            commit.putState(key: [100], value: [round])
            _ = try store.commit(&commit)
        }
        return try Content.read(store, segments: Self.segments)
    }

    /// Opens and reads everything; nil if that is refused with a ``StoreError``.
    private func readBack(_ path: String) throws -> Content? {
        do {
            let store = try StateStore(directory: path)
            return try Content.read(store, segments: Self.segments)
        } catch let error as StoreError {
            #expect(!error.message.isEmpty && !error.remedy.isEmpty && error.path.hasPrefix(path))
            #expect([.corrupt, .otherFormat, .inputOutput, .notAStateDirectory].contains(error.kind), "\(error)")
            return nil
        }
    }

    /// Damages one file of a fresh copy of the store; returns whether that was noticed.
    private func isNoticed(
        _ source: String, _ scratch: Scratch, file: String, expected: Content, _ note: String,
        _ damage: ([UInt8]) -> [UInt8]?
    ) throws -> Bool {
        let copy = scratch.sub("copy")
        Files.removeTree(copy)
        try Files.copyTree(source, to: copy)
        if let bytes = damage(try Files.read(copy + "/" + file)) {
            try Files.write(bytes, to: copy + "/" + file)
        } else {
            Files.removeTree(copy + "/" + file)
        }
        guard let content = try readBack(copy) else { return true }
        #expect(content == expected, "wrong data: \(file), \(note)")
        return false
    }

    private func kind(_ file: String) -> String {
        if file.hasSuffix(".sst") { return "sst" }
        return String(file.prefix { $0.isLetter })
    }

    @Test func aFlippedByteIsNeverWrongData() throws {
        let scratch = try Scratch()
        let source = scratch.sub("source")
        let expected = try makeStore(source)
        try #require(expected.rows.count == 1800 && expected.state.count == 4)
        var generator = SplitMix(seed: 5)
        var noticed: [String: Int] = [:]
        for file in Files.list(source) where !Files.isDirectory(source + "/" + file) {
            let size = try Files.read(source + "/" + file).count
            if size == 0 { continue }
            for _ in 0..<(kind(file) == "sst" ? 12 : 30) {
                let offset = Int.random(in: 0..<size, using: &generator)
                let mask = UInt8.random(in: 1...255, using: &generator)
                if try isNoticed(source, scratch, file: file, expected: expected, "byte \(offset) ^ \(mask)", {
                    var bytes = $0
                    bytes[offset] ^= mask
                    return bytes
                }) {
                    noticed[kind(file), default: 0] += 1
                }
            }
        }
        // The test must be able to see damage: these files matter, and damage to them shows.
        for kind in ["sst", "MANIFEST", "CURRENT", "VEDETTE"] { #expect(noticed[kind, default: 0] > 0, "\(kind)") }
        #expect(noticed["VEDETTE"] == 30, "every byte of the marker counts")
    }

    /// The end of a table file: the footer has no checksum, and RocksDB parses the properties before it checks theirs.
    @Test func everyByteOfATablesEndIsGuarded() throws {
        let scratch = try Scratch()
        let source = scratch.sub("source")
        let expected = try makeStore(source)
        let file = try #require(Files.list(source).first { $0.hasSuffix(".sst") })
        let size = try Files.read(source + "/" + file).count
        let metaindexAndFooter = 300
        for offset in (size - metaindexAndFooter)..<size {
            let mask: UInt8 = 1 << UInt8(offset % 8)
            for mask in [mask, 0x80] {
                _ = try isNoticed(source, scratch, file: file, expected: expected, "byte \(offset) ^ \(mask)") {
                    var bytes = $0
                    bytes[offset] ^= mask
                    return bytes
                }
            }
        }
        for offset in [size - 53, size - 12, size - 11, size - 8, size - 1] {
            let isNoticed = try isNoticed(source, scratch, file: file, expected: expected, "footer byte \(offset)") {
                var bytes = $0
                bytes[offset] ^= 1
                return bytes
            }
            #expect(isNoticed, "byte \(offset) of \(size)")
        }
    }

    @Test func everyTruncationIsNeverWrongData() throws {
        let scratch = try Scratch()
        let source = scratch.sub("source")
        let expected = try makeStore(source)
        for file in Files.list(source) where ["sst", "MANIFEST", "CURRENT", "VEDETTE"].contains(kind(file)) {
            let size = try Files.read(source + "/" + file).count
            for keep in Set([0, 1, size / 3, size / 2, size - 100, size - 20, size - 1]) where keep >= 0 && keep < size {
                let isNoticed = try isNoticed(source, scratch, file: file, expected: expected, "cut to \(keep)") { Array($0[..<keep]) }
                #expect(isNoticed, "\(file) cut from \(size) to \(keep) bytes")
            }
            #expect(try isNoticed(source, scratch, file: file, expected: expected, "removed") { _ in nil }, "\(file) removed")
        }
    }

    @Test func verifyFindsAFlippedByteThatNobodyRead() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        _ = try makeStore(path)
        try StateStore(directory: path).verify()
        let file = try #require(Files.list(path).first { $0.hasSuffix(".sst") })
        var bytes = try Files.read(path + "/" + file)
        bytes[bytes.count / 3] ^= 0x10
        try Files.write(bytes, to: path + "/" + file)
        let store = try StateStore(directory: path)
        let error = storeError { try store.verify() }
        #expect(error?.kind == .corrupt)
        #expect(error?.path.hasSuffix(file) == true, "\(String(describing: error))")
    }

    @Test func damageThatAMergeMeetsStopsTheCommits() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        _ = try makeStore(path)
        for file in Files.list(path) where file.hasSuffix(".sst") {
            var bytes = try Files.read(path + "/" + file)
            // In the first data block of the files of rows, which an open does not read.
            if bytes.count < 8000 { continue }
            bytes[100] ^= 0x10
            try Files.write(bytes, to: path + "/" + file)
        }
        let store = try StateStore(directory: path)
        var commits = 0
        let error = storeError {
            // Enough files for a merge; its failure comes to light at the commit after it.
            while commits < 5000 {
                var commit = Commit()
                commit.put(segment: SegmentID(index: 0), table: .decisions, key: StoreKey(high: UInt64(commits), low: 0), value: [1])
                _ = try store.commit(&commit)
                commits += 1
            }
        }
        // At the start of a commit, or at its commit point when the merge fails just then.
        #expect(error?.kind == .corrupt || error?.kind == .mustReopen && error?.cause == .corrupt, "\(String(describing: error))")
        #expect(error?.path.hasPrefix(path) == true)
        #expect(commits >= 5)
    }

    @Test func aMissingCurrentDoesNotBecomeAnEmptyState() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        let expected = try makeStore(path)
        let current = try Files.read(path + "/CURRENT")
        Files.removeTree(path + "/CURRENT")
        #expect(storeError { _ = try StateStore(directory: path) }?.kind == .corrupt)
        try Files.write(current, to: path + "/CURRENT")
        #expect(try readBack(path) == expected, "the failed open left everything as it was")
    }

    @Test func aLostMarkerIsNotReplacedBySomethingNew() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        _ = try makeStore(path)
        Files.removeTree(path + "/VEDETTE-STATE")
        #expect(storeError { _ = try StateStore(directory: path) }?.kind == .notAStateDirectory)
    }
}
