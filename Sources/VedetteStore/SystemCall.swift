#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// `read(2)`, under a name of its own beside ``SystemCall/read(_:limit:)``.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
    read(descriptor, buffer, count)
}

/// The file operations the store does beside RocksDB's, each one throwing ``StoreError``.
enum SystemCall {
    static func describe(_ code: Int32) -> String { String(cString: strerror(code)) }

    static func kind(of code: Int32) -> StoreError.Kind {
        switch code {
        case EACCES, EPERM: .permissionDenied
        case EROFS: .readOnly
        case ENOSPC, EDQUOT: .diskFull
        case ENOTDIR: .notADirectory
        default: .inputOutput
        }
    }

    /// Makes sure that `path` is a directory this process may write in, creating it and its parents.
    static func prepareDirectory(_ path: String) throws {
        var info = stat()
        if stat(path, &info) != 0 {
            let code = errno
            guard code == ENOENT else { throw StoreError.system(code, doing: "look at the directory", path: path) }
            if let slash = path.lastIndex(of: "/"), slash != path.startIndex {
                let parent = String(path[..<slash])
                if access(parent, F_OK) != 0 { try prepareDirectory(parent) }
            }
            if mkdir(path, 0o750) != 0, errno != EEXIST {
                throw StoreError.system(errno, doing: "create the directory", path: path)
            }
        } else if info.st_mode & S_IFMT != S_IFDIR {
            throw StoreError(
                kind: .notADirectory, path: path, message: "the path is not a directory",
                remedy: StoreError.remedy(for: .notADirectory))
        }
        if access(path, R_OK | W_OK | X_OK) != 0 {
            throw StoreError.system(errno, doing: "write in the directory", path: path)
        }
    }

    /// Names in a directory, without `.` and `..`, sorted.
    static func list(_ directory: String) throws -> [String] {
        guard let stream = opendir(directory) else {
            throw StoreError.system(errno, doing: "list the directory", path: directory)
        }
        defer { closedir(stream) }
        var names: [String] = []
        errno = 0
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
            errno = 0
        }
        if errno != 0 { throw StoreError.system(errno, doing: "list the directory", path: directory) }
        return names.sorted()
    }

    /// The content of a small file, at most `limit` bytes of it; nil if there is no such file.
    static func read(_ path: String, limit: Int) throws -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw StoreError.system(errno, doing: "open the file", path: path)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: limit)
        var filled = 0
        while filled < limit {
            let count = bytes.withUnsafeMutableBytes { buffer in
                systemRead(descriptor, buffer.baseAddress.map { $0 + filled }, limit - filled)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw StoreError.system(errno, doing: "read the file", path: path)
            }
            if count == 0 { break }
            filled += count
        }
        bytes.removeSubrange(filled...)
        return bytes
    }

    /// A descriptor of a file, for the caller to close, and the bytes in the file.
    static func openToRead(_ path: String) throws -> (descriptor: Int32, size: Int) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.system(errno, doing: "open the file", path: path) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else {
            let code = errno
            close(descriptor)
            throw StoreError.system(code, doing: "look at the file", path: path)
        }
        return (descriptor, Int(info.st_size))
    }

    /// A few bytes from the middle of a file; nil if it ends before.
    static func read(_ descriptor: Int32, at offset: Int, count: Int, path: String) throws -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        let filled = pread(descriptor, &bytes, count, off_t(offset))
        guard filled >= 0 else { throw StoreError.system(errno, doing: "read the file", path: path) }
        return filled == count ? bytes : nil
    }

    /// Replaces the file as a whole and makes it durable: after a crash it is the old or the new one.
    static func replace(_ name: String, in directory: String, with bytes: [UInt8]) throws {
        let path = directory + "/" + name
        let temporary = path + ".new"
        let descriptor = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o640)
        guard descriptor >= 0 else { throw StoreError.system(errno, doing: "create the file", path: temporary) }
        do {
            defer { close(descriptor) }
            let written = write(descriptor, bytes, bytes.count)
            // A short write of so few bytes means that there was no room for the rest.
            guard written == bytes.count else {
                throw StoreError.system(written < 0 ? errno : ENOSPC, doing: "write the file", path: temporary)
            }
            guard fsync(descriptor) == 0 else { throw StoreError.system(errno, doing: "sync the file", path: temporary) }
        }
        guard rename(temporary, path) == 0 else { throw StoreError.system(errno, doing: "replace the file", path: path) }
        try syncDirectory(directory)
    }

    static func syncDirectory(_ directory: String) throws {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw StoreError.system(errno, doing: "open the directory", path: directory) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw StoreError.system(errno, doing: "sync the directory", path: directory) }
    }

    /// Removes a file; a missing one is no error.
    static func remove(_ path: String) throws {
        if unlink(path) != 0, errno != ENOENT { throw StoreError.system(errno, doing: "remove the file", path: path) }
    }

    /// Removes a directory of files and one level of directories of files, as the store makes them. Best effort.
    static func removeStoreDirectory(_ directory: String) {
        for name in (try? list(directory)) ?? [] {
            let path = directory + "/" + name
            if unlink(path) != 0 {
                for inner in (try? list(path)) ?? [] { unlink(path + "/" + inner) }
                rmdir(path)
            }
        }
        rmdir(directory)
    }

    /// `TMPDIR`, or `/tmp`.
    static var temporaryDirectory: String { getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp" }

    /// A new directory of its own for this process, in ``temporaryDirectory``.
    static func makeTemporaryDirectory(prefix: String) throws -> String {
        let parent = temporaryDirectory
        var template = Array("\(parent)/\(prefix)XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else {
            throw StoreError.system(errno, doing: "create a temporary directory", path: parent)
        }
        return template.withUnsafeBufferPointer { $0.baseAddress.map { String(cString: $0) } ?? parent }
    }

    /// The process that holds a POSIX lock on the file, as "process 12 (name)"; nil if none does or it cannot be told.
    ///
    /// Must not be called for a file that this process itself has locked: closing any descriptor of it would give the lock up.
    static func lockHolder(of path: String) -> String? {
        let descriptor = open(path, O_RDWR | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var lock = flock()
        lock.l_type = Int16(F_WRLCK)
        lock.l_whence = Int16(SEEK_SET)
        guard fcntl(descriptor, F_GETLK, &lock) == 0, lock.l_type != Int16(F_UNLCK) else { return nil }
        // Across PID namespaces the kernel says 0.
        guard lock.l_pid > 0 else { return "a process of another container" }
        let command = (try? read("/proc/\(lock.l_pid)/comm", limit: 64)).flatMap { $0 }
            .map { String(decoding: $0.filter { $0 >= 0x20 && $0 < 0x7F }, as: UTF8.self) }
        return "process \(lock.l_pid)" + (command.map { " (\($0))" } ?? "")
    }
}
