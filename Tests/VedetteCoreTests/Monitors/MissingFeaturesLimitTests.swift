import Testing
import VedetteCore

/// `missing_features` has two limits: of a loss, and of a surge; an alert ends against the one that it fired at.
@Suite("The limits of missing_features")
struct MissingFeaturesLimitTests {
    private static let total = 20_000

    private func pane(_ rate: Double) -> Pane { JudgeKit.featurePane(Self.total, missing: Int((rate * Double(Self.total)).rounded())) }

    /// Status and limit by window, "-" for none.
    private func story(usual: Double, _ rates: [Double]) -> [String] {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]))
        return rates.enumerated().map { index, rate in
            let events = judge.evaluate(JudgeKit.round(index, [(SliceName(), pane(rate), [pane(usual)])]))
            return events.isEmpty ? "-" : events.map { "\($0.status.rawValue) \($0.limit)" }.joined(separator: ",")
        }
    }

    @Test("A surge fires at the larger of its two bounds, stays while it is near to it, and ends against it", arguments: [
        (0.0, [0.01, 0.0045, 0.003], 0.005), (0.002, [0.025, 0.018, 0.015], 0.02),
    ])
    func surge(usual: Double, rates: [Double], limit: Double) {
        #expect(story(usual: usual, rates) == ["firing \(limit)", "-", "resolved \(limit)"])
    }

    @Test("A loss ends against its own limit, though a surge's is near")
    func loss() {
        #expect(story(usual: 0.003, [0.2, 0.045, 0.027]) == ["firing 0.05", "-", "resolved 0.05"])
        // What is a surge still is not over.
        #expect(story(usual: 0.003, [0.2, 0.035, 0.02]) == ["firing 0.05", "-", "resolved 0.05"])
    }

    @Test("The reason names the rate, and the words the limit that it fired at")
    func words() throws {
        var judge = Judge(configuration: JudgeKit.configuration([JudgeKit.missing()]))
        _ = judge.evaluate(JudgeKit.round(0, [(SliceName(), pane(0.01), [pane(0)])]))
        let end = try #require(judge.evaluate(JudgeKit.round(1, [(SliceName(), pane(0.003), [pane(0)])])).first)
        #expect(end.status == .resolved && end.summary.contains("missing in 0.3 % of 20,000 decisions (limit 0.5 %, reference 0 %)"), "\(end.summary)")
        #expect(end.reason?.contains("80 % of the limit") == true)
    }
}
