import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

/// Stores in temporary directories, which go with the process; and what is left of those whose process was killed.
enum EphemeralStores {
    static let prefix = "vedette-replay-"
    /// A younger directory is left alone: its process may not have come to lock it yet. Seconds.
    static let settleSeconds = 60

    /// Of this process. Its own locks do not stand in its way, so only this does.
    private static let own = Mutex<Set<String>>([])

    static func make() throws -> String {
        let directory = try SystemCall.makeTemporaryDirectory(prefix: prefix)
        own.withLock { _ = $0.insert(directory) }
        return directory
    }

    /// Removes what lies in the temporary directory, belongs to this user, and is locked by nobody. Best effort.
    static func sweep() {
        let parent = SystemCall.temporaryDirectory
        for name in (try? SystemCall.list(parent)) ?? [] where name.hasPrefix(prefix) {
            let directory = parent + "/" + name
            // Held for as long as it takes, so that none is made meanwhile under a name that was free before.
            own.withLock { own in
                if !own.contains(directory), isAbandoned(directory) { SystemCall.removeStoreDirectory(directory) }
            }
        }
    }

    private static func isAbandoned(_ directory: String) -> Bool {
        var info = stat()
        guard lstat(directory, &info) == 0, info.st_mode & S_IFMT == S_IFDIR, info.st_uid == geteuid() else { return false }
        guard time(nil) - info.st_mtim.tv_sec >= settleSeconds else { return false }
        return SystemCall.lockHolder(of: directory + "/LOCK") == nil
    }
}

extension StateStore {
    /// Removes the directories of ephemeral stores whose process was killed before it could.
    public static func sweepEphemeral() { EphemeralStores.sweep() }
}
