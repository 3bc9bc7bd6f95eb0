import Foundation
import Testing

/// A JSON value with paths, for comparing records with expected facts.
struct Facts {
    let value: Any?

    init(_ value: Any?) { self.value = value is NSNull ? nil : value }

    static func read(_ path: String) throws -> Facts {
        Facts(try JSONSerialization.jsonObject(with: Data(contentsOf: URL(fileURLWithPath: path))))
    }

    subscript(_ key: String) -> Facts { Facts((value as? [String: Any])?[key]) }
    var keys: [String] { ((value as? [String: Any])?.keys.sorted()) ?? [] }
    var list: [Facts] { ((value as? [Any]) ?? []).map { Facts($0) } }
    var number: Double? { (value as? NSNumber)?.doubleValue }
    var integer: Int64? { (value as? NSNumber)?.int64Value }
    var string: String? { value as? String }
    var exists: Bool { value != nil }
}

/// Counts comparisons and records those that fail with their names.
struct Comparison {
    private(set) var made = 0

    mutating func equal(_ name: String, _ found: Facts, _ expected: Facts) {
        made += 1
        if found.integer != expected.integer { Issue.record("\(name): found \(String(describing: found.value)), expected \(String(describing: expected.value))") }
    }

    /// Equal to a relative error; both may be missing.
    mutating func near(_ name: String, _ found: Facts, _ expected: Facts, relative: Double = 1e-9) {
        made += 1
        if found.number == nil, expected.number == nil { return }
        guard let a = found.number, let b = expected.number else {
            Issue.record("\(name): found \(String(describing: found.value)), expected \(String(describing: expected.value))")
            return
        }
        if abs(a - b) > relative * max(abs(a), abs(b)) + 1e-15 { Issue.record("\(name): found \(a), expected \(b)") }
    }
}
