import CRocksDB

#if canImport(Glibc)
import Glibc
#elseif canImport(Darwin)
import Darwin
#endif

extension Database {
    /// Every status of RocksDB passes through here: OK returns, anything else becomes a ``StoreError``.
    static func check(_ status: crocks_status, _ path: String) throws {
        if status.code == CROCKS_OK { return }
        let message = status.message.map { String(cString: $0) } ?? "status \(status.code)"
        crocks_free(status.message)
        let kind = kind(of: status, message)
        throw StoreError(
            kind: kind, path: fileNamed(in: message, near: path) ?? path,
            message: "RocksDB: \(message)", remedy: StoreError.remedy(for: kind))
    }

    private static func kind(of status: crocks_status, _ message: String) -> StoreError.Kind {
        if status.subcode == CROCKS_SUBCODE_NO_SPACE || status.subcode == CROCKS_SUBCODE_SPACE_LIMIT {
            return .diskFull
        }
        if status.code == CROCKS_CORRUPTION { return .corrupt }
        // RocksDB has no codes for these: it passes the text of strerror on.
        func says(_ code: Int32) -> Bool { message.hasSuffix(SystemCall.describe(code)) }
        if message.contains("lock file") || message.contains("lock hold by current process") {
            return says(EACCES) || says(EPERM) ? .permissionDenied : says(EROFS) ? .readOnly : .locked
        }
        if says(EACCES) || says(EPERM) { return .permissionDenied }
        if says(EROFS) { return .readOnly }
        if says(ENOSPC) || says(EDQUOT) { return .diskFull }
        // A file the MANIFEST names is not there: the directory is incomplete.
        if status.subcode == CROCKS_SUBCODE_PATH_NOT_FOUND || says(ENOENT) { return .corrupt }
        return .inputOutput
    }

    /// The file of the state directory that a message speaks of.
    private static func fileNamed(in message: String, near path: String) -> String? {
        message.split(whereSeparator: { $0 == " " || $0 == "," })
            .map { $0.last == ":" || $0.last == "." ? String($0.dropLast()) : String($0) }
            .first { $0.hasPrefix(path + "/") }
    }
}

/// memcmp of the common part, then the shorter first.
@inline(__always)
func compareBytes(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Int {
    let common = min(left.count, right.count)
    if common > 0, let a = left.baseAddress, let b = right.baseAddress {
        let order = memcmp(a, b, common)
        if order != 0 { return Int(order) }
    }
    return left.count - right.count
}
