/// The fields of one stream, numbered: where each comes from, and which objects hold them.
struct ReadPlan {
    /// Key of the mapping in messages, such as `decisions`.
    var key: String
    /// Source of each target; nil for one that is not read.
    var sources: [FieldSource?] = []
    /// Objects that must be objects where they are there; at most one holds the features.
    var containers: [(path: FieldPath, isFeatures: Bool)] = []
    /// How constants are read, by target; strings where nothing is said.
    var constantKinds: [Int: JSONKind] = [:]
    var problems: [MappingProblem] = []

    init(key: String) { self.key = key }

    mutating func complain(_ field: String, _ message: String) {
        problems.append(MappingProblem(key: "\(key).\(field)", message: message))
    }

    /// Adds a field that must differ from record to record.
    mutating func add(varying source: FieldSource, _ field: String) {
        if case .constant = source { complain(field, "is a constant; expected a path, since no two records share it") }
        sources.append(source)
    }

    mutating func add(text source: FieldSource?, _ field: String, limit: Int) {
        if case .constant(let text)? = source, text.utf8.count > limit {
            complain(field, "the constant has \(text.utf8.count) bytes; expected at most limits.string_bytes, \(limit)")
        }
        sources.append(source)
    }

    mutating func add(word source: FieldSource, _ field: String, known: [String], values: String) {
        if known.isEmpty { complain(values, "is empty; expected at least one word") }
        if case .constant(let text) = source, !known.contains(text) {
            complain(field, "the constant '\(text)' is not in \(values); expected one of: \(known.sorted().joined(separator: ", "))")
        }
        sources.append(source)
    }

    mutating func add(number source: FieldSource?, _ field: String, scale: Double, within range: ClosedRange<Double>) {
        if case .constant(let text)? = source {
            constantKinds[sources.count] = .double
            if let number = Double(text), range.contains(number / scale) {
            } else {
                let bounds = range.upperBound < 1e300 ? "from \(range.lowerBound) to \(range.upperBound) after scaling" : "that is finite and in range"
                complain(field, "the constant '\(text)' does not fit; expected a number \(bounds)")
            }
        }
        sources.append(source)
    }

    mutating func check(scale: Double, _ field: String) {
        if !(scale > 0 && scale.isFinite) { complain(field, "is \(scale); expected a finite number above 0") }
    }

    /// Adds one target for each declared name, and the container.
    ///
    /// - Parameters:
    ///   - optional: names that need no source.
    ///   - constantKind: how a constant of the name is read, and whether its text fits.
    mutating func add(
        object mapping: ObjectMapping, names: [String], _ field: String, isFeatures: Bool = false, optional: [String] = [],
        constantKind: (Int, String) -> JSONKind?
    ) {
        if let container = mapping.container { containers.append((container, isFeatures)) }
        for name in mapping.overrides.keys.sorted() where !names.contains(name) {
            complain("\(field).\(name)", "overrides a name that is not declared; declared are: \(names.joined(separator: ", "))")
        }
        for (index, name) in names.enumerated() {
            let source = mapping.source(of: name)
            if source == nil, !optional.contains(name) { complain("\(field).\(name)", "has neither an override nor a container to be found in") }
            if case .constant(let text)? = source {
                if let kind = constantKind(index, text) {
                    constantKinds[sources.count] = kind
                } else {
                    complain("\(field).\(name)", "the constant '\(text)' does not fit the declared kind or limits.string_bytes")
                }
            }
            sources.append(source)
        }
    }

    mutating func check(unique names: [String], _ what: String) {
        var seen = Set<String>()
        for name in names where !seen.insert(name).inserted { complain(what, "'\(name)' is declared twice") }
    }
}
