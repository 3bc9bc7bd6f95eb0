import Foundation
import Testing
import VedetteCodec
import VedetteForward

@Suite struct AlertRecordTests {
    @Test func theSchemasExamplesAreRead() throws {
        let examples = try schemaExamples()
        #expect(!examples.isEmpty)
        for record in examples { #expect(record.id == "\(record.fingerprint)-\(record.episode)-\(record.revision)") }
        #expect(Set(examples.map(\.isReplay)) == [true, false])
    }

    @Test(arguments: ["", "{", "[]", "7", "null", "\"x\"", "{}", "\u{FEFF}{}", "{\"id\": 7}"])
    func whatIsNoAlertIsBroken(_ text: String) {
        #expect(throws: BrokenRecord.self) { try AlertRecord(Array(text.utf8)) }
    }

    @Test(arguments: [
        ("status", "asleep"), ("severity", "P9"), ("mode", "dream"), ("started_at", "yesterday"), ("emitted_at", ""), ("episode", "first"), ("slice", "all"), ("owner", "me"),
    ])
    func aWrongMemberIsNamedAndItsValueIsNot(_ member: String, _ value: String) throws {
        var object = try object(try alertRecord().bytes)
        object[member] = value
        let bytes = Array(try JSONSerialization.data(withJSONObject: object))
        let error = #expect(throws: BrokenRecord.self) { try AlertRecord(bytes) }
        #expect(error?.reason.contains(member) == true && (value.isEmpty || error?.reason.contains(value) == false))
        object[member] = nil
        let without = Array(try JSONSerialization.data(withJSONObject: object))
        #expect(throws: BrokenRecord.self) { try AlertRecord(without) }
    }

    @Test func theEndOfADeletedRecordIsARecordOfTheSchema() throws {
        for record in try schemaExamples() {
            let end = record.deleted
            #expect(try AlertRecord(end.bytes) == end)
            let (before, after) = (try object(record.bytes), try object(end.bytes))
            #expect(Set(before.keys) == Set(after.keys))
            let changed = before.keys.filter { before[$0] as? NSObject != after[$0] as? NSObject }
            #expect(Set(changed).isSubset(of: ["id", "revision", "status", "reason", "summary"]))
            #expect(after["id"] as? String == "\(record.id.dropLast("\(record.revision)".count))\(record.revision + 1)-deleted")
            #expect(after["status"] as? String == "resolved" && (after["reason"] as? String)?.contains("deleted") == true)
            #expect((after["summary"] as? String)?.hasSuffix(record.summary) == true)
        }
    }

    @Test func theTestAlertSaysWhatItIs() throws {
        let records = try TestAlert.records(application: "shop", now: noon)
        #expect(records.map(\.status) == [.firing, .resolved] && records.allSatisfy { $0.summary.hasPrefix("TEST ALERT") && $0.severity == .p3 })
        #expect(Set(records.map(\.fingerprint)).count == 1 && records[0].fingerprint.wholeMatch(of: /[0-9a-f]{32}/) != nil)
    }
}
