import Testing
import VedetteCore

@Suite("Windows are half-open and aligned")
struct WindowSpecTests {
    static let dayMs: Int64 = 86_400_000

    @Test("a week offset by four days starts on Monday")
    func monday() {
        let week = WindowSpec(name: "7d", sizeMs: 7 * Self.dayMs, hopMs: 7 * Self.dayMs, offsetMs: 4 * Self.dayMs)
        // 2018-06-11 was a Monday: 17,693 days after the epoch.
        let monday = 17_693 * Self.dayMs
        #expect(week.firstStart(containing: monday) == monday)
        #expect(week.firstStart(containing: monday - 1) == monday - 7 * Self.dayMs)
    }

    @Test("every time lies in size over hop windows, before 1970 too", arguments: [Int64(-7), 0, 3, 59, 60, 1_234_567])
    func hopping(_ time: Int64) {
        let window = WindowSpec(name: "w", sizeMs: 60, hopMs: 5, offsetMs: 2)
        let starts = stride(from: window.firstStart(containing: time), through: time, by: 5).filter { $0 <= time && time < $0 + 60 }
        #expect(starts.count == 12)
        #expect(starts.allSatisfy { ($0 - 2) % 5 == 0 })
    }

    @Test("division rounds down", arguments: [(-1, -1), (-60, -1), (-61, -2), (0, 0), (59, 0), (60, 1)] as [(Int64, Int64)])
    func floors(_ value: Int64, _ quotient: Int64) { #expect(floorDivide(value, 60) == quotient) }
}
