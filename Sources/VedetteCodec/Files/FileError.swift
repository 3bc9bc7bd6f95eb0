#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#else
import Darwin
#endif

/// What went wrong with a file, and what to do about it.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The path as given; `-` for standard input or output.
    public var path: String
    public var what: String
    public var remedy: String

    public init(path: String, what: String, remedy: String) {
        self.path = path
        self.what = what
        self.remedy = remedy
    }

    public var description: String { "\(path): \(what); \(remedy)" }

    /// The error of a system call, from `errno`.
    static func system(_ path: String, _ action: String, code: Int32) -> FileError {
        let remedy =
            switch code {
            case ENOENT: "check the path"
            case EACCES, EPERM: "give this user access to it"
            case EISDIR: "name a file, not a directory"
            case ENOSPC, EDQUOT: "free space on the disk and run again"
            case EPIPE: "the reader at the other end is gone"
            case EROFS: "choose a file system that can be written"
            case EMFILE, ENFILE: "raise the limit on open files"
            case EIO: "check the disk"
            default: "see the system's message"
            }
        return FileError(path: path, what: "\(action): \(String(cString: strerror(code)))", remedy: remedy)
    }
}

/// The one owner of an open file descriptor; closed with this object unless it is a standard stream.
final class OpenFile {
    let path: String
    private let descriptor: Int32
    private let isStandard: Bool
    private var isClosed = false

    private init(path: String, descriptor: Int32, isStandard: Bool) {
        self.path = path
        self.descriptor = descriptor
        self.isStandard = isStandard
    }

    deinit { if !isClosed, !isStandard { _ = systemClose(descriptor) } }

    /// Opens for reading; `-` is standard input.
    static func reading(_ path: String) throws(FileError) -> OpenFile {
        if path == "-" { return OpenFile(path: path, descriptor: STDIN_FILENO, isStandard: true) }
        let descriptor = retrying { open(path, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw .system(path, "cannot open", code: errno) }
        return OpenFile(path: path, descriptor: descriptor, isStandard: false)
    }

    /// Opens for writing from the start; `-` is standard output. Messages name `shownAs`.
    static func writing(_ path: String, shownAs shown: String, creating: Bool) throws(FileError) -> OpenFile {
        if path == "-" { return OpenFile(path: path, descriptor: STDOUT_FILENO, isStandard: true) }
        let flags = O_WRONLY | O_CLOEXEC | (creating ? O_CREAT | O_TRUNC : 0)
        let descriptor = retrying { open(path, flags, 0o644) }
        guard descriptor >= 0 else { throw .system(shown, "cannot open for writing", code: errno) }
        return OpenFile(path: shown, descriptor: descriptor, isStandard: false)
    }

    /// Size of a regular file in bytes; nil for pipes and the like.
    var regularSize: Int64? {
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(status.st_size)
    }

    /// Reads at most `buffer.count` bytes; 0 at the end.
    func read(into buffer: UnsafeMutableRawBufferPointer) throws(FileError) -> Int {
        let count = retrying { systemRead(descriptor, buffer.baseAddress, buffer.count) }
        guard count >= 0 else { throw .system(path, "cannot read", code: errno) }
        return count
    }

    /// Writes all of the bytes.
    func write(_ bytes: UnsafeRawBufferPointer) throws(FileError) {
        var done = 0
        while done < bytes.count {
            let rest = UnsafeRawBufferPointer(rebasing: bytes[done...])
            let count = retrying { systemWrite(descriptor, rest.baseAddress, rest.count) }
            guard count >= 0 else { throw .system(path, "cannot write", code: errno) }
            done += count
        }
    }

    /// Forces what was written to the disk, where that means anything.
    func synchronise() throws(FileError) {
        guard !isStandard, regularSize != nil else { return }
        guard retrying({ fsync(descriptor) }) == 0 else { throw .system(path, "cannot flush to the disk", code: errno) }
    }

    /// Closes; some file systems report a full disk only here.
    func close() throws(FileError) {
        guard !isStandard, !isClosed else { return }
        isClosed = true
        // Not retried: on Linux the descriptor is gone even after EINTR.
        guard systemClose(descriptor) == 0 || errno == EINTR else { throw .system(path, "cannot close", code: errno) }
    }
}

/// Repeats a system call that a signal interrupted.
private func retrying<Result: SignedInteger>(_ call: () -> Result) -> Result {
    while true {
        let result = call()
        if result != -1 || errno != EINTR { return result }
    }
}

// Within `OpenFile` the bare names mean its own methods.
private func systemRead(_ descriptor: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int { read(descriptor, buffer, count) }
private func systemWrite(_ descriptor: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int { write(descriptor, buffer, count) }
private func systemClose(_ descriptor: Int32) -> Int32 { close(descriptor) }
