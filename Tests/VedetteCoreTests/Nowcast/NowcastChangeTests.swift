import Testing
import VedetteCore

/// Which series are nowcast, and for how long, changes under a state: no triangle may give back what it never counted.
@Suite("Nowcasts under another configuration")
struct NowcastChangeTests {
    private static let day: Int64 = 86_400_000

    private static func configuration(_ change: (inout NowcastConfiguration) -> Void = { _ in }) -> NowcastConfiguration {
        var configuration = NowcastConfiguration()
        configuration.horizonMs = 10 * day
        configuration.halfLifeMs = 5 * day
        change(&configuration)
        return configuration
    }

    private static let all = NowcastBook.Key(model: 0, slice: 0)
    private static let slice = NowcastBook.Key(model: 0, slice: 1)

    /// A fraud label, or its end, on an allowed decision in the middle of a day.
    private func label(_ book: inout NowcastBook, _ key: NowcastBook.Key, day: Int64, isTakenBack: Bool = false) {
        guard let place = book.place(of: key) else { return }
        let row = DecisionRow(time: day * Self.day + Self.day / 2, model: 0, version: 0, score: 0.5, decision: .allow, content: 0)
        let label = LabelEntry(source: 1, time: row.time + 1, outcome: .fraud, tier: 3)
        book.observe(
            isTakenBack
                ? LabelEffect(kind: .withdrawn, before: label, after: nil, knownBefore: label.time, conflict: false)
                : LabelEffect(kind: .new, before: nil, after: label, knownAfter: label.time, conflict: false), of: row, at: place)
    }

    private func labels(_ book: NowcastBook, _ key: NowcastBook.Key, day: Int64) -> Int64? {
        var copy = book
        return copy.place(of: key).map { book.series.indices.contains($0) ? book.series[$0].triangle.labels(.fraudPassed, of: day) : 0 }
    }

    private func restarted(_ book: NowcastBook, _ groups: [Int], _ other: NowcastConfiguration, _ now: [Int], day: Int64) throws -> NowcastBook {
        var writer = ByteWriter()
        book.encode(into: &writer, asked: groups)
        var reader = ByteReader(writer.bytes)
        var next = NowcastBook(other, models: 1)
        try next.restore(from: &reader, asked: now, isAsked: { now.contains($0 == 0 ? -1 : 0) }, at: day * Self.day + 1)
        #expect(reader.isAtEnd)
        return next
    }

    @Test("A series that is asked for later counts from the next cohort on")
    func moreSeries() throws {
        let after = Self.configuration()
        let few = Self.configuration { $0.maxSeries = 0 }, none = Self.configuration { $0.isEnabled = false }
        for (before, groups) in [(few, [-1, 0]), (none, [-1, 0]), (after, [-1])] {
            var book = NowcastBook(before, models: 1)
            if before.isEnabled { label(&book, Self.all, day: 5) }
            book = try restarted(book, groups, after, [-1, 0], day: 7)
            label(&book, Self.slice, day: 5, isTakenBack: true)
            label(&book, Self.slice, day: 7)
            label(&book, Self.slice, day: 8)
            #expect(labels(book, Self.slice, day: 5) == 0)
            #expect(labels(book, Self.slice, day: 7) == 0)
            #expect(labels(book, Self.slice, day: 8) == 1)
            // All traffic goes on, unless nobody listened.
            label(&book, Self.all, day: 5, isTakenBack: true)
            label(&book, Self.all, day: 6)
            #expect(labels(book, Self.all, day: 5) == 0)
            #expect(labels(book, Self.all, day: 6) == (before.isEnabled ? 1 : 0))
            // The next restart changes nothing.
            book = try restarted(book, after, day: 8)
            label(&book, Self.slice, day: 8)
            label(&book, Self.slice, day: 7, isTakenBack: true)
            #expect(labels(book, Self.slice, day: 8) == 2)
            #expect(labels(book, Self.slice, day: 7) == 0)
        }
    }

    @Test("A series that is not asked for any more goes")
    func fewerSeries() throws {
        var book = NowcastBook(Self.configuration(), models: 1)
        label(&book, Self.slice, day: 5)
        label(&book, Self.all, day: 5)
        book = try restarted(book, [-1, 0], Self.configuration(), [-1], day: 7)
        #expect(book.series.count == 1)
        // A label that comes meanwhile is not seen, and its end neither.
        book = try restarted(book, [-1], Self.configuration(), [-1, 0], day: 7)
        label(&book, Self.slice, day: 6, isTakenBack: true)
        #expect(labels(book, Self.slice, day: 6) == 0)
        #expect(labels(book, Self.all, day: 5) == 1)
        // Fewer places: those that are taken stay.
        label(&book, Self.slice, day: 9)
        let few = Self.configuration { $0.maxSeries = 0 }
        book = try restarted(book, few, day: 10)
        #expect(labels(book, Self.slice, day: 9) == 1)
    }

    @Test("Cohorts that had gone do not begin anew where more are kept")
    func keptCohorts() throws {
        let short = Self.configuration { $0.halfLifeMs = Self.day }
        var book = NowcastBook(Self.configuration(), models: 1)
        for day in Int64(0)..<20 { label(&book, Self.all, day: day) }
        book = try restarted(book, short, day: 20)
        let first = 20 - Int64(short.keptCohorts)
        #expect(labels(book, Self.all, day: first) == 1)
        #expect(labels(book, Self.all, day: first - 1) == 0)
        book = try restarted(book, Self.configuration(), day: 20)
        label(&book, Self.all, day: first - 1, isTakenBack: true)
        label(&book, Self.all, day: first, isTakenBack: true)
        #expect(labels(book, Self.all, day: first - 1) == 0)
        #expect(labels(book, Self.all, day: first) == 0)
        #expect(labels(book, Self.all, day: first + 1) == 1)
    }
}

extension NowcastChangeTests {
    /// With the same series before and after.
    private func restarted(_ book: NowcastBook, _ other: NowcastConfiguration, day: Int64) throws -> NowcastBook {
        try restarted(book, [-1, 0], other, [-1, 0], day: day)
    }
}
