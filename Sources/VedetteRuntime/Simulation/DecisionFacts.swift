import VedetteCore

/// Whether a decision is the first one sent under its ID, or one that reuses the ID for something else.
enum DecisionVariant: UInt8 {
    case first, conflicting
}

/// Everything about one decision, before it becomes text. Numbers are scaled integers, as written.
struct DecisionFacts {
    var sequence: UInt64
    /// When the decision was taken, epoch milliseconds.
    var timeMs: Int64
    var country = 0
    var channel = 0
    var browser = 0
    var isNew = false
    var isFraud = false

    var user: UInt64 = 0
    var device: UInt64 = 0
    var card: UInt64 = 0
    var address: UInt32 = 0
    var merchant = 0
    var category = 0
    var domain = 0

    var amountCents = 0
    var accountAgeDays = 0
    var deviceAgeTenths = 0
    var emailRiskMicros = 0
    var addressRiskMicros = 0
    var velocity1h = 0
    var velocity24h = 0
    var distanceTenths = 0
    var averageAmountCents = 0
    var failedLogins = 0
    var hourOfDay = 0
    var isVPN = false
    var cvvMatch = true
    var billingMatch = true

    /// Features written as `null`, and features left out, as bits of ``SimulatedFeature``.
    var nulls: UInt32 = 0
    var absents: UInt32 = 0

    /// Score times 1e6, 0...1,000,000; the decision follows from this number.
    var scoreMicros = 0
    var decision = Decision.allow
    var latencyMicros = 0
    var usesRules = false

    /// Operating thresholds times 1e6.
    static let challengeMicros = 80_000
    static let blockMicros = 400_000
}

/// What a scenario does to one decision.
struct ScenarioEffects {
    var missing: UInt32 = 0
    var logitShift = 0.0
    /// Factor on the fraud probability.
    var fraudFactor = 1.0
    var isDropped = false
}
