/// `policy_floor` and `single_signal`: decisions that policy forbids, and shares that it caps.
///
/// A floor needs no statistics: one decision that breaks it is a fact, and an incident. A cap
/// needs both a share above its bound and evidence that stays valid however often one looks
/// (``BernoulliEProcess``), in periods aligned to the epoch. Memory: a few hundred bytes per rule
/// and model. O(instructions of all rules) per decision. A decision under an ID that was used before breaks floors like any; in
/// shares it does not count.
struct PolicyDetector: StreamDetector {
    let detector: Int
    let set: PolicyRuleSet
    /// Per rule: what of it is asked of every decision.
    private let questions: ContiguousArray<Question>
    /// The same, to be asked without being counted. Safe: ``questions`` keeps them.
    private let asked: ContiguousArray<Unmanaged<Question>>
    /// Per model of the schema: whether it is watched.
    private let isWatched: [Bool]
    /// Rule-major: `rule * models + model`.
    private(set) var incidents: [PolicyIncident]
    private(set) var shares: [PolicyShare]
    /// Per model: decisions observed.
    private(set) var decisions: [Int64]

    /// What a rule asks of a decision: its programs, without the texts and bounds that a copy of the rule would count references of.
    private final class Question: Sendable {
        enum Answer {
            case none
            /// The decision breaks a floor, or may, where the condition is not known.
            case broken(PolicyVerdict)
            /// The decision is one of those of which a share is counted.
            case counted(Bool)
        }

        let isFloor: Bool
        private let condition: PolicyProgram
        private let missingBreaks: Bool
        /// Nothing asks for it where the rule is a floor.
        private let counted: PolicyProgram

        init(_ rule: PolicyRule) {
            isFloor = rule.cap == nil
            condition = rule.condition
            missingBreaks = rule.missingBreaks
            counted = rule.cap?.counted ?? rule.condition
        }

        func answer(_ batch: DecisionBatch, _ row: Int) -> Answer {
            let verdict = condition.evaluate(batch, row)
            guard verdict == .holds || (verdict == .unknown && missingBreaks) else { return .none }
            guard !isFloor else { return .broken(verdict) }
            switch counted.evaluate(batch, row) {
            case .holds: return .counted(true)
            case .fails: return .counted(false)
            case .unknown: return .none
            }
        }
    }

    private var models: Int { isWatched.count }

    init(detector: Int, set: PolicyRuleSet, models: [String], watched: [String]) {
        self.detector = detector
        self.set = set
        questions = ContiguousArray(set.rules.map(Question.init))
        asked = ContiguousArray(questions.map(Unmanaged.passUnretained))
        isWatched = models.map { watched.isEmpty || watched.contains($0) }
        incidents = Array(repeating: PolicyIncident(), count: set.rules.count * models.count)
        shares = set.rules.flatMap { rule in Array(repeating: PolicyShare(share: rule.cap?.share ?? 0.5), count: models.count) }
        decisions = Array(repeating: 0, count: models.count)
    }

    mutating func observe(_ decisions: Span<ObservedDecision>, _ names: ContiguousArray<Interner>) {
        for place in decisions.indices {
            let model = Int(decisions[place].row.model)
            guard isWatched[model] else { continue }
            if !decisions[place].isConflict { self.decisions[model] += 1 }
            answer(decisions[place].batch, decisions[place].index, model, isConflict: decisions[place].isConflict, at: decisions[place].effective)
        }
    }

    /// Field by field: a copy of a decision is as much work as all questions. A conflict breaks floors and counts in no share.
    private mutating func answer(_ batch: DecisionBatch, _ row: Int, _ model: Int, isConflict: Bool, at effective: Int64) {
        for index in asked.indices {
            let place = index * models + model
            switch asked[index]._withUnsafeGuaranteedRef({ isConflict && !$0.isFloor ? Question.Answer.none : $0.answer(batch, row) }) {
            case .none: break
            case .broken(let verdict): incidents[place].add(batch, row, isUntold: verdict == .unknown, at: effective)
            case .counted(let isOne): shares[place].add(isOne, batch, row)
            }
        }
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        var reports: [IncidentReport] = []
        for index in set.rules.indices {
            for model in 0..<models where isWatched[model] {
                let place = index * models + model
                if let cap = set.rules[index].cap {
                    reports += close(cap, set.rules[index], model, place, boundary)
                } else if let report = closeFloor(set.rules[index], model, place, boundary) {
                    reports.append(report)
                }
            }
        }
        return reports
    }

