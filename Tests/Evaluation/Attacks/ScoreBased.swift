import Foundation

/// Attacks that see the score of every query.
extension AttackOracle {
    private func normal() -> Double { (-2 * log(1 - random.uniform())).squareRoot() * cos(2 * Double.pi * random.uniform()) }

    /// Ilyas et al., ICML 2018: the gradient by antithetic pairs of small Gaussian steps, then a step down.
    func nes() throws {
        var point = space.point(seed.features)
        let sigma = 0.02
        while true {
            var slope = [Double](repeating: 0, count: point.count)
            for _ in 0..<6 {
                let step = point.map { _ in normal() }
                let up = try ask(at: zip(point, step).map { $0 + sigma * $1 }).score
                let down = try ask(at: zip(point, step).map { $0 - sigma * $1 }).score
                for index in slope.indices { slope[index] += (up - down) * step[index] }
            }
            point = zip(point, slope).map { min(1, max(0, $0 - 0.04 * ($1 > 0 ? 1 : $1 < 0 ? -1 : 0))) }
        }
    }

    /// Guo et al., ICML 2019: one coordinate at a time, up or down, kept when the score falls.
    func simBA() throws {
        var point = space.point(seed.features)
        var score = try ask(at: point).score
        while true {
            let place = Int(random.uniform() * Double(point.count))
            for step in [0.08, -0.08] {
                var next = point
                next[place] = min(1, max(0, next[place] + step))
                let now = try ask(at: next).score
                if now < score {
                    (point, score) = (next, now)
                    break
                }
            }
        }
    }

    /// Chen et al., AISec 2017: symmetric differences of one coordinate by a hundredth, then a step of that coordinate.
    func zoo() throws {
        var point = space.point(seed.features)
        while true {
            let place = Int(random.uniform() * Double(point.count))
            var (up, down) = (point, point)
            up[place] += 0.01
            down[place] -= 0.01
            let difference = try ask(at: up).score - ask(at: down).score
            point[place] = min(1, max(0, point[place] - (difference > 0 ? 0.05 : difference < 0 ? -0.05 : 0.02)))
        }
    }

    /// After Andriushchenko et al., ECCV 2020: a random block of features is set up or down, kept when the score falls.
    func square() throws {
        var point = space.point(seed.features)
        var score = try ask(at: point).score
        var share = 0.5
        while true {
            var next = point
            for place in next.indices where random.uniform() < share { next[place] = min(1, max(0, next[place] + (random.uniform() < 0.5 ? 0.15 : -0.15))) }
            let now = try ask(at: next).score
            if now < score { (point, score) = (next, now) }
            share = max(0.12, share * 0.98)
        }
    }
}
