import Foundation
import Testing

/// A record of the breaker topic, as far as a reader of it goes by.
struct BreakerLine {
    var text: String
    var key: String
    var sequence: Int64
    var state: String
    var isRetired: Bool
    var changedAt: String
    var expiresAt: String
    var orderedBy: String?

    init(_ text: String) throws {
        let object = try #require(try JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let slice = (object["slice"] as? [String: Any] ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
        self.text = text
        key = "\(object["breaker"] ?? "")|\(object["model"] ?? "")|\(slice)"
        sequence = try #require((object["sequence"] as? NSNumber)?.int64Value)
        state = try #require(object["state"] as? String)
        isRetired = try #require(object["retired"] as? Bool)
        changedAt = try #require(object["changed_at"] as? String)
        expiresAt = try #require(object["expires_at"] as? String)
        orderedBy = (object["forced"] as? [String: Any])?["by"] as? String
    }

    /// Whoever judged: each key's sequence numbers go up by one, beyond where it was retired by any step, and no record takes back
    /// time. So a consumer that keeps the highest sequence number of a key can tell a stale record, however often the instances changed.
    static func expectOneLife(of texts: [String]) throws {
        var last: [String: BreakerLine] = [:]
        var states: Set<String> = []
        for line in try texts.map(BreakerLine.init) {
            if let before = last[line.key] {
                #expect(before.isRetired ? line.sequence > before.sequence : line.sequence == before.sequence + 1, "\(line.text)")
                #expect(line.changedAt >= before.changedAt, "\(line.text)")
            } else {
                #expect(line.sequence > 0, "\(line.text)")
            }
            #expect(line.expiresAt > line.changedAt, "\(line.text)")
            last[line.key] = line
            states.insert(line.state)
        }
        #expect(states.isSuperset(of: ["closed", "open"]), "\(states)")
    }

    /// What a reader takes that drops what is not newer than what it has, and what it drops.
    static func read(_ texts: [String]) throws -> (taken: [BreakerLine], dropped: [BreakerLine]) {
        var highest: [String: Int64] = [:]
        var taken: [BreakerLine] = [], dropped: [BreakerLine] = []
        for line in try texts.map(BreakerLine.init) {
            if line.sequence > highest[line.key] ?? -1 {
                highest[line.key] = line.sequence
                taken.append(line)
            } else {
                dropped.append(line)
            }
        }
        return (taken, dropped)
    }

    /// That breakers which take orders (`Site.hasOrders`) went through all that they can: else nothing was tested.
    static func expectBusy(_ lines: [BreakerLine]) {
        let byKey = Dictionary(grouping: lines, by: \.key)
        let changes = byKey.values.map { lines in zip(lines, lines.dropFirst()).count { $0.state != $1.state } }.reduce(0, +)
        let people = Set(lines.compactMap(\.orderedBy)).count, retired = lines.count(where: \.isRetired)
        #expect(Set(lines.map(\.state)) == ["closed", "open", "half_open"])
        #expect(changes > 60 && people > 30 && byKey.count > 5 && retired > 3, "\(changes) changes, \(people) orders, \(byKey.keys), \(retired) retired")
    }
}
