/// Makes the detectors that a configuration declares.
enum DetectorFactory {
    static func make(_ configuration: TopologyConfiguration, hash: KeyedHash) -> [any StreamDetector] {
        configuration.detectors.enumerated().map { index, spec in
            switch spec.rule {
            case .probing(let rule): ProbingDetector(spec, rule: rule, number: index, configuration: configuration, hash: hash)
            case .policy(let set):
                PolicyDetector(detector: index, set: set, models: configuration.schema.models, watched: spec.models)
            case .labelSource(let rule):
                LabelSourceDetector(
                    detector: index, rule: rule, sources: configuration.labelSources, models: configuration.schema.models, hash: hash)
            case .labelPoisoning(let rule):
                LabelPoisoningDetector(
                    detector: index, rule: rule, sources: configuration.labelSources, models: configuration.schema.models, watched: spec.models, hash: hash)
            case .labelCanary(let rule):
                LabelCanaryDetector(
                    detector: index, rule: rule, sources: configuration.labelSources, models: configuration.schema.models, watched: spec.models)
            case .labelBurst(let rule):
                LabelBurstDetector(detector: index, rule: rule, sources: configuration.labelSources, models: configuration.schema.models, hash: hash)
            case .labelOrphans(let rule):
                LabelRateDetector(detector: index, rule: rule, subject: .orphans, sources: configuration.labelSources, models: configuration.schema.models)
            case .labelConflicts(let rule):
                LabelRateDetector(detector: index, rule: rule, subject: .conflicts, sources: configuration.labelSources, models: configuration.schema.models)
            case .labelNormalisation(let rule):
                LabelNormalisationDetector(detector: index, rule: rule, schema: configuration.schema, watched: spec.models, hash: hash)
            }
        }
    }
}
