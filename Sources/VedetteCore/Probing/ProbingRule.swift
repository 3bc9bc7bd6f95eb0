/// Settings of the probing detectors. The defaults need no tuning: what is normal is learned from the stream.
public struct ProbingRule: Sendable, Equatable {
    /// Decisions of a model before anything is said of it.
    public var warmUp: Int64 = 150
    /// Evidence (natural logarithm of an e-value) at which a campaign with declined or near-threshold tries is an incident, P1.
    ///
    /// By Markov's inequality a chance cluster reaches `x` with probability at most `exp(-x)`; see ``ScanEvidence``.
    public var minEvidence = 8.0
    /// Evidence at which a campaign that was hardly ever declined is an incident.
    public var minQuietEvidence = 18.0
    /// Evidence at which suspicious tries that keep coming back to one place over days and weeks are an incident.
    public var minSlowEvidence = 12.0
    /// Evidence at which one device, address or card over many accounts is an incident.
    public var minFanOutEvidence = 18.0
    /// Evidence at which mass just below a threshold is an incident.
    public var minBoundaryEvidence = 20.0
    /// Evidence at which many small amounts in a slice are an incident.
    public var minSmallAmountEvidence = 14.0
    /// Allowed requests after the first success at which a campaign is being industrialised, P0.
    public var scaleCount: Int64 = 25
    /// An incident without new tries for this long is over, ms of event time.
    public var quietMs: Int64 = 7 * 86_400_000
    /// Ordinary requests that a new one is compared with, per model.
    public var ordinaryMemory = 1_024
    /// Declined or near-threshold requests that a new one is compared with, per model.
    public var suspiciousMemory = 4_096
    /// Campaigns followed at once, per model.
    public var maxCampaigns = 512
    /// Entities followed for fan-out at once, per entity kind.
    public var maxEntities = 8_192

    public init() {}
}
