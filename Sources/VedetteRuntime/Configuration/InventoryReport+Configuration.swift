import VedetteCore

extension InventoryReport {
    public init(_ configuration: VedetteConfiguration) {
        let topology = configuration.topology
        application = configuration.application
        // A literal broker list is no secret; `description` hides every literal.
        if case .literal(let text) = configuration.kafka.brokers { brokers = text } else { brokers = configuration.kafka.brokers.description }
        group = configuration.kafka.group
        transactional = configuration.kafka.transactional
        models = topology.models.map { Self.model($0, topology.schema) }
        entities = topology.schema.entities
        inputs = configuration.inputs.topics.map { Input(stream: $0.stream.word, topic: $0.topic, format: Self.format(of: $0.stream, configuration)) }
        let outputs = configuration.outputs
        self.outputs = [
            Output(stream: "alerts", topic: outputs.alerts), Output(stream: "metrics", topic: outputs.metrics),
            Output(stream: "dead_letters", topic: outputs.deadLetters), Output(stream: "late", topic: outputs.late),
            Output(stream: "breakers", topic: outputs.breakers), Output(stream: "progress", topic: outputs.progress),
        ]
        labelSources = topology.labelSources.map { source in
            Source(pipeline: source.pipeline, trust: TrustWord.allCases.first { $0.tier == source.tier }?.rawValue ?? "unlisted")
        }
        slices = topology.slices.groups.map { Self.group($0, topology.schema) }
        windows = topology.windows.map {
            Window(
                name: $0.name, size: DurationText.format($0.sizeMs), hop: DurationText.format($0.hopMs), offset: DurationText.format($0.offsetMs))
        }
        drift = topology.driftReferences.map { Drift(name: $0.name, reference: Self.text($0.reference)) }
        monitors = topology.monitors.map { Self.monitor($0, topology) }
        detectors = topology.detectors.flatMap { Self.detectors($0) }
        breakers = topology.breakers.map { Self.breaker($0, topology) }
        destinations = configuration.forward.map { forward in forward.destinations.map { Self.destination($0, forward) } } ?? []
        retention = Retention(
            joinRetention: DurationText.format(topology.join.retentionMs), joinMaturity: DurationText.format(topology.join.maturityMs),
            pendingLabels: DurationText.format(topology.join.pendingTTLMs),
            panes: topology.panes.levels.map { "\(DurationText.format($0.sizeMs)) for \(DurationText.format($0.keepMs))" },
            reviseEvery: DurationText.format(topology.panes.reviseEveryMs))
        stateDirectory = configuration.state.directory
    }

    private static func format(of stream: StreamKind, _ configuration: VedetteConfiguration) -> String {
        let encoding = configuration.encoding(of: stream)
        var parts = [encoding.format.rawValue]
        if let file = encoding.schemaFile { parts.append("schema \(file)") }
        if !encoding.schemaFiles.isEmpty { parts.append("\(encoding.schemaFiles.count) schemas by id") }
        if encoding.looksUp, let registry = configuration.inputs.schemaRegistry { parts.append("schemas of \(registry.url)") }
        if (encoding.framing == .confluent) != (encoding.format != .json) { parts.append("framing \(encoding.framing.rawValue)") }
        return parts.joined(separator: ", ")
    }

    private static func model(_ model: ModelSpec, _ schema: EventSchema) -> Model {
        Model(
            name: model.name, description: model.description, owner: Team(name: model.owner.name, contact: model.owner.contact),
            security: Team(name: model.security.name, contact: model.security.contact),
            features: model.features.map { index in
                Feature(
                    name: schema.features[index].name, kind: schema.features[index].kind.rawValue,
                    important: model.importantFeatures.contains(index))
            })
    }

    private static func group(_ group: [Int], _ schema: EventSchema) -> String {
        group.map { schema.dimensions[$0] }.joined(separator: " x ")
    }

