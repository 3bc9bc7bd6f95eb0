import Testing
import VedetteStore

#if canImport(Glibc)
import Glibc

/// A small file system of its own in memory, mounted on a directory; nil where mounting is not allowed.
private final class SmallDevice {
    let path: String
    /// Outlives the mount, which lies within.
    private let scratch: Scratch

    init?(kibibytes: Int) {
        guard let scratch = try? Scratch() else { return nil }
        let path = scratch.sub("device")
        guard mkdir(path, 0o755) == 0, mount("tmpfs", path, "tmpfs", 0, "size=\(kibibytes)k") == 0 else { return nil }
        self.scratch = scratch
        self.path = path
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    func makeReadOnly() -> Bool { mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT | MS_RDONLY), nil) == 0 }

    var freeBytes: Int {
        var info = statvfs()
        return statvfs(path, &info) == 0 ? Int(info.f_bavail) * Int(info.f_frsize) : 0
    }

    /// Takes space until about `bytes` are left: a merge may take some, or give some back, at the same time.
    func fill(leaving bytes: Int) throws {
        let count = freeBytes - bytes
        if count <= 0 { return }
        let descriptor = open(path + "/ballast", O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        let ballast = [UInt8](repeating: 1, count: count)
        _ = Glibc.write(descriptor, ballast, count)
    }

    func release() { Files.removeTree(path + "/ballast") }
}

/// Tried once, at load: root in a container may lack the right.
private let canMount = SmallDevice(kibibytes: 64) != nil

