import Foundation

/// What the README promises.
enum Readme {
    /// The metrics that its tables list.
    static func metrics() throws -> Set<String> {
        let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("../../README.md").path
        let rows = try String(contentsOfFile: path, encoding: .utf8).matches(of: /^\| (`vedette_.*?) \|/.anchorsMatchLineEndings())
        return Set(rows.flatMap { $0.output.1.matches(of: /`(vedette_[a-z_]+)/).map { String($0.output.1) } })
    }
}
