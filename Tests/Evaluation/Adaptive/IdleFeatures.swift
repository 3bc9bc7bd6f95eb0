/// The features that matter least to the model where the attacker is.
///
/// He finds them without a query: he runs his attack unpadded against the surrogate, and in each of its queries
/// replaces one feature at a time by values of random honest requests. What a feature matters is the mean absolute
/// change of the surrogate's log-odds. He keeps the amount, which is what he is after, and as elsewhere the flags.
struct IdleFeatures {
    /// Honest values per feature and query.
    private static let tries = 16

    /// Those of the strategy's share, the least first. The share is of what he could pad, rounded up.
    let chosen: [Int]

    /// - Parameter random: that of the attacker, whose seed and target the rehearsal has then.
    init(_ strategy: AdaptiveStrategy, file: StreamFile, model: BoostedSurrogate, isBoolean: [Bool], random: SeededGenerator) throws {
        var plain = strategy
        plain.padding = 0
        var rehearsal = AdaptiveAttacker(plain, file: file, model: model, isBoolean: isBoolean, idle: [], random: random)
        try rehearsal.run()
        let own = file.features.indices.filter { !isBoolean[$0] && !AttackSpace.amounts.contains(file.features[$0]) }
        var random = random
        var changes: [(feature: Int, sum: Double)] = own.map { ($0, 0) }
        for query in rehearsal.queries {
            let before = model.logOdds(query.features)
            for place in changes.indices {
                for _ in 0..<Self.tries {
                    var row = query.features
                    row[changes[place].feature] = random.pick(file.records).features[changes[place].feature]
                    changes[place].sum += abs(model.logOdds(row) - before)
                }
            }
        }
        let count = Int((strategy.padding * Double(own.count)).rounded(.up))
        chosen = changes.sorted { ($0.sum, $0.feature) < ($1.sum, $1.feature) }.prefix(count).map(\.feature)
    }
}
