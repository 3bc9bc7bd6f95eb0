import VedetteCore

/// Decodes control records (`schemas/control.schema.json`) into a ``ControlBatch``. One per thread.
///
/// They are few and written by people's tools, not by producers: there is no mapping, and a
/// field that the schema does not name rejects the record, so that a misspelt condition never
/// silences more than was meant. An order that names no breaker, or a silence that names no monitor, is rejected
/// likewise: nobody should believe that he holds one, or that it will be quiet.
public final class ControlDecoder {
    private let parser: JSONParser
    private let hash: KeyedHash
    private let stringBytes: Int
    private let targets: ControlTargets?

    /// - Parameter targets: what orders and silences may be about; nil does not look.
    /// - Throws: a ``MappingError`` if memory ran out.
    public init(limits: DecodeLimits, hash: KeyedHash, targets: ControlTargets? = nil) throws(MappingError) {
        self.targets = targets
        parser = try JSONParser(limits: limits)
        stringBytes = limits.stringBytes
        self.hash = hash
    }

    /// Decodes one record and appends it to the batch, or says why not.
    public func decode(_ bytes: UnsafeRawBufferPointer, offset: Int64, into batch: ControlBatch) -> Rejection? {
        do throws(Fault) {
            let tape = try parser.parse(bytes)
            return append(tape, offset, batch)
        } catch {
            return error.rejection(targets: [], entries: [])
        }
    }

    private func append(_ tape: JSONTape, _ offset: Int64, _ batch: ControlBatch) -> Rejection? {
        do throws(Rejection) {
            let fields = try ControlFields(tape, at: JSONTape.rootIndex, stringBytes: stringBytes)
            batch.append(try record(fields), offset: offset, hash: hash)
            return nil
        } catch {
            return error
        }
    }

    private func record(_ fields: ControlFields) throws(Rejection) -> ControlRecord {
        let time = try fields.time("time")
        switch try fields.text("kind") {
        case "silence":
            try fields.allow(["kind", "time", "id", "author", "reason", "from", "until", "monitor", "model", "subject", "slice"])
            return ControlRecord(time: time, action: .silence(try silence(fields, time)))
        case "unsilence":
            try fields.allow(["kind", "time", "id", "author"])
            _ = try fields.text("author")
            return ControlRecord(time: time, action: .unsilence(id: try fields.text("id")))
        case "breaker":
            try fields.allow(["kind", "time", "breaker", "model", "slice", "state", "author", "reason", "until"])
            return ControlRecord(time: time, action: .breaker(try order(fields, time)))
        default: throw Rejection(reason: .unknownValue, detail: "/kind: expected silence, unsilence or breaker")
        }
    }

    private func order(_ fields: ControlFields, _ time: Int64) throws(Rejection) -> BreakerOrder {
        let word = try fields.text("state")
        let state = BreakerState.allCases.first { BreakerWords.state($0) == word }
        guard state != nil || word == "auto" else {
            throw Rejection(reason: .unknownValue, detail: "/state: expected closed, open, half_open or auto")
        }
        let until = try fields.optionalTime("until")
        if let until, until <= time { throw Rejection(reason: .outOfRange, detail: "/until: expected a time after time") }
        let order = BreakerOrder(
            breaker: try fields.text("breaker"), model: try fields.text("model"), slice: try fields.slice("slice"), state: state,
            author: try fields.text("author"), reason: try fields.text("reason"), until: until)
        try targets?.check(order)
        return order
    }

    private func silence(_ fields: ControlFields, _ time: Int64) throws(Rejection) -> Silence {
        let from = try fields.optionalTime("from") ?? time
        let until = try fields.time("until")
        guard until > from, until - from <= Silence.maxMs else {
            throw Rejection(reason: .outOfRange, detail: "/until: expected a time after from, at most 90 days later")
        }
        let matcher = Silence.Matcher(
            monitor: try fields.optionalText("monitor"), model: try fields.optionalText("model"),
            subject: try fields.optionalText("subject"), slice: try fields.slice("slice"))
        try targets?.check(matcher)
        return Silence(
            id: try fields.text("id"), matcher: matcher, from: from, until: until, reason: try fields.text("reason"),
            author: try fields.text("author"))
    }
}

