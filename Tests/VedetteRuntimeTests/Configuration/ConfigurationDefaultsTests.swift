import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// The table of keys states the defaults of the file, the structs those of the code: they are one.
@Suite struct ConfigurationDefaultsTests {
    @Test func aMinimalFileHasTheDefaultsOfTheCode() throws {
        let configuration = try loadedConfiguration(minimalConfiguration)
        let topology = configuration.topology
        #expect(topology.time == TimeConfiguration())
        #expect(topology.join == JoinConfiguration())
        #expect(topology.panes == PaneConfiguration())
        #expect(topology.slices == SliceConfiguration())
        #expect(topology.runbookBase == "runbooks")
        #expect(topology.driftReferences.isEmpty)
        #expect(configuration.limits == DecodeLimits())
        #expect(configuration.mapping == EventMapping())
        #expect(configuration.outputs == OutputConfiguration(application: "shop"))
        #expect(configuration.outputs.deadLetters == "shop.dead_letters")
        #expect(configuration.kafka == KafkaConfiguration(group: "shop"))
        #expect(configuration.kafka.brokers == .literal("localhost:9092"))
        #expect(configuration.inputs.start == .earliest)
        #expect(configuration.inputs.history == .quiet)
        #expect(configuration.inputs.gaps == .stop)
        #expect(configuration.topology.schema.otherModels == .reject)
        #expect(configuration.state == StateConfiguration())
        #expect(configuration.http == HTTPConfiguration())
        #expect(configuration.secrets == SecretsConfiguration())
        #expect(configuration.logLevel == .info)
    }

    @Test func aMinimalFileHasFiveWindows() throws {
        let minute: Int64 = 60_000, hour = 60 * minute, day = 24 * hour
        #expect(
            try loadedConfiguration(minimalConfiguration).topology.windows == [
                WindowSpec(name: "5m", sizeMs: 5 * minute, hopMs: 5 * minute),
                WindowSpec(name: "1h", sizeMs: hour, hopMs: 5 * minute),
                WindowSpec(name: "24h", sizeMs: day, hopMs: hour),
                WindowSpec(name: "7d", sizeMs: 7 * day, hopMs: day),
                WindowSpec(name: "30d", sizeMs: 30 * day, hopMs: day),
            ])
    }

    @Test func aMinimalFileHasAMonitorOfEachKind() throws {
        let monitors = try loadedConfiguration(minimalConfiguration).topology.monitors
        #expect(monitors.map(\.id) == [
                    "missing_features_1h", "feature_collapse_1h", "schema_change_1h", "feature_drift_24h", "score_drift_24h", "decision_share_24h", "outcome_rate_24h",
                    "performance_30d", "version_change_24h", "version_regression_24h", "volume_1h", "latency_1h", "error_rate_1h", "cost_24h",
                    "missing_features_24h", "outcome_rate_7d",
                ])
        #expect(monitors.map(\.severity) == [.p0, .p0, .p0, .p1, .p1, .p2, .p1, .p1, .p2, .p1, .p1, .p2, .p1, .p2, .p0, .p2])
        #expect(monitors.map(\.reference) == [
                    .previousWindow, .sameHours(weeks: 4), .previousWindow, .sameHours(weeks: 4), .sameHours(weeks: 4), .sameHours(weeks: 4),
                    .sameHours(weeks: 4), .previousWindow, .previousWindow, .previousWindow, .previousWindow, .previousWindow, .previousWindow,
                    .sameHours(weeks: 4), .sameHours(weeks: 4), .sameHours(weeks: 4),
                ])
    }

    @Test func monitorKeysHaveTheDefaultsOfTheCode() throws {
        let text = configurationText("monitors: [\(MonitorRegistry.names.map { "{monitor: \($0), window: 1h}" }.joined(separator: ", "))]")
        let monitors = try loadedConfiguration(text).topology.monitors
        #expect(monitors.count == MonitorRegistry.rules.count)
        for (monitor, rule) in zip(monitors, MonitorRegistry.rules) {
            #expect(
                monitor
                    == MonitorSpec(
                        id: "\(rule.name)_1h", rule: MonitorSpec.Rule(rule.init()), window: 1, reference: .previousWindow,
                        severity: rule.defaultSeverity))
        }
    }

    @Test func theDefaultsOfWindowKeysFollowFromTheOthers() throws {
        let windows = try loadedConfiguration(
            configurationText(
                "windows: [{size: 1h}, {size: 7d, hop: 1d, align: monday}, {size: 7d, name: w, align: monday}]\nmonitors: [{monitor: volume, window: 1h}]")).topology.windows
        #expect(windows[0] == WindowSpec(name: "1h", sizeMs: 3_600_000, hopMs: 3_600_000))
        #expect(windows[1] == WindowSpec(name: "7d", sizeMs: 604_800_000, hopMs: 86_400_000))
        // 2018-06-11 is a Monday.
        #expect((1_528_675_200_000 - windows[2].offsetMs) % windows[2].hopMs == 0)
    }

    @Test func theOnlyWarningsOfAMinimalFileAreAboutPeopleSecretsAndFeatures() {
        #expect(
            configurationIssues(minimalConfiguration) == [
                "c.yaml:1:1: warning: secrets.hash_key: expected {env: NAME} or {file: PATH} (or public, a key that everybody knows), found none; "
                    + "hashes use a key that everybody knows",
                "c.yaml:1:1: warning: monitors[0].monitor: expected models with features marked important, for missing_features, found none",
                "c.yaml:1:1: warning: monitors[14].monitor: expected models with features marked important, for missing_features, found none",
                "c.yaml:6:5: warning: models[0].security: expected a security counterpart, found none; alerts name the owner instead",
            ])
        #expect(configurationIssues(configurationText("")) == [])
    }
}
