import Foundation
import VedetteCore
import VedetteRuntime

/// False alerts where nothing changes.
///
/// One line per part and seed goes to the file of `--results`, as soon as it is measured; what stands
/// there is not measured again, so a run can be stopped and gone on with.
struct Quiet {
    private let options: MeasureOptions
    private let seeds: Int
    private static let days = 30
    /// Of history, before alerts of the whole program count.
    private static let learningDays = 14
    private static let programPerDay = 43_200

    private enum Part: String, CaseIterable {
        case slices
        /// Every limit on the effect removed, so that only the evidence holds alerts back.
        case evidence
        case program

        var description: String {
            let rate = Int(SliceTraffic.perSecond)
            switch self {
            case .slices: return "10,000 slices at \(rate) decisions/s; score_drift, decision_share and outcome_rate of a day"
            case .evidence: return "the same, every limit on the effect removed"
            case .program:
                return "all default monitors, 15 features, 5 slices, the whole program, \(String(format: "%.2f", Double(Quiet.programPerDay) / 86_400)) decisions/s"
            }
        }
    }

    /// One part and seed.
    private struct Result {
        var months: Double
        var fired: Int
        /// Those of P0 and P1.
        var paged: Int
        /// Slices with enough decisions, and with enough labels, for a window's judgement.
        var judged: (decisions: Int, labels: Int)

        var text: String { "\(months)\t\(fired)\t\(paged)\t\(judged.decisions)\t\(judged.labels)" }
    }

    init(_ options: MeasureOptions) {
        self.options = options
        seeds = options.seeds ?? (options.isFull ? 20 : 2)
    }

    func run() throws {
        let pool = try Pool(data: options.data, size: 20_000)
        var known = try read()
        for seed in 1...seeds {
            for part in Part.allCases where known["\(part.rawValue)\t\(seed)"] == nil {
                let result = try measure(part, pool, UInt64(seed))
                known["\(part.rawValue)\t\(seed)"] = result
                if let path = options.results { try append("\(part.rawValue)\t\(seed)\t\(result.text)\n", to: path) }
            }
        }
        print("Stationary streams resampled from \(pool.source); 30 days a seed after four weeks of history (two for the whole program).\n")
        print("| what | seeds | slices judged | firing | P0, P1 | false alerts a month | 95 % interval | budget |\n|---|---|---|---|---|---|---|---|")
        for part in Part.allCases { report(part, (1...seeds).compactMap { known["\(part.rawValue)\t\($0)"] }) }
    }

    private func measure(_ part: Part, _ pool: Pool, _ seed: UInt64) throws -> Result {
        var (events, pages): ([AlertEvent], Set<String>) = ([], [])
        func note(_ all: [AlertEvent]) {
            events = all.filter { $0.status == .firing }
            pages = Set(all.filter { $0.status != .resolved && $0.severity >= .p1 }.map { "\($0.fingerprint) \($0.episode)" })
        }
        var result = Result(months: Double(Self.days) / 30, fired: 0, paged: 0, judged: (5, 5))
        if part == .program {
            let stream = try SimulatedStream(pool, configuration: try Configurations.simulated(), seed: seed)
            for day in 0..<(Self.learningDays + Self.days) { try stream.feed(day: day, perDay: Self.programPerDay, fault: .none) }
            result.months = Double(Self.learningDays + Self.days) / 30
            note(stream.alerts)
        } else {
            var traffic = SliceTraffic(pool, seed: seed, isEvidenceOnly: part == .evidence)
            note(try traffic.run(days: Self.days))
            result.judged = traffic.judged
        }
        for event in events { log("\(part.rawValue), seed \(seed): \(event.severity.rawValue) \(event.summary) [\(event.control.method) p \(event.pValue)]") }
        (result.fired, result.paged) = (events.count, pages.count)
        return result
    }

    private func report(_ part: Part, _ results: [Result]) {
        guard let last = results.last else { return }
        let months = results.reduce(0) { $0 + $1.months }
        let fired = results.reduce(0) { $0 + $1.fired }
        let interval = PoissonInterval(count: fired)
        let number = { (value: Double) in String(format: "%.2f", value) }
        print(
            "| \(part.description) | \(results.count) | \(last.judged.decisions) by decisions, \(last.judged.labels) by labels "
                + "| \(fired) in \(number(months)) months | \(results.reduce(0) { $0 + $1.paged }) | \(number(Double(fired) / months)) "
                + "| \(number(interval.lower / months)) to \(number(interval.upper / months)) | 0.5 |")
    }

    private func read() throws -> [String: Result] {
        guard let path = options.results, FileManager.default.fileExists(atPath: path) else { return [:] }
        var known: [String: Result] = [:]
        for line in try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n") {
            let parts = line.split(separator: "\t")
            guard parts.count == 7, let months = Double(parts[2]), let fired = Int(parts[3]), let paged = Int(parts[4]), let a = Int(parts[5]), let b = Int(parts[6])
            else { throw MeasureFailure("\(path): expected lines of seven fields as this program writes them, found '\(line)'") }
            known["\(parts[0])\t\(parts[1])"] = Result(months: months, fired: fired, paged: paged, judged: (a, b))
        }
        return known
    }

    private func append(_ line: String, to path: String) throws {
        if !FileManager.default.fileExists(atPath: path) { try Data().write(to: URL(fileURLWithPath: path)) }
        guard let file = FileHandle(forWritingAtPath: path) else { throw MeasureFailure("\(path) can not be written") }
        try file.seekToEnd()
        try file.write(contentsOf: Data(line.utf8))
        try file.close()
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