    private static func detectors(_ spec: DetectorSpec) -> [Detector] {
        switch spec.rule {
        case .probing: [Detector(id: spec.id, watches: "who is studying the model")]
        case .policy(let set):
            set.rules.map { rule in
                let what =
                    rule.cap.map { "at most \(NumberText.format($0.share)) of these in \(DurationText.format($0.periodMs)): \($0.counted.source)" }
                    ?? "never: \(rule.condition.source)"
                return Detector(id: rule.name, severity: rule.severity.rawValue, watches: what)
            }
        case .labelSource, .labelPoisoning, .labelCanary, .labelBurst, .labelOrphans, .labelConflicts, .labelNormalisation:
            [Detector(id: spec.id, watches: "labels")]
        }
    }

    private static func monitor(_ spec: MonitorSpec, _ topology: TopologyConfiguration) -> Monitor {
        Monitor(
            id: spec.id, monitor: spec.rule.name, severity: spec.severity.rawValue, models: models(spec.models, topology),
            window: topology.windows[spec.window].name, slices: slices(spec.slices, topology) + spec.sliceValues.map(\.text),
            reference: text(spec.reference), limits: limits(spec.rule), alpha: spec.alpha, minCount: spec.minCount,
            holdFor: DurationText.format(spec.forMs), keepFiringFor: DurationText.format(spec.keepFiringForMs), clearRatio: spec.clearRatio)
    }

    private static func models(_ named: [String], _ topology: TopologyConfiguration) -> [String] {
        named.isEmpty ? topology.models.map(\.name) : named
    }

    private static func slices(_ selection: SliceSelection, _ topology: TopologyConfiguration) -> [String] {
        switch selection {
        case .overall: ["overall"]
        case .all: ["all"]
        case .groups(let groups): groups.map { group($0, topology.schema) }
        }
    }

    private static func breaker(_ spec: BreakerSpec, _ topology: TopologyConfiguration) -> Breaker {
        let triggers = spec.triggers.map { trigger in
            switch trigger {
            case .alert(let monitors, let severity): "\(monitors.isEmpty ? "any alert" : monitors.joined(separator: ", ")) at \(severity.rawValue)"
            case .metric(let rule): "\(rule.metric.rawValue) of \(topology.windows[rule.window].name) above \(NumberText.format(rule.above))"
            }
        }
        return Breaker(
            id: spec.id, models: models(spec.models, topology), slices: slices(spec.slices, topology), opensOn: triggers,
            insteadOf: spec.policy.insteadOf.description, action: spec.policy.action.description, minOpen: DurationText.format(spec.timing.minOpenMs))
    }

    private static func destination(_ destination: ForwardDestination, _ forward: ForwardConfiguration) -> Destination {
        let match = destination.match
        let conditions = [match.severities.map(\.rawValue), match.models, match.monitors, match.teams].filter { !$0.isEmpty }
        return Destination(
            name: destination.name, type: destination.kind.rawValue, host: destination.shownHost, openedBy: conditions.map { $0.joined(separator: ", ") },
            tellsEnds: destination.tellsEnds, group: forward.group(of: destination))
    }

    private static func text(_ reference: Reference) -> String {
        switch reference {
        case .previousWindow: "previous window"
        case .sameHours(let weeks): "same hours, \(weeks) weeks"
        case .pinned(let start): "window from \(TimestampText.format(start))"
        case .baseline(let name): "baseline \(name)"
        case .version(let name): "version \(name)"
        }
    }

    /// By the names of the configuration; words are left out.
    private static func limits(_ rule: MonitorSpec.Rule) -> [String: Double] {
        var limits: [String: Double] = [:]
        for parameter in type(of: rule.base).parameters {
            switch rule.base.value(of: parameter.name) {
            case .real(let value): limits[parameter.name] = value
            case .whole(let value): limits[parameter.name] = Double(value)
            case .word, nil: break
            }
        }
        return limits
    }
}
