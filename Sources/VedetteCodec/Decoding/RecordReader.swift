import VedetteCore

/// What both decoders need of a record: its mapped values, read as texts, numbers and times.
///
/// Values of a record are valid until the next one. For one thread at a time.
final class RecordReader {
    private let parser: JSONParser
    private let matcher: FieldMatcher
    private let stringBytes: Int
    private let targetNames: [String]
    private let targetCount: Int
    /// What a target is without a value in the record: a constant of the mapping, or absent.
    private let defaults: UnsafeMutablePointer<JSONValue>
    private let constants: [UnsafeMutablePointer<UInt8>]
    /// For the text of one number.
    private let scratch: UnsafeMutablePointer<UInt8>
    private let arena: UnsafeMutablePointer<Arena>

    /// The texts that a record keeps, until it is known to be good.
    private struct Arena {
        var bytes: UnsafeMutablePointer<UInt8>
        var count: Int
        var capacity: Int
    }

    private static let arenaCapacity = 4096

    /// - Throws: a ``MappingError`` if paths contradict each other or memory ran out.
    init(plan: ReadPlan, limits: DecodeLimits) throws(MappingError) {
        var trie = PathTrie()
        for (path, isFeatures) in plan.containers { trie.insertContainer(path, isFeatures: isFeatures) }
        for (target, source) in plan.sources.enumerated() {
            if case .path(let path)? = source { trie.insert(path, target: target) }
        }
        let conflicts = trie.conflicts(key: plan.key)
        guard conflicts.isEmpty else { throw MappingError(problems: conflicts) }

        parser = try JSONParser(limits: limits)
        matcher = FieldMatcher(trie, targetCount: plan.sources.count, featureLimit: limits.features, noteLimit: limits.undeclaredFeatures)
        stringBytes = limits.stringBytes
        targetCount = plan.sources.count
        targetNames = plan.sources.map { source in
            switch source {
            case .path(let path)?: path.description
            case .constant?: "constant"
            case nil: "unmapped"
            }
        }
        defaults = .allocate(capacity: max(1, plan.sources.count))
        defaults.initialize(repeating: .absent, count: max(1, plan.sources.count))
        var kept: [UnsafeMutablePointer<UInt8>] = []
        for (target, source) in plan.sources.enumerated() {
            guard case .constant(let text)? = source else { continue }
            switch plan.constantKinds[target] ?? .string {
            case .double: defaults[target] = JSONValue(kind: .double, bits: (Double(text) ?? .nan).bitPattern)
            case .yes, .no: defaults[target] = JSONValue(kind: text == "true" ? .yes : .no)
            default:
                let (bytes, length) = ByteKey.copy(text)
                kept.append(bytes)
                defaults[target] = JSONValue(kind: .string, length: length, bits: UInt64(UInt(bitPattern: bytes)))
            }
        }
        constants = kept
        scratch = .allocate(capacity: CanonicalText.numberCapacity)
        scratch.initialize(repeating: 0, count: CanonicalText.numberCapacity)
        arena = .allocate(capacity: 1)
        arena.initialize(to: Arena(bytes: .allocate(capacity: Self.arenaCapacity), count: 0, capacity: Self.arenaCapacity))
    }

    deinit {
        for constant in constants { constant.deallocate() }
        defaults.deallocate()
        scratch.deallocate()
        arena.pointee.bytes.deallocate()
        arena.deallocate()
    }

    /// Members of the features object of the last record that no field is mapped to.
    var unknownFeatures: Int { matcher.unknownFeatures }
    /// The names of the first of them; valid until the next record.
    var notedNames: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>> { matcher.notedNames }

    /// Parses a record and finds its fields; texts kept of the one before are dropped.
    func read(_ bytes: UnsafeRawBufferPointer) throws(Fault) -> JSONTape {
        arena.pointee.count = 0
        let tape = try parser.parse(bytes)
        try matcher.match(tape)
        return tape
    }

    @inline(__always)
    func value(_ target: Int, _ tape: JSONTape) -> JSONValue {
        let index = matcher.captures[target]
        return index == 0 ? defaults[target] : tape.value(at: Int(index))
    }

    @inline(never)
    func fault(_ reason: RejectReason, _ expected: Expectation, _ found: JSONKind, _ target: Int) -> Fault {
        Fault(reason: reason, expected: expected, found: found, target: Int32(truncatingIfNeeded: target))
    }

    func rejection(_ fault: Fault) -> Rejection { fault.rejection(targets: targetNames, entries: matcher.entryPaths) }
}

// MARK: - Texts

/// A text to keep or to hash, with ``ByteKey/padding`` readable bytes behind it; valid until the next number's text.
struct RecordText {
    var bytes: UnsafePointer<UInt8>
    var length: Int

    @inline(__always)
    var raw: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: bytes, count: length) }
}

/// Which JSON scalars have a text.
enum TextRule {
    /// Strings and integers.
    case identifier
    /// Strings and numbers.
    case text
    /// Strings, integers and booleans.
    case word
    /// Strings, numbers and booleans.
    case scalar

    var expectation: Expectation {
        switch self {
        case .identifier: .identifier
        case .text: .text
        case .word: .word
        case .scalar: .scalar
        }
    }
}

extension RecordReader {
    private static let yes: StaticString = "true\0\0\0\0\0\0\0\0"
    private static let no: StaticString = "false\0\0\0\0\0\0\0\0"

