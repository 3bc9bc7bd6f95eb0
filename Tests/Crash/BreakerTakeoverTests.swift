import Driving
import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// What a decision service hears of the breakers while the instances change.
@Suite(.serialized) struct BreakerTakeoverTests {
    private struct Heard {
        var key: String
        var state: String
        var sequence: Int64
        var isRetired: Bool
        var share: Double
        var by: String?
    }

    private func heard(_ lines: [[UInt8]]) throws -> [Heard] {
        try lines.map { line in
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any])
            let slice = (object["slice"] as? [String: Any] ?? [:]).map { "\($0.key)=\($0.value)" }.sorted().joined(separator: ",")
            return Heard(
                key: "\(object["breaker"] ?? "")|\(object["model"] ?? "")|\(slice)", state: try #require(object["state"] as? String),
                sequence: try #require((object["sequence"] as? NSNumber)?.int64Value), isRetired: try #require(object["retired"] as? Bool),
                share: try #require((object["reliance_share"] as? NSNumber)?.doubleValue), by: (object["forced"] as? [String: Any])?["by"] as? String)
        }
    }

    /// Opens on any challenges, and is soon clear where there are none, so that it passes through all of its states within hours.
    private func settings(_ seed: UInt64, _ directory: String) throws -> VedetteConfiguration {
        var configuration = try KillTests().settings(seed, directory)
        configuration.topology.breakers[0].timing.flapWindowMs = 3_600_000
        // The stream's last weeks are nothing but heartbeats.
        configuration.topology.breakers[0].heartbeatMs = 6 * 3_600_000
        configuration.topology.breakers[0].expiryMs = 12 * 3_600_000
        for (index, trigger) in configuration.topology.breakers[0].triggers.enumerated() {
            guard case .metric(var rule) = trigger else { continue }
            (rule.above, rule.clearRatio, rule.minCount) = (0.01, 1, 2)
            configuration.topology.breakers[0].triggers[index] = .metric(rule)
        }
        return configuration
    }

    @Test("Through every takeover each key's numbers follow one another, and the states are those of one life")
    func takeovers() throws {
        var takeovers = 0
        var words: Set<String> = []
        var people: Set<String> = []
        var retired = 0
        for seed in 7_100..<(7_104 as UInt64) {
            let directory = try ScratchDirectory()
            var log = try KillTests().log(seed, directory)
            let start = try #require(log.records.joined().filter { $0.stream == .decisions && $0.broken == nil }.map(\.deliveryMs).min())
            log.addControl(orders(seed, from: start), name: directory.file("control"))
            let run = CrashRun(
                log, try settings(seed, directory.file("state")), seed: seed, maxKills: 22, isTransactional: true, lastWatermark: presentMs, hasStandby: true)
            try run.run()
            let reference = try log.uninterrupted(try settings(seed, directory.file("reference")), run.punctuations, seed: seed)
            let records = try heard(run.output.output[.breakers]), alone = try heard(reference[.breakers])
            #expect(
                records.map(\.by) == alone.map(\.by) && records.map(\.key) == alone.map(\.key) && records.map(\.state) == alone.map(\.state)
                    && records.map(\.share) == alone.map(\.share))
            var last: [String: Heard] = [:]
            for record in records {
                if let before = last[record.key] {
                    #expect(before.isRetired ? record.sequence > before.sequence : record.sequence == before.sequence + 1, "seed \(seed): \(record)")
                }
                last[record.key] = record
                words.insert(record.state)
                retired += record.isRetired ? 1 : 0
                if let by = record.by { people.insert(by) }
            }
            takeovers += run.takeovers
        }
        #expect(takeovers > 40 && words == ["closed", "open", "half_open"] && retired > 0 && people.count > 5, "\(takeovers), \(words), \(retired), \(people)")
    }

    /// An order every hour and a half, some of them with an end.
    private func orders(_ seed: UInt64, from start: Int64) -> [String] {
        var random = TestRandom(seed)
        return (1...15).map { number in
            let time = start + Int64(number) * 5_400_000
            let until = random.chance(0.5) ? ",\"until\":\(time + 1_800_000)" : ""
            let state = ["open", "closed", "half_open", "auto"][random.below(4)]
            let slice = random.chance(0.3) ? ",\"slice\":{\"channel\":\"app\"}" : ""
            return "{\"kind\":\"breaker\",\"time\":\(time),\"breaker\":\"guard\",\"model\":\"payments-gbm\",\"state\":\"\(state)\","
                + "\"author\":\"on-call-\(number)\",\"reason\":\"drill\"\(slice)\(until)}"
        }
    }

    private func hasJudged(_ follower: Follower?, with breakers: Int) -> Bool {
        guard let pipeline = follower?.pipeline else { return false }
        return pipeline.configuration.topology.breakers.count == breakers && pipeline.topology.judgedTo > 0
    }

    /// A rolling change of the configuration: the first instance dies some commits after its checkpoint, and the second, which had
    /// followed it under the old configuration or the new one, goes on under the new one.
    @Test(
        "Under another configuration no number goes back, and what it does not name any more is closed for good, once",
        arguments: 1...4 as ClosedRange<UInt64>, [false, true])
    func otherConfiguration(seed: UInt64, isCold: Bool) throws {
        var random = TestRandom(seed)
        let directory = try ScratchDirectory()
        let log = try KillTests().log(7_200 + seed, directory)
        let output = MemoryOutput()
        let old = try settings(withOther: seed, directory.file("state"))
        var new = changed(old)
        if !isCold { new.state.directory += "-standby" }
        let follower = try lead(log, output, old, new, isFollowed: !isCold, &random)
        #expect(!hasJudged(follower, with: 2), "seed \(seed): the standby kept its configuration")
        let told = try heard(output.output[.breakers])
        #expect(told.contains { $0.key.hasPrefix("guard|") } && told.contains { $0.state == "open" })
        try goOn(log, output, new, follower)
        try requireOneEnd(heard(output.output[.breakers]), told: told.count)
    }

    /// With a second breaker, `other`.
    private func settings(withOther seed: UInt64, _ directory: String) throws -> VedetteConfiguration {
        var configuration = try settings(seed, directory)
        var other = configuration.topology.breakers[0]
        other.id = "other"
        configuration.topology.breakers.append(other)
        return configuration
    }

    /// `guard` is gone, and `other` is not what it was.
    private func changed(_ old: VedetteConfiguration) -> VedetteConfiguration {
        var new = old
        new.topology.breakers.removeFirst()
        new.topology.breakers[0].heartbeatMs *= 3
        new.topology.breakers[0].expiryMs *= 3
        new.topology.breakers[0].triggers.removeLast()
        return new
    }

    /// The first instance reads the first half of the log under the old configuration, and is gone.
    ///
    /// - Returns: the standby that followed it.
    private func lead(
        _ log: InputLog, _ output: MemoryOutput, _ old: VedetteConfiguration, _ new: VedetteConfiguration, isFollowed: Bool, _ random: inout TestRandom
    ) throws -> Follower? {
        let first = try Pipeline(configuration: old, output: output, wanted: Set(OutputKind.allCases))
        var same = old
        same.state.directory = new.state.directory
        var follower = isFollowed ? try Follower(same, output, log) : nil
        var places = first.register(log)
        let half = log.records.map { $0.count / 2 }
        while let partition = places.indices.filter({ places[$0] < half[$0] }).randomElement(using: &random) {
            let end = min(half[partition], places[partition] + 1 + random.below(40))
            first.feed(log, partition, places[partition]..<end)
            places[partition] = end
            try first.step()
            if random.chance(0.3) { try first.commit() }
            // Early enough that what follows is made again.
            if random.chance(0.1), first.checkpointNumber < 2 { try first.checkpoint() }
            try follower?.turn(output, log, &random)
            // The standby is the first to get the new configuration.
            if hasJudged(follower, with: 2), random.chance(0.1) {
                try follower?.pipeline.checkpoint()
                follower = nil
                follower = try Follower(new, output, log)
            }
        }
        try first.commit()
        return follower
    }

    /// The standby, or where there was none a new instance, reads the rest under the new configuration.
    private func goOn(_ log: InputLog, _ output: MemoryOutput, _ new: VedetteConfiguration, _ follower: Follower?) throws {
        let second = try follower?.pipeline ?? Pipeline(configuration: new, output: output, wanted: Set(OutputKind.allCases))
        if follower != nil { try second.lead() }
        let places = follower?.places ?? second.register(log)
        for partition in places.indices {
            second.feed(log, partition, places[partition]..<log.records[partition].count)
            second.punctuate(partition, watermark: presentMs, present: presentMs)
        }
        try second.step()
        try second.commit()
    }

    /// - Parameter told: how many of the records are of the old configuration.
    private func requireOneEnd(_ records: [Heard], told: Int) {
        var last: [String: Heard] = [:]
        for record in records {
            #expect(record.sequence > last[record.key]?.sequence ?? -1, "\(record)")
            last[record.key] = record
        }
        let after = records.dropFirst(told)
        #expect(after.contains { $0.key.hasPrefix("other|") && !$0.isRetired })
        let ended = after.filter { $0.key.hasPrefix("guard|") }
        #expect(ended.allSatisfy { $0.isRetired && $0.state == "closed" } && ended.map(\.key).count == Set(ended.map(\.key)).count)
        #expect(ended.contains { $0.key == "guard|payments-gbm|" })
    }
}
