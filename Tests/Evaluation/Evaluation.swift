import Foundation
import VedetteCore
import VedetteRuntime

/// The attacks of one truth file against one configuration.
struct Evaluation {
    private let options: EvaluationOptions
    private let mixed: StreamFile
    private let benign: StreamFile
    private let truth: AttackTruth
    private let configuration: VedetteConfiguration
    /// Ids of the benign stream's own fraud.
    private let fraud: Set<String>
    /// The attacks' queries by attack, in order of time.
    private let queries: [[StreamRecord]]
    private let directory: String

    init(_ options: EvaluationOptions) throws {
        self.options = options
        mixed = try StreamFile(path: options.mixed)
        benign = try StreamFile(path: options.benign)
        truth = try AttackTruth.read(options.truth)
        configuration = try Self.configuration(options, benign)
        fraud = try options.classes.map(Self.fraudIDs) ?? []
        let byID = Dictionary(mixed.records.map { ($0.id, $0) }) { first, _ in first }
        queries = truth.attacks.map { attack in attack.request_ids.compactMap { byID[$0] }.sorted { $0.time < $1.time } }
        directory = NSTemporaryDirectory() + "vedette-eval-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    /// The given configuration, or one derived from the data; with the probing detectors.
    static func configuration(_ options: EvaluationOptions, _ file: StreamFile) throws -> VedetteConfiguration {
        var configuration = try options.config.map { try ConfigurationLoader.load(path: $0).configuration } ?? DerivedConfiguration.make(from: file)
        if configuration.topology.detectors.isEmpty {
            configuration.topology.detectors = [DetectorSpec(id: "probing", rule: .probing(ProbingRule()))]
        }
        if let limit = options.minEvidence {
            configuration.topology.detectors = configuration.topology.detectors.map { spec in
                guard case .probing(var rule) = spec.rule else { return spec }
                rule.minEvidence = limit
                return DetectorSpec(id: spec.id, rule: .probing(rule), models: spec.models)
            }
        }
        if let salt = options.salt { configuration.secrets.hashKey = .literal(salt) }
        return configuration
    }

    private static func fraudIDs(_ path: String) throws -> Set<String> {
        var ids = Set<String>()
        let reader = try LineReaderLines(path)
        while let line = try reader.next() {
            let fields = line.split(separator: ",", omittingEmptySubsequences: false)
            if fields.count > 1, fields[1] == "1" { ids.insert(String(fields[0])) }
        }
        return ids
    }

    func run() throws {
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try report("all families", configuration)
        if options.ablation {
            for (name, variant) in try ablations() { try report(name, variant) }
        }
        if options.baselines { Baselines(benign: benign, attacks: Array(zip(truth.attacks, queries)), fraud: fraud).report() }
    }

    // MARK: One configuration

    private func report(_ name: String, _ configuration: VedetteConfiguration) throws {
        print("\n## \(name)\n")
        let quiet = try DetectorRun.replay(options.benign, configuration)
        printBenign(quiet)
        let together = try DetectorRun.replay(options.mixed, configuration)
        let inMixed = zip(truth.attacks, queries).map { AttackOutcome($0, times: $1.map(\.time), pages: together.pages, notices: together.notices) }
        if options.mixedOnly {
            AttackTable.print(inMixed, title: "in the mixed stream")
        } else {
            AttackTable.print(try alone(configuration, quiet), title: "each alone among the benign decisions")
            AttackTable.summarise(inMixed, title: "all at once in the mixed stream")
        }
    }

    private func alone(_ configuration: VedetteConfiguration, _ quiet: DetectorRun) throws -> [AttackOutcome] {
        let known = Set(quiet.pages.map(\.fingerprint))
        return try zip(truth.attacks, queries).map { attack, records in
            let path = "\(directory)/\(attack.id).jsonl"
            defer { try? FileManager.default.removeItem(atPath: path) }
            try StreamFile.write(Self.merge(benign.records, records).map(\.line), to: path)
            let run = try DetectorRun.replay(path, configuration)
            // An incident of the benign stream is not a detection, unless the attack's own requests are in it.
            let pages = run.pages.filter { page in !known.contains(page.fingerprint) || page.sampleRequestIDs.contains { attack.request_ids.contains($0) } }
            return AttackOutcome(attack, times: records.map(\.time), pages: pages, notices: run.notices)
        }
    }

    static func merge(_ a: [StreamRecord], _ b: [StreamRecord]) -> [StreamRecord] {
        var merged: [StreamRecord] = []
        merged.reserveCapacity(a.count + b.count)
        var other = b[...]
        for record in a {
            while let next = other.first, next.time < record.time { merged.append(other.removeFirst()) }
            merged.append(record)
        }
        return merged + other
    }

    private func printBenign(_ run: DetectorRun) {
        let decisions = Double(benign.records.count)
        let days = Double((benign.records.last?.time ?? 0) - (benign.records.first?.time ?? 0)) / 86_400_000
        let incidents = Dictionary(grouping: run.alerts.filter { $0.isRaised && $0.severity >= .p2 }, by: \.fingerprint)
        func isFraud(_ alerts: [AlertEvent]) -> Bool {
            let samples = Set(alerts.flatMap(\.sampleRequestIDs))
            return samples.filter(fraud.contains).count * 2 >= max(1, samples.count)
        }
        print("benign stream: \(benign.records.count) decisions, \(Text.number(days, 1)) days, \(Text.number(run.seconds, 2)) s")
        for severity in [Severity.p0, .p1, .p2] {
            let group = incidents.values.filter { $0.map(\.severity).max() == severity }
            let own = group.filter(isFraud).count
            let count = group.count - own
            print(
                "  \(severity.rawValue): \(count) false incident(s), \(Text.number(Double(count) / decisions * 1e6, 1)) per million decisions, "
                    + "\(Text.number(Double(count) / max(days, 1e-9), 3)) per day; \(own) on the stream's own fraud")
        }
        for alerts in incidents.values.sorted(by: { $0[0].emittedAt < $1[0].emittedAt }) {
            print("    \(alerts[alerts.count - 1].severity.rawValue), \(alerts[0].monitor), \(isFraud(alerts) ? "fraud" : "false"): \(alerts[alerts.count - 1].summary)")
        }
    }

    /// Each family alone: the others' limits are out of reach. Then all but the one that asks who is new.
    private func ablations() throws -> [(String, VedetteConfiguration)] {
        var variants = ProbingFamily.allCases.map { family in ("only \(family.rawValue)", variant(family.alone)) }
        variants.append(("all but fan-out (no incident begins because a device, address or card was not seen before)", variant(ProbingFamily.fanOut.left)))
        // Fan-out can open no incident then, but still adds requests to those of others. Without entities it has nothing to look at.
        if options.config == nil {
            var nameless = benign
            nameless.entities = []
            variants.append(("without entities (nothing can ask whether a device, address or card was seen before)", try Self.configuration(options, nameless)))
        }
        return variants
    }

    private func variant(_ change: (ProbingRule) -> ProbingRule) -> VedetteConfiguration {
        var variant = configuration
        variant.topology.detectors = configuration.topology.detectors.map { spec in
            guard case .probing(let rule) = spec.rule else { return spec }
            return DetectorSpec(id: spec.id, rule: .probing(change(rule)), models: spec.models)
        }
        return variant
    }
}

/// What can be measured alone.
enum ProbingFamily: String, CaseIterable {
    case declined = "campaigns with declined or near-threshold tries"
    case quiet = "campaigns that were never declined"
    case slow = "the slow drip"
    case fanOut = "fan-out"
    case smallAmounts = "small amounts"
    case boundary = "boundary pressure"

    private static let never = 1e12

    func alone(_ rule: ProbingRule) -> ProbingRule { Self.allCases.filter { $0 != self }.reduce(rule) { $1.left($0) } }

    /// The others: its own limit is out of reach.
    func left(_ rule: ProbingRule) -> ProbingRule {
        var rule = rule
        switch self {
        case .declined: rule.minEvidence = Self.never
        case .quiet: rule.minQuietEvidence = Self.never
        case .slow: rule.minSlowEvidence = Self.never
        case .fanOut: rule.minFanOutEvidence = Self.never
        case .smallAmounts: rule.minSmallAmountEvidence = Self.never
        case .boundary: rule.minBoundaryEvidence = Self.never
        }
        return rule
    }
}
