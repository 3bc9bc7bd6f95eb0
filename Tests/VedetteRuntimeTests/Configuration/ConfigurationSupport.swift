import Testing
import VedetteRuntime

/// The smallest configuration: who, what and where from.
let minimalConfiguration = """
    application: shop
    inputs:
      decisions: {topic: decisions}
      labels: {topic: labels}
    models:
      - name: risk
        owner: fraud-team

    """

/// The minimal configuration without warnings, followed by more keys.
func configurationText(_ more: String) -> String {
    """
    application: shop
    inputs: {decisions: {topic: decisions}, labels: {topic: labels}}
    secrets: {hash_key: public}
    slices: {dimensions: [country, channel, device]}
    models: [{name: risk, owner: fraud-team, security: sec-team, features: {amount: {kind: number, important: true}}}]

    """ + more
}

/// The issues of a text, as they are printed; empty where it loads without any.
func configurationIssues(_ text: String, file: String = "c.yaml") -> [String] {
    do {
        return try ConfigurationLoader.load(text: text, file: file).warnings.map(\.description)
    } catch {
        return error.issues.map(\.description)
    }
}

func loadedConfiguration(_ text: String) throws -> VedetteConfiguration {
    try ConfigurationLoader.load(text: text, file: "c.yaml").configuration
}
