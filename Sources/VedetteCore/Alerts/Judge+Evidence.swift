/// Which findings of a round to believe: overwhelming single windows, and evidence accumulated over many.
extension Judge {
    /// Faults older than this were seen long ago, or are the new normal; and references lie at least this far back.
    static let evidenceSpanMs: Int64 = 7 * 86_400_000

    /// Accumulated evidence speaks only for a window that shows something itself, too: p-value.
    static let presentLevel = 0.05

    /// The levels at which one monitor's rounds are tested.
    struct Levels: Sendable {
        /// Of Holm's procedure on the p-values of one round.
        var window: Double
        /// Of e-BH on the accumulated e-values, once per window that overlaps no earlier one.
        var accumulated: Double
        /// The budget behind them; nil where the configuration states a level of its own.
        var falseAlerts: Double?

        init(_ spec: MonitorSpec, _ window: WindowSpec, _ budget: PageBudget) {
            if let alpha = spec.alpha {
                self.window = alpha
                accumulated = min(0.05, alpha * max(1, Double(window.sizeMs) / Double(window.hopMs)))
            } else {
                self.window = budget.level(everyMs: window.hopMs)
                accumulated = budget.level(everyMs: window.sizeMs)
                falseAlerts = budget.falseAlerts
            }
        }
    }

    /// A ledger where one window after another may be multiplied: where no reference holds a window
    /// that was itself judged within the span. The previous window does; a fixed baseline is the
    /// same data each time, so its own error would be counted again and again.
    static func ledger(for spec: MonitorSpec, _ window: WindowSpec) -> EvidenceLedger? {
        guard case .sameHours = spec.reference, window.sizeMs * 2 <= evidenceSpanMs else { return nil }
        return EvidenceLedger(spanMs: evidenceSpanMs)
    }

    /// Marks the candidates that hold against all others.
    mutating func weigh(_ candidates: inout [Candidate], of round: EvaluationRound) {
        let rejected = HolmProcedure.rejected(candidates.map(\.finding.pValue), alpha: levels[round.monitor].window)
        accumulate(&candidates, of: round)
        for index in candidates.indices {
            candidates[index].isByWindow = rejected[index]
            candidates[index].isMet = candidates[index].finding.effectPassed && (rejected[index] || candidates[index].isByEvidence)
        }
    }

    private mutating func accumulate(_ candidates: inout [Candidate], of round: EvaluationRound) {
        guard var ledger = ledgers[round.monitor] else { return }
        // Held once, so that its table is changed in place.
        ledgers[round.monitor] = nil
        defer { ledgers[round.monitor] = ledger }
        // What is over speaks for nothing that comes by chance afterwards.
        let clearRatio = configuration.monitors[round.monitor].clearRatio
        for candidate in candidates where candidate.finding.isClear(clearRatio) { candidate.key.map { ledger.forget($0) } }
        if ledger.admits(start: round.start, end: round.end) {
            var keys: [RequestID] = []
            var logs: [Double] = []
            for candidate in candidates {
                guard let key = candidate.key, candidate.finding.pValue < 1 || ledger.entries[key] != nil else { continue }
                keys.append(key)
                logs.append(ledger.add(key, pValue: candidate.finding.pValue, end: round.end))
            }
            let believed = FalseDiscovery.eBH(logEValues: logs, level: levels[round.monitor].accumulated, count: max(1, candidates.count))
            ledger.believe(keys.indices.filter { believed[$0] }.map { keys[$0] })
            ledger.prune(at: round.end)
        }
        for index in candidates.indices {
            guard let key = candidates[index].key, let entry = ledger.entries[key] else { continue }
            candidates[index].logEValue = entry.logEValue
            candidates[index].windows = entry.windows
            candidates[index].isByEvidence = entry.isBelieved && candidates[index].finding.pValue <= Self.presentLevel
        }
    }

    /// What the alert says about it.
    func control(of candidate: Candidate, _ scene: Scene) -> AlertEvent.FalseDiscoveryControl {
        let levels = levels[scene.round.monitor]
        let isAccumulated = candidate.isByEvidence && !candidate.isByWindow
        var control = AlertEvent.FalseDiscoveryControl(
            method: isAccumulated ? "e_bh" : HolmProcedure.name, alpha: isAccumulated ? levels.accumulated : levels.window,
            tests: scene.candidates.count)
        control.logEValue = candidate.logEValue
        control.windows = isAccumulated ? max(1, candidate.windows) : 1
        control.falseAlertsPerMonth = levels.falseAlerts
        return control
    }
}
