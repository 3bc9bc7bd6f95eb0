import Foundation
import VedetteCore

/// What goes wrong with the labels of a simulated stream from some day on.
enum LabelFault: CustomStringConvertible {
    case none
    /// One reporter sends this many labels in a day.
    case actorBurst(Int)
    /// All reporters together send this many times their labels, for one day.
    case sourceBurst(Double)
    /// Share of the reports that name a request that never was; 0.02 before.
    case orphans(Double)
    /// Share of the reports that the desk would not agree with; 0.08 before.
    case conflicts(Double)
    /// Share of the reported fraud of one country in eight that is called legit, growing over 60 days.
    case normalisation(Double)

    var description: String {
        switch self {
        case .none: "nothing"
        case .actorBurst(let count): "one actor sends \(count) labels in a day (1 before)"
        case .sourceBurst(let factor): "a source sends x \(factor) for a day"
        case .orphans(let share): "orphans 2 % to \(Int(100 * share)) %"
        case .conflicts(let share): "contradicted 8 % to \(Int(100 * share)) %"
        case .normalisation(let share): "\(Int(100 * share)) % of a country's fraud turned, over 60 days"
        }
    }

    /// The monitor that is there for it.
    var monitor: String {
        switch self {
        case .none: ""
        case .actorBurst, .sourceBurst: "label_burst"
        case .orphans: "label_orphans"
        case .conflicts: "label_conflicts"
        case .normalisation: "label_normalisation"
        }
    }
}

/// Borderline decisions and their labels, straight into a topology with the label monitors. Half of the scores pass, half are challenged.
///
/// 300 decisions a day (fewer at weekends) in eight countries and three channels. 300 reporters of low trust with log-normal volumes label
/// most of them; their days scatter more than Poisson (a gamma factor, standard deviation 0.3), they err on 8 % and name a request
/// that never was in 2 % (that factor again). A desk judges 60 reported decisions on weekdays; chargebacks come twice a week in files,
/// 15 to 60 days after the fraud. Countries differ in how often they are called legit (0.2 on the log-odds) and wander by 0.1 a year.
final class LabelTraffic: TopologySink {
    static let day: Int64 = 86_400_000
    static let countries = 8
    private static let base = [0.85, 0.75, 0.6, 0.45, 0.3, 0.2]
    private static let reporters = 300
    private static let hash = KeyedHash(k0: 3, k1: 4)

    private var topology: Topology!
    private let schema = EventSchema(models: ["payments"], features: [], dimensions: ["country", "channel"], entities: [])
    private var random: MeasureRandom
    private var volumes: [Double]
    private var offsets: [Double]
    private var decisions = 0
    private var labels = 0
    private var chargebacks: [Int64: [Int]] = [:]
    private(set) var alerts: [(monitor: String, subject: String, at: Int64)] = []

    var wantsWindows: Bool { false }
    func window(_ result: WindowResult, at: Int64) {}
    func breaker(_ record: BreakerRecord, at: Int64) {}
    func late(_ record: LateRecord, at: Int64) {}
    func alert(_ event: AlertEvent, at: Int64) {
        if event.status == .firing { alerts.append((event.monitor, event.subject ?? event.slice.text, at)) }
    }

