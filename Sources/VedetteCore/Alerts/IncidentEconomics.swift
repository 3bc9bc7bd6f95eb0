/// A number that the stream tells, or why it tells none.
public enum IncidentFigure: Sendable, Equatable {
    case known(Double)
    /// A reason that a person can read, without a full stop.
    case none(because: String)

    public var value: Double? { if case .known(let value) = self { value } else { nil } }
    public var reason: String? { if case .none(let reason) = self { reason } else { nil } }

    func map(_ change: (Double) -> Double) -> IncidentFigure { if case .known(let value) = self { .known(change(value)) } else { self } }
}

/// What a detector knows of the price of its incident: what it costs the attacker to get through, and the defender to stop him or not.
public struct IncidentStakes: Sendable, Equatable {
    /// What the recommended action would challenge.
    public enum Challenge: Sendable, Equatable {
        /// The action is about labels: it stops no request.
        case nothing
        /// So many of the model's decisions since `since`, event time in ms.
        case requests(Int64, since: Int64)
        /// At most this share of the model's ordinary traffic, 0...1.
        case atMost(Double)
        case unknown(because: String)
    }

    /// Tries until one passed, where there are tries.
    public var attempts: IncidentFigure
    public var challenge: Challenge
    /// Amount, so far, of the decisions that the incident is about, without what is usual or within policy, currency units.
    public var money: IncidentFigure
    /// From when on that amount was counted, ms; nil for the start of the incident.
    public var moneySince: Int64?
    /// When the evidence sufficed, ms; nil for the boundary at which the incident is first reported.
    public var sufficedAt: Int64?

    public init(attempts: IncidentFigure, challenge: Challenge, money: IncidentFigure, moneySince: Int64? = nil, sufficedAt: Int64? = nil) {
        self.attempts = attempts
        self.challenge = challenge
        self.money = money
        self.moneySince = moneySince
        self.sufficedAt = sufficedAt
    }

    /// Of a monitor of labels: nobody tries to pass the model there, and nobody is stopped.
    static func labels(money: IncidentFigure, since: Int64? = nil) -> IncidentStakes {
        IncidentStakes(attempts: .none(because: "labels are no attempts to pass the model"), challenge: .nothing, money: money, moneySince: since)
    }
}

/// The price of an incident, as its alert tells it.
public struct IncidentEconomics: Sendable, Equatable {
    public var attemptsToBypass: IncidentFigure
    /// From the first trace to when it was found, ms of event time; fixed when the incident is first reported.
    public var timeToDetectMs: Int64
    /// Share of the model's traffic that the recommended action would challenge, 0...1.
    public var challengedShare: IncidentFigure
    /// The share is an upper bound.
    public var isShareBound: Bool
    /// Currency units, so far.
    public var moneyAtRisk: IncidentFigure
    /// The same for each hour, over one hour at least.
    public var moneyAtRiskPerHour: IncidentFigure

    private static let hourMs: Int64 = 3_600_000

    /// - Parameter decisions: of the incident's model since an event time, ms.
    package init(_ report: IncidentReport, timeToDetectMs: Int64, decisions: (_ since: Int64) -> Int64) {
        let stakes = report.stakes
        attemptsToBypass = stakes.attempts
        self.timeToDetectMs = timeToDetectMs
        isShareBound = false
        switch stakes.challenge {
        case .nothing: challengedShare = .known(0)
        case .requests(let count, let since):
            let all = decisions(since)
            challengedShare = all > 0 ? .known(min(1, Double(count) / Double(all))) : .none(because: "no decision of that time is kept any more")
        case .atMost(let share):
            challengedShare = .known(share)
            isShareBound = true
        case .unknown(let reason): challengedShare = .none(because: reason)
        }
        moneyAtRisk = stakes.money
        let elapsed = max(Self.hourMs, report.lastAt - (stakes.moneySince ?? report.startedAt))
        moneyAtRiskPerHour = stakes.money.map { $0 * Double(Self.hourMs) / Double(elapsed) }
    }

    /// What of it helps to decide, for the end of a line.
    var words: String {
        var text = ""
        if let share = challengedShare.value {
            text += share == 0
                ? "; the action challenges no request"
                : "; the action challenges \(isShareBound ? "at most " : "")\(AlertNumbers.percent(share)) of the model's traffic"
        }
        if let money = moneyAtRisk.value, let rate = moneyAtRiskPerHour.value {
            text += "; amounts of \(AlertNumbers.decimal(money)) at risk so far, \(AlertNumbers.decimal(rate)) an hour"
        }
        return text
    }
}
