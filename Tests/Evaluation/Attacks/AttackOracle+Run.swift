extension AttackOracle {
    /// Sends the whole attack, until it ends or its budget is spent.
    /// - Parameter smallest: amount of a card test: about the least that honest requests have.
    func run(_ kind: AttackKind, smallest: Double) throws {
        do {
            switch kind {
            case .hopSkipJump: try hopSkipJump()
            case .simBA: try simBA()
            case .amountBisection: try amountBisectionThenUse()
            case .featureSweep: try featureSweep(steps: 30)
            case .slowSweep: try featureSweep(steps: 52)
            case .slowLadder: try slowLadder()
            case .boundaryWalk, .slowBoundary: try boundaryWalk()
            case .surFree: try surFree()
            case .nes: try nes()
            case .zoo: try zoo()
            case .square: try square()
            case .gridSweep: try gridSweep()
            case .cardTestingHub, .cardTestingSpread: try cardTesting(cards: nil, smallest: smallest)
            case .cardTestingFew: try cardTesting(cards: 5, smallest: smallest)
            case .successThenScale: try successThenScale()
            }
        } catch is Spent {}
    }
}
