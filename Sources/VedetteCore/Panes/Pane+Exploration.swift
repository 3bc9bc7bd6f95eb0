extension Pane {
    func addActed(_ row: DecisionRow) {
        if acted == nil { acted = ActedScores(scores.maxEntries) }
        acted?.add(row.decision, row.score)
    }

    /// Adds a label by inverse probability (`sign` 1) or takes it back (-1); before the label itself is counted.
    func explore(_ label: CountedLabel, _ sign: Int64) {
        if explored == nil {
            guard ExplorationOutcomes.isNeeded(label) else { return }
            explored = plainLabels
        }
        explored?.add(label, sign: sign)
    }

    /// What ``explored`` is while each label stands for itself.
    private var plainLabels: ExplorationOutcomes {
        boxedOutcomes.map { ExplorationOutcomes(fraud: $0.outcomes.fraud, legit: $0.outcomes.legit) } ?? ExplorationOutcomes()
    }

    func mergeActed(_ others: ContiguousArray<Pane>, _ configuration: PaneConfiguration) {
        let theirs = ContiguousArray(others.lazy.compactMap(\.acted))
        if !theirs.isEmpty {
            if acted == nil { acted = ActedScores(configuration.scoreEntries) }
            acted?.merge(theirs)
        }
        guard explored != nil || others.contains(where: { $0.explored != nil }) else { return }
        let own = explored ?? plainLabels
        for other in others { own.merge(other.explored ?? other.plainLabels) }
        explored = own
    }
}
