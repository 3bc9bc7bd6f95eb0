import Testing
import VedetteCore

@Suite("Monitors of features")
struct FeatureMonitorTests {
    // MARK: feature_collapse

    @Test("A frozen number is found at once, few rows suffice, and the words name the constant")
    func frozenNumber() throws {
        var random = SeededRandom(seed: 1)
        let kit = MonitorKit(FeatureCollapseRule()) { $0.minCount = 20 }
        let reference = [MonitorKit.numbers(MonitorKit.amounts(4_000, &random))]
        let frozen = try #require(kit.finding("amount", MonitorKit.numbers(Array(repeating: 42, count: 30)), reference))
        #expect(frozen.effectPassed && frozen.value == 0 && frozen.pValue < 1e-20)
        #expect(frozen.severity == nil)
        let alert = try #require(kit.alert(Observation(model: 0, slice: SliceName(), current: MonitorKit.numbers(Array(repeating: 42, count: 30)), references: reference)))
        #expect(alert.summary.hasPrefix("feature_collapse: amount is constant at 42 in 30 decisions: standard deviation 0 against "))
        #expect(alert.severity == .p0 && alert.runbook == "runbooks/feature_collapse.md")
        let other = try #require(
            kit.finding("age", MonitorKit.numbers(Array(repeating: 42, count: 30), feature: 1), [MonitorKit.numbers(MonitorKit.amounts(4_000, &random), feature: 1)]))
        #expect(other.severity == .p2)
    }

    @Test("A window without the outliers of its reference, or with few rows, is no collapse")
    func noCollapse() throws {
        var random = SeededRandom(seed: 2)
        let kit = MonitorKit(FeatureCollapseRule()) { $0.minCount = 5 }
        // One value a million times the others makes the reference's variance.
        var heavy = MonitorKit.amounts(4_000, &random)
        heavy.append(40_000_000)
        let calm = try #require(kit.finding("amount", MonitorKit.numbers(MonitorKit.amounts(1_000, &random)), [MonitorKit.numbers(heavy)]))
        #expect(calm.effectPassed && calm.value < 0.001)
        #expect(calm.pValue > 0.01, "\(calm.pValue)")
        // A feature that is 0 in nine of ten: five zeros in a row are no news.
        let sparse = (0..<4_000).map { $0 % 10 == 0 ? Double($0) : 0 }
        let zeros = try #require(kit.finding("amount", MonitorKit.numbers([0, 0, 0, 0, 0]), [MonitorKit.numbers(sparse)]))
        #expect(zeros.effectPassed && zeros.pValue > 0.5)
        // A reference that is constant itself says nothing.
        #expect(kit.finding("amount", MonitorKit.numbers([1, 1, 1, 1, 1, 1]), [MonitorKit.numbers(Array(repeating: 1, count: 500))]) == nil)
    }

    @Test("On stationary heavy-tailed values the evidence keeps its level")
    func collapseLevel() throws {
        var random = SeededRandom(seed: 3)
        var below = 0
        let runs = 400
        for _ in 0..<runs {
            let reference = MonitorKit.numbers(MonitorKit.amounts(400, &random, sigma: 2))
            let current = MonitorKit.numbers(MonitorKit.amounts(60, &random, sigma: 2))
            var rule = FeatureCollapseRule()
            rule.maxRatio = 0.999
            let kit = MonitorKit(rule) { $0.minCount = 20 }
            if let finding = kit.finding("amount", current, [reference]), finding.pValue < 0.05 { below += 1 }
        }
        // 5 % of 400 and three standard deviations: 33.
        #expect(below <= 33, "\(below)")
    }

    @Test("Categories: entropy, distinct values, and rarefaction for small windows")
    func categories() throws {
        let kit = MonitorKit(FeatureCollapseRule()) { $0.minCount = 20 }
        let usual = MonitorKit.categories((0..<20).map { ("c\($0)", 100) })
        let one = try #require(kit.finding("mcc", MonitorKit.categories([("c3", 300)]), [usual]))
        #expect(one.effectPassed && one.pValue < 1e-30 && one.measure.rawValue == "entropy_ratio" && one.value == 0)
        let same = try #require(kit.finding("mcc", MonitorKit.categories((0..<20).map { ("c\($0)", 2) }), [usual]))
        #expect(!same.effectPassed)
        // 20 draws from 20 equal values show 12.8 distinct ones on average: 20 (1 - 0.95^20).
        let few = try #require(kit.finding("mcc", MonitorKit.categories((0..<13).map { ("c\($0)", $0 < 7 ? 2 : 1) }), [usual]))
        #expect(!few.effectPassed && few.value > 0.7)
        // All values are new: as many as before, none of them known.
        let replaced = try #require(kit.finding("mcc", MonitorKit.categories((0..<20).map { ("new\($0)", 20) }), [usual]))
        #expect(replaced.measure.rawValue == "distinct_ratio" && replaced.value == 0 && replaced.pValue < 1e-30)
        let words = FeatureCollapseRule().headline(replaced)
        #expect(words == "mcc hardly varies in 400 decisions: 0 of its usual values are left, 0 % of the reference (limit 20 %)")
    }

    // MARK: schema_change

    @Test("Vanished, appeared, another type, and what is none of these")
    func schema() throws {
        let kit = MonitorKit(SchemaChangeRule())
        func pane(present: Int = 0, absent: Int = 0, null: Int = 0, wrong: Int = 0, feature: Int = 0) -> Pane {
            let builder = Pane.Builder(features: 4)
            builder.addDecisions(present + absent + null + wrong)
            builder.addFeature(feature, present: present, value: 1, absent: absent, null: null, wrongType: wrong)
            return builder.pane
        }
        let whole = [pane(present: 2_000)]
        let vanished = try #require(kit.finding("amount", pane(absent: 300), whole))
        #expect(vanished.effectPassed && vanished.pValue < 1e-50 && vanished.measure.rawValue == "absent_rate" && vanished.severity == nil)
        #expect(try #require(kit.finding("age", pane(absent: 300, feature: 1), [pane(present: 2_000, feature: 1)])).severity == .p2)
        let retyped = try #require(kit.finding("amount", pane(present: 200, wrong: 100), whole))
        #expect(retyped.effectPassed && retyped.measure.rawValue == "wrong_type_rate" && retyped.pValue < 1e-20)
        let appeared = try #require(kit.finding("amount", pane(present: 300), [pane(absent: 2_000)]))
        #expect(appeared.effectPassed && appeared.measure.rawValue == "present_rate" && appeared.severity == .p1)
        // Null is another monitor's matter; a field that was mostly absent has not vanished; few rows say nothing.
        #expect(try #require(kit.finding("amount", pane(null: 300), whole)).effectPassed == false)
        #expect(try #require(kit.finding("amount", pane(absent: 300), [pane(present: 800, absent: 1_200)])).effectPassed == false)
        #expect(try #require(kit.finding("amount", pane(absent: 199), whole)).isSufficient == false)
        #expect(kit.finding("amount", pane(absent: 300), [pane(present: 199)]) == nil)
        // An alert that keeps its reference says the same without the panes.
        let kept = try #require(kit.finding("amount", pane(absent: 300), [], frozen: vanished.reference))
        #expect(kept.value == vanished.value && kept.pValue == vanished.pValue && kept.reference.level == 0)
    }

    @Test("A field that is not declared: new and in a share of the window, against the decisions before it")
    func undeclared() throws {
        let kit = MonitorKit(SchemaChangeRule())
        func finding(_ field: UndeclaredField, count: Int, of total: Int = 1_000) -> Finding? {
            let builder = Pane.Builder(features: 4)
            builder.addDecisions(total)
            builder.addUndeclared(field, count: count)
            var observation = Observation(model: 0, slice: SliceName(), current: builder.pane, references: [])
            observation.undeclared = [field]
            return kit.findings(observation)["\(field.name) (undeclared)"]
        }
        let field = UndeclaredField(place: 7, name: "amount", isNew: true, before: 5_000)
        let appeared = try #require(finding(field, count: 60))
        #expect(appeared.effectPassed && appeared.severity == .p2 && appeared.measure.rawValue == "undeclared_rate" && appeared.value == 0.06)
        // scipy.stats.hypergeom.sf(59, 6000, 60, 1000)
        #expect(isClose(appeared.pValue, 4.519078901891689e-48, 1e-9), "\(appeared.pValue)")
        #expect(try #require(finding(field, count: 40)).effectPassed == false)
        #expect(try #require(finding(field, count: 10, of: 100)).isSufficient == false)
        #expect(try #require(finding(UndeclaredField(place: 7, name: "amount", isNew: false, before: 5_000), count: 60)).effectPassed == false)
        #expect(finding(UndeclaredField(place: 7, name: "amount", isNew: true, before: 100), count: 60) == nil)
        #expect(SchemaChangeRule().headline(appeared) == "amount (undeclared) has appeared: in 6 % of 1,000 decisions (limit 5 %, in none of 5,000 before)")
    }

    // MARK: feature_drift

    @Test("Each statistic is the one of its name, scaled as stated")
    func driftStatistics() throws {
        var random = SeededRandom(seed: 4)
        let before = MonitorKit.amounts(3_000, &random)
        let now = MonitorKit.amounts(3_000, &random, scale: 70)
        let (old, new) = (MonitorKit.numbers(before), MonitorKit.numbers(now))
        let distances = FeatureDistances(reference: old.features[0].quantiles, current: new.features[0].quantiles)
        let spread = try #require(old.features[0].moments.standardDeviation)
        let shift = try #require(new.features[0].moments.mean) - (try #require(old.features[0].moments.mean))
        let bins = distances.decileCounts
        let expected: [(FeatureDriftRule.Statistic, Double?)] = [
            (.psi, distances.psiDeciles), (.sigma, shift / spread), (.kolmogorovSmirnov, distances.kolmogorovSmirnov),
            (.wasserstein, distances.wasserstein.map { $0 / spread }), (.jensenShannon, Divergence.jensenShannon(reference: bins.reference, current: bins.current)),
        ]
        for (statistic, value) in expected {
            var rule = FeatureDriftRule()
            rule.statistic = statistic
            let finding = try #require(MonitorKit(rule).finding("amount", new, [old]))
            #expect(isClose(finding.value, value, 1e-12), "\(statistic)")
        }
        let auto = try #require(MonitorKit(FeatureDriftRule()).finding("amount", new, [old]))
        #expect(auto.effectPassed && auto.pValue < 1e-30)
    }

    @Test("Importance raises the limit; a trivial change of many rows and chance in few do not fire")
    func driftImportance() throws {
        var random = SeededRandom(seed: 5)
        let before = MonitorKit.amounts(4_000, &random, scale: 40, sigma: 0.5)
        let now = MonitorKit.amounts(4_000, &random, scale: 53, sigma: 0.5)
        var kit = MonitorKit(FeatureDriftRule())
        let full = try #require(kit.finding("amount", MonitorKit.numbers(now), [MonitorKit.numbers(before)]))
        kit.configuration.models[0].importances[0] = 0.25
        let quarter = try #require(kit.finding("amount", MonitorKit.numbers(now), [MonitorKit.numbers(before)]))
        #expect(full.effectPassed && !quarter.effectPassed)
        #expect(isClose(quarter.strength * 4, full.strength) && isClose(quarter.limit, full.limit * 4))
        kit.configuration.models[0].importances[0] = 0
        #expect(kit.finding("amount", MonitorKit.numbers(now), [MonitorKit.numbers(before)]) == nil)

        let plain = MonitorKit(FeatureDriftRule()) { $0.minCount = 20 }
        let few = try #require(plain.finding("amount", MonitorKit.numbers(MonitorKit.amounts(40, &random)), [MonitorKit.numbers(MonitorKit.amounts(40, &random))]))
        #expect(few.pValue > 1e-4)
        let shift = try #require(
            plain.finding("amount", MonitorKit.numbers(MonitorKit.amounts(20_000, &random, scale: 41)), [MonitorKit.numbers(MonitorKit.amounts(20_000, &random))]))
        #expect(!shift.effectPassed)
    }

    @Test("Categories by Jensen-Shannon, and a kept reference gives the same numbers as its panes")
    func driftCategories() throws {
        let kit = MonitorKit(FeatureDriftRule())
        let before = MonitorKit.categories([("a", 700), ("b", 250), ("c", 50)])
        let now = MonitorKit.categories([("a", 300), ("b", 250), ("c", 50), ("d", 400)])
        let finding = try #require(kit.finding("mcc", now, [before]))
        // scipy.spatial.distance.jensenshannon([.7, .25, .05, 0], [.3, .25, .05, .4]) ** 2
        #expect(isClose(finding.value, 0.17977087536451491, 1e-9), "\(finding.value)")
        #expect(finding.effectPassed && finding.pValue < 1e-60)
        let kept = try #require(kit.finding("mcc", now, [], frozen: finding.reference))
        #expect(isClose(kept.value, finding.value) && isClose(kept.pValue, finding.pValue))
        var writer = ByteWriter()
        finding.reference.encode(into: &writer)
        var reader = ByteReader(writer.bytes)
        #expect(try ReferenceSummary(from: &reader) == finding.reference)
    }

    @Test("The permutation tail of binned amounts is near the exact one")
    func permutationTail() throws {
        // Of 1...24, one group has 1...9, 11, 13, 15: how many of the splits into halves are as far apart, by counting them all.
        let own: [Double] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 13, 15]
        let low = MonitorKit.numbers(own).features[0].quantiles.bins
        let high = MonitorKit.numbers((1...24).map(Double.init).filter { !own.contains($0) }).features[0].quantiles.bins
        let p = PermutationMeanTail.twoSided(low, high)
        #expect(p >= 2.218806903152037e-05 && p < 10 * 2.218806903152037e-05, "\(p)")
    }

    // MARK: schema_change of mapped fields

    /// 1,000 decisions with latency, status and cost as asked.
    private func served(latency: Int = 1_000, ok: Int64 = 1_000, costs: Int = 0) -> Pane {
        let builder = Pane.Builder(features: 4)
        builder.addDecisions(latency, latencyMs: 12)
        builder.addDecisions(1_000 - latency)
        builder.addOperations(ok: ok, costs: costs, cost: 1)
        return builder.pane
    }

    @Test("A mapped field that vanishes is told, two steps less severe; one that only some requests ever had is not")
    func mappedFields() throws {
        let kit = MonitorKit(SchemaChangeRule())
        let gone = try #require(kit.finding("latency_ms (mapped)", served(latency: 2), [served()]))
        #expect(gone.effectPassed && gone.pValue < 1e-100 && gone.measure == .absentRate && gone.severity == .p2)
        #expect(kit.finding("status (mapped)", served(latency: 2), [served()])?.effectPassed == false)
        #expect(kit.finding("status (mapped)", served(ok: 0), [served()])?.effectPassed == true)
        #expect(kit.finding("cost (mapped)", served(), [served(costs: 400)]) == nil)
        #expect(kit.finding("cost (mapped)", served(), [served()]) == nil)
        let alert = try #require(kit.alert(Observation(model: 0, slice: SliceName(), current: served(latency: 0), references: [served()])))
        #expect(alert.subject == "latency_ms (mapped)" && alert.summary.contains("latency_ms (mapped) has vanished: absent in 100 % of 1,000 decisions"))
    }

    @Test("A slice dimension that vanishes is told")
    func mappedDimensions() throws {
        let kit = MonitorKit(SchemaChangeRule())
        func alert(now: Int64, before: Int64) -> AlertEvent? {
            var observation = Observation(model: 0, slice: SliceName(), current: served(), references: [served()])
            observation.missingDimensions = [MissingDimension(name: "country", now: now, before: before, referenceTotal: 1_000)]
            return kit.alert(observation)
        }
        #expect(try #require(alert(now: 1_000, before: 4)).subject == "country (mapped)")
        #expect(alert(now: 900, before: 4) == nil && alert(now: 1_000, before: 300) == nil)
    }
}
