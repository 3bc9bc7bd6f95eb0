import VedetteCodec
import VedetteCore

/// A slow, obvious decoder of the default shape, to check the fast one against.
///
/// Works on whole trees, strings and dictionaries, and shares no code with the decoder.
package struct ReferenceDecoder {
    package struct Refused: Error {}

    let schema: EventSchema
    let limits: DecodeLimits

    package init(schema: EventSchema, limits: DecodeLimits) {
        self.schema = schema
        self.limits = limits
    }

    package func decode(_ bytes: [UInt8]) throws -> Row {
        guard bytes.count <= limits.recordBytes, case .object(let members) = try ReferenceJSON.parse(bytes, depth: limits.depth) else {
            throw Refused()
        }
        let record = try unique(members, [
            "request_id", "time", "model", "score", "decision", "threshold", "features", "slices", "entities", "latency_ms", "amount",
            "signals", "cost", "status", "exploration_probability", "action", "override",
        ])
        let model = try object(record["model"], ["name", "version"])
        let threshold = try object(record["threshold"], ["challenge", "block"])
        if case .object(let all)? = record["features"], all.count > limits.features { throw Refused() }
        let features = try object(record["features"], schema.features.map(\.name))
        let slices = try object(record["slices"], schema.dimensions)
        let entities = try object(record["entities"], schema.entities)

        guard let id = try text(record["request_id"]), let time = try time(record["time"]), let name = try text(model["name"]),
            let modelIndex = schema.models.firstIndex(of: name), let score = try number(record["score"], in: 0...1),
            let word = try text(record["decision"], booleans: true), let decision = Decision.allCases.first(where: { $0.description == word })
        else { throw Refused() }
        var states: [UInt8] = []
        var values: [String] = []
        for feature in schema.features {
            let (state, value) = try self.feature(features[feature.name], feature.kind)
            states.append(state.rawValue)
            values.append(value)
        }
        return Row(
            time: time, requestID: identity(id), requestText: id, model: UInt16(modelIndex),
            version: try text(model["version"], fractions: true), score: score.bitPattern, decision: decision.rawValue,
            latency: try number(record["latency_ms"], in: 0...Double.greatestFiniteMagnitude)?.bitPattern,
            amount: try number(record["amount"], in: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude)?.bitPattern,
            signals: try signals(record["signals"]).rawValue, signalSet: try signalSet(record["signals"]),
            cost: try number(record["cost"], in: 0...Double.greatestFiniteMagnitude)?.bitPattern, status: try status(record["status"]).rawValue,
            exploration: try number(record["exploration_probability"], in: 0...1)?.bitPattern,
            action: try text(record["action"], fractions: true), override: try override(record["override"]),
            challenge: try number(threshold["challenge"], in: 0...1)?.bitPattern,
            block: try number(threshold["block"], in: 0...1)?.bitPattern, states: states, values: values,
            dimensions: try schema.dimensions.map { try text(slices[$0], fractions: true, booleans: true) },
            entities: try schema.entities.map { try text(entities[$0], fractions: true).map { max(1, digest($0)) } ?? 0 })
    }

    /// The mapped members of an object, each at most once.
    private func unique(_ members: [ReferenceJSON.Member], _ mapped: [String]) throws -> [String: ReferenceJSON] {
        var found: [String: ReferenceJSON] = [:]
        // Compared as bytes: Swift's own comparison takes canonically equivalent texts for equal.
        for member in members {
            guard let name = mapped.first(where: { Array($0.utf8) == Array(member.key.utf8) }) else { continue }
            guard found[name] == nil else { throw Refused() }
            found[name] = member.value
        }
        return found
    }

    private func object(_ value: ReferenceJSON?, _ mapped: [String]) throws -> [String: ReferenceJSON] {
        switch value {
        case nil, .null?: return [:]
        case .object(let members)?: return try unique(members, mapped)
        default: throw Refused()
        }
    }

    private func text(_ value: ReferenceJSON?, fractions: Bool = false, booleans: Bool = false) throws -> String? {
        switch value {
        case nil, .null?: return nil
        case .string(let text)?:
            guard text.utf8.count <= limits.stringBytes else { throw Refused() }
            return text.isEmpty ? nil : text
        case .integer(let number)?: return "\(number)"
        case .unsigned(let number)?: return "\(number)"
        case .double(let number)? where fractions:
            return number.magnitude < 9_007_199_254_740_992 && number.rounded() == number ? "\(Int64(number))" : "\(number)"
        case .bool(let flag)? where booleans: return "\(flag)"
        default: throw Refused()
        }
    }

    private func number(_ value: ReferenceJSON?) throws -> Double? {
        switch value {
        case nil, .null?: nil
        case .integer(let number)?: Double(number)
        case .unsigned(let number)?: Double(number)
        case .double(let number)?: number
        default: throw Refused()
        }
    }

    private func number(_ value: ReferenceJSON?, in range: ClosedRange<Double>) throws -> Double? {
        guard let number = try number(value) else { return nil }
        guard range.contains(number) else { throw Refused() }
        return number
    }

    private func feature(_ value: ReferenceJSON?, _ kind: FeatureKind) throws -> (FeatureState, String) {
        let zero = "bits 0"
        switch (value, kind) {
        case (nil, _): return (.absent, zero)
        case (.null?, _): return (.null, zero)
        case (.integer?, .number), (.unsigned?, .number), (.double?, .number):
            return (.number, "bits \((try number(value) ?? 0).bitPattern)")
        case (.bool(let flag)?, .boolean): return (.boolean, "bits \((flag ? 1.0 : 0.0).bitPattern)")
        case (.string?, .category), (.integer?, .category), (.unsigned?, .category), (.bool?, .category):
            return (.category, "text " + (try text(value, booleans: true) ?? ""))
        default: return (.wrongType, zero)
        }
    }

    private func signals(_ value: ReferenceJSON?) throws -> SignalUse {
        switch value {
        case nil, .null?: return .unknown
        case .array(let elements)?:
            let names = try elements.map { element in
                guard case .string(let name) = element else { throw Refused() }
                return name
            }
            return names.isEmpty ? .unknown : names.allSatisfy { $0 == "model" } ? .modelOnly : .several
        default: throw Refused()
        }
    }

    private func signalSet(_ value: ReferenceJSON?) throws -> UInt64 {
        guard case .array(let elements)? = value else { return 0 }
        return elements.reduce(0) { set, element in
            guard case .string(let name) = element else { return set }
            return set | (schema.signals.firstIndex { Array($0.utf8) == Array(name.utf8) }.map { 1 << UInt64($0) } ?? 1 << 63)
        }
    }

    private func status(_ value: ReferenceJSON?) throws -> RequestStatus {
        switch try text(value, booleans: true) {
        case "ok": .ok
        case "timeout": .timeout
        case "error": .error
        default: .unknown
        }
    }

    private func override(_ value: ReferenceJSON?) throws -> String? {
        if case .bool(false)? = value { return nil }
        return try text(value, fractions: true, booleans: true)
    }

    private func time(_ value: ReferenceJSON?) throws -> Int64? {
        let limit: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999
        switch value {
        case nil, .null?: return nil
        case .string(let text)?:
            guard !text.isEmpty else { return nil }
            guard let ms = referenceRFC3339(text) else { throw Refused() }
            return ms
        case .integer(let ms)?:
            guard limit.contains(ms) else { throw Refused() }
            return ms
        case .double(let ms)?:
            guard ms.magnitude < 1e15 else { throw Refused() }
            let whole = Int64(ms.rounded(.down))
            let rounded = ((ms - Double(whole)) * 1000).rounded() == 1000 ? whole + 1 : whole
            guard limit.contains(rounded) else { throw Refused() }
            return rounded
        default: throw Refused()
        }
    }
}

