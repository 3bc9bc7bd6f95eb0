/// A label of a decision as panes count it: what is the same in all of them, found once.
struct CountedLabel {
    let outcome: Outcome
    let tier: UInt8
    let kind: Int32
    /// Sampling weight, in thousandths.
    let weight: Int64
    let decision: Decision
    /// Of the decision's score, as ``ScoreSketch/unit(of:)`` has it.
    let scoreUnit: Int32
    let amount: Money
    /// Probability of being let through; 0 where the decision states none.
    let exploration: Float
    /// From the decision to the label, ms.
    let delayMs: Int64
    let age: LabelAges.Place?

    init(_ label: LabelEntry, decision: Decision, score: Double, amount: Money, exploration: Float = 0, delayMs: Int64) {
        outcome = label.outcome
        tier = label.tier
        kind = label.kind
        weight = label.weight
        self.decision = decision
        scoreUnit = ScoreSketch.unit(of: score)
        self.amount = amount
        self.exploration = exploration
        self.delayMs = delayMs
        age = LabelAges.Place(label.outcome, delayMs: delayMs)
    }

    init(_ label: LabelEntry, of row: borrowing DecisionRow) {
        self.init(
            label, decision: row.decision, score: row.score, amount: row.amount, exploration: row.exploration, delayMs: label.time - row.time)
    }
}
