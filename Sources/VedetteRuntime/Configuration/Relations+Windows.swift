import VedetteCore

extension Relations {
    /// A window is composed of panes, so its edges must fall on panes that still exist when it closes.
    func checkWindows() {
        for (index, window) in topology.windows.enumerated() {
            let place = "windows[\(index)]", pane = topology.panes.paneMs
            var isWhole = multiple("\(place).size", window.sizeMs, of: pane, "the pane")
            // A hop that was not given is the size.
            if window.hopMs != window.sizeMs { isWhole = multiple("\(place).hop", window.hopMs, of: pane, "the pane") && isWhole }
            if window.offsetMs != 0 { isWhole = multiple("\(place).offset", window.offsetMs, of: pane, "the pane") && isWhole }
            if window.hopMs > window.sizeMs {
                sink.add(
                    "\(place).hop", expected: "at most the size, \(DurationText.format(window.sizeMs)), so that no time is skipped",
                    found: DurationText.format(window.hopMs))
            }
            if window.offsetMs < 0 || window.offsetMs >= window.hopMs {
                sink.add("\(place).offset", expected: "below the hop, \(DurationText.format(window.hopMs))", found: DurationText.format(window.offsetMs))
            }
            if isWhole, let obstacle = Composition(topology.panes).obstacle(to: window) {
                sink.add("\(place).\(obstacle.key)", expected: obstacle.expected, found: obstacle.found)
            }
        }
    }

    /// Each reference must be composable from the panes that are kept.
    func checkReferences() {
        for (index, drift) in topology.driftReferences.enumerated() {
            let obstacles = topology.windows.map { Composition(topology.panes).obstacle(to: $0, reference: drift.reference) }
            // Comparisons are made where they are possible; one that never is, is an error.
            guard !obstacles.contains(where: { $0 == nil }), let first = obstacles.first, let first else { continue }
            sink.add("drift[\(index)].reference", expected: "a reference that some window can have: \(first.expected)", found: first.found)
        }
        for (index, monitor) in topology.monitors.enumerated() where topology.windows.indices.contains(monitor.window) {
            let window = topology.windows[monitor.window]
            guard monitor.rule.base.needs.reference else { continue }
            if monitor.rule.base.needs.countsTraffic, case .baseline = monitor.reference {
                sink.add(
                    "monitors[\(index)].reference", expected: "windows of this stream for \(monitor.rule.name) (previous_window, same_hours, pinned)",
                    found: "a baseline, which is of days while a window is of hours: their traffic does not compare")
                continue
            }
            if let obstacle = Composition(topology.panes).obstacle(to: window, reference: monitor.reference) {
                sink.add("monitors[\(index)].reference", expected: obstacle.expected, found: obstacle.found)
            }
        }
    }

    func checkMonitors() {
        checkHonestLabels()
        for (index, monitor) in topology.monitors.enumerated() {
            let (needs, name) = (monitor.rule.base.needs, monitor.rule.name)
            let watched = topology.models.filter { monitor.models.isEmpty || monitor.models.contains($0.name) }
            if needs.importantFeatures, watched.allSatisfy(\.importantFeatures.isEmpty) {
                sink.add("monitors[\(index)].monitor", expected: "models with features marked important, for \(name)", found: "none", .warning)
            }
            if let period = (monitor.rule.base as? SLORule)?.periodMs, let longest = topology.panes.levels.map(\.keepMs).max(), longest < period {
                sink.add("monitors[\(index)].period", expected: "at most what panes are kept for, \(DurationText.format(longest))", found: DurationText.format(period))
            }
            if needs.features, monitor.slices != .overall, !topology.slices.featuresInSlices {
                sink.add("monitors[\(index)].slices", expected: "slices.features_in_slices: true for \(name) in slices", found: "false")
            }
        }
    }

    /// Where no source may say legit, fraud is all of the labels, in every window: a share of them says nothing.
    private func checkHonestLabels() {
        // Without a registry nobody knows who says what.
        guard !topology.labelSources.isEmpty else { return }
        let blind = topology.models.map(\.name).filter { model in
            !topology.labelSources.map(\.rights).contains {
                ($0.outcomes.isEmpty || $0.outcomes.contains(.legit)) && ($0.models.isEmpty || $0.models.contains(model))
            }
        }
        guard !blind.isEmpty else { return }
        let affected = topology.monitors.filter { monitor in
            monitor.rule.base.needsHonestLabels && (monitor.models.isEmpty || monitor.models.contains { blind.contains($0) })
        }
        guard !affected.isEmpty else { return }
        sink.add(
            "labels.sources", expected: "a source that may say legit, for \(affected.map(\.id).joined(separator: ", "))",
            found: "none about \(blind.joined(separator: ", ")); a rate of fraud can then only be per decision (fraud_per_decision)", .warning)
    }
}

extension MonitorRule {
    /// Whether it says nothing where every label is fraud.
    fileprivate var needsHonestLabels: Bool {
        switch self {
        case let rule as OutcomeRateRule: rule.basis != .fraudPerDecision
        case let rule as SLORule: rule.indicator == .fraudRate || rule.indicator == .falsePositiveRate
        case let rule as PerformanceRule: rule.metric != .recall
        default: false
        }
    }
}
