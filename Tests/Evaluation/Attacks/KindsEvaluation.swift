import Foundation
import VedetteCore
import VedetteRuntime

/// Generated attacks of many kinds, each alone among the benign decisions, under every rotation and disguise.
struct KindsEvaluation {
    /// A column of the table.
    private struct Variant {
        var name: String
        var rotation: IdentityRotation
        var disguise = AttackDisguise()
    }

    private static let variants: [Variant] = IdentityRotation.allCases.map { Variant(name: $0.rawValue, rotation: $0) } + [
        Variant(name: "all, a fifth padded", rotation: .all, disguise: AttackDisguise(padding: 0.2)),
        Variant(name: "all, 5 honest between", rotation: .all, disguise: AttackDisguise(honest: 5)),
    ]

    private let options: EvaluationOptions
    private let file: StreamFile
    private let configuration: VedetteConfiguration
    private let directory: String

    init(_ options: EvaluationOptions) throws {
        self.options = options
        file = try StreamFile(path: options.benign).cut(from: options.from, to: options.to)
        configuration = try Evaluation.configuration(options, file)
        directory = NSTemporaryDirectory() + "vedette-eval-kinds-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    func run() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        let model = BoostedSurrogate(file.records, features: file.features.count)
        let space = AttackSpace(file)
        let kinds = options.isHoldOut ? AttackKind.holdOut : AttackKind.tuning
        let quiet = try replay(file.records).pages
        let known = Set(quiet.map(\.fingerprint))
        print(
            "\n\(options.isHoldOut ? "hold-out" : "tuning") half, seed \(options.seed), \(options.runs) a cell; "
                + "\(file.records.count) benign decisions, \(known.count) incident(s) among them")
        print(
            "surrogate decides as the model in \(Text.number(100 * model.agreement.allowed, 1)) % of the allowed and "
                + "\(Text.number(100 * model.agreement.stopped, 1)) % of the stopped\n")
        print("| kind | " + Self.variants.map(\.name).joined(separator: " | ") + " |")
        print("|---" + String(repeating: "|---", count: Self.variants.count) + "|")
        let amounts = file.records.map { $0.features[space.amount] }.filter { !$0.isNaN }.sorted()
        let smallest = max(0.5, amounts[amounts.count / 100])
        var all: [AttackOutcome] = []
        for (row, kind) in kinds.enumerated() where "\(kind)".hasPrefix(options.kind) {
            var cells: [String] = []
            for (column, variant) in Self.variants.enumerated() {
                let outcomes = try (0..<options.runs).map { run -> AttackOutcome in
                    let seed = options.seed &* 1_000_003 &+ UInt64(row * 10_000 + column * 100 + run)
                    var disguise = variant.disguise
                    disguise.perDay = kind.perDay
                    let oracle = AttackOracle(kind, variant.rotation, disguise, file: file, model: model, space: space, seed: seed)
                    try oracle.run(kind, smallest: smallest)
                    return try measure(oracle, kind, variant, known)
                }
                all += outcomes
                let queries = outcomes.compactMap(\.queriesAtEvidence).sorted()
                cells.append("\(queries.count) of \(outcomes.count)" + (queries.isEmpty ? "" : ", \(queries[queries.count / 2])"))
                if options.isVerbose { outcomes.forEach { print(Self.line($0)) } }
            }
            print("| \(kind.rawValue) | " + cells.joined(separator: " | ") + " |")
        }
        AttackTable.summarise(all, title: "all of this half")
    }

    private static func line(_ outcome: AttackOutcome) -> String {
        "    \(outcome.attack.id): \(outcome.queriesAtEvidence.map { "at query \($0)" } ?? "missed") of \(outcome.attack.queries), "
            + "first allow \(Text.optional(outcome.attack.first_success)), "
            + "useful \(Text.optional(outcome.attack.first_success_half_amount)), \(outcome.incidents.count) incident(s) \(outcome.monitors.sorted())"
    }

    private func measure(_ oracle: AttackOracle, _ kind: AttackKind, _ variant: Variant, _ known: Set<String>) throws -> AttackOutcome {
        let note = oracle.scaleStart.map { "up to \(oracle.queryIDs.count - $0) near copies" }
        let attack = Attack(
            id: "\(kind) \(variant.name)", kind: kind.rawValue, identity: variant.rotation.rawValue, note: note, request_ids: oracle.queryIDs,
            first_success: oracle.firstSuccess, first_success_half_amount: oracle.firstUseful)
        let members = Set(oracle.queryIDs)
        let run = try replay(Evaluation.merge(file.records, oracle.sent.sorted { $0.time < $1.time }))
        let pages = run.pages.filter { page in !known.contains(page.fingerprint) || page.sampleRequestIDs.contains(where: members.contains) }
        return AttackOutcome(attack, times: oracle.sent.filter { members.contains($0.id) }.map(\.time), pages: pages, notices: run.notices)
    }

    private func replay(_ records: [StreamRecord]) throws -> DetectorRun {
        let path = directory + "/stream.jsonl"
        try StreamFile.write(records.map(\.line), to: path)
        return try DetectorRun.replay(path, configuration)
    }
}
