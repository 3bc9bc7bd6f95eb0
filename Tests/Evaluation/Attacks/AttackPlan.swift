/// Which identities an attacker changes from one query to the next.
enum IdentityRotation: String, CaseIterable {
    case none, user, device, address, all
    /// Every query under the user, device and address of another honest request of the stream: nothing is ever new.
    case stolen
}

/// What else he does to stay unseen.
struct AttackDisguise: Equatable {
    /// Share of the features that are filled from a random honest request, anew in every query.
    var padding = 0.0
    /// Honest requests that he sends himself between two queries.
    var honest = 0
    /// Queries a day; nil for one every few seconds to minutes.
    var perDay: Double?
}

/// The kinds of attack that are generated, in two halves.
///
/// Detectors may be built and their limits set with the tuning half at hand. The hold-out half is other kinds, on
/// another period of the data with other seeds, and is run to report.
enum AttackKind: String, CaseIterable {
    // Tuning.
    case hopSkipJump = "HopSkipJump (decision-based)"
    case simBA = "SimBA (score-based)"
    case amountBisection = "binary search on the amount"
    case featureSweep = "sweep of one feature"
    case cardTestingHub = "card testing, one terminal of cards"
    case slowLadder = "amount ladder, one try a day for four weeks"
    // Hold-out.
    case boundaryWalk = "boundary attack (decision-based)"
    case surFree = "SurFree-like (decision-based)"
    case nes = "NES (score-based)"
    case zoo = "ZOO-like, tiny steps (score-based)"
    case square = "random blocks of features (score-based)"
    case gridSweep = "grid sweep of two features"
    case cardTestingFew = "card testing, five cards"
    case cardTestingSpread = "card testing, a card and small amount each"
    case successThenScale = "success, then 150 near copies"
    case slowSweep = "sweep, two tries a day for four weeks"
    case slowBoundary = "boundary attack, three tries a day for four weeks"

    static let tuning: [AttackKind] = [.hopSkipJump, .simBA, .amountBisection, .featureSweep, .cardTestingHub, .slowLadder]
    static let holdOut: [AttackKind] = allCases.filter { !tuning.contains($0) }

    var perDay: Double? {
        switch self {
        case .slowLadder: 1
        case .slowSweep: 2
        case .slowBoundary: 3
        default: nil
        }
    }

    /// Queries at most.
    var budget: Int {
        switch self {
        case .slowLadder: 26
        case .slowSweep: 52
        case .slowBoundary: 78
        case .amountBisection: 20
        case .featureSweep: 30
        case .successThenScale: 162
        case .cardTestingHub, .cardTestingFew, .cardTestingSpread: 80
        default: 200
        }
    }

    /// Attacks that move what a person can move and keep the account's own counters.
    var isByHand: Bool {
        switch self {
        case .hopSkipJump, .simBA, .boundaryWalk, .surFree, .nes, .zoo, .square, .slowBoundary: false
        default: true
        }
    }

    var isCardTesting: Bool { self == .cardTestingHub || self == .cardTestingFew || self == .cardTestingSpread }
}
