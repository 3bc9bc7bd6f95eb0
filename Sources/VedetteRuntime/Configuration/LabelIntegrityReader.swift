import VedetteCore

/// Rights of label sources, and the detectors that watch labels.
enum LabelIntegrityReader {
    static func rights(_ section: SectionReader, models: [String]) -> LabelRights {
        var rights = LabelRights()
        rights.actors = section.texts("actors", expecting: "an actor's name") { $0.isEmpty ? nil : $0 } ?? []
        let outcomes = section.texts("outcomes", expecting: "legit or fraud") { ["legit", "fraud"].contains($0) ? $0 : nil } ?? []
        rights.outcomes = Outcome.allCases.filter { outcomes.contains($0.description) }
        rights.models = section.texts("models", each: "a model of models", among: models) ?? []
        return rights
    }

    private static func canaryMetrics(_ section: SectionReader) -> [CanaryMetric] {
        let key = "canary_metrics"
        guard let names = section.texts(key, expecting: "fraud_rate, false_negative_rate or precision", { CanaryMetric(rawValue: $0)?.rawValue }) else {
            return CanaryMetric.allCases
        }
        if section.elements(key)?.isEmpty == true { section.sink.add(section.path(of: key), expected: "at least one metric, or no such key for all", found: "an empty list") }
        return CanaryMetric.allCases.filter { names.contains($0.rawValue) }
    }

    static func detectors(_ root: SectionReader) -> [DetectorSpec] {
        let labels = root.section("labels")
        guard labels.node("integrity") != nil else { return [] }
        let section = labels.section("integrity")
        var rule = LabelIntegrityRule()
        rule.borderlineFrom = section.optionalNumber("borderline_from")
        rule.keepFiringForMs = section.integer("keep_firing_for")
        rule.burstLabels = section.integer("burst_labels")
        rule.burstFactor = section.number("burst_factor")
        rule.rateFactor = section.number("rate_factor")
        rule.canaryMetrics = canaryMetrics(section)
        rule.peers.alpha = section.number("alpha")
        rule.peers.minLabels = section.integer("min_labels")
        rule.peers.maxActors = Int(section.integer("max_actors"))
        rule.peers.drift = section.number("drift")
        return [
            DetectorSpec(id: "label_source", rule: .labelSource(rule)), DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule)),
            DetectorSpec(id: "label_canary", rule: .labelCanary(rule)), DetectorSpec(id: "label_burst", rule: .labelBurst(rule)),
            DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule)), DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule)),
            DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule)),
        ]
    }
}
