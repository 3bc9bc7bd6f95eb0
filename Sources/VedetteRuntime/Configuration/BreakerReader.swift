import VedetteCore

/// Circuit breakers; windows, models and slices are resolved against what has been read before.
struct BreakerReader {
    let topology: TopologyConfiguration
    let monitors: MonitorReader

    func read(_ root: SectionReader) -> [BreakerSpec] {
        var specs: [BreakerSpec] = []
        for section in root.sections("breakers") ?? [] {
            let spec = breaker(section)
            if specs.contains(where: { $0.id == spec.id }) {
                section.sink.add(section.path(of: "id"), expected: "an id of its own", found: ConfigurationText.quoted(spec.id))
            }
            specs.append(spec)
        }
        return specs
    }

    private func breaker(_ section: SectionReader) -> BreakerSpec {
        var spec = BreakerSpec(id: section.text("id"), triggers: alerts(section) + metrics(section))
        if spec.triggers.isEmpty { section.sink.add(section.path, expected: "alerts or metrics that open it", found: "neither") }
        spec.models = monitors.models(section)
        let slices = monitors.slices(section)
        spec.slices = slices.selection
        if !slices.values.isEmpty {
            section.sink.add(section.path(of: "slices"), expected: "dimensions and combinations, without values", found: "single slices")
        }
        spec.policy = BreakerPolicy(insteadOf: decision("instead_of", section), action: decision("do", section))
        if spec.policy.insteadOf == spec.policy.action {
            section.sink.add(section.path(of: "do"), expected: "another decision than instead_of", found: spec.policy.action.description)
        }
        spec.timing = timing(section)
        spec.heartbeatMs = section.integer("heartbeat")
        spec.expiryMs = section.integer("expiry")
        if spec.expiryMs <= spec.heartbeatMs {
            section.sink.add(
                section.path(of: "expiry"), expected: "more than the heartbeat, \(DurationText.format(spec.heartbeatMs))", found: DurationText.format(spec.expiryMs))
        }
        return spec
    }

    private func timing(_ section: SectionReader) -> BreakerTiming {
        var timing = BreakerTiming()
        timing.minOpenMs = section.integer("min_open")
        timing.maxOpenMs = section.integer("max_open")
        timing.clearForMs = section.integer("clear_for")
        timing.stageMs = section.integer("stage")
        timing.flapWindowMs = section.integer("flap_window")
        if timing.maxOpenMs < timing.minOpenMs {
            section.sink.add(
                section.path(of: "max_open"), expected: "at least min_open, \(DurationText.format(timing.minOpenMs))", found: DurationText.format(timing.maxOpenMs))
        }
        guard section.has("ramp") else { return timing }
        timing.ramp = []
        for (index, node) in (section.elements("ramp") ?? []).enumerated() {
            guard let text = node.text, let share = ScalarParser.share(text, .openUnit), share > timing.ramp.last ?? 0 else {
                section.sink.add(
                    "\(section.path(of: "ramp"))[\(index)]", at: node.position, expected: "a share above 0 and below 1, more than the one before it", found: node.found)
                continue
            }
            timing.ramp.append(share)
        }
        return timing
    }

    private func alerts(_ section: SectionReader) -> [BreakerTrigger] {
        (section.sections("alerts") ?? []).map { inner in
            let monitors = inner.texts("monitors", each: "the id or kind of a monitor", among: AlertNames(topology).all)
            return .alert(monitors: monitors ?? [], severity: inner.word("severity", Severity.self) ?? .p0)
        }
    }

    private func metrics(_ section: SectionReader) -> [BreakerTrigger] {
        (section.sections("metrics") ?? []).compactMap { inner in
            let metric = inner.word("metric", BreakerMetricRule.Metric.self)
            let name = inner.text("window"), known = topology.windows.map(\.name)
            let above = inner.number("above")
            guard let window = known.firstIndex(of: name) else {
                if !name.isEmpty {
                    inner.sink.add(
                        inner.path(of: "window"), expected: "a window of windows (\(known.joined(separator: ", ")))",
                        found: ConfigurationText.quoted(name) + Suggestion.phrase(for: name, among: known))
                }
                return nil
            }
            guard let metric else { return nil }
            var rule = BreakerMetricRule(metric: metric, window: window, above: above)
            rule.clearRatio = inner.number("clear_ratio")
            rule.minCount = inner.integer("min_count")
            return .metric(rule)
        }
    }

    private func decision(_ key: String, _ section: SectionReader) -> Decision {
        let word = section.text(key)
        return Decision.allCases.first { $0.description == word } ?? .challenge
    }
}
