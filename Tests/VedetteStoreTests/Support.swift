import Synchronization
import Testing
import VedetteStore

#if canImport(Glibc)
import Glibc
#endif

/// A deterministic generator (SplitMix64): a failing run is repeated by its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    init(seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// A directory of the test's own, removed with everything in it when released.
///
/// In memory where there is such a file system: the tests sync thousands of times, and none of them takes the power away.
final class Scratch {
    let path: String

    init() throws {
        let fallback = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp"
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? fallback
        var template = Array("\(parent)/vedette-store-test-XXXXXX".utf8CString)
        try #require(mkdtemp(&template) != nil)
        path = template.withUnsafeBufferPointer { String(cString: $0.baseAddress!) }
        Leftovers.shared.add(path)
    }

    deinit { Files.removeTree(path) }

    /// A path inside that does not exist yet.
    func sub(_ name: String) -> String { path + "/" + name }
}

/// A store may live a little longer than its scratch directory, and write a file into it while that is being removed.
/// What is left then goes when the process ends.
private final class Leftovers: Sendable {
    static let shared = Leftovers()
    private let paths = Mutex<[String]>([])

    private init() { atexit { Leftovers.shared.remove() } }

    func add(_ path: String) { paths.withLock { $0.append(path) } }
    private func remove() { paths.withLock { $0.forEach(Files.removeTree) } }
}

/// Plain file operations; a failing one fails the test.
enum Files {
    static func list(_ directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    static func isDirectory(_ path: String) -> Bool {
        var info = stat()
        return lstat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFDIR
    }

    static func removeTree(_ path: String) {
        if isDirectory(path) {
            for name in list(path) { removeTree(path + "/" + name) }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    static func read(_ path: String) throws -> [UInt8] {
        let file = try #require(fopen(path, "r"))
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = fread(&chunk, 1, chunk.count, file)
            if count == 0 { return bytes }
            bytes.append(contentsOf: chunk[..<count])
        }
    }

    static func write(_ bytes: [UInt8], to path: String) throws {
        let file = try #require(fopen(path, "w"))
        defer { fclose(file) }
        try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
    }

    static func copyTree(_ source: String, to target: String) throws {
        try #require(mkdir(target, 0o755) == 0)
        for name in list(source) {
            let path = source + "/" + name
            if isDirectory(path) {
                try copyTree(path, to: target + "/" + name)
            } else {
                try write(read(path), to: target + "/" + name)
            }
        }
    }
}

/// A row's address, for dictionaries.
struct RowID: Hashable {
    var segment: Int64
    var table: SegmentTable
    var key: StoreKey
}

/// The whole content of a store: what a plain dictionary would hold.
struct Content: Equatable {
    var rows: [RowID: [UInt8]] = [:]
    var state: [[UInt8]: [UInt8]] = [:]

    /// Reads everything back by scanning. `segments` bounds the search.
    static func read(_ store: StateStore, segments: ClosedRange<Int64>) throws -> Content {
        var content = Content()
        for index in segments {
            for table in SegmentTable.allCases {
                try store.scanRows(segment: SegmentID(index: index), table: table) { key, value in
                    content.rows[RowID(segment: index, table: table, key: key)] = Array(value)
                }
            }
        }
        try store.scanState(prefix: []) { key, value in content.state[Array(key)] = Array(value) }
        return content
    }
}

func randomKey(_ generator: inout SplitMix) -> StoreKey {
    StoreKey(high: generator.next(), low: UInt32(truncatingIfNeeded: generator.next()))
}

func randomBytes(_ count: Int, _ generator: inout SplitMix) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
}

/// The error a closure throws, as a ``StoreError``; fails the test if there is none.
func storeError(_ body: () throws -> Void, sourceLocation: SourceLocation = #_sourceLocation) -> StoreError? {
    do {
        try body()
        Issue.record("no error was thrown", sourceLocation: sourceLocation)
        return nil
    } catch let error as StoreError {
        return error
    } catch {
        Issue.record("not a StoreError: \(error)", sourceLocation: sourceLocation)
        return nil
    }
}
