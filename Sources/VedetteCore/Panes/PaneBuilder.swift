extension Pane {
    /// Fills a pane by hand, for tests and measurements. The topology fills its own from batches.
    public struct Builder {
        public let pane: Pane
        private let configuration: PaneConfiguration
        private static let hash = KeyedHash(secret: "pane builder")

        /// - Parameter features: how many the schema has, or 0 where features are not measured.
        public init(_ configuration: PaneConfiguration = PaneConfiguration(), features: Int = 0) {
            self.configuration = configuration
            pane = Pane(configuration, features: features)
        }

        /// Adds `count` equal decisions. Score in 0...1, latency in ms.
        public func addDecisions(_ count: Int = 1, _ decision: Decision = .allow, score: Double = 0, latencyMs: Double? = nil) {
            pane.decisions.add(decision, Int64(count))
            pane.scores.add(unit: ScoreSketch.unit(of: score), count: Int64(count))
            for _ in 0..<count {
                pane.score.add(score)
                guard let latencyMs else { continue }
                pane.latency.add(latencyMs)
                pane.latencies.add(latencyMs)
            }
        }

        /// Adds the states of one feature: `present` equal numbers, and decisions without it.
        public func addFeature(_ index: Int, present: Int = 0, value: Double = 0, absent: Int = 0, null: Int = 0, wrongType: Int = 0) {
            for _ in 0..<wrongType { pane.features[index].add(.wrongType, 0, text: Column(), hash: Self.hash) }
            for _ in 0..<present { pane.features[index].add(.number, value, text: Column(), hash: Self.hash) }
            for _ in 0..<absent { pane.features[index].add(.absent, 0, text: Column(), hash: Self.hash) }
            for _ in 0..<null { pane.features[index].add(.null, 0, text: Column(), hash: Self.hash) }
        }

        /// Adds decisions, already counted, that have an undeclared field.
        public func addUndeclared(_ field: UndeclaredField, count: Int) {
            if pane.undeclared == nil { pane.undeclared = UndeclaredCounts() }
            pane.undeclared?.add(field.place, Int64(count))
        }

        /// Adds `count` equal values of a category feature.
        public func addCategory(_ index: Int, _ name: String, count: Int = 1) {
            var text = Column<UInt8>()
            for byte in name.utf8 { text.append(byte) }
            let value = TextRef(offset: 0, length: UInt32(text.count)).packed
            for _ in 0..<count { pane.features[index].add(.category, value, text: text, hash: Self.hash) }
        }

        /// Adds what decisions, already counted, say of the signals behind them.
        public func addSignals(modelOnly: Int64, several: Int64) {
            pane.modelOnly += modelOnly
            pane.signalsKnown += modelOnly + several
        }

        /// Adds what records say of the model's answers, and `costs` requests that cost `cost` each.
        public func addOperations(ok: Int64 = 0, timeouts: Int64 = 0, errors: Int64 = 0, costs: Int = 0, cost: Double = 0) {
            if pane.operations == nil { pane.operations = Operations() }
            pane.operations?.add(ok: ok, timeouts: timeouts, errors: errors, costs: costs, each: cost)
        }

        /// Adds `count` labels of decisions of this pane (by decision time).
        public func addOutcomes(
            _ count: Int = 1, _ outcome: Outcome, decision: Decision = .allow, score: Double = 0, amount: Double = .nan, weight: Double = 1,
            delayMs: Int64 = 0
        ) {
            let labels = pane.madeOutcomes(scoreEntries: configuration.scoreEntries)
            let entry = LabelEntry(
                source: 0, time: 0, outcome: outcome, tier: 3, weight: Int64((weight * Double(LabelEntry.weightUnit)).rounded()))
            let label = CountedLabel(entry, decision: decision, score: score, amount: Money(amount), delayMs: delayMs)
            labels.ages.add(label.age, weight: label.weight, Int64(count))
            for _ in 0..<count { labels.outcomes.add(label) }
        }

        /// Adds `count` labels that arrived in this pane.
        public func addArrivals(_ count: Int = 1, _ outcome: Outcome, delayMs: Int64 = 0, weight: Double = 1) {
            let entry = LabelEntry(
                source: 0, time: delayMs, outcome: outcome, tier: 3, weight: Int64((weight * Double(LabelEntry.weightUnit)).rounded()))
            for _ in 0..<count { addArrival(entry) }
        }

        /// Adds a label that arrived in this pane, of a decision at the time 0, or takes it back with a count of -1.
        public func addArrival(_ label: LabelEntry, _ count: Int64 = 1) {
            let counted = CountedLabel(label, decision: .allow, score: 0, amount: .none, delayMs: label.time)
            _ = pane.addArrival(counted, source: 0, count)
        }

        /// Adds a label by inverse probability, or takes it back with a sign of -1.
        public func explore(_ label: LabelEntry, _ row: DecisionRow, sign: Int64 = 1) { pane.explore(CountedLabel(label, of: row), sign) }

        /// Adds the request ID of a decision, already counted with what it lacks, to the samples.
        ///
        /// - Parameters:
        ///   - missing: features that it lacks.
        ///   - wrongType: features that are of the wrong type in it.
        ///   - isFailure: the model did not answer.
        public func addSample(
            _ request: String, isFraud: Bool = false, missing: [Int] = [], wrongType: [Int] = [], isFailure: Bool = false
        ) {
            var text = request
            text.withUTF8 { text in
                let text = UnsafeRawBufferPointer(text)
                let id = Self.hash.hash128(text)
                pane.samples.insert(id, text: text)
                if isFraud { pane.fraudSamples.insert(id, text: text) }
                for feature in missing { pane.features[feature].sample(id, .null, text: text) }
                for feature in wrongType { pane.features[feature].sample(id, .wrongType, text: text) }
                if isFailure { pane.operations?.failedSamples.insert(id, text: text) }
            }
        }

        /// Takes back what ``addOutcomes(_:_:decision:score:amount:weight:delayMs:)`` added of one label.
        public func removeOutcome(_ outcome: Outcome, _ row: DecisionRow, weight: Double = 1) {
            let entry = LabelEntry(
                source: 0, time: 0, outcome: outcome, tier: 3, weight: Int64((weight * Double(LabelEntry.weightUnit)).rounded()))
            _ = pane.boxedOutcomes?.outcomes.remove(CountedLabel(entry, of: row))
        }

        /// Adds everything another pane has.
        public func merge(_ other: Pane) { pane.merge(other, configuration: configuration) }
    }
}
