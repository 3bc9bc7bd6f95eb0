import VedetteCore

/// What a label says and who says it.
struct LabelFacts: Equatable {
    enum Source: UInt8 { case issuerChargebacks, reviewQueue, appReports }
    enum Kind: UInt8 { case chargeback, manualReview, userReport, confirmedIncident }

    var outcome: Outcome
    var kind: Kind
    var source: Source
    /// Number of the issuer or analyst.
    var actor: UInt8
    /// The ID belongs to no decision.
    var isOrphan = false
}

/// A label and how long after its decision it is stamped, milliseconds.
struct TimedLabel {
    var facts: LabelFacts
    var afterMs: Int64
    var role: SimulatedRole
}

/// Draws the truth about a decision, and when each source gets to know it.
struct LabelDraw: Sendable {
    private let seed: UInt64
    private let medianMs: Double
    private let legitShare: Double

    init(_ options: SimulationOptions) {
        seed = options.seed
        medianMs = Double(options.labelDelayMedianMs)
        legitShare = options.legitLabelShare
    }

    private static let minDelayMs = 1000.0
    /// Spread of the lognormal delays, natural logarithm.
    private static let delaySigma = 0.75
    private static let analysts = 12
    private static let issuers = 40

    /// The first label of a decision; nil for honest traffic that nobody looks at.
    ///
    /// Every fraud is labelled: chargebacks need a payment that went through, so blocked fraud
    /// comes from the review queue.
    func label(_ facts: DecisionFacts) -> TimedLabel? {
        var random = SimulationRandom(seed: seed, sequence: facts.sequence, purpose: .label)
        let lot = random.unit()
        guard facts.isFraud else {
            guard lot < legitShare else { return nil }
            // As slow as chargebacks: were they faster, the fraud rate among labels by arrival
            // would climb at the beginning of every stream.
            let label = LabelFacts(outcome: .legit, kind: .manualReview, source: .reviewQueue, actor: UInt8(random.below(Self.analysts)))
            return TimedLabel(facts: label, afterMs: delay(1, &random), role: .original)
        }
        if facts.decision == .block {
            let kind: LabelFacts.Kind = lot < 0.8 ? .manualReview : .confirmedIncident
            let label = LabelFacts(outcome: .fraud, kind: kind, source: .reviewQueue, actor: UInt8(random.below(Self.analysts)))
            return TimedLabel(facts: label, afterMs: delay(0.25, &random), role: .original)
        }
        if lot < 0.84 {
            let label = LabelFacts(outcome: .fraud, kind: .chargeback, source: .issuerChargebacks, actor: UInt8(random.below(Self.issuers)))
            return TimedLabel(facts: label, afterMs: delay(1, &random), role: .original)
        }
        if lot < 0.94 {
            let label = LabelFacts(outcome: .fraud, kind: .userReport, source: .appReports, actor: 0)
            return TimedLabel(facts: label, afterMs: delay(0.3, &random), role: .original)
        }
        let label = LabelFacts(outcome: .fraud, kind: .manualReview, source: .reviewQueue, actor: UInt8(random.below(Self.analysts)))
        return TimedLabel(facts: label, afterMs: delay(0.25, &random), role: .original)
    }

    /// What follows a label while labels are being corrected.
    func correction(of first: TimedLabel, sequence: UInt64) -> TimedLabel {
        var random = SimulationRandom(seed: seed, sequence: sequence, purpose: .correction)
        let lot = random.unit()
        var next = first
        let laterMs = Int64(60_000 + random.unit() * 0.5 * medianMs)
        next.afterMs = min(SimulationOptions.maxLabelDelayMs, first.afterMs + laterMs)
        let opposite: Outcome = first.facts.outcome == .fraud ? .legit : .fraud
        if lot < 0.35 {
            next.role = .repeated
        } else if lot < 0.60 {
            next.facts.outcome = opposite
            next.role = .changedLabel
        } else if lot < 0.80 {
            next.facts.outcome = opposite
            next.facts.kind = first.facts.source == .appReports ? .manualReview : .userReport
            next.facts.source = first.facts.source == .appReports ? .reviewQueue : .appReports
            next.facts.actor = 0
            next.role = .conflictingLabel
        } else if lot < 0.90 {
            next.facts.outcome = .withdrawn
            next.role = .withdrawnLabel
        } else {
            next.facts.isOrphan = true
            next.role = .orphanLabel
        }
        return next
    }

    private func delay(_ factor: Double, _ random: inout SimulationRandom) -> Int64 {
        let ms = medianMs * factor * SimulationMath.exp(Self.delaySigma * random.normal())
        return Int64(min(Double(SimulationOptions.maxLabelDelayMs), max(Self.minDelayMs, ms)))
    }
}
