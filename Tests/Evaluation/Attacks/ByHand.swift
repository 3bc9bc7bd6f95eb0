import Foundation

/// What fraudsters do without a library.
extension AttackOracle {
    private func seed(amount: Double) -> [Double] {
        var row = seed.features
        row[space.amount] = max(0.01, (amount * 100).rounded() / 100)
        if file(isWhole: space.amount) { row[space.amount] = max(1, amount.rounded()) }
        return row
    }

    private func file(isWhole feature: Int) -> Bool {
        seed.features[feature] == seed.features[feature].rounded() && honest.features[feature] == honest.features[feature].rounded()
    }

    /// Binary search for the largest amount that passes, then it is used a few times.
    @discardableResult
    func amountBisection(steps: Int = 12) throws -> Double {
        var (low, high) = (1.0, seed.features[space.amount])
        _ = try ask(seed(amount: high))
        for _ in 0..<steps {
            let middle = (low + high) / 2
            if try ask(seed(amount: middle)).isAllowed { low = middle } else { high = middle }
        }
        return low
    }

    func amountBisectionThenUse() throws {
        let found = try amountBisection()
        while true { _ = try ask(seed(amount: found * (0.98 + 0.02 * random.uniform()))) }
    }

    func successThenScale() throws {
        let found = try amountBisection(steps: 8)
        scaleStart = queryIDs.count
        while true { _ = try ask(seed(amount: found * (0.96 + 0.04 * random.uniform()))) }
    }

    /// Down from the seed's amount by a twelfth a step until it passes, then up again.
    func slowLadder() throws {
        var amount = seed.features[space.amount]
        while true { amount *= try ask(seed(amount: amount)).isAllowed ? 1.04 : 0.92 }
    }

    /// One feature from its smallest to its largest value.
    func featureSweep(steps: Int) throws {
        let place = Int(random.uniform() * Double(space.movable.count))
        var point = space.point(seed.features)
        for step in 0..<steps {
            point[place] = Double(step) / Double(steps - 1)
            _ = try ask(at: point)
        }
    }

    func gridSweep() throws {
        let first = Int(random.uniform() * Double(space.movable.count))
        let second = (first + 1 + Int(random.uniform() * Double(space.movable.count - 1))) % space.movable.count
        var point = space.point(seed.features)
        for row in 0..<10 {
            for column in 0..<10 {
                (point[first], point[second]) = (Double(row) / 9, Double(column) / 9)
                _ = try ask(at: point)
            }
        }
    }

    /// Small amounts on other people's cards: each with its owner's own history.
    /// - Parameter cards: how many there are; nil for another one in every query.
    func cardTesting(cards: Int?, smallest: Double) throws {
        var owners: [StreamRecord] = []
        var number = 0
        while true {
            let place = cards.map { Int(random.uniform() * Double($0)) } ?? number
            while owners.count <= place { owners.append(randomHonest()) }
            var row = owners[place].features
            row[space.amount] = smallest * (1 + 1.5 * random.uniform())
            row[space.amount] = file(isWhole: space.amount) ? row[space.amount].rounded() : (row[space.amount] * 100).rounded() / 100
            _ = try ask(row, user: place)
            number += 1
        }
    }
}
