/// What probing costs the attacker and the defender.
extension ProbingAuthor {
    /// Over all of the case's campaigns; the action is about the newest one's pattern.
    func stakes(_ campaign: Campaign, _ entry: ProbingCase) -> IncidentStakes {
        let campaigns = watch.campaigns(of: entry.id)
        let first = campaigns.filter { $0.firstSuccessAt != nil }.min { ($0.firstSuccessAt ?? .max, $0.serial) < ($1.firstSuccessAt ?? .max, $1.serial) }
        var money = AmountSum()
        for one in campaigns { money.add(one.moneySince) }
        return IncidentStakes(
            attempts: first.map { .known(Double($0.triesToBypass)) } ?? .none(because: "no try has passed after one was stopped"),
            challenge: challengedShare(campaign).map { .atMost($0) } ?? .unknown(because: "no try has passed, so there is no pattern to challenge"),
            money: first == nil ? .known(0) : money.figure(of: "the tries that passed"), moneySince: first?.firstSuccessAt, sufficedAt: entry.detectedAt)
    }

    /// Of ordinary traffic, at most: the narrowest single feature of the pattern.
    private func challengedShare(_ campaign: Campaign) -> Double? { pattern(campaign).map(\.share).min() }

    func stakes(_ hub: FanOutHub, _ entry: ProbingCase) -> IncidentStakes {
        IncidentStakes(
            attempts: Self.attempts(hub.tries.count, passed: hub.tries.passed), challenge: .requests(hub.tries.count, since: hub.startedAt),
            money: hub.tries.passed == 0 ? .known(0) : hub.tries.money.figure(of: "the requests that passed"), moneySince: hub.startedAt,
            sufficedAt: entry.detectedAt)
    }

    /// What passes just below the threshold, beyond what usually does.
    static func stakes(_ cell: BoundaryCell, usual: Double, share: Double) -> IncidentStakes {
        IncidentStakes(
            attempts: attempts(cell.pressed + cell.stopped, passed: cell.pressed), challenge: .requests(cell.pressed, since: cell.startedAt),
            money: cell.money.figure(share > 0 ? 1 - usual / share : 0, of: "the requests just below the threshold"), moneySince: cell.startedAt)
    }

    /// Small amounts that passed, beyond what usually does.
    static func stakes(_ burst: AmountBurst, _ entry: ProbingCase) -> IncidentStakes {
        let share = Double(burst.small) / Double(max(1, burst.all))
        return IncidentStakes(
            attempts: attempts(burst.requests, passed: burst.passed), challenge: .requests(burst.small, since: burst.startedAt),
            money: burst.money.figure(share > 0 ? 1 - burst.usualShare / share : 0, of: "the requests that passed"), moneySince: burst.startedAt,
            sufficedAt: entry.detectedAt)
    }

    static func forgottenStakes(_ entry: ProbingCase) -> IncidentStakes {
        let reason = "its details gave way to newer ones: see the earlier revisions"
        return IncidentStakes(
            attempts: .none(because: reason), challenge: .unknown(because: reason), money: .none(because: reason), sufficedAt: entry.detectedAt)
    }

    /// Tries for each one that passed.
    private static func attempts(_ tries: Int64, passed: Int64) -> IncidentFigure {
        passed > 0 ? .known(Double(tries) / Double(passed)) : .none(because: "no try has passed")
    }
}
