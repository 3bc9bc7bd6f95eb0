import Foundation

/// Attacks that see only whether a query passed.
extension AttackOracle {
    private func mix(_ a: [Double], _ b: [Double], _ share: Double) -> [Double] { zip(a, b).map { $0 + ($1 - $0) * share } }
    private func normal() -> Double { (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * Double.pi * random.uniform()) }
    private func direction(_ size: Int) -> [Double] {
        let raw = (0..<size).map { _ in normal() }
        let length = raw.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return raw.map { $0 / max(length, 1e-12) }
    }
    private func distance(_ a: [Double], _ b: [Double]) -> Double { zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot() }

    /// The point nearest to `stopped` on the way to it from `passing` that still passes.
    private func bisect(_ passing: [Double], _ stopped: [Double], steps: Int = 7) throws -> [Double] {
        var (low, high) = (0.0, 1.0)
        for _ in 0..<steps {
            let middle = (low + high) / 2
            if try ask(at: mix(passing, stopped, middle)).isAllowed { low = middle } else { high = middle }
        }
        return mix(passing, stopped, low)
    }

    /// Chen, Jordan and Wainwright, S&P 2020: bisection to the boundary, its normal by votes of small steps, a step, again.
    func hopSkipJump() throws {
        let goal = space.point(seed.features)
        _ = try ask(at: goal)
        // From random points until one passes, as the library does.
        var start = space.point(honest.features)
        for _ in 0..<6 {
            let point = goal.map { _ in random.uniform() }
            if try ask(at: point).isAllowed {
                start = point
                break
            }
        }
        var best = try bisect(start, goal)
        for round in 0..<12 {
            let delta = 0.1 / Double(round + 1)
            var votes = [Double](repeating: 0, count: goal.count)
            for _ in 0..<16 {
                let step = direction(goal.count)
                let sign = try ask(at: zip(best, step).map { $0 + delta * $1 }).isAllowed ? 1.0 : -1
                for index in votes.indices { votes[index] += sign * step[index] }
            }
            let size = max(1e-9, votes.reduce(0) { $0 + $1 * $1 }.squareRoot())
            var length = distance(best, goal) / Double(round + 1).squareRoot()
            for _ in 0..<5 {
                let next = zip(best, votes).map { $0 + length * $1 / size }
                if try ask(at: next).isAllowed {
                    best = next
                    break
                }
                length /= 2
            }
            best = try bisect(best, goal)
        }
    }

    /// Brendel, Rauber and Bethge, ICLR 2018: a random walk along the boundary, drawn towards the goal.
    func boundaryWalk() throws {
        let goal = space.point(seed.features)
        _ = try ask(at: goal)
        var best = try bisect(space.point(honest.features), goal, steps: 5)
        var (along, towards) = (0.15, 0.1)
        while true {
            let far = distance(best, goal)
            let side = zip(best, direction(goal.count)).map { $0 + along * far * $1 }
            if try ask(at: side).isAllowed {
                let closer = mix(side, goal, towards)
                if try ask(at: closer).isAllowed {
                    (best, towards) = (closer, min(0.5, towards * 1.3))
                } else {
                    towards *= 0.7
                }
                along = min(0.5, along * 1.1)
            } else {
                along = max(0.01, along * 0.8)
            }
        }
    }

    /// Maho, Furon and Le Merrer, CVPR 2021: no gradient; random directions, and a search of the angle in their plane.
    func surFree() throws {
        let goal = space.point(seed.features)
        _ = try ask(at: goal)
        var best = try bisect(space.point(honest.features), goal)
        while true {
            let far = distance(best, goal)
            let out = zip(best, goal).map { ($0 - $1) / max(far, 1e-9) }
            var side = direction(goal.count)
            let part = zip(out, side).reduce(0) { $0 + $1.0 * $1.1 }
            side = zip(side, out).map { $0 - part * $1 }
            let length = max(1e-9, side.reduce(0) { $0 + $1 * $1 }.squareRoot())
            func at(_ angle: Double) -> [Double] {
                goal.indices.map { goal[$0] + far * cos(angle) * (cos(angle) * out[$0] + sin(angle) * side[$0] / length) }
            }
            guard let sign = try [0.3, -0.3].first(where: { try ask(at: at($0)).isAllowed }) else { continue }
            var (low, high) = (sign, sign * 4)
            for _ in 0..<4 {
                let middle = (low + high) / 2
                if try ask(at: at(middle)).isAllowed { low = middle } else { high = middle }
            }
            best = at(low)
        }
    }
}
