import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Another process.
///
/// Not Foundation's `Process`: on Linux it takes a child for alive as long as anything that the child has started,
/// a broker for instance, keeps the descriptors that it passed on.
final class Program {
    /// The built `vedette`, beside the tests.
    static let path: String? = {
        let beside = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("vedette").path
        return FileManager.default.isExecutableFile(atPath: beside) ? beside : nil
    }()

    /// Words before a program that make root heed the permissions of files as everybody must.
    static let bound = geteuid() == 0 ? ["/usr/bin/setpriv", "--bounding-set=-dac_override,-dac_read_search"] : []

    private let id: pid_t
    private let log: String
    private var status: Int32?

    /// - Parameter log: file to which its output is appended.
    init(_ path: String, _ arguments: [String], log: String) throws {
        self.log = log
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var words = ([path] + arguments).map { strdup($0) }
        words.append(nil)
        defer { for word in words { free(word) } }
        var spawned: pid_t = 0
        let code = posix_spawn(&spawned, path, &actions, nil, words, environ)
        guard code == 0 else { throw POSIXError(POSIXErrorCode(rawValue: code) ?? .EINVAL) }
        id = spawned
    }

    deinit { kill() }

    var isRunning: Bool {
        guard status == nil else { return false }
        var raw: Int32 = 0
        guard waitpid(id, &raw, WNOHANG) == id else { return true }
        // The exit status, or minus the signal that ended it.
        status = raw & 0x7F == 0 ? (raw >> 8) & 0xFF : -(raw & 0x7F)
        return false
    }

    /// Stops or continues it, as a paused machine does.
    func signal(_ number: Int32) { if isRunning { _ = Glibc.kill(id, number) } }

    func kill() {
        guard isRunning else { return }
        _ = Glibc.kill(id, SIGKILL)
        while isRunning { usleep(1_000) }
    }

    /// Its exit status once it has ended by itself.
    func exitStatus(seconds: Double) throws -> Int32 {
        try wait("a process to end", seconds: seconds) { !isRunning }
        return status ?? -1
    }

    /// Asks it to end, and gives its exit status.
    func terminate() throws -> Int32 {
        _ = Glibc.kill(id, SIGTERM)
        return try exitStatus(seconds: 40)
    }

    var lastLines: String {
        let text = (try? String(contentsOfFile: log, encoding: .utf8)) ?? ""
        return text.split(separator: "\n").suffix(5).joined(separator: "\n")
    }
}
