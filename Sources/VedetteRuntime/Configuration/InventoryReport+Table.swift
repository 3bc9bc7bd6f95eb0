extension InventoryReport {
    /// The report for a terminal: one table a subject, columns as wide as their widest cell.
    public func table() -> String {
        var blocks = [
            "\(application)\n  brokers \(brokers), group \(group), \(transactional ? "transactions on" : "transactions off"), state in \(stateDirectory)"
        ]
        blocks.append(
            TextTable.format(
                ["MODEL", "FEATURES", "IMPORTANT", "OWNER", "SECURITY"],
                models.map { model in
                    [
                        model.name, "\(model.features.count)", "\(model.features.count(where: \.important))", Self.text(model.owner),
                        Self.text(model.security),
                    ]
                }))
        blocks.append(TextTable.format(["INPUT", "TOPIC", "FORMAT"], inputs.map { [$0.stream, $0.topic, $0.format] }))
        blocks.append(TextTable.format(["OUTPUT", "TOPIC"], outputs.map { [$0.stream, $0.topic ?? "(off)"] }))
        blocks.append(TextTable.format(["LABEL SOURCE", "TRUST"], labelSources.map { [$0.pipeline, $0.trust] }))
        blocks.append(TextTable.format(["SLICED BY"], slices.map { [$0] }))
        blocks.append(TextTable.format(["ENTITY"], entities.map { [$0] }))
        blocks.append(TextTable.format(["WINDOW", "SIZE", "HOP", "OFFSET"], windows.map { [$0.name, $0.size, $0.hop, $0.offset] }))
        blocks.append(TextTable.format(["DRIFT", "REFERENCE"], drift.map { [$0.name, $0.reference] }))
        blocks.append(
            TextTable.format(
                ["MONITOR", "SEVERITY", "WINDOW", "SLICES", "REFERENCE", "LIMITS", "EVIDENCE", "FOR", "KEEP"],
                monitors.map { monitor in
                    [
                        monitor.id, monitor.severity, monitor.window, monitor.slices.joined(separator: ", "), monitor.reference,
                        monitor.limits.sorted { $0.key < $1.key }.map { "\($0.key) \(NumberText.format($0.value))" }.joined(separator: ", "),
                        "\(monitor.alpha.map { "alpha \($0)" } ?? "budget"), n >= \(monitor.minCount)", monitor.holdFor, monitor.keepFiringFor,
                    ]
                }))
        blocks.append(TextTable.format(["DETECTOR OR RULE", "SEVERITY", "WATCHES"], detectors.map { [$0.id, $0.severity ?? "its own", $0.watches] }))
        blocks.append(
            TextTable.format(
                ["BREAKER", "SLICES", "OPENS ON", "INSTEAD OF", "DO", "FOR AT LEAST"],
                breakers.map { [$0.id, $0.slices.joined(separator: ", "), $0.opensOn.joined(separator: "; "), $0.insteadOf, $0.action, $0.minOpen] }))
        blocks.append(
            TextTable.format(
                ["DESTINATION", "TYPE", "HOST", "OPENED BY", "ENDS", "GROUP"],
                destinations.map { destination in
                    [
                        destination.name, destination.type, destination.host,
                        destination.openedBy.isEmpty ? "any alert" : destination.openedBy.joined(separator: "; "), destination.tellsEnds ? "told" : "not told",
                        destination.group,
                    ]
                }))
        blocks.append(
            TextTable.format(
                ["KEPT", "HOW LONG"],
                [
                    ["decisions", retention.joinRetention], ["unlabelled after", retention.joinMaturity],
                    ["labels without decision", retention.pendingLabels], ["panes", retention.panes.joined(separator: ", ")],
                    ["revisions every", retention.reviseEvery],
                ]))
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private static func text(_ team: Team) -> String { team.contact.isEmpty ? team.name : "\(team.name) (\(team.contact))" }
}
