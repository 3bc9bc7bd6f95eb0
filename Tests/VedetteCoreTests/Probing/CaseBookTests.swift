import Testing
import VedetteCore

/// What becomes of cases when there are too many.
@Suite("Probing: the book of cases")
struct CaseBookTests {
    private func restored(_ book: CaseBook) throws -> CaseBook {
        var writer = ByteWriter()
        book.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var copy = CaseBook()
        try copy.restore(from: &reader) { _ in true }
        #expect(reader.isAtEnd)
        return copy
    }

    /// A full book, told, of which the fifth case has been quiet longest.
    private func full() -> CaseBook {
        var book = CaseBook()
        for number in 1...Int64(CaseBook.capacity) { _ = book.open(.fanOut, startedAt: 0, at: 1_000 + number) }
        for id in 1...4 as ClosedRange<Int64> { book.update(id) { $0.seenAt = 9_000 } }
        book.clearNews()
        return book
    }

    @Test("The case that makes room is handed out once, to be told as over; a restart does not forget it")
    func dropped() throws {
        var book = full()
        #expect(book.takeDropped().isEmpty && book.cases.count == CaseBook.capacity)
        let new = book.open(.trajectory, startedAt: 0, at: 10_000)
        book = try restored(book)
        #expect(book.cases.count == CaseBook.capacity && book.cases.contains { $0.id == new })
        let dropped = book.takeDropped().map(\.id)
        #expect(dropped == [5])
        book = try restored(book)
        #expect(book.takeDropped().isEmpty)
    }

    @Test("Of what was never told no end is told, nor twice of what is part of another case")
    func untold() {
        var book = full()
        for number in 0..<Int64(CaseBook.capacity) + 3 { _ = book.open(.fanOut, startedAt: 0, at: 20_000 + number) }
        let all = book.takeDropped().map(\.id)
        #expect(all.count == CaseBook.capacity && Set(all) == Set(1...Int64(CaseBook.capacity)))
        var joined = full()
        joined.join(4, 5)
        joined.clearNews()
        _ = joined.open(.fanOut, startedAt: 0, at: 30_000)
        let none = joined.takeDropped()
        #expect(none.isEmpty, "the fifth was told to be part of the fourth")
    }
}
