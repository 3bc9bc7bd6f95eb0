/// A kind of label that has its own delays: what was true, and what had been decided.
///
/// Blocked fraud is found by reviewers within days and passed fraud by the bank within weeks,
/// so early labels alone show a recall that is wrong. Hence streams by both.
package enum LabelStream: Int, CaseIterable, Sendable {
    case fraudPassed, fraudChallenged, fraudBlocked
    case legitPassed, legitChallenged, legitBlocked

    package static let count = 6
    static let fraud: [LabelStream] = [.fraudPassed, .fraudChallenged, .fraudBlocked]
    static let legit: [LabelStream] = [.legitPassed, .legitChallenged, .legitBlocked]

    /// Nil for a withdrawn label.
    package init?(_ outcome: Outcome, _ decision: Decision) {
        let action =
            switch decision {
            case .allow, .log: 0
            case .challenge, .escalate: 1
            case .block: 2
            }
        switch outcome {
        case .fraud: self = Self.fraud[action]
        case .legit: self = Self.legit[action]
        case .withdrawn: return nil
        }
    }

    package var isFraud: Bool { rawValue < 3 }
}

/// One number per ``LabelStream``.
package struct StreamCounts: Sendable, Equatable {
    private var values: InlineArray<6, Double>

    package init(repeating value: Double = 0) { values = InlineArray(repeating: value) }

    package subscript(stream: LabelStream) -> Double {
        get { values[stream.rawValue] }
        set { values[stream.rawValue] = newValue }
    }

    package static func == (a: StreamCounts, b: StreamCounts) -> Bool { LabelStream.allCases.allSatisfy { a[$0] == b[$0] } }

    func sum(_ streams: [LabelStream]) -> Double { streams.reduce(0) { $0 + self[$1] } }
}
