import Foundation
import Testing
import VedetteCore
import VedetteRuntime

@Suite("README and runbooks speak of what the program has")
struct ReadmeTests {
    private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// Who is paged stands in the alert and at the top; the rest under these headings.
    @Test(arguments: MonitorRegistry.names) func everyMonitorHasARunbook(_ monitor: String) throws {
        let text = try String(contentsOf: root.appendingPathComponent("runbooks/\(monitor).md"), encoding: .utf8)
        for heading in ["## What it means", "## First 5 minutes", "## Confirm", "## Mitigate, and undo", "## Escalate"] {
            #expect(text.contains(heading + "\n"), "\(heading)")
        }
        #expect(text.contains("page") || text.contains("Page"), "who is paged?")
    }

    @Test func referenceStandsVerbatim() throws {
        let readme = try String(contentsOf: root.appendingPathComponent("README.md"), encoding: .utf8)
        let wanted = ConfigurationReference.beginMarker + "\n" + ConfigurationReference.markdown() + ConfigurationReference.endMarker
        #expect(readme.contains(wanted), "run `vedette check --reference` and put its output between the markers")
    }
}
