import VedetteCore

/// Writes decisions and labels as the JSON lines of `schemas/decision.schema.json` and `schemas/label.schema.json`.
struct SimulatedLines: Sendable {
    private let population: Population
    private let seed: UInt64
    private let modelJSON: [UInt8]
    private let carriesDecisionTime: Bool

    /// Room for a decision; a longer model name only makes the buffer grow.
    private static let decisionBytes = 1024
    private static let labelBytes = 256

    init(_ options: SimulationOptions, population: Population) {
        self.population = population
        seed = options.seed
        carriesDecisionTime = options.labelsCarryDecisionTime
        let name = SimulatedLine.quoted(options.modelName)
        let version = SimulatedLine.quoted(options.modelVersion)
        modelJSON = Array(",\"model\":{\"name\":".utf8) + name + Array(",\"version\":".utf8) + version + Array("},\"score\":".utf8)
    }

    /// 64 bits, unique for each number: a bijection of it. Orphans have numbers that no decision has.
    func requestWord(_ sequence: UInt64, isOrphan: Bool) -> UInt64 {
        let number = isOrphan ? sequence | 1 << 63 : sequence
        return SimulationRandom.mix(number ^ SimulationRandom.mix(seed))
    }

    /// The request ID: 16 hexadecimal digits.
    func key(_ sequence: UInt64, isOrphan: Bool = false) -> [UInt8] {
        var line = SimulatedLine(reservingCapacity: 16)
        line.hex(requestWord(sequence, isOrphan: isOrphan), digits: 16)
        return line.bytes
    }

    func decision(_ facts: DecisionFacts, stampedMs: Int64) -> [UInt8] {
        var line = SimulatedLine(reservingCapacity: Self.decisionBytes)
        line.raw("{\"request_id\":\"")
        line.hex(requestWord(facts.sequence, isOrphan: false), digits: 16)
        line.raw("\",\"time\":")
        line.time(stampedMs)
        line.raw(modelJSON)
        line.fixed(facts.scoreMicros, decimals: 6)
        line.raw(",\"decision\":")
        switch facts.decision {
        case .block: line.raw("\"block\"")
        case .challenge: line.raw("\"challenge\"")
        default: line.raw("\"allow\"")
        }
        line.raw(",\"threshold\":{\"challenge\":")
        line.fixed(DecisionFacts.challengeMicros, decimals: 6)
        line.raw(",\"block\":")
        line.fixed(DecisionFacts.blockMicros, decimals: 6)
        line.raw("},\"features\":{")
        features(facts, &line)
        line.raw("},\"amount\":")
        line.fixed(facts.amountCents, decimals: 2)
        entities(facts, &line)
        slices(facts, &line)
        line.raw(",\"latency_ms\":")
        line.fixed(facts.latencyMicros, decimals: 3)
        line.raw(facts.usesRules ? ",\"signals\":[\"model\",\"rules\"]}" : ",\"signals\":[\"model\"]}")
        return line.bytes
    }

    private func features(_ facts: DecisionFacts, _ line: inout SimulatedLine) {
        var isFirst = true
        // Writes the name; false where there is no value to follow.
        func begin(_ feature: SimulatedFeature, _ name: StaticString) -> Bool {
            if facts.absents & feature.bit != 0 { return false }
            if !isFirst { line.byte(0x2C) }
            isFirst = false
            line.raw(name)
            if facts.nulls & feature.bit == 0 { return true }
            line.raw("null")
            return false
        }
        if begin(.amount, "\"amount\":") { line.fixed(facts.amountCents, decimals: 2) }
        if begin(.accountAgeDays, "\"account_age_days\":") { line.integer(facts.accountAgeDays) }
        if begin(.deviceAgeDays, "\"device_age_days\":") { line.fixed(facts.deviceAgeTenths, decimals: 1) }
        if begin(.emailRisk, "\"email_risk\":") { line.fixed(facts.emailRiskMicros, decimals: 6) }
        if begin(.ipRisk, "\"ip_risk\":") { line.fixed(facts.addressRiskMicros, decimals: 6) }
        if begin(.velocity1h, "\"velocity_1h\":") { line.integer(facts.velocity1h) }
        if begin(.velocity24h, "\"velocity_24h\":") { line.integer(facts.velocity24h) }
        if begin(.distanceKm, "\"distance_km\":") { line.fixed(facts.distanceTenths, decimals: 1) }
        if begin(.averageAmount30d, "\"avg_amount_30d\":") { line.fixed(facts.averageAmountCents, decimals: 2) }
        if begin(.failedLogins24h, "\"failed_logins_24h\":") { line.integer(facts.failedLogins) }
        if begin(.hourOfDay, "\"hour_of_day\":") { line.integer(facts.hourOfDay) }
        if begin(.isVPN, "\"is_vpn\":") { line.raw(facts.isVPN ? "true" : "false") }
        if begin(.cvvMatch, "\"cvv_match\":") { line.raw(facts.cvvMatch ? "true" : "false") }
        if begin(.billingMatch, "\"billing_match\":") { line.raw(facts.billingMatch ? "true" : "false") }
        if begin(.mcc, "\"mcc\":") { line.raw(population.categoryJSON[facts.category]) }
        if begin(.emailDomain, "\"email_domain\":") { line.raw(population.domainJSON[facts.domain]) }
    }

