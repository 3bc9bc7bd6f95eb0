import Foundation
import Testing
import VedetteRuntime

@Suite("The README's configuration reference is the program's")
struct ReadmeTests {
    @Test func referenceStandsVerbatim() throws {
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let wanted = ConfigurationReference.beginMarker + "\n" + ConfigurationReference.markdown() + ConfigurationReference.endMarker
        #expect(readme.contains(wanted), "run `vedette check --reference` and put its output between the markers")
    }
}