/// The members of a control record's object.
struct ControlFields {
    private var members: [(name: String, value: JSONValue)] = []
    private let tape: JSONTape
    private let stringBytes: Int
    /// Members of an object beyond which it is no control record.
    private static let maxMembers = 64

    init(_ tape: JSONTape, at index: Int, stringBytes: Int) throws(Rejection) {
        self.tape = tape
        self.stringBytes = stringBytes
        guard tape.memberCount(of: index) <= Self.maxMembers else {
            throw Rejection(reason: .tooManyFeatures, detail: "more than \(Self.maxMembers) members")
        }
        var position = index + 1
        let end = tape.closing(of: index)
        while position < end {
            let (bytes, length) = tape.string(tape.words[position])
            // Safe: the tape's string stands until the parser's next record.
            let name = String(decoding: UnsafeBufferPointer(start: bytes, count: min(length, 128)), as: UTF8.self)
            guard !members.contains(where: { $0.name == name }) else {
                throw Rejection(reason: .duplicateKey, detail: "/\(name): the field is there more than once")
            }
            members.append((name, tape.value(at: position + 1)))
            position = tape.index(after: position + 1)
        }
    }

    private func value(_ name: String) -> JSONValue? {
        guard let value = members.first(where: { $0.name == name })?.value, value.kind != .null else { return nil }
        return value
    }

    /// Only these members may be there.
    func allow(_ names: [String]) throws(Rejection) {
        guard let other = members.first(where: { !names.contains($0.name) }) else { return }
        throw Rejection(reason: .unknownValue, detail: "/\(other.name): not a field of this kind of control record")
    }

    func optionalText(_ name: String) throws(Rejection) -> String? {
        guard let value = value(name) else { return nil }
        guard value.kind == .string, let bytes = value.text, value.length > 0 else {
            throw Rejection(reason: .wrongType, detail: "/\(name): expected a string that is not empty, found \(value.kind.words)")
        }
        guard value.length <= stringBytes else { throw Rejection(reason: .stringTooLong, detail: "/\(name): the text is longer than limits.string_bytes") }
        return String(decoding: UnsafeBufferPointer(start: bytes, count: value.length), as: UTF8.self)
    }

    func text(_ name: String) throws(Rejection) -> String {
        guard let text = try optionalText(name) else { throw Rejection(reason: .missingField, detail: "/\(name): expected a string, found nothing") }
        return text
    }

    /// RFC 3339, or epoch milliseconds.
    func optionalTime(_ name: String) throws(Rejection) -> Int64? {
        guard let value = value(name) else { return nil }
        if value.kind == .integer, let ms = TimeFormat.epochMilliseconds.milliseconds(Int64(bitPattern: value.bits)) { return ms }
        if value.kind == .string, let bytes = value.text, let ms = RFC3339.parse(UnsafeRawBufferPointer(start: bytes, count: value.length)) { return ms }
        throw Rejection(reason: .badTime, detail: "/\(name): expected an RFC 3339 time with offset, or epoch milliseconds")
    }

    func time(_ name: String) throws(Rejection) -> Int64 {
        guard let time = try optionalTime(name) else { throw Rejection(reason: .missingField, detail: "/\(name): expected a time, found nothing") }
        return time
    }

    /// Dimension and value of each part; null is the missing value. In the order of the dimensions' names.
    func slice(_ name: String) throws(Rejection) -> SliceName {
        guard let value = value(name) else { return SliceName() }
        guard value.kind == .object else { throw Rejection(reason: .wrongType, detail: "/\(name): expected an object, found \(value.kind.words)") }
        let parts = try ControlFields(tape, at: Int(value.bits), stringBytes: stringBytes)
        var slice = SliceName()
        for (dimension, _) in parts.members { slice.parts.append(.init(dimension: dimension, value: try parts.optionalText(dimension))) }
        slice.parts.sort { $0.dimension < $1.dimension }
        return slice
    }
}
