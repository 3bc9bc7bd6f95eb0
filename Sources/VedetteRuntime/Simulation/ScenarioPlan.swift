import VedetteCore

/// The scenarios of one run, resolved to indices and absolute times.
struct ScenarioPlan: Sendable {
    /// The decisions a scenario is about.
    enum Target: Sendable, Equatable {
        case everything, country(Int), channel(Int), browser(Int), newAccounts(Bool)

        func contains(_ facts: DecisionFacts) -> Bool {
            switch self {
            case .everything: true
            case .country(let index): facts.country == index
            case .channel(let index): facts.channel == index
            case .browser(let index): facts.browser == index
            case .newAccounts(let isNew): facts.isNew == isNew
            }
        }
    }

    struct Item: Sendable {
        let kind: ScenarioKind
        let fromMs: Int64
        let untilMs: Int64
        let strength: Double
        let target: Target
        let missing: UInt32
        let boundMs: Int64

        func isActive(_ timeMs: Int64) -> Bool { fromMs <= timeMs && timeMs < untilMs }
    }

    private let seed: UInt64
    /// Scenarios that change the decision itself.
    private let contentItems: ContiguousArray<Item>
    /// Scenarios that change what is sent, and when.
    private let deliveryItems: ContiguousArray<Item>
    let changesDelivery: Bool

    init(_ options: SimulationOptions, population: Population) throws(SimulationError) {
        seed = options.seed
        var content = ContiguousArray<Item>()
        var delivery = ContiguousArray<Item>()
        for scenario in options.scenarios {
            let item = try Self.resolve(scenario, options, population)
            switch scenario.kind {
            case .featureMissing, .scoreDrift, .fraudSpikeNewUsers, .volumeDrop: content.append(item)
            case .duplicates, .disorder, .malformed, .labelCorrections: delivery.append(item)
            }
        }
        contentItems = content
        deliveryItems = delivery
        changesDelivery = !delivery.isEmpty
    }

    /// What the scenarios do to a decision whose slices are known. O(number of scenarios).
    func effects(_ facts: DecisionFacts) -> ScenarioEffects {
        var effects = ScenarioEffects()
        guard !contentItems.isEmpty else { return effects }
        var random = SimulationRandom(seed: seed, sequence: facts.sequence, purpose: .scenario)
        for index in contentItems.indices {
            let item = contentItems[index]
            let lot = random.unit()
            guard item.isActive(facts.timeMs), item.target.contains(facts) else { continue }
            switch item.kind {
            case .featureMissing: if lot < item.strength { effects.missing |= item.missing }
            case .scoreDrift: effects.logitShift += item.strength
            case .fraudSpikeNewUsers: effects.fraudFactor *= item.strength
            case .volumeDrop: if lot < item.strength { effects.isDropped = true }
            default: break
            }
        }
        return effects
    }

    /// The strongest active scenario of a kind that changes delivery, if any.
    func active(_ kind: ScenarioKind, _ timeMs: Int64) -> Item? {
        var found: Item?
        for item in deliveryItems where item.kind == kind && item.isActive(timeMs) {
            if item.strength > found?.strength ?? -1 { found = item }
        }
        return found
    }

    private static func resolve(_ scenario: SimulationScenario, _ options: SimulationOptions, _ population: Population) throws(SimulationError) -> Item {
        let name = "scenario \(scenario.kind.rawValue)"
        guard scenario.fromMs >= 0, scenario.fromMs < scenario.untilMs else {
            throw SimulationError(key: "\(name) until", expected: "a time after its start, and a start not before that of the stream")
        }
        guard scenario.kind.strengthRange.contains(scenario.strength) else {
            let range = scenario.kind.strengthRange
            throw SimulationError(key: "\(name) strength", expected: "\(range.lowerBound) to \(range.upperBound)")
        }
        guard (1000...86_400_000).contains(scenario.boundMs) else {
            throw SimulationError(key: "\(name) bound", expected: "1 s to 1 d")
        }
        // Without traffic, a stream that counts its decisions would never come to its end.
        var hasEnd = scenario.untilMs < .max
        if case .durationMs = options.length { hasEnd = true }
        guard scenario.kind != .volumeDrop || scenario.strength < 1 || hasEnd else {
            throw SimulationError(key: "\(name) until", expected: "an end, since nothing at all arrives during it")
        }
        guard scenario.slice == nil || scenario.kind.takesSlice else {
            throw SimulationError(key: "\(name) slice", expected: "no slice for this scenario")
        }
        var missing: UInt32 = 0
        if scenario.kind == .featureMissing {
            guard let feature = SimulatedFeature.allCases.first(where: { $0.name == scenario.feature }) else {
                let known = SimulatedFeature.allCases.map(\.name).joined(separator: ", ")
                throw SimulationError(key: "\(name) feature", expected: "one of \(known)")
            }
            missing = feature.bit
        }
        let isSpike = scenario.kind == .fraudSpikeNewUsers
        let target = isSpike ? .newAccounts(true) : try self.target(scenario.slice, name, population)
        let (until, overflow) = options.startMs.addingReportingOverflow(scenario.untilMs)
        let (from, overflowFrom) = options.startMs.addingReportingOverflow(scenario.fromMs)
        return Item(
            kind: scenario.kind, fromMs: overflowFrom ? .max : from, untilMs: overflow ? .max : until,
            strength: scenario.strength, target: target, missing: missing, boundMs: scenario.boundMs)
    }

    private static func target(_ slice: SimulationScenario.SliceTarget?, _ name: String, _ population: Population) throws(SimulationError) -> Target {
        guard let slice else { return .everything }
        let values: [String]
        switch slice.dimension {
        case "country": values = population.countryNames
        case "channel": values = Population.channels
        case "browser": values = Population.browsers
        case "account_age": values = Population.accountAges
        default: throw SimulationError(key: "\(name) slice", expected: "country, channel, browser or account_age, found \(slice.dimension)")
        }
        guard let index = values.firstIndex(of: slice.value) else {
            throw SimulationError(key: "\(name) slice \(slice.dimension)", expected: "one of \(values.prefix(40).joined(separator: ", "))")
        }
        switch slice.dimension {
        case "country": return .country(index)
        case "channel": return .channel(index)
        case "browser": return .browser(index)
        default: return .newAccounts(index == 1)
        }
    }
}