/// RFC 3339 by a regular expression and by counting days one year and one month at a time.
package func referenceRFC3339(_ text: String) -> Int64? {
    let pattern = /([0-9]{4})-([0-9]{2})-([0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?(?:([Zz])|([+-])([0-9]{2}):([0-9]{2}))/
    guard let match = text.wholeMatch(of: pattern),
        let year = Int64(match.1), let month = Int64(match.2), let day = Int64(match.3), let hour = Int64(match.4),
        let minute = Int64(match.5), let second = Int64(match.6)
    else { return nil }
    func isLeap(_ year: Int64) -> Bool { year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) }
    func lengths(_ year: Int64) -> [Int64] { [31, isLeap(year) ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] }
    guard 1...12 ~= month, 1...lengths(year)[Int(month) - 1] ~= day, hour < 24, minute < 60, second <= 60 else { return nil }
    var days: Int64 = 0
    for y in min(year, 1970)..<max(year, 1970) { days += isLeap(y) ? 366 : 365 }
    if year < 1970 { days = -days }
    days += lengths(year)[..<(Int(month) - 1)].reduce(0, +) + day - 1
    var offset: Int64 = 0
    if let sign = match.9, let hours = match.10.flatMap({ Int64($0) }), let minutes = match.11.flatMap({ Int64($0) }) {
        guard hours < 24, minutes < 60 else { return nil }
        offset = (hours * 60 + minutes) * (sign == "-" ? -1 : 1)
    }
    let fraction = Int64(String((match.7.map(String.init) ?? "") + "000").prefix(3)) ?? 0
    let minutes = days * 1440 + hour * 60 + minute - offset
    var ms = minutes * 60_000 + second * 1000 + fraction
    if second == 60 {
        guard ((minutes % 1440) + 1440) % 1440 == 1439 else { return nil }
        ms = minutes * 60_000 + 59_999
    }
    return (-62_167_219_200_000...253_402_300_799_999).contains(ms) ? ms : nil
}
