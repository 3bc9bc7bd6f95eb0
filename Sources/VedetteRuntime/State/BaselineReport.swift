import VedetteCodec
import VedetteCore

/// A baseline for people and for programs.
extension ArchivedBaseline {
    /// Decisions over all traffic.
    public var decisions: Int64 { entries.filter { $0.slice.parts.isEmpty }.reduce(0) { $0 + $1.pane.total } }

    /// Tables for a terminal: the period, every model and slice, and the features over all traffic.
    public func table() -> String {
        var blocks = ["baseline \(name) of \(application), \(RFC3339.string(start)) to \(RFC3339.string(end))"]
        blocks.append(
            TextTable.format(
                ["MODEL", "SLICE", "DECISIONS", "LABELLED", "FRAUD", "SCORE MEAN", "P50", "P99"],
                entries.map { entry in
                    let pane = entry.pane
                    let fraud = pane.outcomes?.fraud.total ?? 0
                    return [
                        entry.model, entry.slice.parts.isEmpty ? "(all)" : entry.slice.text, "\(pane.total)", "\(pane.labelled)",
                        Self.percent(fraud, pane.labelled), Self.number(pane.score.mean), Self.number(pane.scores.quantile(0.5)),
                        Self.number(pane.scores.quantile(0.99)),
                    ]
                }))
        for entry in entries where entry.slice.parts.isEmpty {
            let rows = zip(featureNames, entry.pane.features).filter { $0.1.total > 0 }.map { name, feature in
                [
                    name, Self.percent(feature.missing, feature.total), Self.percent(feature.wrongType, feature.total),
                    Self.number(feature.moments.mean), Self.number(feature.moments.standardDeviation), Self.number(feature.moments.min),
                    Self.number(feature.quantiles.quantile(0.5)), Self.number(feature.moments.max), Self.number(feature.distinct),
                    Self.number(feature.entropy),
                    feature.topCategories(3).map { "\($0.name) \(Self.percent($0.counts.lowerBound, feature.categories.total))" }.joined(separator: ", "),
                ]
            }
            let header = ["FEATURE OF \(entry.model)", "MISSING", "WRONG TYPE", "MEAN", "SD", "MIN", "P50", "MAX", "DISTINCT", "ENTROPY", "TOP VALUES"]
            blocks.append(TextTable.format(header, rows))
        }
        return blocks.filter { !$0.isEmpty }.joined(separator: "\n\n") + "\n"
    }

    private static func number(_ value: Double?) -> String {
        guard let value else { return "-" }
        return NumberText.format(value.magnitude >= 1000 ? value.rounded() : (value * 10_000).rounded() / 10_000)
    }

    private static func percent(_ part: Int64, _ whole: Int64) -> String {
        whole > 0 ? NumberText.format((Double(part) / Double(whole) * 10_000).rounded() / 100) + " %" : "-"
    }

    /// One object: the description, and under `entries` a metric record (as in `schemas/metric.schema.json`) per model and slice.
    public func json() -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        json.field("name", name)
        json.field("application", application)
        json.field("start", time: start)
        json.field("end", time: end)
        json.key("entries")
        json.beginArray()
        let names = LabelNames(sources: labelSources, kinds: labelKinds)
        for entry in entries {
            let result = WindowResult(
                model: entry.model, version: "*", slice: entry.slice, window: WindowSpec(name: "baseline", sizeMs: end - start, hopMs: end - start),
                start: start, end: end, isFinal: true, revision: 0, pane: entry.pane, unmatched: 0,
                thresholdEpsilon: PaneConfiguration().thresholdEpsilon, labelNames: names, drift: [], featureNames: featureNames)
            MetricEncoder().encode(result, into: &json)
        }
        json.endArray()
        json.endObject()
        return json.bytes
    }
}
