import Foundation
import VedetteCore
import VedetteRuntime

/// What it costs an attacker who knows the design to stay unseen.
struct AdaptiveEvaluation {
    private let options: EvaluationOptions
    private let file: StreamFile
    private let configuration: VedetteConfiguration

    init(_ options: EvaluationOptions) throws {
        self.options = options
        file = try StreamFile(path: options.benign)
        configuration = try Evaluation.configuration(options, file)
    }

    func run() throws {
        let model = BoostedSurrogate(file.records, features: file.features.count)
        let isBoolean = file.features.indices.map { index in file.records.prefix(2_000).allSatisfy { [0, 1].contains($0.features[index]) || $0.features[index].isNaN } }
        let known = Set(try DetectorRun.replay(options.benign, configuration).pages.map(\.fingerprint))
        print("surrogate model: \(file.records.count) benign decisions; \(options.runs) attackers per strategy, seed \(options.seed)\n")
        print("| what he does | detected | queries until then (median) | useful allows before (median) | queries | accounts | days |")
        print("|---|---|---|---|---|---|---|")
        for (place, strategy) in AdaptiveStrategy.all.enumerated() {
            var results: [Result] = []
            for run in 0..<options.runs {
                let seed = options.seed &* 1_000_003 &+ UInt64(place * 1_000 + run)
                var attacker = AdaptiveAttacker(strategy, file: file, model: model, isBoolean: isBoolean, random: SeededGenerator(seed))
                try attacker.run()
                results.append(try measure(attacker, known))
            }
            print(Self.row(strategy, results))
        }
    }

    private struct Result {
        var detectedAt: Int?
        var usefulBefore: Int
        var queries: Int
        var accounts: Int
        var days: Double
    }

    private func measure(_ attacker: AdaptiveAttacker, _ known: Set<String>) throws -> Result {
        let path = NSTemporaryDirectory() + "vedette-eval-adaptive-\(ProcessInfo.processInfo.processIdentifier).jsonl"
        defer { try? FileManager.default.removeItem(atPath: path) }
        try StreamFile.write(Evaluation.merge(file.records, attacker.queries).map(\.line), to: path)
        let own = attacker.queries.filter { $0.id.contains("-q") }
        let ids = Set(own.map(\.id))
        let pages = try DetectorRun.replay(path, configuration).pages
        let page = pages.first { page in !known.contains(page.fingerprint) && page.sampleRequestIDs.contains(where: ids.contains) }
        let detectedAt = page.map { page in own.filter { $0.time <= page.sufficedAt }.count }
        let useful = attacker.successes.filter { $0 < detectedAt ?? .max }.count
        return Result(
            detectedAt: detectedAt, usefulBefore: useful, queries: attacker.queries.count, accounts: attacker.accounts,
            days: Double(own[own.count - 1].time - own[0].time) / 86_400_000)
    }

    private static func row(_ strategy: AdaptiveStrategy, _ results: [Result]) -> String {
        func median(_ values: [Double]) -> String { values.isEmpty ? "–" : Text.number(values.sorted()[values.count / 2], 1) }
        let found = results.compactMap(\.detectedAt)
        let cells = [
            strategy.name, "\(found.count) of \(results.count)", median(found.map(Double.init)), median(results.map { Double($0.usefulBefore) }),
            median(results.map { Double($0.queries) }), median(results.map { Double($0.accounts) }), median(results.map(\.days)),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }
}
