import Foundation
import Testing
import VedetteCodec
import VedetteRuntime

/// Replays of the real streams against facts that independent libraries computed.
@Suite("Expected facts of the real streams", .enabled(if: SharedData.isPresent, Comment(rawValue: SharedData.absence)), .serialized)
struct ExpectedFactsTests {
    /// Stated error of the quantile sketches.
    static let quantileError = 0.01

    @Test("cards, whole stream") func cards() throws { try compareWhole("cards", comparisonsAtLeast: 4_000) }
    @Test("ecommerce, whole stream") func ecommerce() throws { try compareWhole("ecommerce", comparisonsAtLeast: 9_000) }
    @Test("cards, cut at every as-of date") func cardsAsOf() throws { try compareCuts("cards") }
    @Test("ecommerce, cut at every as-of date") func ecommerceAsOf() throws { try compareCuts("ecommerce") }

    /// Final record of every window, by version, slice, window and start.
    private func replay(_ name: String, to end: String? = nil) throws -> [String: Facts] {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        var configuration = try ConfigurationLoader.load(path: SharedData.fixture("\(name).yaml")).configuration
        configuration.topology.panes.reviseEveryMs = 400 * 86_400_000
        let range = try end.map { Int64.min..<(try #require(RFC3339.parse($0))) }
        let replay = try FileReplay(
            configuration: configuration, decisions: [SharedData.path("\(name)/decisions.jsonl.zst")],
            labels: [SharedData.path("\(name)/labels.jsonl.zst")], output: OutputFiles([.metrics: output]), range: range, now: .max)
        _ = try replay.run()
        var records: [String: Facts] = [:]
        let wanted = ["7d", "all"]
        let marks = wanted.map { Data("\"window\":\"\($0)\"".utf8) }
        // Line by line, and only the wanted ones are read: all of them at once are gigabytes.
        let lines = try LineReader(path: output, lineLimit: 1 << 26, prefixBytes: 0)
        while let line = try lines.next() {
            let head = Data(line.bytes.prefix(600))
            guard marks.contains(where: { head.range(of: $0) != nil }) else { continue }
            let record = Facts(try JSONSerialization.jsonObject(with: Data(line.bytes)))
            let window = record["window"].string ?? ""
            guard wanted.contains(window) else { continue }
            let slice = record["slice"].keys.map { "\($0)=\(record["slice"][$0].string ?? "")" }.joined(separator: ",")
            let start = window == "all" ? "" : String((record["start"].string ?? "").prefix(10))
            records["\(record["version"].string ?? "")|\(slice)|\(window)|\(start)"] = record
        }
        return records
    }

    private func compareWhole(_ name: String, comparisonsAtLeast: Int) throws {
        let facts = try Facts.read(SharedData.path("\(name)/expected.json"))
        let records = try replay(name)
        var comparison = Comparison()
        let all = try #require(records["*||all|"])
        counts("all", all, facts["counts"], &comparison)
        performance("all", all, facts["performance"]["all"], &comparison)
        comparison.equal("labels arrived", all["labels"]["arrived"]["labelled"], facts["counts"]["labels"])
        for kind in facts["counts"]["label_kinds"].keys {
            let found = all["labels"]["by_kind"][kind]
            comparison.equal("labels of \(kind)", Facts((found["fraud"].integer ?? 0) + (found["legit"].integer ?? 0)), facts["counts"]["label_kinds"][kind])
        }
        comparison.near("coverage", all["labels"]["coverage"], facts["join"]["coverage"])
        latency("all", all, facts["latency_ms"]["all"], &comparison)
        for version in facts["latency_ms"]["by_version"].keys {
            latency(version, try #require(records["\(version)||all|"]), facts["latency_ms"]["by_version"][version], &comparison)
        }
        for version in facts["performance"]["by_version"].keys {
            let record = try #require(records["\(version)||all|"])
            performance(version, record, facts["performance"]["by_version"][version], &comparison)
        }
        for dimension in facts["slices"].keys {
            for value in facts["slices"][dimension].keys {
                let record = try #require(records["*|\(dimension)=\(value)|all|"], "\(dimension)=\(value)")
                counts("\(dimension)=\(value)", record, facts["slices"][dimension][value], &comparison)
                performance("\(dimension)=\(value)", record, facts["slices"][dimension][value]["performance"], &comparison)
            }
        }
        try weeks(facts, records, &comparison)
        try RealStatistics.compare(name, records, &comparison)
        #expect(comparison.made >= comparisonsAtLeast)
    }

    private func compareCuts(_ name: String) throws {
        let facts = try Facts.read(SharedData.path("\(name)/expected.json"))
        let cuts = facts["join"]["as_of"].list
        #expect(!cuts.isEmpty)
        var comparison = Comparison()
        for cut in cuts {
            let at = try #require(cut["at"].string)
            let all = try #require(try replay(name, to: at)["*||all|"])
            comparison.equal("\(at) decisions", all["volume"]["total"], cut["decisions_before"])
            comparison.equal("\(at) labels", all["labels"]["labelled"], cut["labels_before"])
            comparison.equal("\(at) fraud", all["labels"]["fraud"], cut["fraud_labels_before"])
            comparison.near("\(at) coverage", all["labels"]["coverage"], cut["coverage"])
            performance(at, all, cut["performance"], &comparison)
        }
    }

    private func counts(_ name: String, _ record: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        comparison.equal("\(name) total", record["volume"]["total"], expected["n"])
        for decision in ["allow", "challenge", "block"] {
            comparison.equal("\(name) \(decision)", record["volume"][decision], expected[decision])
        }
        comparison.near("\(name) mean", record["score"]["mean"], expected["score_mean"])
        comparison.near("\(name) variance", record["score"]["variance"], expected["score_var_sample"])
        comparison.near("\(name) median", record["score"]["p50"], expected["score_p50"])
    }

    private func performance(_ name: String, _ record: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        guard expected.exists else { return }
        for key in ["labelled", "fraud", "legit"] { comparison.equal("\(name) \(key)", record["labels"][key], expected[key]) }
        for point in ["block", "challenge_or_block"] where expected[point].exists {
            for key in ["tp", "fp", "fn", "tn"] { comparison.equal("\(name) \(point) \(key)", record["confusion"][point][key], expected[point][key]) }
            for key in ["precision", "recall", "false_positive_rate"] where expected[point][key].exists {
                comparison.near("\(name) \(point) \(key)", record["confusion"][point][key], expected[point][key])
            }
        }
        comparison.near("\(name) auc", record["auc"], expected["auc"])
        comparison.near("\(name) brier", record["calibration"]["brier"], expected["brier"])
    }

    private func weeks(_ facts: Facts, _ records: [String: Facts], _ comparison: inout Comparison) throws {
        for week in facts["weeks"].list {
            let name = try #require(week["week"].string)
            let record = try #require(records["*||7d|\(name)"], "\(name)")
            counts(name, record, week, &comparison)
            performance(name, record, facts["performance"]["by_decision_week"][name], &comparison)
            features(name, record, week["features"], &comparison)
            latency(name, record, week["latency_ms"], &comparison)
            comparison.equal("\(name) joined", record["labels"]["labelled"], facts["join"]["by_week"][name]["labelled"])
            comparison.near("\(name) coverage", record["labels"]["coverage"], facts["join"]["by_week"][name]["coverage"])
        }
        for week in facts["drift"]["weeks"].list {
            let name = try #require(week["week"].string)
            let record = try #require(records["*||7d|\(name)"], "\(name)")
            #expect(record["score"]["histogram"].list.count == 20 && week["score_histogram_20"].list.count == 20)
            for (found, expected) in zip(record["score"]["histogram"].list, week["score_histogram_20"].list) {
                comparison.equal("\(name) histogram", found, expected)
            }
            for (mine, theirs) in [("reference", "vs_reference"), ("previous", "vs_previous")] where week[theirs].exists {
                for key in ["psi_deciles", "psi_equal_width_20", "js_equal_width_20", "ks", "wasserstein"] {
                    comparison.near("\(name) \(mine) \(key)", record["drift"][mine][key], week[theirs][key])
                }
            }
        }
    }

    private func latency(_ name: String, _ record: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        comparison.near("\(name) latency", record["latency_ms"]["mean"], expected["mean"])
        for key in ["p50", "p95", "p99"] {
            comparison.near("\(name) latency \(key)", record["latency_ms"][key], expected[key], relative: Self.quantileError)
        }
    }

    private func features(_ week: String, _ record: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        for feature in expected.keys {
            let found = record["features"][feature]
            let name = "\(week) \(feature)"
            comparison.equal("\(name) count", found["count"], expected[feature]["n"])
            comparison.equal("\(name) null", found["null"], expected[feature]["null"])
            if expected[feature]["mean"].exists {
                comparison.near("\(name) mean", found["mean"], expected[feature]["mean"])
                comparison.near("\(name) variance", found["variance"], expected[feature]["var_sample"])
                comparison.near("\(name) min", found["min"], expected[feature]["min"], relative: 0)
                comparison.near("\(name) max", found["max"], expected[feature]["max"], relative: 0)
                comparison.near("\(name) median", found["p50"], expected[feature]["p50"], relative: Self.quantileError)
            }
            for value in expected[feature]["values"].keys {
                let count = found["values"][value]
                comparison.equal("\(name) \(value)", count.exists ? count : Facts(0), expected[feature]["values"][value])
            }
        }
    }
}
