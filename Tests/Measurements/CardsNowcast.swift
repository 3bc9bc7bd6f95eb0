import Foundation
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// The nowcasts that a replay of cards publishes for its 112 daily windows, against what became of them.
enum CardsNowcast {
    private static let day: Int64 = 86_400_000

    private struct Published {
        var age: Double
        var record: [String: Any]
    }

    static func run(data: String, ages: [Int64]) throws {
        let output = FileManager.default.temporaryDirectory.appendingPathComponent("vedette-\(UUID()).jsonl").path
        defer { try? FileManager.default.removeItem(atPath: output) }
        _ = try FileReplay(
            configuration: configuration(), decisions: ["\(data)/cards/decisions.jsonl.zst"], labels: ["\(data)/cards/labels.jsonl.zst"],
            output: OutputFiles([.metrics: output]), now: .max
        ).run()
        var windows: [String: [Published]] = [:]
        for line in try String(contentsOfFile: output, encoding: .utf8).split(separator: "\n") {
            guard let record = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], record["version"] as? String == "*",
                let start = record["start"] as? String, let maturity = record["maturity"] as? [String: Any],
                let age = maturity["age_days"] as? Double
            else { continue }
            windows[start, default: []].append(Published(age: age - 0.5, record: record))
        }
        var table = CoverageTable()
        var labelFree = (sum: 0.0, nowcast: 0.0, raw: 0.0, count: 0)
        for start in windows.keys.sorted() {
            guard let records = windows[start], let last = records.max(by: { $0.age < $1.age }) else { continue }
            for age in ages {
                guard let then = records.last(where: { $0.age <= Double(age) + 0.01 && $0.age > Double(age) - 1.5 }) else { continue }
                for measure in NowcastMeasure.allCases {
                    guard let value = measured(measure, then.record), let truth = measured(measure, last.record)?.raw else { continue }
                    table.add(measure, age: age, value, actual: truth)
                }
            }
            // The two estimates and the raw rate of the same windows at the same age.
            if let then = records.first(where: { $0.age >= 2.9 })?.record, let free = then["label_free"] as? [String: Any],
                let estimate = free["fraud_rate"] as? Double, let truth = measured(.fraudRate, last.record)?.raw,
                let value = measured(.fraudRate, then), let raw = value.raw
            {
                labelFree.sum += abs(estimate - truth)
                labelFree.nowcast += abs(value.value - truth)
                labelFree.raw += abs(raw - truth)
                labelFree.count += 1
            }
        }
        print("cards: \(windows.count) daily windows, as published by a replay with daily revisions")
        table.print(ages: ages)
        if labelFree.count > 0 {
            let n = Double(labelFree.count)
            print(
                String(
                    format: "  fraud rate of %d windows at 3 days, mean error: label-free %.5f, nowcast %.5f, raw %.5f", labelFree.count,
                    labelFree.sum / n, labelFree.nowcast / n, labelFree.raw / n))
        }
    }

    private static func configuration() throws -> VedetteConfiguration {
        var configuration = try ConfigurationLoader.load(path: "Tests/Fixtures/cards.yaml").configuration
        configuration.topology.windows = [WindowSpec(name: "1d", sizeMs: day, hopMs: day)]
        configuration.topology.panes.reviseEveryMs = day
        configuration.topology.driftReferences = []
        configuration.topology.monitors = []
        configuration.topology.slices.groups = []
        for index in configuration.topology.labelSources.indices
        where configuration.topology.labelSources[index].pipeline == "settlement" {
            configuration.topology.labelSources[index].samplingWeight = 5
        }
        return configuration
    }

    /// One measure of a record, which does not say with what probability its intervals hold.
    private static func measured(_ measure: NowcastMeasure, _ record: [String: Any]) -> NowcastValue? {
        guard let nowcast = record["nowcast"] as? [String: Any] else { return nil }
        let part: Any? =
            switch measure {
            case .fraudRate: nowcast["fraud_rate"]
            case .recallAtBlock: (nowcast["recall"] as? [String: Any])?["block"]
            case .recallAtIntervention: (nowcast["recall"] as? [String: Any])?["challenge_or_block"]
            case .precisionAtBlock: (nowcast["precision"] as? [String: Any])?["block"]
            case .precisionAtIntervention: (nowcast["precision"] as? [String: Any])?["challenge_or_block"]
            }
        guard let fields = part as? [String: Any], let value = fields["value"] as? Double, let low = fields["low"] as? Double,
            let high = fields["high"] as? Double, let low80 = fields["low_80"] as? Double, let high80 = fields["high_80"] as? Double
        else { return nil }
        return NowcastValue(
            raw: fields["raw"] as? Double, value: value, interval80: Interval(lower: low80, upper: high80),
            interval95: Interval(lower: low, upper: high), holds80: .nan, holds95: .nan, errors: 0)
    }
}
