import VedetteCore

/// How one attack fared in one run.
struct AttackOutcome {
    var attack: Attack
    /// Queries of the attack sent when the evidence sufficed, and when the record went out; nil where it was missed.
    var queriesAtEvidence: Int?
    var queriesAtAlert: Int?
    /// From the attack's first query to the record, ms.
    var delayMs: Int64?
    /// Incidents that hold its requests.
    var incidents: Set<String> = []
    var monitors: Set<String> = []

    var isDetected: Bool { queriesAtAlert != nil }
    var isBeforeSuccess: Bool? { beats(attack.first_success) }
    var isBeforeHalfAmount: Bool? { beats(attack.first_success_half_amount) }
    var isBeforeScale: Bool? { beats(attack.scaleStart) }

    /// Whether the record was out before the query with this index was sent; nil where there is no such query.
    private func beats(_ index: Int?) -> Bool? {
        guard let index else { return nil }
        guard let queriesAtEvidence else { return false }
        return queriesAtEvidence <= index
    }

    /// - Parameters:
    ///   - times: of the attack's queries, ascending, ms.
    ///   - members: ids of its requests.
    init(_ attack: Attack, times: [Int64], pages: [AlertEvent]) {
        self.attack = attack
        let members = Set(attack.request_ids)
        for page in pages {
            let own = page.sampleRequestIDs.filter(members.contains).count
            guard own * 2 >= page.sampleRequestIDs.count, own > 0 else { continue }
            incidents.insert(page.fingerprint)
            monitors.insert(page.monitor)
            guard queriesAtAlert == nil else { continue }
            queriesAtAlert = times.filter { $0 < page.emittedAt }.count
            queriesAtEvidence = times.filter { $0 <= page.sufficedAt }.count
            delayMs = max(0, page.emittedAt - times[0])
        }
    }
}