    /// The text of a target; nil if it is absent, null or empty. Throws `wrongType` or `stringTooLong`.
    @inline(__always)
    func text(_ target: Int, _ tape: JSONTape, _ rule: TextRule) throws(Fault) -> RecordText? {
        let value = value(target, tape)
        if value.kind == .string, let bytes = value.text {
            guard value.length <= stringBytes else { throw fault(.stringTooLong, .shortText, .string, target) }
            return value.length == 0 ? nil : RecordText(bytes: bytes, length: value.length)
        }
        if value.kind == .absent || value.kind == .null { return nil }
        return try textOfScalar(value, target, rule)
    }

    @inline(never)
    private func textOfScalar(_ value: JSONValue, _ target: Int, _ rule: TextRule) throws(Fault) -> RecordText {
        switch (value.kind, rule) {
        case (.integer, _):
            return RecordText(bytes: scratch, length: CanonicalText.write(Int64(bitPattern: value.bits), to: scratch))
        case (.unsigned, _):
            return RecordText(bytes: scratch, length: CanonicalText.write(value.bits, to: scratch))
        case (.double, .text), (.double, .scalar):
            return RecordText(bytes: scratch, length: CanonicalText.write(Double(bitPattern: value.bits), to: scratch))
        case (.yes, .word), (.yes, .scalar): return RecordText(bytes: Self.yes.utf8Start, length: 4)
        case (.no, .word), (.no, .scalar): return RecordText(bytes: Self.no.utf8Start, length: 5)
        default: throw fault(.wrongType, rule.expectation, value.kind, target)
        }
    }

    /// Copies a text to the arena; the reference is relative to the arena's start.
    @inline(__always)
    func keep(_ text: RecordText) -> TextRef {
        let start = arena.pointee.count
        if arena.pointee.capacity - start < text.length { growArena(by: text.length) }
        // Safe: room was made above, and a record's texts do not overlap the arena.
        (arena.pointee.bytes + start).update(from: text.bytes, count: text.length)
        arena.pointee.count = start + text.length
        return TextRef(offset: UInt32(truncatingIfNeeded: start), length: UInt32(truncatingIfNeeded: text.length))
    }

    /// The texts kept of this record.
    var keptTexts: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: arena.pointee.bytes, count: arena.pointee.count) }

    @inline(never)
    private func growArena(by length: Int) {
        let capacity = max(arena.pointee.capacity * 2, arena.pointee.count + length)
        let grown = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        grown.update(from: arena.pointee.bytes, count: arena.pointee.count)
        arena.pointee.bytes.deallocate()
        arena.pointee.bytes = grown
        arena.pointee.capacity = capacity
    }
}

// MARK: - Numbers and times

extension RecordReader {
    /// A number divided by `scale`; NaN if it is absent or null.
    @inline(__always)
    func number(_ target: Int, _ tape: JSONTape, scale: Double) throws(Fault) -> Double {
        let value = value(target, tape)
        if let number = value.number {
            let scaled = number / scale
            guard scaled.isFinite else { throw fault(.outOfRange, .finite, value.kind, target) }
            return scaled
        }
        guard value.kind == .absent || value.kind == .null else { throw fault(.wrongType, .number, value.kind, target) }
        return .nan
    }

    /// A number in [0, 1] after division by `scale`; NaN if it is absent or null.
    @inline(__always)
    func unitNumber(_ target: Int, _ tape: JSONTape, scale: Double) throws(Fault) -> Double {
        let number = try number(target, tape, scale: scale)
        // The negation lets NaN, the absent value, pass.
        guard !(number < 0 || number > 1) else { throw fault(.outOfRange, .unitInterval, .double, target) }
        return number
    }

    /// A time in milliseconds since 1970 UTC; nil if it is absent, null or an empty string.
    @inline(__always)
    func time(_ target: Int, _ tape: JSONTape, _ format: TimeFormat) throws(Fault) -> Int64? {
        let value = value(target, tape)
        if value.kind == .string, let bytes = value.text, format == .auto || format == .rfc3339 {
            guard value.length > 0 else { return nil }
            guard let ms = RFC3339.parse(UnsafeRawBufferPointer(start: bytes, count: value.length)) else {
                throw fault(.badTime, Self.expectation(format), .string, target)
            }
            return ms
        }
        return try epochTime(value, target, format)
    }

    private func epochTime(_ value: JSONValue, _ target: Int, _ format: TimeFormat) throws(Fault) -> Int64? {
        let ms: Int64?
        switch (value.kind, format) {
        case (.absent, _), (.null, _): return nil
        case (.integer, .rfc3339), (.unsigned, .rfc3339), (.double, .rfc3339):
            throw fault(.badTime, .rfc3339, value.kind, target)
        case (.integer, _): ms = format.milliseconds(Int64(bitPattern: value.bits))
        case (.double, _): ms = format.milliseconds(Double(bitPattern: value.bits))
        case (.unsigned, _): ms = nil
        case (.string, _):
            guard value.length > 0 else { return nil }
            let text = String(decoding: UnsafeBufferPointer(start: value.text, count: min(value.length, 32)), as: UTF8.self)
            ms = Int64(text).flatMap(format.milliseconds)
        default: throw fault(.wrongType, Self.expectation(format), value.kind, target)
        }
        guard let ms else { throw fault(.badTime, Self.expectation(format), value.kind, target) }
        return ms
    }

    private static func expectation(_ format: TimeFormat) -> Expectation {
        switch format {
        case .rfc3339: .rfc3339
        case .auto: .time
        case .epochSeconds, .epochMilliseconds, .epochMicroseconds: .epoch
        }
    }
}
