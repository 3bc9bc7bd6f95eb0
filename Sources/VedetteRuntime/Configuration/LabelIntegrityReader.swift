import VedetteCore

/// Rights of label sources, and the detectors that watch labels.
enum LabelIntegrityReader {
    static func rights(_ section: SectionReader, models: [String]) -> LabelRights {
        var rights = LabelRights()
        rights.actors = section.texts("actors", expecting: "an actor's name") { $0.isEmpty ? nil : $0 } ?? []
        let outcomes = section.texts("outcomes", expecting: "legit or fraud") { ["legit", "fraud"].contains($0) ? $0 : nil } ?? []
        rights.outcomes = Outcome.allCases.filter { outcomes.contains($0.description) }
        rights.models = section.texts("models", expecting: "a model of models (\(models.joined(separator: ", ")))") { models.contains($0) ? $0 : nil } ?? []
        return rights
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
