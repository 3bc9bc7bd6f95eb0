import VedetteCore

/// One record of the simulated stream, in the order in which a broker would have received it.
public struct SimulatedRecord: Sendable, Equatable {
    public var stream: StreamKind
    /// Event time of the record, epoch milliseconds; of a malformed line, the time around it.
    public var eventTimeMs: Int64
    /// When it is delivered, epoch milliseconds; never decreases over the stream.
    public var deliveryMs: Int64
    /// Number of the decision it is or belongs to; unique per decision.
    public var sequence: UInt64
    public var role: SimulatedRole
    /// The request ID in UTF-8, the Kafka key. Empty for a malformed line.
    public var key: [UInt8]
    /// One JSON object in UTF-8, without a line break (for a malformed line: anything but a line break).
    public var line: [UInt8]
}

/// Why the record is in the stream: the ground truth for tests.
public enum SimulatedRole: Sendable, Equatable {
    /// A decision, or the first label of a decision by its source.
    case original
    /// The same content again: no effect on any count but that of duplicates.
    case repeated
    /// A decision under an ID that is taken, with other content.
    case conflictingDecision
    /// A label that changes what the same source said before.
    case changedLabel
    /// A label from another source that contradicts the first.
    case conflictingLabel
    /// A label that takes back what its source said before.
    case withdrawnLabel
    /// A label whose decision never comes.
    case orphanLabel
    case malformed(MalformedKind)
}

/// The ways in which a line can be broken.
public enum MalformedKind: UInt8, CaseIterable, Sendable {
    case cutShort, notJSON, array, nanScore, scoreAsText, scoreAboveOne, hugeScore
    case emptyRequestID, noRequestID, nullTime, badTime, futureTime
    case unknownDecision, unknownModel, invalidUTF8, tooDeep, repeatedKey, longRequestID
    case labelWithoutOutcome, labelUnknownOutcome, labelCutShort

    public var stream: StreamKind {
        switch self {
        case .labelWithoutOutcome, .labelUnknownOutcome, .labelCutShort: .labels
        default: .decisions
        }
    }

    /// The reason that a decoder with the default mapping and limits must give.
    public var reason: RejectReason {
        switch self {
        case .cutShort, .notJSON, .array, .nanScore, .labelCutShort: .malformedJSON
        case .scoreAsText: .wrongType
        case .scoreAboveOne, .hugeScore: .outOfRange
        case .emptyRequestID, .noRequestID, .nullTime, .labelWithoutOutcome: .missingField
        case .badTime: .badTime
        case .futureTime: .futureTime
        case .unknownDecision, .labelUnknownOutcome: .unknownValue
        case .unknownModel: .unknownModel
        case .invalidUTF8: .invalidUTF8
        case .tooDeep: .tooDeep
        case .repeatedKey: .duplicateKey
        case .longRequestID: .stringTooLong
        }
    }
}
