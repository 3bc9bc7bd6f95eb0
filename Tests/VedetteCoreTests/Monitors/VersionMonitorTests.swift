import Testing
import VedetteCore

@Suite("Monitors of model versions")
struct VersionMonitorTests {
    private func pane(_ count: Int, score: Double = 0.1, allow: Double = 0.9) -> Pane {
        let builder = Pane.Builder()
        let allowed = Int(Double(count) * allow)
        for index in 0..<count { builder.addDecisions(1, index < allowed ? .allow : .block, score: score + Double(index % 10) / 100) }
        return builder.pane
    }

    private func observation(_ versions: [(String, Pane, Int64)], reference: Pane? = nil) -> Observation {
        let builder = Pane.Builder()
        for version in versions { builder.merge(version.1) }
        var observation = Observation(model: 0, slice: SliceName(), current: builder.pane, references: reference.map { [$0] } ?? [])
        observation.versions = versions.map { VersionPane(name: $0.0, current: $0.1, referenceTotal: $0.2) }
        return observation
    }

    @Test("version_change: a version that was not there is said once, with what it does; the old one is no news")
    func change() throws {
        let kit = MonitorKit(VersionChangeRule())
        let rollout = observation([("1", pane(600), 1_000), ("2", pane(400, score: 0.5), 0)], reference: pane(1_000))
        let findings = kit.findings(rollout)
        let new = try #require(findings["2"])
        #expect(new.effectPassed && new.value == 0.4 && new.pValue < 1e-50 && new.cause == .versionChange)
        #expect(try #require(findings["1"]).effectPassed == false)
        let alert = try #require(kit.alert(rollout))
        #expect(
            alert.summary.hasPrefix(
                "version_change: version 2 makes 40 % of 1,000 decisions (0 % in the reference); its mean score is 0.545 against 0.145, it allows 90 % against 90 % — "))
        #expect(alert.severity == .p2)
        // A share that it had before, a share below the limit, and too few rows.
        #expect(kit.findings(observation([("1", pane(600), 600), ("2", pane(400), 400)]))["2"]?.effectPassed == false)
        #expect(kit.findings(observation([("1", pane(950), 1_000), ("2", pane(50), 0)]))["2"]?.effectPassed == false)
        #expect(kit.findings(observation([("2", pane(199), 0), ("1", pane(0), 1_000)]))["2"]?.isSufficient == false)
    }

    @Test("version_regression: outcomes, shares and scores of the newest version against the one before, same window")
    func regression() throws {
        func labelled(_ count: Int, caught: Int, frauds: Int, disturbed: Int, legit: Int, good: Bool) -> Pane {
            let builder = Pane.Builder()
            builder.merge(pane(count))
            builder.addOutcomes(caught, .fraud, decision: .block, score: good ? 0.9 : 0.3)
            builder.addOutcomes(frauds - caught, .fraud, decision: .allow, score: 0.1)
            builder.addOutcomes(disturbed, .legit, decision: .challenge, score: 0.6)
            builder.addOutcomes(legit - disturbed, .legit, decision: .allow, score: 0.2)
            return builder.pane
        }
        let kit = MonitorKit(VersionRegressionRule())
        let old = labelled(3_000, caught: 180, frauds: 200, disturbed: 50, legit: 2_000, good: true)
        let worse = labelled(3_000, caught: 100, frauds: 200, disturbed: 150, legit: 2_000, good: false)
        let findings = kit.findings(observation([("1", old, 0), ("2", worse, 0)]))
        for (aspect, value) in [("recall", 0.4), ("false positives", 3.0)] {
            let finding = try #require(findings["2: \(aspect)"])
            #expect(finding.effectPassed && isClose(finding.value, value) && finding.pValue < 1e-9, "\(aspect)")
            #expect(finding.labelMaturity == nil)
        }
        let auc = try #require(findings["2: AUC"])
        #expect(auc.effectPassed && auc.pValue < 1e-6 && auc.isSufficient)
        #expect(try #require(findings["2: allow share"]).effectPassed == false)
        #expect(try #require(findings["2: mean score"]).effectPassed == false)
        // The other way round it is an improvement.
        let better = kit.findings(observation([("1", worse, 0), ("2", old, 0)]))
        #expect(better.filter { $0.value.effectPassed }.isEmpty)
        // Versions that did not run together are not compared.
        #expect(kit.findings(observation([("1", pane(0), 900), ("2", worse, 0)])).isEmpty)
        let shares = kit.findings(observation([("1", pane(1_000), 0), ("2", pane(1_000, score: 0.5, allow: 0.5), 0)]))
        #expect(shares["2: allow share"]?.effectPassed == true && shares["2: mean score"]?.effectPassed == true)
        #expect(shares["2: recall"]?.isSufficient == false, "nothing is known without labels")
    }

    /// Rounds of an hour; the second version allows 60 % where the others allow 90 %.
    private func story(keepFiringForMs: Int64 = 0, _ rounds: [[(String, Int)]]) -> [String] {
        var judge = Judge(configuration: MonitorKit(VersionRegressionRule()) { $0.keepFiringForMs = keepFiringForMs }.configuration)
        return rounds.enumerated().map { index, versions in
            let start = JudgeKit.base + Int64(index) * JudgeKit.hour
            let now = observation(versions.map { ($0.0, pane($0.1, allow: $0.0 == "2" ? 0.6 : 0.9), 0) })
            let events = judge.evaluate(EvaluationRound(monitor: 0, start: start, end: start + JudgeKit.hour, observations: [now]))
            return events.isEmpty ? "-" : events.map { "\($0.status.rawValue) \($0.subject ?? ""): \($0.reason ?? "")" }.joined(separator: ", ")
        }
    }

    private let fired = "firing 2: allow share: "

    @Test("version_regression ends in words after a roll-back and after a finished roll-out")
    func end() {
        let together = [("1", 1_000), ("2", 1_000)]
        #expect(
            story([together, [("1", 2_000), ("2", 3)], [("1", 2_000), ("2", 0)]])
                == [fired, "resolved 2: allow share: no longer compared: version 2 makes 3 of the window's 2,003 decisions", "-"])
        #expect(
            story([together, [("1", 0), ("2", 2_000)]])
                == [fired, "resolved 2: allow share: no longer compared: no version before 2 makes decisions in the window"])
        let back = [("1", 2_000), ("2", 0)]
        let waited = story(keepFiringForMs: JudgeKit.hour, [together, back, back])
        #expect(waited[1] == "-" && waited[2].hasPrefix("resolved 2: allow share: no longer compared"))
    }

    @Test("A third version neither keeps the comparison of the first two open nor ends it")
    func third() {
        let together = [("1", 1_000), ("2", 1_000), ("3", 0)]
        #expect(
            story([together, [("1", 0), ("2", 1_000), ("3", 1_000)]])
                == [fired, "resolved 2: allow share: no longer compared: no version before 2 makes decisions in the window, firing 3: allow share: "])
        #expect(
            story([together, [("1", 1_000), ("2", 0), ("3", 1_000)]])
                == [fired, "resolved 2: allow share: no longer compared: version 2 makes 0 of the window's 2,000 decisions"])
        // Both run on beside it: the second is still worse than the first.
        #expect(story([together, [("1", 2_000), ("2", 1_000), ("3", 1_000)]]) == [fired, "-"])
        let mended = story([together, [("1", 1_000), ("2", 0), ("3", 0)], together])
        #expect(mended[1].hasPrefix("resolved") && mended[2] == fired)
    }

    @Test("Too little traffic, and a version that is only rare, end nothing")
    func missingData() {
        let together = [("1", 1_000), ("2", 1_000)]
        #expect(story([together, [("1", 0), ("2", 0)], [("1", 150), ("2", 0)], [("1", 2_000), ("2", 150)], together]) == [fired, "-", "-", "-", "-"])
    }

    @Test("A score shift carries the cause where the versions of the window are not those of its reference")
    func cause() throws {
        let kit = MonitorKit(ScoreDriftRule())
        var shifted = Observation(model: 0, slice: SliceName(), current: pane(1_000, score: 0.5), references: [pane(1_000)])
        #expect(kit.findings(shifted)[""]?.cause == nil)
        shifted.versionShift = 0.7
        #expect(kit.findings(shifted)[""]?.cause == .versionChange)
        #expect(kit.findings(shifted)[""]?.effectPassed == true)
    }
}
