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
    /// Whether a P2 names it, which pages nobody and is no detection.
    var isNoticed: Bool

    var isDetected: Bool { queriesAtAlert != nil }
    var isNoticedOnly: Bool { isNoticed && !isDetected }
    var isBeforeSuccess: Bool? { isSooner(queriesAtEvidence, than: attack.first_success) }
    var isBeforeHalfAmount: Bool? { isSooner(queriesAtEvidence, than: attack.first_success_half_amount) }
    var isBeforeScale: Bool? { isSooner(queriesAtEvidence, than: attack.scaleStart) }
    var isRecordBeforeScale: Bool? { isSooner(queriesAtAlert, than: attack.scaleStart) }

    /// Whether the query with this index was still to come when so many had been sent; nil where there is no such query,
    /// false where the number is nil: it never happened.
    private func isSooner(_ sent: Int?, than index: Int?) -> Bool? {
        guard let index else { return nil }
        return sent.map { $0 <= index } ?? false
    }

    /// - Parameters:
    ///   - times: of the attack's queries, ascending, ms.
    ///   - notices: P2 alerts of the same run.
    init(_ attack: Attack, times: [Int64], pages: [AlertEvent], notices: [AlertEvent]) {
        self.attack = attack
        let members = Set(attack.request_ids)
        isNoticed = notices.contains { $0.names(members) }
        for page in pages where page.names(members) {
            incidents.insert(page.fingerprint)
            monitors.insert(page.monitor)
            guard queriesAtAlert == nil else { continue }
            queriesAtAlert = times.filter { $0 < page.emittedAt }.count
            queriesAtEvidence = times.filter { $0 <= page.sufficedAt }.count
            delayMs = max(0, page.emittedAt - times[0])
        }
    }
}