/// Full and read-only devices. They need the right to mount; without it they are skipped, and say so.
@Suite(.enabled(if: canMount, "mounting a tmpfs is not allowed here")) struct DeviceTests {
    private func commit(_ round: Int) -> Commit {
        var generator = SplitMix(seed: UInt64(round))
        var commit = Commit()
        for _ in 0..<1000 {
            commit.put(
                segment: SegmentID(index: Int64(round % 4)), table: .decisions,
                key: StoreKey(high: UInt64(round % 8), low: UInt32.random(in: 0...300, using: &generator)),
                value: randomBytes(40, &generator))
        }
        commit.putState(key: [1], value: [UInt8(round)])
        return commit
    }

    /// Leaves every amount of space from nothing to enough, so that each step of a commit runs out of it once.
    @Test func aFullDeviceLosesNothing() throws {
        let device = try #require(SmallDevice(kibibytes: 16 << 10))
        let path = device.path + "/state"
        var store = try StateStore(directory: path)
        var kinds: [StoreError.Kind: Int] = [:]
        var before = Content()
        var round = 0
        for left in stride(from: 0, through: 64 << 10, by: 2 << 10) {
            round += 1
            let number = store.commitNumber
            var changes = commit(round)
            try device.fill(leaving: left)
            let failure = failedKind(store, &changes)
            device.release()
            if let failure {
                kinds[failure, default: 0] += 1
                if failure == .mustReopen {
                    #expect(failedKind(store, &changes) == .mustReopen, "no commit before it is opened again")
                    store = try reopen(&store, path)
                }
                if store.commitNumber == number {
                    #expect(try Content.read(store, segments: 0...4) == before, "\(left) bytes left: changed without a commit")
                    _ = try store.commit(&changes)
                }
            }
            #expect(store.commitNumber == number + 1)
            if round % 7 == 0 { store = try reopen(&store, path) }
            before = try Content.read(store, segments: 0...4)
            #expect(before.state == [[1]: [UInt8(round)]])
        }
        #expect(kinds.keys.allSatisfy { [.diskFull, .mustReopen].contains($0) }, "\(kinds)")
        #expect(kinds[.diskFull, default: 0] > 3, "\(kinds)")
    }

    /// Room for commits, but never for a merge of what there is.
    @Test func mergesWithoutSpaceDoNotLoseCommits() throws {
        let device = try #require(SmallDevice(kibibytes: 32 << 10))
        let path = device.path + "/state"
        var store = try StateStore(directory: path)
        var generator = SplitMix(seed: 4)
        var changes = Commit()
        for _ in 0..<150_000 {
            changes.put(segment: SegmentID(index: 0), table: .decisions, key: randomKey(&generator), value: randomBytes(40, &generator))
        }
        _ = try store.commit(&changes)
        var kinds: [StoreError.Kind: Int] = [:]
        for round in 1...60 {
            if round % 10 != 0 { try device.fill(leaving: 1 << 20) }
            var changes = Commit()
            for index in 0..<3000 {
                changes.put(
                    segment: SegmentID(index: 0), table: .decisions, key: StoreKey(high: UInt64(index) << 50, low: UInt32(round)),
                    value: randomBytes(40, &generator))
            }
            changes.putState(key: [1], value: [UInt8(round)])
            var failure = failedKind(store, &changes)
            device.release()
            var tries = 0
            while let kind = failure, tries < 20 {
                kinds[kind, default: 0] += 1
                if kind == .mustReopen { store = try reopen(&store, path) }
                if try store.getState(key: [1]) == [UInt8(round)] { break }
                usleep(200_000)
                failure = failedKind(store, &changes)
                tries += 1
            }
            try #require(try store.getState(key: [1]) == [UInt8(round)], "round \(round): \(kinds)")
        }
        #expect(kinds.keys.allSatisfy { [.diskFull, .mustReopen].contains($0) }, "\(kinds)")
        let content = try Content.read(try reopen(&store, path), segments: 0...0)
        #expect(content.rows.count == 150_000 + 60 * 3000)
    }

    /// A table file larger than any write buffer runs out of space while rows are still being added to it.
    @Test func aBigCommitOnAFullDeviceChangesNothing() throws {
        let device = try #require(SmallDevice(kibibytes: 16 << 10))
        let store = try StateStore(directory: device.path + "/state")
        var generator = SplitMix(seed: 6)
        var changes = Commit()
        for _ in 0..<120_000 {
            changes.put(segment: SegmentID(index: 0), table: .decisions, key: randomKey(&generator), value: randomBytes(40, &generator))
        }
        for left in [0, 500 << 10, 2 << 20, 5 << 20] {
            try device.fill(leaving: left)
            #expect(failedKind(store, &changes) == .diskFull)
            device.release()
            #expect(store.commitNumber == 0 && store.segments().isEmpty)
            #expect(Files.list(device.path + "/state/incoming").isEmpty)
        }
        #expect(try store.commit(&changes).rows == 120_000)
    }

    private func failedKind(_ store: StateStore, _ commit: inout Commit) -> StoreError.Kind? {
        do {
            _ = try store.commit(&commit)
            return nil
        } catch let error as StoreError {
            return error.kind
        } catch {
            Issue.record("not a StoreError: \(error)")
            return nil
        }
    }

    /// Releases the store, then opens its directory.
    private func reopen(_ store: inout StateStore, _ path: String) throws -> StateStore {
        store = try StateStore.ephemeral()
        return try StateStore(directory: path)
    }

    @Test func aFullDeviceCannotBeOpenedAndSaysSo() throws {
        let device = try #require(SmallDevice(kibibytes: 8 << 10))
        let path = device.path + "/state"
        do {
            let store = try StateStore(directory: path)
            var changes = commit(1)
            _ = try store.commit(&changes)
        }
        try device.fill(leaving: 0)
        let error = storeError { _ = try StateStore(directory: path) }
        #expect(error?.kind == .diskFull)
        device.release()
        #expect(try StateStore(directory: path).commitNumber == 1)
    }

    @Test func aReadOnlyDeviceIsNamed() throws {
        let device = try #require(SmallDevice(kibibytes: 8 << 10))
        let path = device.path + "/state"
        do { _ = try StateStore(directory: path) }
        try #require(device.makeReadOnly())
        #expect(storeError { _ = try StateStore(directory: path) }?.kind == .readOnly)
        #expect(storeError { _ = try StateStore(directory: device.path + "/new") }?.kind == .readOnly)
    }
}
#endif
