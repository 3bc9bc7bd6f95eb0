import VedetteCore

/// Draws decisions: who, from where, with which features, and what the model made of it.
///
/// Each latent feature is standard normal for honest traffic and shifted for fraud, so the
/// model's log-odds are the prior's plus the sum of `shift * z - shift^2 / 2`: the score is
/// the exact posterior, calibrated by construction, with an AUC near 0.91.
struct DecisionDraw: Sendable {
    let population: Population
    private let seed: UInt64
    private let startMs: Int64
    private let knownUsers: Int
    private let merchants: Int
    private let newUserShare: Double
    /// New accounts opened per millisecond of event time.
    private let openedPerMs: Double

    init(_ options: SimulationOptions) {
        population = Population(options)
        seed = options.seed
        startMs = options.startMs
        knownUsers = options.knownUsers
        merchants = options.merchants
        newUserShare = options.newUserShare
        openedPerMs = options.decisionsPerSecond * options.newUserShare / 3 / 1000
    }

    /// Fraud that a spike adds is half hidden: its features are shifted by this much of the usual.
    private static let hiddenFraudShift = 0.5
    /// Accounts that count as new at one time.
    private static let recentAccounts = 5000
    /// Devices that fraud rings share.
    private static let ringDevices = 400
    private static let addressChangeMs: Int64 = 14 * 86_400_000

    /// The generator of a decision, positioned before ``place``.
    func random(_ sequence: UInt64) -> SimulationRandom {
        SimulationRandom(seed: seed, sequence: sequence, purpose: .traffic)
    }

    /// The first part of the draw: the account and the slices it falls in. O(1).
    func place(_ sequence: UInt64, timeMs: Int64, _ random: inout SimulationRandom) -> DecisionFacts {
        var facts = DecisionFacts(sequence: sequence, timeMs: timeMs)
        facts.isNew = random.chance(newUserShare)
        if facts.isNew {
            let opened = UInt64(Double(max(0, timeMs - startMs)) * openedPerMs)
            facts.user = UInt64(knownUsers) + opened + UInt64(random.below(Self.recentAccounts))
        } else {
            // Squaring favours low numbers: a few accounts are much busier than most.
            let u = random.unit()
            facts.user = UInt64(u * u * Double(knownUsers))
        }
        let traits = SimulationRandom.mix(seed ^ SimulationRandom.mix(facts.user))
        facts.country = population.countryTable.pick(traits)
        facts.channel = population.channelTable.pick(random.next())
        facts.device = SimulationRandom.mix(traits &+ (random.chance(0.8) ? 1 : 2))
        facts.browser = facts.channel == 2 ? Population.noBrowser : population.browserTable.pick(facts.device)
        facts.card = SimulationRandom.mix(traits &+ (random.chance(0.85) ? 3 : 4))
        facts.domain = population.domainTable.pick(SimulationRandom.mix(traits &+ 5))
        return facts
    }

    /// The rest of the draw. O(1).
    func complete(_ facts: inout DecisionFacts, _ effects: ScenarioEffects, _ random: inout SimulationRandom) {
        let prior = population.priorIndex(country: facts.country, channel: facts.channel, isNew: facts.isNew)
        let fraudPrior = population.fraudPrior[prior]
        let lot = random.unit()
        facts.isFraud = lot < min(0.9, fraudPrior * effects.fraudFactor)
        let isAdded = facts.isFraud && lot >= fraudPrior
        let shiftScale = facts.isFraud ? (isAdded ? Self.hiddenFraudShift : 1) : 0
        if facts.isFraud, random.chance(0.3) {
            facts.device = SimulationRandom.mix(seed &+ 0x52_494E_4700 &+ UInt64(random.below(Self.ringDevices)))
        }
        locate(&facts, &random)

        var logit = population.priorLogit[prior] + effects.logitShift
        drawMissing(&facts, effects.missing, &random)
        drawNumbers(&facts, shiftScale, &logit, &random)
        drawFlags(&facts, shiftScale, &logit, &random)
        decide(&facts, logit, &random)
    }

    /// Address and merchant. Addresses are from the shared range 100.64.0.0/10, which belongs to nobody.
    private func locate(_ facts: inout DecisionFacts, _ random: inout SimulationRandom) {
        let period = UInt64(bitPattern: facts.timeMs / Self.addressChangeMs)
        let home = SimulationRandom.mix(facts.user &+ SimulationRandom.mix(seed &+ period))
        let lot = random.unit()
        let host: UInt64 =
            if lot < 0.75 { home } else if lot < 0.95 { SimulationRandom.mix(UInt64(facts.country * 64) + home % 64) } else { random.next() }
        facts.address = 0x6440_0000 | UInt32(truncatingIfNeeded: host) & 0x003F_FFFF
        let u = random.unit()
        facts.merchant = Int(u * u * u * Double(merchants))
        facts.category = population.categoryTable.pick(SimulationRandom.mix(seed ^ UInt64(facts.merchant) &+ 7))
    }

