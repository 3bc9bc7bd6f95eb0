/// A key of one kind of monitor in the configuration: name, kind, range, meaning, and the
/// property that it sets. Its default is the property's in a rule made by `init()`.
public struct MonitorKey<Rule>: Sendable {
    enum Property: Sendable {
        case real(WritableKeyPath<Rule, Double> & Sendable)
        case whole(WritableKeyPath<Rule, Int64> & Sendable)
        case word(get: @Sendable (Rule) -> String, set: @Sendable (inout Rule, String) -> Void)
    }

    let name: String
    let kind: MonitorParameter.Kind
    let documentation: String
    let property: Property

    private init(_ name: String, _ kind: MonitorParameter.Kind, _ documentation: String, _ property: Property) {
        self.name = name
        self.kind = kind
        self.documentation = documentation
        self.property = property
    }

    /// A number in a range.
    public static func number(
        _ name: String, _ range: NumberRange, _ path: WritableKeyPath<Rule, Double> & Sendable, _ documentation: String
    ) -> MonitorKey { MonitorKey(name, .number(range), documentation, .real(path)) }

    /// A share, which may be written as a percentage.
    public static func share(
        _ name: String, _ range: NumberRange, _ path: WritableKeyPath<Rule, Double> & Sendable, _ documentation: String
    ) -> MonitorKey { MonitorKey(name, .share(range), documentation, .real(path)) }

    /// A whole number in a range.
    public static func integer(
        _ name: String, _ range: ClosedRange<Int64>, _ path: WritableKeyPath<Rule, Int64> & Sendable, _ documentation: String
    ) -> MonitorKey { MonitorKey(name, .integer(range), documentation, .whole(path)) }

    /// Milliseconds.
    public static func duration(
        _ name: String, _ range: ClosedRange<Int64>, _ path: WritableKeyPath<Rule, Int64> & Sendable, _ documentation: String
    ) -> MonitorKey { MonitorKey(name, .duration(range), documentation, .whole(path)) }

    /// One word of an enumeration.
    public static func word<Word: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ path: WritableKeyPath<Rule, Word> & Sendable, _ documentation: String
    ) -> MonitorKey {
        MonitorKey(
            name, .word(Word.allCases.map(\.rawValue)), documentation,
            .word(get: { $0[keyPath: path].rawValue }, set: { rule, text in Word(rawValue: text).map { rule[keyPath: path] = $0 } }))
    }

    func value(in rule: Rule) -> MonitorParameter.Value {
        switch property {
        case .real(let path): .real(rule[keyPath: path])
        case .whole(let path): .whole(rule[keyPath: path])
        case .word(let get, _): .word(get(rule))
        }
    }

    func set(_ value: MonitorParameter.Value, in rule: inout Rule) {
        switch (property, value) {
        case (.real(let path), .real(let value)): rule[keyPath: path] = value
        case (.whole(let path), .whole(let value)): rule[keyPath: path] = value
        case (.word(_, let set), .word(let value)): set(&rule, value)
        default: preconditionFailure("the key \(name) was given a value of another kind")
        }
    }
}

/// A key as who reads a configuration sees it, whatever the monitor.
public struct MonitorParameter: Sendable, Equatable {
    /// What a value may be.
    public enum Kind: Sendable, Equatable {
        case number(NumberRange)
        case share(NumberRange)
        case integer(ClosedRange<Int64>)
        case duration(ClosedRange<Int64>)
        case word([String])
    }

    /// A value; durations are whole numbers of milliseconds.
    public enum Value: Sendable, Equatable {
        case real(Double)
        case whole(Int64)
        case word(String)
    }

    public var name: String
    public var kind: Kind
    public var documentation: String
    /// The default.
    public var fallback: Value
}

extension MonitorRule {
    /// The keys of this kind of monitor, in the order of the reference.
    public static var parameters: [MonitorParameter] {
        keys.map { MonitorParameter(name: $0.name, kind: $0.kind, documentation: $0.documentation, fallback: $0.value(in: Self())) }
    }

    /// The words among its keys, which say what it measures; its other keys are limits.
    var words: [String] {
        Self.keys.compactMap { key -> String? in if case .word(let word) = key.value(in: self) { word } else { nil } }
    }

    /// The value of a key of this kind of monitor.
    public func value(of name: String) -> MonitorParameter.Value? { Self.keys.first { $0.name == name }?.value(in: self) }

    /// The value must be of the key's kind; another is a broken invariant.
    public mutating func set(_ name: String, to value: MonitorParameter.Value) {
        Self.keys.first { $0.name == name }?.set(value, in: &self)
    }
}
