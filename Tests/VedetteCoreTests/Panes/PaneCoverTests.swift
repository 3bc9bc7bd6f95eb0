import Testing
import VedetteCore

@Suite("A long window is few panes")
struct PaneCoverTests {
    private static let day: Int64 = 86_400_000
    private static let hour: Int64 = 3_600_000
    private let panes = PaneConfiguration()

    private func cover(_ start: Int64, _ end: Int64, closed: Int64? = nil) -> [(level: Int, index: Int64)] {
        var found: [(level: Int, index: Int64)] = []
        panes.forEachPane(start, end, closed: closed ?? end) { level, index in
            found.append((level, index))
            return true
        }
        return found
    }

    @Test("30 days are 30 panes, not 43,200 minutes")
    func thirtyDays() {
        #expect(cover(0, 30 * Self.day).count == 30)
    }

    @Test("what is merged does not grow with window over pane: at most the panes of the ends and the days between", arguments: 0..<200)
    func bounded(_ step: Int) {
        let start = Int64(step) * 7 * 60_000
        let found = cover(start, start + 30 * Self.day)
        // Up to 4 minutes, 11 five-minute panes and 23 hours at each end, and 30 days.
        #expect(found.count <= 2 * (4 + 11 + 23) + 30)
        var cursor = start
        for pane in found {
            let size = panes.levels[pane.level].sizeMs
            #expect(pane.index * size == cursor)
            cursor += size
        }
        #expect(cursor == start + 30 * Self.day)
    }

    @Test("a pane that is still open is composed of its parts")
    func open() {
        let end = Self.day + 5 * Self.hour
        let found = cover(0, 2 * Self.day, closed: end)
        #expect(found.prefix(6).map(\.level) == [3, 2, 2, 2, 2, 2])
    }
}