    private func entities(_ facts: DecisionFacts, _ line: inout SimulatedLine) {
        line.raw(",\"entities\":{\"user\":\"u")
        line.digits(UInt(facts.user), atLeast: 1)
        line.raw("\",\"device\":\"d")
        line.hex(facts.device, digits: 10)
        line.raw("\",\"ip\":\"")
        line.digits(UInt(facts.address >> 24), atLeast: 1)
        line.byte(0x2E)
        line.digits(UInt(facts.address >> 16 & 0xFF), atLeast: 1)
        line.byte(0x2E)
        line.digits(UInt(facts.address >> 8 & 0xFF), atLeast: 1)
        line.byte(0x2E)
        line.digits(UInt(facts.address & 0xFF), atLeast: 1)
        line.raw("\",\"card\":\"k")
        line.hex(facts.card, digits: 12)
        line.raw("\",\"merchant\":\"m")
        line.digits(UInt(facts.merchant), atLeast: 5)
        line.raw("\"}")
    }

    private func slices(_ facts: DecisionFacts, _ line: inout SimulatedLine) {
        line.raw(",\"slices\":{\"country\":")
        line.raw(population.countryJSON[facts.country])
        line.raw(",\"channel\":")
        line.raw(population.channelJSON[facts.channel])
        line.raw(facts.isNew ? ",\"account_age\":\"new\",\"browser\":" : ",\"account_age\":\"known\",\"browser\":")
        line.raw(population.browserJSON[facts.browser])
        line.byte(0x7D)
    }

    func label(_ facts: LabelFacts, sequence: UInt64, stampedMs: Int64, decisionMs: Int64) -> [UInt8] {
        var line = SimulatedLine(reservingCapacity: Self.labelBytes)
        line.raw("{\"request_id\":\"")
        line.hex(requestWord(sequence, isOrphan: facts.isOrphan), digits: 16)
        line.raw("\",\"time\":")
        line.time(stampedMs)
        switch facts.outcome {
        case .legit: line.raw(",\"outcome\":\"legit\"")
        case .fraud: line.raw(",\"outcome\":\"fraud\"")
        case .withdrawn: line.raw(",\"outcome\":\"withdrawn\"")
        }
        switch facts.kind {
        case .chargeback: line.raw(",\"kind\":\"chargeback\"")
        case .manualReview: line.raw(",\"kind\":\"manual_review\"")
        case .userReport: line.raw(",\"kind\":\"user_report\"")
        case .confirmedIncident: line.raw(",\"kind\":\"confirmed_incident\"")
        }
        switch facts.source {
        case .issuerChargebacks:
            line.raw(",\"source\":{\"pipeline\":\"issuer-chargebacks\",\"actor\":\"issuer:")
            line.digits(UInt(facts.actor), atLeast: 2)
            line.raw("\",\"trust\":\"high\"}")
        case .reviewQueue:
            line.raw(",\"source\":{\"pipeline\":\"review-queue\",\"actor\":\"analyst:")
            line.digits(UInt(facts.actor), atLeast: 2)
            line.raw("\",\"trust\":\"medium\"}")
        case .appReports:
            line.raw(",\"source\":{\"pipeline\":\"app-reports\",\"actor\":\"customer\",\"trust\":\"low\"}")
        }
        if carriesDecisionTime {
            line.raw(",\"decision_time\":")
            line.time(decisionMs)
        }
        line.byte(0x7D)
        return line.bytes
    }
}