    init(seed: UInt64) {
        var random = MeasureRandom(seed: seed)
        volumes = (0..<Self.reporters).map { _ in exp(0.8 * random.normal()) }
        offsets = (0..<Self.countries).map { _ in 0.2 * random.normal() }
        self.random = random
        let team = Team(name: "team")
        var configuration = TopologyConfiguration(
            application: "labels", schema: schema, models: [ModelSpec(name: "payments", owner: team, security: team, features: [], importantFeatures: [])], windows: [])
        let rule = LabelIntegrityRule()
        configuration.detectors = [
            DetectorSpec(id: "label_burst", rule: .labelBurst(rule)), DetectorSpec(id: "label_orphans", rule: .labelOrphans(rule)),
            DetectorSpec(id: "label_conflicts", rule: .labelConflicts(rule)), DetectorSpec(id: "label_normalisation", rule: .labelNormalisation(rule)),
            DetectorSpec(id: "label_canary", rule: .labelCanary(rule)), DetectorSpec(id: "label_poisoning", rule: .labelPoisoning(rule)),
        ]
        var chargebacks = LabelSource(pipeline: "chargebacks", tier: 3)
        chargebacks.rights.outcomes = [.fraud]
        configuration.labelSources = [LabelSource(pipeline: "reports", tier: 1), LabelSource(pipeline: "desk", tier: 3), chargebacks]
        configuration.join.pendingTTLMs = Self.day
        configuration.nowcast.isEnabled = false
        configuration.panes.levels = [.init(sizeMs: 3_600_000, keepMs: 2 * Self.day), .init(sizeMs: Self.day, keepMs: 120 * Self.day)]
        topology = Topology(configuration: configuration, hash: Self.hash, store: EmptyRowStore(), sink: self)
        for stream in [StreamKind.decisions, .labels] { _ = topology.addPartition(InputPartition(stream: stream, source: "labels", number: 0)) }
    }

    /// One day, with a fault that began so many days ago (negative: not yet).
    func run(day: Int64, fault: LabelFault = .none, age: Int64 = -1) throws {
        let weekday = day % 7 < 5
        let start = day * Self.day
        let made = DecisionBatch(schema: schema, partition: 0), said = LabelBatch(partition: 1)
        for place in offsets.indices { offsets[place] += 0.1 / 365.0.squareRoot() * random.normal() }
        let surge = gamma(11), strangeness = gamma(11)
        var reported: [Report] = []
        let count = random.poisson((weekday ? 320 : 250) * surge)
        for index in 0..<count { reported.append(report(index, of: count, start, fault, age, made)) }
        for one in reported {
            let isOrphan = random.uniform() < min(1, orphanShare(fault, age) * strangeness)
            say(isOrphan ? -decisions - labels : one.request, one.isLegit, "reports", "r\(one.reporter)", one.time + 600_000, said)
        }
        burst(fault, age, start, reported, made, said)
        if weekday {
            for one in reported.prefix(60) { say(one.request, one.isTrulyLegit, "desk", "desk-1", one.time + 1_200_000, said) }
        }
        for one in reported where !one.isTrulyLegit && random.uniform() < 0.1 {
            // In the file of a Tuesday or a Friday.
            let due = day + 15 + Int64(random.below(45))
            chargebacks[due + [1, 0, 2, 1, 0, 3, 2][Int(due % 7)], default: []].append(one.request)
        }
        for (place, request) in (chargebacks.removeValue(forKey: day) ?? []).enumerated() {
            say(request, false, "chargebacks", "issuer", start + 3 * 3_600_000 + Int64(place), said)
        }
        if made.count > 0 { topology.ingest(.decisions(made)) }
        if said.count > 0 { topology.ingest(.labels(said)) }
        topology.punctuate(0, watermark: start + Self.day)
        topology.punctuate(1, watermark: start + Self.day)
        try topology.advance()
    }

    private struct Report {
        var request: Int
        var reporter: Int
        var time: Int64
        var isTrulyLegit: Bool
        var isLegit: Bool
    }

    private func report(_ index: Int, of count: Int, _ start: Int64, _ fault: LabelFault, _ age: Int64, _ batch: DecisionBatch) -> Report {
        let stratum = random.below(6), country = random.below(Self.countries)
        let time = start + Int64(index) * (20 * 3_600_000 / Int64(max(1, count)))
        decide((Double(stratum) + random.uniform()) / 12 + 0.5, country, time, batch)
        let odds = Self.base[stratum] / (1 - Self.base[stratum]) * exp(offsets[country])
        let isTrulyLegit = random.uniform() < odds / (1 + odds)
        var slip = 0.08, turned = 0.0
        if age >= 0 {
            if case .conflicts(let share) = fault { slip = share }
            if case .normalisation(let share) = fault, country == 0 { turned = share * min(1, Double(age) / 60) }
        }
        var isLegit = random.uniform() < slip ? !isTrulyLegit : isTrulyLegit
        if !isLegit, random.uniform() < turned { isLegit = true }
        return Report(request: decisions - 1, reporter: reporter(), time: time, isTrulyLegit: isTrulyLegit, isLegit: isLegit)
    }

