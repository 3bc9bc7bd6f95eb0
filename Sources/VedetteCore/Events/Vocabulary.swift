/// What the decision service did with a request.
public enum Decision: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    case allow, challenge, block, escalate, log

    public var description: String {
        switch self {
        case .allow: "allow"
        case .challenge: "challenge"
        case .block: "block"
        case .escalate: "escalate"
        case .log: "log"
        }
    }

    /// Whether the decision put anything in the requester's way. `log` observes only.
    public var isIntervention: Bool { self == .challenge || self == .block || self == .escalate }
}

/// What the truth turned out to be. `withdrawn` takes back what its source said before.
public enum Outcome: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    case legit, fraud, withdrawn

    public var description: String {
        switch self {
        case .legit: "legit"
        case .fraud: "fraud"
        case .withdrawn: "withdrawn"
        }
    }
}

/// Whether a model declared that it decided on its score alone (`signals` in the record).
public enum SignalUse: UInt8, Sendable {
    case unknown, modelOnly, several
}

/// Whether the model answered, where the record says so (`status`).
public enum RequestStatus: UInt8, CaseIterable, Sendable, CustomStringConvertible {
    /// Nothing said, or a word that the mapping does not know.
    case unknown
    case ok
    /// The model did not answer in time; the decision is a fallback.
    case timeout
    /// The model failed; the decision is a fallback.
    case error

    public var description: String {
        switch self {
        case .unknown: "unknown"
        case .ok: "ok"
        case .timeout: "timeout"
        case .error: "error"
        }
    }

    /// What a record can say.
    public static let stated: [RequestStatus] = [.ok, .timeout, .error]
}

/// The state of one feature in one decision. `absent` and `null` both count as missing.
public enum FeatureState: UInt8, Sendable {
    case absent, null, wrongType, number, boolean, category
}

/// The kind a feature is declared to have; a value of another kind is `wrongType`.
public enum FeatureKind: String, CaseIterable, Sendable {
    case number, boolean, category
}

/// The kinds of input, in the order in which records of one time take effect. The raw values are a format.
public enum StreamKind: UInt8, Sendable, CaseIterable {
    case decisions, labels, control
}
