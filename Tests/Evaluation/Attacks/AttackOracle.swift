import Foundation

/// The attacker's end of the wire: sends his queries under the identities of his plan, answers with what the model says.
final class AttackOracle {
    /// The budget is spent.
    struct Spent: Error {}

    let space: AttackSpace
    /// The stopped request that he wants through.
    let seed: StreamRecord
    /// An honest request that passes.
    let honest: StreamRecord
    private(set) var sent: [StreamRecord] = []
    private(set) var queryIDs: [String] = []
    private(set) var firstSuccess: Int?
    /// First allow at half the seed's amount or more.
    private(set) var firstUseful: Int?
    var scaleStart: Int?
    var random: SeededGenerator

    private let file: StreamFile
    private let model: BoostedSurrogate
    private let kind: AttackKind
    private let rotation: IdentityRotation
    private let disguise: AttackDisguise
    private let name: String
    private var time: Int64
    private var accounts: [String: AccountCounters] = [:]
    /// Foundation reads booleans as numbers; the text tells them apart.
    private let isBoolean: [Bool]

    init(_ kind: AttackKind, _ rotation: IdentityRotation, _ disguise: AttackDisguise, file: StreamFile, model: BoostedSurrogate, space: AttackSpace, seed: UInt64) {
        (self.kind, self.rotation, self.disguise, self.file, self.model, self.space) = (kind, rotation, disguise, file, model, space)
        let line = String(decoding: file.records[0].line, as: UTF8.self)
        isBoolean = file.features.map { line.contains("\"\($0)\":true") || line.contains("\"\($0)\":false") }
        var random = SeededGenerator(seed)
        let span = file.records[file.records.count - 1].time - file.records[0].time
        // A slow one needs the whole period; the others begin after a quarter of it.
        let share = disguise.perDay == nil ? 0.25 + 0.4 * random.uniform() : 0.03
        time = file.records[0].time + Int64(share * Double(span))
        // What he starts from, stopped by the model and by its stand-in alike.
        let stopped = file.records.filter { !$0.isAllowed && model.score($0.features) >= model.threshold }
        let goal = random.pick(stopped)
        self.seed = goal
        honest = random.pick(file.records.filter { $0.isAllowed && $0.features[space.amount] >= goal.features[space.amount] / 4 })
        name = "own-\(seed)"
        self.random = random
    }

    struct Answer {
        var score: Double
        var isAllowed: Bool
    }

    /// A query at a point of ``AttackSpace``, the rest as in the seed.
    func ask(at point: [Double]) throws -> Answer { try ask(space.row(seed.features, at: point)) }

    func ask(_ wanted: [Double], user: Int? = nil) throws -> Answer {
        guard queryIDs.count < kind.budget else { throw Spent() }
        let number = queryIDs.count
        wait()
        let near = nearest(time)
        let thief = rotation == .stolen ? random.pick(file.records) : nil
        let identity = identities(number, user: user, thief)
        var features = wanted
        for feature in features.indices where AttackSpace.isClock(space.names[feature]) { features[feature] = near.features[feature] }
        if disguise.padding > 0 {
            let other = random.pick(file.records).features
            for feature in space.movable where random.uniform() < disguise.padding { features[feature] = other[feature] }
        }
        if kind.isByHand { count(&features, identity) }
        let score = (model.score(features) * 1e6).rounded() / 1e6
        let answer = Answer(score: score, isAllowed: score < model.threshold)
        let id = "\(name)-q\(number)"
        try send(id, features, identity, score, base: seed)
        queryIDs.append(id)
        if answer.isAllowed {
            if firstSuccess == nil { firstSuccess = number }
            if firstUseful == nil, features[space.amount] >= 0.5 * seed.features[space.amount] { firstUseful = number }
        }
        for extra in 0..<disguise.honest {
            time += 1_000
            let other = random.pick(file.records)
            try send("\(name)-h\(number)-\(extra)", other.features, other.entities, other.score, base: other)
        }
        return answer
    }

