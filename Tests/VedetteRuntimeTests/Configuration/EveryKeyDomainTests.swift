import Testing
import VedetteCore
import VedetteRuntime

/// The sections of ``everyKey`` that say what is kept and followed.
@Suite struct EveryKeyDomainTests {
    @Test func detectors() throws {
        var rule = ProbingRule()
        rule.warmUp = 200
        rule.minEvidence = 9
        rule.minQuietEvidence = 19
        rule.minSlowEvidence = 13
        rule.minFanOutEvidence = 15
        rule.minBoundaryEvidence = 21
        rule.minSmallAmountEvidence = 16
        rule.scaleCount = 30
        rule.quietMs = 3 * 86_400_000
        rule.ordinaryMemory = 512
        rule.suspiciousMemory = 2_048
        rule.maxCampaigns = 64
        rule.maxEntities = 1_000
        #expect(try loadedConfiguration(everyKey).topology.detectors == [DetectorSpec(id: "probes", rule: .probing(rule), models: ["risk"])])
    }

    @Test func inventory() throws {
        let topology = try loadedConfiguration(everyKey).topology
        #expect(topology.schema.models == ["risk", "other"])
        #expect(topology.schema.features == [.init(name: "amount", kind: .number), .init(name: "fixed", kind: .boolean), .init(name: "currency", kind: .category)])
        #expect(topology.schema.dimensions == ["country", "channel", "newcomer"])
        #expect(topology.schema.entities == ["user", "device"])
        #expect(topology.schema.signals == ["ml", "otp", "device"])
        var risk = ModelSpec(
            name: "risk", description: "Payments", owner: Team(name: "fraud", contact: "#fraud"), security: Team(name: "sec", contact: "#sec"),
            features: [0, 1], importantFeatures: [0])
        risk.importances = [0: 0.8]
        #expect(
            topology.models == [
                risk,
                ModelSpec(name: "other", owner: Team(name: "fraud"), security: Team(name: "sec"), features: [2, 0], importantFeatures: []),
            ])
        #expect(
            topology.labelSources == [
                LabelSource(pipeline: "issuer", tier: 3), LabelSource(pipeline: "queue", tier: 2),
                LabelSource(pipeline: "users", tier: 1, samplingWeight: 5)])
        var slices = SliceConfiguration()
        slices.groups = [[0], [1], [2], [0, 1]]
        slices.newEntities = [NewEntityRule(dimension: 2, entity: 0, withinMs: 12 * 3_600_000)]
        slices.entityMemory = 5_000
        slices.maxValuesPerDimension = 10
        slices.maxSlices = 20
        slices.maxVersions = 3
        slices.featuresInSlices = true
        #expect(topology.slices == slices)
        #expect(topology.runbookBase == "https://runbooks.example.com")
        #expect(topology.application == "shop")
    }

    @Test func timeAndPanes() throws {
        let topology = try loadedConfiguration(everyKey).topology
        let second: Int64 = 1_000, minute = 60 * second, hour = 60 * minute, day = 24 * hour
        #expect(
            topology.windows == [
                WindowSpec(name: "short", sizeMs: 2 * minute, hopMs: minute), WindowSpec(name: "week", sizeMs: 7 * day, hopMs: 7 * day, offsetMs: 4 * day),
                WindowSpec(name: "shifted", sizeMs: 2 * day, hopMs: day, offsetMs: 6 * hour),
            ])
        var panes = PaneConfiguration()
        panes.levels = [.init(sizeMs: 30 * second, keepMs: 3 * hour), .init(sizeMs: hour, keepMs: 40 * day), .init(sizeMs: 6 * hour, keepMs: 50 * day)]
        panes.scoreEntries = 2_048
        panes.quantileAccuracy = 0.02
        panes.quantileBins = 256
        panes.categories = 32
        panes.thresholdEpsilon = 0.05
        panes.reviseEveryMs = 12 * hour
        #expect(topology.panes == panes)
        var time = TimeConfiguration()
        time.outOfOrdernessMs = 10 * second
        time.maxFutureMs = 2 * day
        time.futureConfirmations = 5
        time.idleTimeoutMs = 2 * minute
        time.maxAheadMs = 10 * minute
        time.maxWaitingRows = 5_000
        time.granuleMs = 500
        #expect(topology.time == time)
        var join = JoinConfiguration()
        join.retentionMs = 30 * day
        join.segmentMs = 12 * hour
        join.pendingTTLMs = 2 * day
        join.maxPending = 10
        join.maxPendingBytes = 3 << 20
        join.duplicateWindowMs = 3 * hour
        join.maturityMs = 20 * day
        join.maxLabelsPerRequest = 4
        join.maxLabelKinds = 5
        #expect(topology.join == join)
    }

    @Test func nowcasts() throws {
        var nowcast = NowcastConfiguration()
        nowcast.isEnabled = false
        nowcast.cohortMs = 12 * 3_600_000
        nowcast.horizonMs = 60 * 86_400_000
        nowcast.halfLifeMs = 20 * 86_400_000
        nowcast.neighbourhoodMs = 7 * 86_400_000
        nowcast.priorMedianMs = 10 * 86_400_000
        nowcast.priorSpread = 0.5
        nowcast.slices = .groups([[0]])
        nowcast.sliceValues = [SliceName([.init(dimension: "country", value: nil), .init(dimension: "channel", value: "app")])]
        nowcast.maxSeries = 9
        #expect(try loadedConfiguration(everyKey).topology.nowcast == nowcast)
    }
}
