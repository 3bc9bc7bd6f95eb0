/// Makes the detectors that a configuration declares.
enum DetectorFactory {
    static func make(_ configuration: TopologyConfiguration, hash: KeyedHash) -> [any StreamDetector] {
        configuration.detectors.enumerated().map { index, spec in
            switch spec.rule {
            case .probing: preconditionFailure("no probing detector is built in")
            case .policy(let set):
                PolicyDetector(detector: index, set: set, models: configuration.schema.models, watched: spec.models)
            case .labelSource(let rule):
                LabelSourceDetector(detector: index, rule: rule, sources: configuration.labelSources, models: configuration.schema.models)
            case .labelPoisoning(let rule):
                LabelPoisoningDetector(
                    detector: index, rule: rule, sources: configuration.labelSources, models: configuration.schema.models, watched: spec.models, hash: hash)
            case .labelCanary(let rule):
                LabelCanaryDetector(detector: index, rule: rule, models: configuration.schema.models, watched: spec.models)
            }
        }
    }
}
