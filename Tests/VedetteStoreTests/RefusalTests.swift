import Testing
import VedetteStore

#if canImport(Glibc)
import Glibc
#endif

/// Directories the store cannot use: each one is refused with its own kind, and left alone.
@Suite struct RefusalTests {
    @Test func aFileIsNotADirectory() throws {
        let scratch = try Scratch()
        try Files.write([1], to: scratch.sub("file"))
        #expect(storeError { _ = try StateStore(directory: scratch.sub("file")) }?.kind == .notADirectory)
        #expect(storeError { _ = try StateStore(directory: scratch.sub("file/below")) }?.kind == .notADirectory)
    }

    @Test func aDirectoryOfOtherFilesIsLeftAlone() throws {
        let scratch = try Scratch()
        try Files.write([1], to: scratch.sub("photo.jpg"))
        let error = storeError { _ = try StateStore(directory: scratch.path) }
        #expect(error?.kind == .notAStateDirectory)
        #expect(error?.message.contains("photo.jpg") == true)
        #expect(Files.list(scratch.path) == ["photo.jpg"])
    }

    @Test func anotherFormatVersionIsNamed() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        do {
            let store = try StateStore(directory: path)
            var commit = Commit()
            commit.putState(key: [1], value: [1])
            _ = try store.commit(&commit)
        }
        let marker = String(decoding: try Files.read(path + "/VEDETTE-STATE"), as: UTF8.self)
        #expect(marker.contains("\nformat 1\ncommit 1\n"))
        let other = marker.split(separator: "\n").map { $0.hasPrefix("format") ? "format 2" : $0 }.joined(separator: "\n")
        try Files.write(Array(other.utf8), to: path + "/VEDETTE-STATE")
        let error = storeError { _ = try StateStore(directory: path) }
        #expect(error?.kind == .otherFormat)
        #expect(error?.message.contains("version 2") == true)
    }

    @Test func aSecondStoreOfTheSameProcessIsRefused() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        let first = try StateStore(directory: path)
        for _ in 0..<2 {
            let error = storeError { _ = try StateStore(directory: path) }
            #expect(error?.kind == .locked)
            #expect(error?.message.contains("another store of this process") == true)
        }
        var commit = Commit()
        commit.putState(key: [1], value: [1])
        #expect(try first.commit(&commit).commit == 1)
    }

    @Test func anotherProcessThatHoldsTheDirectoryIsNamed() async throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        let store = try StateStore(directory: path)
        let holder = "process \(getpid()) ("
        await #expect(processExitsWith: .success) { [path = path as String, holder = holder as String] in
            for _ in 0..<2 {
                let error = storeError { _ = try StateStore(directory: path) }
                #expect(error?.kind == .locked)
                #expect(error?.message.hasPrefix(holder) == true, "\(String(describing: error))")
            }
        }
        #expect(store.commitNumber == 0)
    }

    @Test func optionsOutOfRangeAreNamed() throws {
        let scratch = try Scratch()
        var options = StoreOptions()
        options.zstdLevel = 40
        let error = storeError { _ = try StateStore(directory: scratch.sub("s"), options: options) }
        #expect(error?.kind == .invalidOption)
        #expect(error?.message.contains("zstdLevel") == true)
        #expect(!Files.isDirectory(scratch.sub("s")))
    }

    @Test func aDirectoryWithoutPermissionIsRefused() async throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        do { _ = try StateStore(directory: path) }
        try #require(chmod(path, 0o500) == 0 && chmod(scratch.path, 0o755) == 0)
        defer { chmod(path, 0o700) }
        await #expect(processExitsWith: .success) { [path = path as String] in
            // Root may write everywhere, nobody nowhere.
            if geteuid() == 0 { try #require(setuid(65_534) == 0) }
            #expect(storeError { _ = try StateStore(directory: path) }?.kind == .permissionDenied)
        }
    }

    @Test func aStoreWithoutCommitsCanBeOpenedAgain() throws {
        let scratch = try Scratch()
        let path = scratch.sub("s")
        for _ in 0..<3 {
            let store = try StateStore(directory: path)
            #expect(store.commitNumber == 0)
        }
        // A crash between the first marker and the creation of the database.
        Files.removeTree(path)
        try #require(mkdir(path, 0o755) == 0)
        try #require(mkdir(path + "/lost+found", 0o755) == 0)
        try Files.write([], to: path + "/VEDETTE-STATE.new")
        let store = try StateStore(directory: path + "///")
        #expect(store.commitNumber == 0)
        #expect(store.directory == path)
    }
}
