import VedetteCore

extension ConfigurationKey {
    static let nowcast: [ConfigurationKey] = [
        ConfigurationKey("nowcast", .section, .none, "How the final fraud rate, recall and precision of young decisions are estimated from the labels so far."),
        ConfigurationKey("nowcast.enabled", .boolean, .value("true"), "Whether metric records carry `maturity` and `nowcast`."),
        ConfigurationKey("nowcast.cohort", .duration(60_000...year), .value("1d"), "Decisions of one such stretch of time are one cohort; a multiple of the pane."),
        ConfigurationKey(
            "nowcast.horizon", .duration(60_000...tenYears), .value("120d"),
            "Labels that take longer count as taking this long; a multiple of `nowcast.cohort`, at most 1,000 of them."),
        ConfigurationKey(
            "nowcast.half_life", .duration(60_000...tenYears), .value("45d"),
            "What was learned of label delays this long ago weighs half; shorter follows drifting delays faster, longer is steadier."),
        ConfigurationKey(
            "nowcast.neighbourhood", .duration(60_000...tenYears), .value("14d"),
            "How far around a cohort other cohorts tell its fraud rate: their weight falls by a factor e over this."),
        ConfigurationKey("nowcast.prior_median", .duration(60_000...tenYears), .value("20d"), "Median label delay that is supposed before labels have come; worth 8 labels."),
        ConfigurationKey("nowcast.prior_spread", .number(NumberRange(0.1, 5)), .value("1"), "Its spread: standard deviation of the logarithm of the delay."),
        ConfigurationKey(
            "nowcast.slices", .variant("`overall`, `all`, or a list of dimensions and combinations"), .value("overall"),
            """
            Slices with delays and levels of their own, pooled with those of all traffic, beside those of `performance` monitors; an element such as \
            `{country: FR}` is that slice alone. Other slices state the maturity of all traffic.
            """),
        ConfigurationKey(
            "nowcast.max_series", .integer(0...10_000), .value("64"),
            """
            Slices with delays of their own, over all models, at most; the first seen. About 200 KB of memory each. `performance` judges no slice \
            beyond them, but for AUC (`vedette_monitor_slices`, `no_nowcast`).
            """),
    ]
}

/// The nowcasts; needs the slices and panes that have been read before.
struct NowcastReader {
    let configuration: VedetteConfiguration
    let sink: IssueSink

    func read(_ section: SectionReader) -> NowcastConfiguration {
        var nowcast = NowcastConfiguration()
        nowcast.isEnabled = section.boolean("enabled")
        nowcast.cohortMs = section.integer("cohort")
        nowcast.horizonMs = section.integer("horizon")
        nowcast.halfLifeMs = section.integer("half_life")
        nowcast.neighbourhoodMs = section.integer("neighbourhood")
        nowcast.priorMedianMs = section.integer("prior_median")
        nowcast.priorSpread = section.number("prior_spread")
        let slices = MonitorReader(configuration: configuration, sink: sink).slices(section)
        nowcast.slices = slices.selection
        nowcast.sliceValues = slices.values
        nowcast.maxSeries = Int(section.integer("max_series"))
        check(nowcast, section)
        return nowcast
    }

    private func check(_ nowcast: NowcastConfiguration, _ section: SectionReader) {
        let pane = configuration.topology.panes.paneMs
        if pane > 0, nowcast.cohortMs % pane != 0 {
            sink.add(
                section.path(of: "cohort"), expected: "a multiple of the pane \(DurationText.format(pane))",
                found: DurationText.format(nowcast.cohortMs))
        }
        let cohorts = nowcast.horizonMs / nowcast.cohortMs
        if nowcast.horizonMs % nowcast.cohortMs != 0 || !(2...1_000).contains(cohorts) {
            sink.add(
                section.path(of: "horizon"), expected: "2 to 1,000 times the cohort \(DurationText.format(nowcast.cohortMs))",
                found: DurationText.format(nowcast.horizonMs))
        }
        if nowcast.halfLifeMs > nowcast.horizonMs {
            sink.add(
                section.path(of: "half_life"), expected: "at most the horizon \(DurationText.format(nowcast.horizonMs))",
                found: DurationText.format(nowcast.halfLifeMs))
        }
    }
}
