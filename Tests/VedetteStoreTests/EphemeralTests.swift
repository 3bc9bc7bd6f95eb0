import Testing
import VedetteStore

#if canImport(Glibc)
import Glibc
#endif

/// What killed replays leave behind goes at the next start, and nothing else does.
@Suite(.serialized) struct EphemeralTests {
    private static let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"

    /// A directory as a killed replay leaves it.
    private func leftover(ageSeconds: Int) throws -> String {
        var template = Array("\(Self.parent)/vedette-replay-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        let path = template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? "" }
        try Files.write([1], to: path + "/LOCK")
        try #require(mkdir(path + "/incoming", 0o755) == 0)
        try age(path, by: ageSeconds)
        return path
    }

    private func age(_ path: String, by seconds: Int) throws {
        let then = timeval(tv_sec: time(nil) - seconds, tv_usec: 0)
        try #require(utimes(path, [then, then]) == 0)
    }

    @Test func whatNobodyHoldsIsRemoved() throws {
        let old = try leftover(ageSeconds: 3_600), young = try leftover(ageSeconds: 5)
        defer { for path in [old, young] { Files.removeTree(path) } }
        StateStore.sweepEphemeral()
        #expect(!Files.isDirectory(old))
        // Its process may not have come to lock it yet.
        #expect(Files.isDirectory(young))
    }

    @Test func aStoreThatIsOpenStays() async throws {
        let store = try StateStore.ephemeral()
        try age(store.directory, by: 3_600)
        StateStore.sweepEphemeral()
        await #expect(processExitsWith: .success) { StateStore.sweepEphemeral() }
        var commit = Commit()
        commit.putState(key: [1], value: [1])
        #expect(try store.commit(&commit).commit == 1)
        #expect(Files.list(store.directory).contains("CURRENT"))
        // Its own sweep has not given the lock up.
        let path = store.directory
        await #expect(processExitsWith: .success) { [path = path as String] in
            #expect(storeError { _ = try StateStore(directory: path) }?.kind == .locked)
        }
    }

    @Test func linksAndStrangersStay() throws {
        let scratch = try Scratch()
        try Files.write([1], to: scratch.sub("kept"))
        let link = "\(Self.parent)/vedette-replay-link\(getpid())"
        try #require(symlink(scratch.path, link) == 0)
        defer { unlink(link) }
        try age(scratch.path, by: 3_600)
        StateStore.sweepEphemeral()
        #expect(Files.list(scratch.path) == ["kept"])
    }
}