    private mutating func closeFloor(_ rule: PolicyRule, _ model: Int, _ place: Int, _ boundary: Int64) -> IncidentReport? {
        let incident = incidents[place]
        guard incident.isOpen else { return nil }
        var report = PolicyReports.floor(rule, incident, detector: detector, model: model, decisions: decisions[model])
        if boundary - incident.seenAt >= set.keepFiringForMs {
            report.phase = .closed(reason: "no decision broke it for \(AlertNumbers.duration(set.keepFiringForMs))")
            incidents[place] = PolicyIncident()
        }
        return report
    }

    private mutating func close(_ cap: PolicyCap, _ rule: PolicyRule, _ model: Int, _ place: Int, _ boundary: Int64) -> [IncidentReport] {
        // Rows up to the boundary belong to the period that the boundary ends or stands in.
        let period = floorDivide(boundary - 1, cap.periodMs) * cap.periodMs
        if shares[place].period == .min { shares[place].period = period }
        var reports: [IncidentReport] = []
        let state = shares[place]
        let isEnough = state.count >= cap.minCount
        let logLimit = -RealFunctions.log(cap.alpha)
        if isEnough, state.share > cap.share, state.evidence.logEValue >= logLimit {
            if !state.isOpen {
                shares[place].isOpen = true
                shares[place].startedAt = state.period
            }
            reports.append(PolicyReports.share(rule, cap, shares[place], detector: detector, model: model))
        }
        let ends = boundary >= shares[place].period + cap.periodMs
        guard ends else { return reports }
        // A period with too few decisions says nothing, and so ends nothing.
        if state.isOpen, isEnough, state.share <= cap.share {
            var report = PolicyReports.share(rule, cap, state, detector: detector, model: model)
            report.phase = .closed(reason: "\(AlertNumbers.percent(state.share)) in the period that ended, within the bound")
            reports.append(report)
            shares[place].isOpen = false
        }
        shares[place].start(period: floorDivide(boundary, cap.periodMs) * cap.periodMs, share: cap.share)
        return reports
    }

    func stands(_ identity: AlertIdentity) -> Bool {
        guard isWatched[identity.model], let index = set.rules.firstIndex(where: { $0.name == identity.subject }) else { return false }
        let place = index * models + identity.model
        guard let cap = set.rules[index].cap else { return identity.monitor == PolicyCap.Monitor.policyFloor.rawValue && incidents[place].isOpen }
        return identity.monitor == cap.monitor.rawValue && shares[place].isOpen
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: set.rules.count)
        writer.write(count: models)
        for count in decisions { writer.write(signed: count) }
        for (index, rule) in set.rules.enumerated() {
            writer.write(string: rule.name)
            writer.write(bool: rule.cap != nil)
            for place in index * models..<(index + 1) * models {
                if rule.cap == nil { incidents[place].encode(into: &writer) } else { shares[place].encode(into: &writer) }
            }
        }
    }

    /// Rules are found by name, so that a configuration with other rules still reads the rest.
    mutating func restore(from reader: inout ByteReader) throws {
        let rules = try reader.readCount()
        guard try reader.readCount() == models else { throw CorruptBytes(offset: reader.offset, expected: "\(models) models") }
        for model in 0..<models { decisions[model] = try reader.readSigned() }
        for _ in 0..<rules {
            let name = try reader.readString()
            let isCap = try reader.readBool()
            let index = set.rules.firstIndex { $0.name == name && ($0.cap != nil) == isCap }
            for model in 0..<models {
                if isCap {
                    let share = try PolicyShare(from: &reader)
                    guard let index, let cap = set.rules[index].cap else { continue }
                    shares[index * models + model] = share.evidence.rate == cap.share ? share : share.carried(to: cap.share)
                } else {
                    let incident = try PolicyIncident(from: &reader)
                    if let index { incidents[index * models + model] = incident }
                }
            }
        }
    }
}