    /// Ordinary gaps in the data, and those of a scenario, half of them null and half left out.
    private func drawMissing(_ facts: inout DecisionFacts, _ missing: UInt32, _ random: inout SimulationRandom) {
        let word = random.next()
        if word & 0xFFFF < 1966 { facts.nulls |= SimulatedFeature.distanceKm.bit }  // 3 %
        if word >> 16 & 0xFFFF < 524 { facts.nulls |= SimulatedFeature.deviceAgeDays.bit }  // 0.8 %
        if word >> 32 & 0xFFFF < 328 { facts.absents |= SimulatedFeature.emailRisk.bit }  // 0.5 %
        if facts.isNew { facts.nulls |= SimulatedFeature.averageAmount30d.bit }
        if word >> 63 == 0 { facts.nulls |= missing } else { facts.absents |= missing }
        facts.nulls &= ~facts.absents
    }

    private func drawNumbers(_ facts: inout DecisionFacts, _ shiftScale: Double, _ logit: inout Double, _ random: inout SimulationRandom) {
        let missing = facts.nulls | facts.absents
        func latent(_ feature: SimulatedFeature) -> Double {
            let shift = feature.fraudShift
            let z = random.normal() + shift * shiftScale
            if missing & feature.bit == 0 { logit += shift * z - shift * shift / 2 }
            return z
        }
        let exp = SimulationMath.exp
        let amount = min(25_000, Population.typicalAmounts[facts.category] * exp(0.75 * latent(.amount)))
        facts.amountCents = max(1, Int(amount * 100))
        facts.deviceAgeTenths = Int(min(36_500, 10 * exp(4.3 + 1.3 * latent(.deviceAgeDays))))
        facts.emailRiskMicros = Int(1e6 * SimulationMath.logistic(1.1 * latent(.emailRisk) - 1.9))
        facts.addressRiskMicros = Int(1e6 * SimulationMath.logistic(1.0 * latent(.ipRisk) - 2.2))
        facts.velocity1h = Int(min(500, exp(0.25 + 0.7 * latent(.velocity1h))))
        facts.distanceTenths = Int(min(200_000, 10 * exp(2.2 + 1.5 * latent(.distanceKm))))
        facts.failedLogins = Int(min(100, exp(-0.9 + 0.9 * latent(.failedLogins24h))))
        facts.velocity24h = facts.velocity1h + Int(3 * random.exponential())
        facts.averageAmountCents = max(1, Int(Population.typicalAmounts[facts.category] * 100 * exp(0.4 * random.normal())))
        facts.accountAgeDays = facts.isNew ? random.below(30) : 30 + Int(min(7000, 600 * random.exponential()))
        facts.hourOfDay = Int((facts.timeMs / 3_600_000 % 24 + 24) % 24)
    }

    /// The probability of each flag for honest traffic and for fraud; its log-likelihood ratio enters the score.
    private func drawFlags(_ facts: inout DecisionFacts, _ shiftScale: Double, _ logit: inout Double, _ random: inout SimulationRandom) {
        let missing = facts.nulls | facts.absents
        func flag(_ feature: SimulatedFeature, _ honest: Double, _ fraud: Double, _ llrTrue: Double, _ llrFalse: Double) -> Bool {
            let value = random.chance(honest + (fraud - honest) * shiftScale)
            if missing & feature.bit == 0 { logit += value ? llrTrue : llrFalse }
            return value
        }
        // ln(fraud / honest) and ln((1 - fraud) / (1 - honest)).
        facts.isVPN = flag(.isVPN, 0.04, 0.18, 1.504077396776274, -0.157628944)
        facts.cvvMatch = flag(.cvvMatch, 0.985, 0.90, -0.090246878, 1.897119985)
        facts.billingMatch = flag(.billingMatch, 0.93, 0.75, -0.215111379, 1.272965676)
    }

    private func decide(_ facts: inout DecisionFacts, _ logit: Double, _ random: inout SimulationRandom) {
        facts.scoreMicros = Int((1e6 * SimulationMath.logistic(logit)).rounded())
        facts.decision = DecisionFacts.decision(scoreMicros: facts.scoreMicros)
        facts.usesRules = random.chance(facts.decision == .allow ? 0.06 : 0.3)
        facts.latencyMicros = Int(min(30_000_000, 18_000 * SimulationMath.exp(0.45 * random.normal())))
    }

    /// Makes the facts of an ID that is used a second time, for something else.
    func contradict(_ facts: inout DecisionFacts) {
        facts.amountCents = facts.amountCents * 2 + 1
        facts.scoreMicros = min(1_000_000, facts.scoreMicros + 150_000)
        facts.decision = DecisionFacts.decision(scoreMicros: facts.scoreMicros)
    }
}

extension DecisionFacts {
    static func decision(scoreMicros: Int) -> Decision {
        scoreMicros >= blockMicros ? .block : scoreMicros >= challengeMicros ? .challenge : .allow
    }
}
