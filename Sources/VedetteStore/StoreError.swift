/// What went wrong with the state directory, where, and what to do about it.
///
/// The store never deletes state by itself; neither does any remedy say so without saying what is lost.
/// Messages name files and numbers, never a stored key or value.
public struct StoreError: Error, Sendable, CustomStringConvertible {
    public enum Kind: String, Sendable, CaseIterable {
        /// The path exists and is no directory.
        case notADirectory
        /// The directory holds files that are not the store's.
        case notAStateDirectory
        /// The user of this process may not read or write there.
        case permissionDenied
        /// The file system is mounted read-only.
        case readOnly
        /// Another process, or another store of this process, has the directory open.
        case locked
        /// No space is left on the device, or a quota is reached.
        case diskFull
        /// Stored bytes are not what was written, or files are missing or cut short.
        case corrupt
        /// The directory was written in another format version.
        case otherFormat
        /// A commit failed at the commit point, or a merge in the background: no more commits until the store
        /// is opened again, and only that tells whether the commit took place.
        case mustReopen
        /// An option is out of its range.
        case invalidOption
        /// A value of the state is larger than a table can hold.
        case tooLarge
        /// Any other error of the operating system or of RocksDB.
        case inputOutput
    }

    public let kind: Kind
    /// The file concerned where it is known, else the state directory.
    public let path: String
    public let message: String
    public let remedy: String
    /// Of an error of kind `mustReopen`, the kind of what went wrong: after `corrupt`, opening again is of little use.
    public let cause: Kind?

    public init(kind: Kind, path: String, message: String, remedy: String, cause: Kind? = nil) {
        self.kind = kind
        self.cause = cause
        self.path = path
        self.message = message
        self.remedy = remedy
    }

    public var description: String { "state store: \(message) (\(path)); \(remedy)" }
}

extension StoreError {
    static func otherFormat(_ path: String, found: String) -> StoreError {
        StoreError(
            kind: .otherFormat, path: path,
            message: "the directory has format version \(found), this program reads version \(StoreFormat.version)",
            remedy: "run the version of Vedette that wrote it, or start with an empty directory and rebuild the state from the topics")
    }

    static func tooLarge(_ path: String, key: [UInt8], bytes: Int, limit: Int) -> StoreError {
        let name = key.prefix(8).map { String($0, radix: 16) }.joined(separator: " ")
        return StoreError(
            kind: .tooLarge, path: path, message: "the value of the state key \(name) has \(bytes) bytes, and at most \(limit) can be stored",
            remedy: remedy(for: .tooLarge))
    }

    static func corruptRecord(_ path: String, _ message: String) -> StoreError {
        StoreError(kind: .corrupt, path: path, message: message, remedy: corruptRemedy)
    }

    static let corruptRemedy =
        "check the disk; restore the directory from a copy taken while it was closed, or move it away and let the state be rebuilt from the topics"

    /// An error of the operating system, from `errno`.
    static func system(_ code: Int32, doing action: String, path: String) -> StoreError {
        StoreError(kind: SystemCall.kind(of: code), path: path, message: "cannot \(action): \(SystemCall.describe(code))",
                   remedy: remedy(for: SystemCall.kind(of: code)))
    }

    static func remedy(for kind: Kind) -> String {
        switch kind {
        case .notADirectory: "name a directory"
        case .notAStateDirectory: "name an empty directory, or the one this job used before"
        case .permissionDenied: "give the user of this process the right to read and write there"
        case .readOnly: "mount the file system for writing, or name a directory on another one"
        case .locked: "stop the other process, or give each one a directory of its own"
        case .diskFull: "free space on the device or extend it, then try again; nothing that was committed is lost"
        case .corrupt: corruptRemedy
        case .mustReopen: "close the store and open it again: it then holds either this commit or the one before"
        case .tooLarge: "lower the limits of what is kept (slices.max_values, join.max_pending, nowcast.max_series) and start again; the checkpoint before is whole"
        case .otherFormat, .invalidOption, .inputOutput: "see the message"
        }
    }
}
