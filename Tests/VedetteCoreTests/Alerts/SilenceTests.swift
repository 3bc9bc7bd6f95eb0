import Testing
import VedetteCore

@Suite("Silences")
struct SilenceTests {
    private let target = Silence.Target(
        monitorID: "missing_1h", monitor: "missing_features", model: "payments",
        slice: SliceName([.init(dimension: "country", value: "FR"), .init(dimension: "channel", value: nil)]), subject: "age")

    private func silence(_ id: String = "a", _ matcher: Silence.Matcher = .init(), from: Int64 = 100, until: Int64 = 200, every: Int64 = 0) -> Silence {
        Silence(id: id, matcher: matcher, from: from, until: until, everyMs: every, reason: "r", author: "x")
    }

    @Test("Half-open; one that comes again does so for ever")
    func edges() {
        let once = silence()
        #expect([99, 100, 199, 200].map { once.isActive(at: $0) } == [false, true, true, false])
        #expect(!once.isOver(at: 199) && once.isOver(at: 200))
        let weekly = silence(every: 1_000)
        #expect([99, 100, 199, 200, 1_099, 1_100, 1_199, 1_200, 9_150].map { weekly.isActive(at: $0) }
            == [false, true, true, false, false, true, true, false, true])
        #expect(!weekly.isOver(at: 1_000_000))
    }

    @Test("Every given condition must hold")
    func matching() {
        let country = SliceName([.init(dimension: "country", value: "FR")])
        let matching: [Silence.Matcher] = [
            .init(), .init(monitor: "missing_1h"), .init(monitor: "missing_features"), .init(model: "payments"), .init(subject: "age"),
            .init(slice: country), .init(monitor: "missing_1h", model: "payments", subject: "age", slice: target.slice),
            .init(slice: SliceName([.init(dimension: "channel", value: nil)])),
        ]
        #expect(matching.allSatisfy { $0.matches(target) })
        let other: [Silence.Matcher] = [
            .init(monitor: "missing"), .init(model: "other"), .init(subject: "amount"),
            .init(slice: SliceName([.init(dimension: "country", value: "DE")])),
            .init(slice: SliceName([.init(dimension: "channel", value: "")])), .init(monitor: "missing_1h", subject: "amount"),
        ]
        #expect(!other.contains { $0.matches(target) })
    }

    @Test("Set, replaced, ended, pruned; the configuration's come first and stay")
    func book() {
        var book = SilenceBook([silence("fixed", .init(monitor: "volume"))])
        #expect(book.find(target, at: 150) == nil)
        book.apply(.silence(silence("b")))
        book.apply(.silence(silence("a", until: 160)))
        #expect(book.find(target, at: 150)?.id == "a" && book.find(target, at: 170)?.id == "b")
        book.apply(.silence(silence("b", until: 165)))
        #expect(book.find(target, at: 170) == nil)
        book.apply(.unsilence(id: "a"))
        book.apply(.unsilence(id: "fixed"))
        #expect(book.find(target, at: 150)?.id == "b")
        var volume = target
        volume.monitor = "volume"
        #expect(book.find(volume, at: 150)?.id == "fixed")
        book.prune(at: 164)
        #expect(book.dynamic.count == 1)
        book.prune(at: 165)
        #expect(book.dynamic.isEmpty)
    }

    @Test("Bounded, and a snapshot changes nothing, whatever the order in which they came")
    func snapshot() throws {
        var book = SilenceBook([])
        var other = SilenceBook([])
        let all = (0..<SilenceBook.maxDynamic).map { silence("s\($0)", .init(subject: $0 % 2 == 0 ? nil : ""), until: 1_000 + Int64($0)) }
        for one in all { book.apply(.silence(one)) }
        for one in all.reversed() { other.apply(.silence(one)) }
        book.apply(.silence(silence("new", .init(slice: target.slice), until: 5_000)))
        other.apply(.silence(silence("new", .init(slice: target.slice), until: 5_000)))
        #expect(book.dynamic.count == SilenceBook.maxDynamic && book.dynamic["s0"] == nil)
        var writer = ByteWriter()
        book.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        let restored = try SilenceBook([], from: &reader)
        #expect(reader.isAtEnd && restored.dynamic == book.dynamic)
        var again = ByteWriter()
        other.encode(into: &again)
        #expect(again.bytes == writer.bytes)
        for cut in [0, 1, 5, writer.bytes.count - 1] {
            var short = ByteReader(Array(writer.bytes[..<cut]))
            #expect(throws: CorruptBytes.self) { try SilenceBook([], from: &short) }
        }
    }
}
