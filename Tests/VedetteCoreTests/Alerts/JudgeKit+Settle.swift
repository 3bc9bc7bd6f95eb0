import VedetteCore

extension Judge {
    /// One round by itself: what is said of it at its end.
    mutating func evaluate(_ round: EvaluationRound) -> [AlertEvent] {
        consider(round)
        return settle(at: round.end)
    }

    /// Several monitors' rounds of one boundary, settled together.
    mutating func evaluate(_ rounds: [EvaluationRound], at boundary: Int64) -> [AlertEvent] {
        for round in rounds { consider(round) }
        return settle(at: boundary)
    }

    mutating func recheckNow(_ round: EvaluationRound, at time: Int64) -> [AlertEvent] {
        recheck(round, at: time)
        return settle(at: time)
    }
}

extension IncidentBook {
    /// Where the model's traffic plays no part: a thousand decisions since whenever.
    mutating func take(_ report: IncidentReport, at boundary: Int64) -> AlertEvent? { take(report, at: boundary) { _, _ in 1_000 } }
}

extension Judge {
    mutating func settle(_ reports: [IncidentReport], _ book: inout IncidentBook, at boundary: Int64) -> [AlertEvent] {
        settle(reports, &book, at: boundary) { _, _ in 1_000 }
    }
}
