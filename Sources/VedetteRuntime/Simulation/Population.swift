/// The names that occur in the traffic, as JSON fragments, and how often.
struct Population: Sendable {
    static let channels = ["app", "web", "api"]
    static let browsers = ["Chrome", "Safari", "Firefox", "Edge", "Samsung Internet", "none"]
    static let emailDomains = ["gmail.com", "outlook.com", "yahoo.com", "icloud.com", "proton.me", "gmx.net", "mailbox.test", "disposable.test"]
    static let merchantCategories = ["5411", "5812", "5732", "5999", "4111", "4722", "5651", "5912", "7995", "6051", "5945", "4814"]
    /// Typical amount of a payment in each merchant category, in the currency unit.
    static let typicalAmounts: [Double] = [32, 24, 140, 38, 9, 260, 55, 21, 60, 180, 34, 15]
    static let accountAges = ["known", "new"]
    /// The index of `none`, the browser of traffic that has none.
    static let noBrowser = 5

    private static let isoCountries = [
        "FR", "DE", "GB", "US", "ES", "IT", "NL", "BE", "PL", "PT", "BR", "SE", "CH", "AT", "IE", "DK", "NO", "FI", "CZ", "RO",
        "GR", "HU", "CA", "MX", "AR", "CL", "CO", "PE", "AU", "NZ", "JP", "KR", "SG", "IN", "ZA", "NG", "KE", "MA", "EG", "TR",
    ]

    let countryNames: [String]
    let countryTable: AliasTable
    let channelTable = AliasTable([0.55, 0.38, 0.07])
    let browserTable = AliasTable([0.52, 0.24, 0.09, 0.09, 0.06])
    let domainTable = AliasTable([0.46, 0.17, 0.11, 0.10, 0.06, 0.05, 0.03, 0.02])
    let categoryTable = AliasTable([0.22, 0.17, 0.06, 0.12, 0.10, 0.03, 0.10, 0.07, 0.03, 0.02, 0.04, 0.04])

    /// `"value"` for each index.
    let countryJSON: [[UInt8]]
    let channelJSON: [[UInt8]]
    let browserJSON: [[UInt8]]
    let domainJSON: [[UInt8]]
    let categoryJSON: [[UInt8]]

    /// Fraud probability of a decision by [(country * channels + channel) * 2 + new].
    let fraudPrior: ContiguousArray<Double>
    /// The same in logits: where the model's score starts from.
    let priorLogit: ContiguousArray<Double>

    init(_ options: SimulationOptions) {
        let names = (0..<options.countries).map { $0 < Self.isoCountries.count ? Self.isoCountries[$0] : "X\($0)" }
        let weights = (0..<options.countries).map { 1 / Double($0 + 1) }
        countryNames = names
        countryTable = AliasTable(weights)
        countryJSON = names.map(SimulatedLine.quoted)
        channelJSON = Self.channels.map(SimulatedLine.quoted)
        browserJSON = Self.browsers.map(SimulatedLine.quoted)
        domainJSON = Self.emailDomains.map(SimulatedLine.quoted)
        categoryJSON = Self.merchantCategories.map(SimulatedLine.quoted)

        // Relative risk by place; scaled so that the traffic's mean is the configured rate.
        let channelRisk = [0.8, 1.2, 1.5]
        let channelShare = [0.55, 0.38, 0.07]
        let ageRisk = [0.8, 2.4]
        let ageShare = [1 - options.newUserShare, options.newUserShare]
        let totalWeight = weights.reduce(0, +)
        var relative: [Double] = []
        var mean = 0.0
        for country in names.indices {
            let countryRisk = 0.7 + 0.1 * Double(country * 7 % 8)
            for channel in 0..<3 {
                for age in 0..<2 {
                    let risk = countryRisk * channelRisk[channel] * ageRisk[age]
                    relative.append(risk)
                    mean += risk * weights[country] / totalWeight * channelShare[channel] * ageShare[age]
                }
            }
        }
        let prior = relative.map { min(0.6, $0 * options.fraudRate / mean) }
        fraudPrior = ContiguousArray(prior)
        priorLogit = ContiguousArray(prior.map(SimulationMath.logit))
    }

    func priorIndex(country: Int, channel: Int, isNew: Bool) -> Int {
        (country * Self.channels.count + channel) * 2 + (isNew ? 1 : 0)
    }
}
