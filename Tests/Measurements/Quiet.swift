import Foundation
import VedetteCore
import VedetteRuntime

/// False alerts where nothing changes.
struct Quiet {
    private let options: MeasureOptions
    private let seeds: Int
    private static let days = 30

    init(_ options: MeasureOptions) {
        self.options = options
        seeds = options.seeds ?? (options.isFull ? 20 : 2)
    }

    func run() throws {
        let pool = try Pool(data: options.data, size: 20_000)
        print("Stationary streams resampled from \(pool.source); \(seeds) seeds of \(Self.days) days after four weeks of history.\n")
        print("| what | firing | a month | 95 % interval | budget |\n|---|---|---|---|---|")
        for isEvidenceOnly in [false, true] {
            var fired = 0
            var judged = (0, 0)
            for seed in 1...seeds {
                var traffic = SliceTraffic(pool, seed: UInt64(seed), isEvidenceOnly: isEvidenceOnly)
                let events = try traffic.run(days: Self.days)
                fired += events.count
                judged = traffic.judged
                for event in events { log("seed \(seed): \(event.severity.rawValue) \(event.summary) [\(event.control.method) p \(event.pValue)]") }
            }
            let what = isEvidenceOnly ? "the same, every limit on the effect removed" : "10,000 slices at 50 decisions/s, score_drift and outcome_rate of a day"
            report("\(what) (\(judged.0) and \(judged.1) slices have enough rows)", fired)
        }
        var fired = 0
        for seed in 1...max(1, seeds / 2) {
            let stream = try SimulatedStream(pool, configuration: try Configurations.simulated(), seed: UInt64(seed))
            for day in 0..<(14 + Self.days) { try stream.feed(day: day, perDay: 21_600, fault: .none) }
            for event in stream.alerts where event.status == .firing {
                fired += 1
                log("seed \(seed): \(event.severity.rawValue) \(event.summary) [\(event.control.method) p \(event.pValue)]")
            }
        }
        report("all default monitors, 15 features, the whole program, 0.25 decisions/s", fired, months: Double(max(1, seeds / 2)) * Double(14 + Self.days) / 30)
    }

    private func report(_ what: String, _ fired: Int, months: Double? = nil) {
        let months = months ?? Double(seeds)
        let interval = PoissonInterval(count: fired)
        let number = { (value: Double) in String(format: "%.2f", value) }
        print("| \(what) | \(fired) in \(number(months)) months | \(number(Double(fired) / months)) | \(number(interval.lower / months)) to \(number(interval.upper / months)) | 0.5 |")
    }
}

func log(_ line: String) { FileHandle.standardError.write(Data((line + "\n").utf8)) }

/// Exact (Garwood 1936): the means at which so few and so many have a chance of 2.5 %.
struct PoissonInterval {
    var lower: Double
    var upper: Double

    init(count: Int) {
        lower = count == 0 ? 0 : Self.solve { mean in 1 - Self.atMost(count - 1, mean) > 0.025 }
        upper = Self.solve { mean in Self.atMost(count, mean) < 0.025 }
    }

    private static func atMost(_ count: Int, _ mean: Double) -> Double {
        var (term, sum) = (exp(-mean), exp(-mean))
        guard count > 0 else { return sum }
        for k in 1...count {
            term *= mean / Double(k)
            sum += term
        }
        return sum
    }

    private static func solve(_ isAbove: (Double) -> Bool) -> Double {
        var (low, high) = (0.0, 600.0)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if isAbove(middle) { high = middle } else { low = middle }
        }
        return high
    }
}
