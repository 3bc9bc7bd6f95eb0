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
        print("Useful: an allow that keeps half of the stopped request's own values or more.\n")
        print("| what he does | detected | of those with a useful allow | queries until then (median) | useful allows before (median) | queries | accounts | days |")
        print("|---|---|---|---|---|---|---|---|")
        var chosen: [(name: String, features: [Int])] = []
        for (place, strategy) in AdaptiveStrategy.all.enumerated() {
            var results: [Result] = []
            for run in 0..<options.runs {
                let random = SeededGenerator(options.seed &* 1_000_003 &+ UInt64(place * 1_000 + run))
                let idle = strategy.padsIdle ? try IdleFeatures(strategy, file: file, model: model, isBoolean: isBoolean, random: random).chosen : []
                if strategy.padsIdle { chosen.append((strategy.name, idle)) }
                var attacker = AdaptiveAttacker(strategy, file: file, model: model, isBoolean: isBoolean, idle: idle, random: random)
                try attacker.run()
                results.append(try measure(attacker, known))
            }
            print(Self.row(strategy, results))
        }
        printChosen(chosen)
    }

    /// Which features the attackers padded who chose those that matter least, and how many of them each.
    private func printChosen(_ chosen: [(name: String, features: [Int])]) {
        print("\nFeatures that matter least to the model, and how many attackers padded them:\n")
        for (name, attackers) in Dictionary(grouping: chosen, by: \.name).sorted(by: { $0.key < $1.key }) {
            let counts = Dictionary(attackers.flatMap(\.features).map { ($0, 1) }, uniquingKeysWith: +).sorted { ($1.value, $0.key) < ($0.value, $1.key) }
            print("- \(name): " + counts.map { "\(file.features[$0.key]) \($0.value)" }.joined(separator: ", "))
        }
    }

    private struct Result {
        var detectedAt: Int?
        var hasSuccess: Bool
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
        // As in ``AttackOutcome``: a record that names him, also in an incident of the stream's own fraud, whose evidence is older than he is.
        let page = pages.first { $0.names(ids) }
        let detectedAt = page.map { page in own.count { $0.time <= (known.contains(page.fingerprint) ? page.emittedAt : page.sufficedAt) } }
        let useful = attacker.successes.filter { $0 < detectedAt ?? .max }.count
        return Result(
            detectedAt: detectedAt, hasSuccess: !attacker.successes.isEmpty, usefulBefore: useful, queries: attacker.queries.count, accounts: attacker.accounts,
            days: Double(own[own.count - 1].time - own[0].time) / 86_400_000)
    }

    private static func row(_ strategy: AdaptiveStrategy, _ results: [Result]) -> String {
        func median(_ values: [Double]) -> String { values.isEmpty ? "–" : Text.number(values.sorted()[values.count / 2], 1) }
        let found = results.compactMap(\.detectedAt), useful = results.filter(\.hasSuccess)
        let cells = [
            strategy.name, "\(found.count) of \(results.count)", "\(useful.count { $0.detectedAt != nil }) of \(useful.count)",
            median(found.map(Double.init)), median(results.map { Double($0.usefulBefore) }),
            median(results.map { Double($0.queries) }), median(results.map { Double($0.accounts) }), median(results.map(\.days)),
        ]
        return "| " + cells.joined(separator: " | ") + " |"
    }
}
