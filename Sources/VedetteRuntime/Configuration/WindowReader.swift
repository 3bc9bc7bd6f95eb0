import VedetteCore

/// Windows, panes, event time and the join.
enum WindowReader {
    private static let day: Int64 = 86_400_000
    private static let week: Int64 = 7 * day
    /// 1970-01-05 was a Monday.
    private static let monday: Int64 = 4 * day

    /// What is there when the file has no `windows`.
    static let defaults = [
        WindowSpec(name: "5m", sizeMs: 300_000, hopMs: 300_000),
        WindowSpec(name: "1h", sizeMs: 3_600_000, hopMs: 300_000),
        WindowSpec(name: "24h", sizeMs: day, hopMs: 3_600_000),
        WindowSpec(name: "7d", sizeMs: week, hopMs: day),
        WindowSpec(name: "30d", sizeMs: 30 * day, hopMs: day),
    ]

    static func windows(_ root: SectionReader) -> [WindowSpec] {
        guard let sections = root.sections("windows") else { return defaults }
        if sections.isEmpty { root.sink.add("windows", expected: "at least one window", found: "an empty list") }
        return sections.map(window)
    }

    private static func window(_ section: SectionReader) -> WindowSpec {
        let size = section.integer("size")
        let hop = section.optionalInteger("hop") ?? size
        let name = section.optionalText("name") ?? DurationText.format(size)
        let align = section.word("align", WindowAlignment.self) ?? .epoch
        var offset = section.optionalInteger("offset") ?? 0
        if section.has("align"), section.has("offset") {
            section.sink.add(section.path(of: "offset"), expected: "either align or offset", found: "both")
        } else if align == .monday {
            if size % week == 0, hop > 0, week % hop == 0 || hop % week == 0 {
                offset = monday % hop
            } else {
                section.sink.add(
                    section.path(of: "align"), expected: "whole weeks, and a hop that divides a week or is whole weeks, for monday",
                    found: "size \(DurationText.format(size)), hop \(DurationText.format(hop))")
            }
        }
        return WindowSpec(name: name, sizeMs: size, hopMs: hop, offsetMs: offset)
    }

    static func panes(_ section: SectionReader) -> PaneConfiguration {
        var panes = PaneConfiguration()
        if let levels = section.sections("levels") {
            panes.levels = levels.map { PaneConfiguration.Level(sizeMs: $0.integer("size"), keepMs: $0.integer("keep")) }
            if levels.isEmpty {
                section.sink.add("panes.levels", expected: "at least one level", found: "an empty list")
                panes.levels = PaneConfiguration().levels
            }
        }
        panes.thresholdEpsilon = section.number("threshold_epsilon")
        panes.scoreEntries = Int(section.integer("score_entries"))
        panes.quantileAccuracy = section.number("quantile_accuracy")
        panes.quantileBins = Int(section.integer("quantile_bins"))
        panes.categories = Int(section.integer("categories"))
        panes.reviseEveryMs = section.integer("revise_every")
        return panes
    }

    static func time(_ section: SectionReader) -> TimeConfiguration {
        var time = TimeConfiguration()
        time.outOfOrdernessMs = section.integer("out_of_orderness")
        time.maxFutureMs = section.integer("max_future")
        time.futureConfirmations = Int(section.integer("future_confirmations"))
        time.idleTimeoutMs = section.integer("idle_timeout")
        time.maxAheadMs = section.integer("max_ahead")
        time.maxWaitingRows = Int(section.integer("max_waiting_rows"))
        time.granuleMs = section.integer("granule")
        return time
    }

    static func join(_ section: SectionReader) -> JoinConfiguration {
        var join = JoinConfiguration()
        join.retentionMs = section.integer("retention")
        join.segmentMs = section.integer("segment")
        join.pendingTTLMs = section.integer("pending_ttl")
        join.maxPending = Int(section.integer("max_pending"))
        join.maxPendingBytes = Int(section.integer("max_pending_bytes"))
        join.duplicateWindowMs = section.integer("duplicate_window")
        join.maturityMs = section.integer("maturity")
        join.maxLabelsPerRequest = Int(section.integer("max_labels_per_request"))
        join.maxLabelKinds = Int(section.integer("max_label_kinds"))
        return join
    }
}
