import Testing
import VedetteCodec
import VedetteCore

/// What a record takes over from the one before is what it would have written itself.
@Suite("Metric records of one pane")
struct MetricRepetitionTests {
    private func pane(_ count: Int) -> Pane {
        let builder = Pane.Builder(features: 2)
        for number in 0..<count {
            let score = Double(number % 97) / 97
            builder.addDecisions(1, number % 9 == 0 ? .block : .allow, score: score, latencyMs: Double(number))
            builder.addFeature(0, present: 1, value: Double(number) / 3)
            builder.addCategory(1, "category \(number % 40)")
            if number % 4 == 0 { builder.addOutcomes(1, number % 8 == 0 ? .fraud : .legit, score: score) }
        }
        return builder.pane
    }

    private func result(_ pane: Pane, hour: Int64) -> WindowResult {
        let start = hour * 3_600_000
        return WindowResult(
            model: "risk", version: "v\(hour)", slice: SliceName([.init(dimension: "country", value: "FR")]),
            window: WindowSpec(name: "24h", sizeMs: 86_400_000, hopMs: 3_600_000), start: start, end: start + 86_400_000, isFinal: hour % 2 == 0,
            revision: hour,
            pane: pane, unmatched: hour * 1_000, thresholdEpsilon: 0.01, labelNames: LabelNames(sources: []), drift: [], featureNames: ["amount", "browser"])
    }

    /// With a limit that all of a record fits into, one that only the features' categories exceed, and one that nothing fits into.
    @Test(arguments: [1 << 20, 4_000, 100])
    func takesOverWhatThePaneSays(limit: Int) {
        let encoder = MetricEncoder(recordBytes: limit)
        let panes = [pane(500), pane(3)]
        var previous: (written: MetricEncoder.Written, bytes: [UInt8])?
        for (hour, pane) in [0, 0, 0, 1, 0, 1, 1].enumerated() {
            let result = self.result(panes[pane], hour: Int64(hour))
            var whole = JSONWriter(), repeating = JSONWriter()
            encoder.encode(result, into: &whole)
            let written = encoder.encode(result, previous: previous, into: &repeating)
            #expect(repeating.string == whole.string)
            previous = (written, repeating.bytes)
        }
    }
}