    private func orphanShare(_ fault: LabelFault, _ age: Int64) -> Double {
        if age >= 0, case .orphans(let share) = fault { share } else { 0.02 }
    }

    private func burst(_ fault: LabelFault, _ age: Int64, _ start: Int64, _ reported: [Report], _ made: DecisionBatch, _ said: LabelBatch) {
        guard age == 0 else { return }
        var more = 0, name: String?
        if case .actorBurst(let count) = fault { (more, name) = (count, "r0") }
        if case .sourceBurst(let factor) = fault { more = Int(Double(reported.count) * (factor - 1)) }
        for _ in 0..<more {
            decide(0.6, random.below(Self.countries), start + 21 * 3_600_000, made)
            say(decisions - 1, random.uniform() < 0.5, "reports", name ?? "r\(reporter())", start + 21 * 3_600_000 + 600_000, said)
        }
    }

    /// By volume.
    private func reporter() -> Int {
        // Two candidates, the louder one as often as its share of the two.
        let a = random.below(Self.reporters), b = random.below(Self.reporters)
        return random.uniform() * (volumes[a] + volumes[b]) < volumes[a] ? a : b
    }

    /// Mean 1, standard deviation 1 / sqrt(shape).
    private func gamma(_ shape: Int) -> Double { (0..<shape).reduce(0.0) { sum, _ in sum - log(1 - random.uniform()) } / Double(shape) }

    // MARK: Rows

    private func id(_ number: Int) -> RequestID { withUnsafeBytes(of: Int64(number)) { Self.hash.hash128($0) } }

    private func decide(_ score: Double, _ country: Int, _ time: Int64, _ batch: DecisionBatch) {
        batch.offset.append(Int64(decisions))
        batch.time.append(time)
        batch.requestID.append(id(decisions))
        batch.requestText.append(Self.text("q\(decisions)", &batch.text))
        batch.model.append(0)
        batch.version.append(Self.text("v1", &batch.text))
        batch.score.append(min(1, score))
        batch.decision.append((score < 0.75 ? Decision.allow : .challenge).rawValue)
        batch.latencyMs.append(.nan)
        batch.amount.append(.nan)
        batch.signals.append(SignalUse.unknown.rawValue)
        batch.signalSet.append(0)
        batch.cost.append(.nan)
        batch.status.append(RequestStatus.unknown.rawValue)
        batch.explorationProbability.append(.nan)
        batch.action.append(.none)
        batch.override.append(.none)
        batch.thresholdChallenge.append(1)
        batch.thresholdBlock.append(.nan)
        batch.contentHash.append(UInt64(decisions))
        batch.dimensions.append(Self.text("c\(country)", &batch.text))
        batch.dimensions.append(Self.text(["app", "web", "desk"][decisions % 3], &batch.text))
        decisions += 1
    }

    private func say(_ request: Int, _ isLegit: Bool, _ pipeline: String, _ actor: String, _ time: Int64, _ batch: LabelBatch) {
        batch.offset.append(Int64(labels))
        batch.time.append(time)
        batch.requestID.append(id(request))
        batch.requestText.append(Self.text("q\(request)", &batch.text))
        batch.outcome.append((isLegit ? Outcome.legit : .fraud).rawValue)
        batch.kind.append(.none)
        batch.pipeline.append(Self.text(pipeline, &batch.text))
        batch.actor.append(Self.text(actor, &batch.text))
        batch.conditions.append(.none)
        batch.decisionTime.append(.min)
        batch.samplingWeight.append(.nan)
        labels += 1
    }

    private static func text(_ text: String, _ bytes: inout Column<UInt8>) -> TextRef {
        let start = bytes.count
        for byte in text.utf8 { bytes.append(byte) }
        return TextRef(offset: UInt32(start), length: UInt32(bytes.count - start))
    }
}
