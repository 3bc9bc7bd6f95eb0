import VedetteCore

/// What breaker orders and silences may be about: what the configuration names.
public struct ControlTargets: Sendable {
    private let breakers: [BreakerSpec]
    private let models: [String]
    private let dimensions: [String]
    private let monitors: [String]

    public init(_ configuration: TopologyConfiguration) {
        breakers = configuration.breakers
        models = configuration.models.map(\.name)
        dimensions = configuration.schema.dimensions
        monitors = AlertNames(configuration).all
    }

    func check(_ order: BreakerOrder) throws(Rejection) {
        guard let breaker = breakers.first(where: { $0.id == order.breaker }) else {
            throw Self.rejection("breaker", "a breaker of breakers", breakers.map(\.id))
        }
        let covered = models.filter { breaker.models.isEmpty || breaker.models.contains($0) }
        guard covered.contains(order.model) else { throw Self.rejection("model", "a model that the breaker covers", covered) }
        try check(order.slice)
    }

    func check(_ matcher: Silence.Matcher) throws(Rejection) {
        if let monitor = matcher.monitor, !monitors.contains(monitor) {
            throw Self.rejection("monitor", "the id or kind of a monitor", monitors)
        }
        if let model = matcher.model, !models.contains(model) { throw Self.rejection("model", "a model of models", models) }
        try check(matcher.slice)
    }

    private func check(_ slice: SliceName) throws(Rejection) {
        guard slice.parts.allSatisfy({ dimensions.contains($0.dimension) }) else {
            throw Self.rejection("slice", "dimensions of slices.dimensions", dimensions)
        }
    }

    /// Names as many as a detail has room for.
    private static func rejection(_ field: String, _ expected: String, _ names: [String]) -> Rejection {
        let start = "/\(field): expected \(expected) ("
        var room = Rejection.detailLimit - start.utf8.count - ", and 99999 more)".utf8.count
        let named = names.prefix { name in
            room -= name.utf8.count + 2
            return room >= 0
        }
        let more = names.count > named.count ? ", and \(names.count - named.count) more" : ""
        return Rejection(reason: .unknownValue, detail: start + named.joined(separator: ", ") + more + ")")
    }
}
