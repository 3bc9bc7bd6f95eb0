import VedetteCore

/// The stream detectors of a configuration.
struct DetectorReader {
    let models: [String]
    let sink: IssueSink

    func detectors(_ root: SectionReader) -> [DetectorSpec] {
        let specs = (root.sections("detectors") ?? []).compactMap(detector)
        for (place, spec) in specs.enumerated() where specs[..<place].contains(where: { $0.id == spec.id }) {
            sink.add("detectors[\(place)].id", expected: "another id for each detector", found: "\(spec.id) again")
        }
        return specs
    }

    private func detector(_ section: SectionReader) -> DetectorSpec? {
        guard let kind = section.word("detector", DetectorKind.self) else { return nil }
        let id = section.optionalText("id") ?? kind.rawValue
        let watched = section.texts("models", each: "a model of models", among: models) ?? []
        switch kind {
        case .probing: return DetectorSpec(id: id, rule: .probing(probing(section)), models: watched)
        }
    }

    private func probing(_ section: SectionReader) -> ProbingRule {
        var rule = ProbingRule()
        rule.warmUp = section.integer("warm_up")
        rule.minEvidence = section.number("min_evidence")
        rule.minQuietEvidence = section.number("min_quiet_evidence")
        rule.minSlowEvidence = section.number("min_slow_evidence")
        rule.minFanOutEvidence = section.number("min_fan_out_evidence")
        rule.minBoundaryEvidence = section.number("min_boundary_evidence")
        rule.minSmallAmountEvidence = section.number("min_small_amount_evidence")
        rule.scaleCount = section.integer("scale_count")
        rule.quietMs = section.integer("quiet")
        rule.ordinaryMemory = Int(section.integer("ordinary_memory"))
        rule.suspiciousMemory = Int(section.integer("suspicious_memory"))
        rule.maxCampaigns = Int(section.integer("max_campaigns"))
        rule.maxEntities = Int(section.integer("max_entities"))
        return rule
    }
}

/// The kinds of stream detector.
enum DetectorKind: String, Sendable, CaseIterable {
    case probing
}

extension ConfigurationKey {
    static let detecting: [ConfigurationKey] = [
        ConfigurationKey(
            "detectors", .list("stream detectors"), .none,
            "What follows every single decision in order. None are on unless they are listed; `- detector: probing` needs no other key."),
        ConfigurationKey(
            "detectors[].detector", .choice(DetectorKind.allCases.map(\.rawValue)), .required,
            """
            Kind of detector. `probing`: who studies the model, and who uses what he learned (`probing.fingerprint`, `probing.trajectory`, \
            `probing.fanout`, `probing.small_amounts`, `probing.boundary`).
            """),
        ConfigurationKey("detectors[].id", .name, .computed("the kind"), "Unique; part of the fingerprint of its alerts."),
        ConfigurationKey("detectors[].models", .list("model names"), .computed("all models"), "Models that it watches."),
        ConfigurationKey("detectors[].warm_up", .integer(100...1_000_000), .value("150"), "Decisions of a model before anything is said of it."),
        ConfigurationKey(
            "detectors[].min_evidence", .number(NumberRange(1, 1_000)), .value("8"),
            """
            Evidence, nats, at which similar tries of which a sixth or more was stopped or came near the threshold are an incident; a chance of at \
            most exp(-x) for each place.
            """),
        ConfigurationKey("detectors[].min_quiet_evidence", .number(NumberRange(1, 1_000)), .value("18"), "The same for similar requests that were hardly ever stopped."),
        ConfigurationKey(
            "detectors[].min_slow_evidence", .number(NumberRange(1, 1_000)), .value("12"),
            "The same for stopped or near-threshold tries that come back to one place over days and weeks."),
        ConfigurationKey("detectors[].min_fan_out_evidence", .number(NumberRange(1, 1_000)), .value("18"), "The same for one device, address or card over many accounts."),
        ConfigurationKey("detectors[].min_boundary_evidence", .number(NumberRange(1, 1_000)), .value("20"), "The same for mass just below a threshold (P2)."),
        ConfigurationKey(
            "detectors[].min_small_amount_evidence", .number(NumberRange(1, 1_000)), .value("14"),
            "The same for many small amounts in a slice (card testing); needs `mapping.amount`."),
        ConfigurationKey("detectors[].scale_count", .integer(2...1_000_000), .value("25"), "Allowed requests after the first success at which an incident is P0."),
        ConfigurationKey("detectors[].quiet", .duration(3_600_000...year), .value("7d"), "An incident without anything new for this long is over."),
        ConfigurationKey("detectors[].ordinary_memory", .integer(64...65_536), .value("1024"), "Ordinary requests that a new one is compared with, per model."),
        ConfigurationKey(
            "detectors[].suspicious_memory", .integer(64...1_000_000), .value("4096"),
            "Stopped or near-threshold requests that a new one is compared with, per model. The slow drip is remembered as long as these last."),
        ConfigurationKey("detectors[].max_campaigns", .integer(16...16_384), .value("512"), "Places of the feature space followed at once, per model."),
        ConfigurationKey("detectors[].max_entities", .integer(64...1_000_000), .value("8192"), "Entities followed for fan-out at once, per model and entity kind."),
    ]
}
