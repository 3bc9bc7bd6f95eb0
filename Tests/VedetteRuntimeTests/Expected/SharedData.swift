import Foundation

/// The real streams beside the checkout. Tests that use them skip where they are not there.
enum SharedData {
    private static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    static var isPresent: Bool { FileManager.default.fileExists(atPath: path("cards/expected.json")) }
    static let absence = "the shared data sets are not beside this checkout"

    static func path(_ name: String) -> String { root.deletingLastPathComponent().appendingPathComponent("shared/data/\(name)").path }
    static func fixture(_ name: String) -> String { root.appendingPathComponent("Tests/Fixtures/\(name)").path }
}