    func randomHonest() -> StreamRecord { random.pick(file.records.filter(\.isAllowed)) }

    private func wait() {
        let mean = disguise.perDay.map { 86_400_000 / $0 } ?? 40_000
        // Slow ones keep their pace within a quarter; the others come as they come.
        time += disguise.perDay == nil ? Int64(-log(1 - random.uniform()) * mean) + 800 : Int64(mean * (0.75 + 0.5 * random.uniform()))
    }

    private func nearest(_ time: Int64) -> StreamRecord {
        var (start, end) = (0, file.records.count - 1)
        while start < end {
            let middle = (start + end) / 2
            if file.records[middle].time < time { start = middle + 1 } else { end = middle }
        }
        return file.records[start]
    }

    /// One per entity kind; what is neither account, device nor address (a terminal) stays the seed's.
    private func identities(_ number: Int, user: Int?, _ thief: StreamRecord?) -> [String?] {
        file.entities.indices.map { place in
            let kind = file.entities[place]
            let (isUser, isDevice, isAddress) = (["user", "customer", "account", "card"].contains(kind), kind == "device", ["ip", "address"].contains(kind))
            guard isUser || isDevice || isAddress else { return seed.entities[place] }
            if let thief, user == nil || !isUser { return thief.entities[place] }
            if isUser, let user { return "\(name)-\(kind)-\(user)" }
            let isRotated = rotation == .all || isUser && rotation == .user || isDevice && rotation == .device || isAddress && rotation == .address
            return isRotated ? "\(name)-\(kind)-\(number)" : "\(name)-\(kind)"
        }
    }

    /// What a feature pipeline would count of the account, device and address itself.
    private func count(_ features: inout [Double], _ identity: [String?]) {
        let spent = features[space.amount]
        for (place, kind) in file.entities.enumerated() {
            guard let who = identity[place], who.hasPrefix(name) else { continue }
            let known = accounts[who] ?? AccountCounters()
            for (feature, column) in space.names.enumerated() {
                let isPrior = column == "\(kind)_prior_purchases"
                if isPrior { features[feature] = Double(known.tries) }
                if column.hasPrefix("\(kind)_tx_") { features[feature] = Double(known.tries + 1) }
                if column.hasPrefix("\(kind)_avg_amount_") { features[feature] = ((known.spent + spent) / Double(known.tries + 1) * 1e4).rounded() / 1e4 }
            }
            accounts[who] = AccountCounters(tries: known.tries + 1, spent: known.spent + spent)
        }
    }

    private func send(_ id: String, _ features: [Double], _ identity: [String?], _ score: Double, base: StreamRecord) throws {
        guard var object = try JSONSerialization.jsonObject(with: Data(base.line)) as? [String: Any] else { throw EvaluationFailure("a record that is no object") }
        var named = object["features"] as? [String: Any] ?? [:]
        for (index, name) in file.features.enumerated() {
            if features[index].isNaN {
                named[name] = NSNull()
            } else if isBoolean[index] {
                named[name] = features[index] != 0
            } else {
                named[name] = features[index]
            }
        }
        let isAllowed = score < model.threshold
        object["features"] = named
        object["request_id"] = id
        object["score"] = score
        object["decision"] = isAllowed ? "allow" : "block"
        object["time"] = Self.text(time)
        object["entities"] = Dictionary(uniqueKeysWithValues: zip(file.entities, identity).compactMap { kind, who in who.map { (kind, $0) } })
        let bytes = [UInt8](try JSONSerialization.data(withJSONObject: object))
        sent.append(
            StreamRecord(id: id, time: time, score: score, isAllowed: isAllowed, threshold: model.threshold, features: features, entities: identity, line: bytes))
    }

    private static func text(_ ms: Int64) -> String {
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
        return formatter.string(from: Date(timeIntervalSince1970: Double(ms) / 1_000))
    }
}

private struct AccountCounters {
    var tries = 0
    var spent = 0.0
}
