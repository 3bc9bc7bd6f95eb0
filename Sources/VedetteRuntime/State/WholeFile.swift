import Foundation
import VedetteCodec

/// Small files that are read at once.
enum WholeFile {
    /// - Throws: `FileError` where the file cannot be read or is larger than `maxBytes`.
    static func read(_ path: String, maxBytes: Int) throws -> [UInt8] {
        guard let handle = FileHandle(forReadingAtPath: path) else {
            throw FileError(path: path, what: "cannot be opened", remedy: "check that it exists and that this user may read it")
        }
        defer { try? handle.close() }
        let data: Data
        do {
            data = try handle.read(upToCount: maxBytes + 1) ?? Data()
        } catch {
            throw FileError(path: path, what: "cannot be read: \(error.localizedDescription)", remedy: "check the disk")
        }
        guard data.count <= maxBytes else {
            throw FileError(path: path, what: "is larger than \(maxBytes) bytes", remedy: "name the right file")
        }
        return Array(data)
    }
}
