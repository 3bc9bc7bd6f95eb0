import Testing
import VedetteCore

@Suite("Fields that are not declared")
struct UndeclaredFieldsTests {
    private let hash = KeyedHash(secret: "undeclared")
    private static let day: Int64 = 86_400_000

    private func note(_ name: String, in fields: inout UndeclaredFields, at time: Int64) -> UInt64? {
        fields.note(hash: hash.hash64(name), at: time, name: name)
    }

    @Test("A field is new for a week, and knows how many decisions were without it")
    func since() throws {
        var fields = UndeclaredFields()
        for _ in 0..<100 { fields.begin() }
        fields.begin()
        let place = note("late", in: &fields, at: 5)
        // Twice in one record counts once.
        #expect(place == hash.hash64("late") && note("late", in: &fields, at: 5) == nil)
        fields.begin()
        #expect(note("late", in: &fields, at: 9) == place)
        let one = try #require(fields.fields(at: 5 + 7 * Self.day).first)
        #expect(one.name == "late" && one.before == 100 && one.isNew && !one.isOthers)
        #expect(fields.fields(at: 6 + 7 * Self.day).first?.isNew == false)
    }

    @Test("A flood of names fills the table and no more; the rest is counted together, and room comes with time")
    func flood() throws {
        var fields = UndeclaredFields()
        func see(_ name: String, at time: Int64) -> UInt64? {
            fields.begin()
            return note(name, in: &fields, at: time)
        }
        for number in 0..<10_000 { #expect(see("junk \(number)", at: Int64(number)) != nil) }
        let known = fields.fields(at: 10_000)
        let together = known.first { $0.isOthers }
        #expect(known.count == UndeclaredFields.capacity + 1 && together?.before == Int64(UndeclaredFields.capacity))
        let others = try #require(together)
        #expect(see("honest", at: 10_001) == others.place)
        // Still all seen within a week: no room.
        #expect(see("honest", at: 7 * Self.day) == others.place)
        // The first of the flood has not been seen for more than a week.
        #expect(see("honest", at: 7 * Self.day + 10) == hash.hash64("honest"))
        #expect(!fields.fields(at: 0).contains { $0.name == "junk 0" } && fields.fields(at: 0).count == known.count)
    }

    @Test("A snapshot goes on as the original")
    func snapshot() throws {
        var fields = UndeclaredFields()
        for number in 0..<200 {
            fields.begin()
            _ = note("f\(number % 90)", in: &fields, at: Int64(number))
        }
        var writer = ByteWriter()
        fields.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        var copy = try UndeclaredFields(from: &reader)
        #expect(copy == fields && reader.remaining == 0)
        fields.begin()
        copy.begin()
        #expect(note("f3", in: &copy, at: 400) == note("f3", in: &fields, at: 400) && copy == fields)
    }
}
