import Driving
import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// A topic of several models, read for one of them: the output is that of the stream without the others.
@Suite(.serialized) struct OtherModelsTests {
    private func mix(_ seed: UInt64) -> TrafficMix {
        var mix = TrafficMix(seed: seed)
        mix.decisions = 700
        mix.perSecond = 700 / 100_000
        mix.oddShare = 0.2
        mix.spanMs = 130_000_000
        mix.isOrdered = true
        mix.scenarios = [
            SimulationScenario(.duplicates, strength: 0.1), SimulationScenario(.labelCorrections, strength: 0.5),
            SimulationScenario(.featureMissing, fromMs: 36_000_000, strength: 0.5),
        ]
        return mix
    }

    private func request(_ record: InputRecord) -> String? {
        String(decoding: record.line, as: UTF8.self).firstMatch(of: /"request_id":"([^"]*)"/).map { String($0.output.1) }
    }

    /// What another model adds to each record: the same request under the same ID (a shadow), and a request of its own.
    /// Labels that nobody's decision belongs to get no double: they are orphans, whoever invented them.
    private func others(of record: InputRecord, at place: Int, decided: Set<String?>) -> [InputRecord] {
        guard record.stream == .decisions || decided.contains(request(record)) else { return [] }
        let text = String(decoding: record.line, as: UTF8.self)
        var shadow = record, own = record
        shadow.line = Array(text.replacingOccurrences(of: "\"payments-gbm\"", with: "\"payments-shadow\"").utf8)
        own.line = Array(String(decoding: shadow.line, as: UTF8.self).replacingOccurrences(of: "\"request_id\":\"", with: "\"request_id\":\"other-").utf8)
        return record.stream == .labels ? [own] : place % 3 == 0 ? [shadow, own] : [own]
    }

    private func load(_ otherModels: OtherModels, state: String? = nil) throws -> VedetteConfiguration {
        var configuration = try Settings.load(isShort: false, monitors: Settings.monitors, stateDirectory: state)
        configuration.topology.schema.otherModels = otherModels
        return configuration
    }

    /// - Returns: what is left of the counters once the other model's are taken away. Of the labels, some of theirs
    ///   still wait at the end.
    private func without(_ counters: Counters) -> Counters {
        var counters = counters
        counters.labels = 0
        counters.otherModels = 0
        counters.labelsOtherModels = 0
        return counters
    }

    @Test(arguments: 1...3) func asIfTheyWereNotThere(_ number: Int) throws {
        let records = try mix(900 + UInt64(number)).records()
        let directory = try ScratchDirectory(), other = try ScratchDirectory()
        let alone = try InputLog(records, decisions: 2, labels: 2, in: directory).replay(try load(.reject), in: directory)
        // Before or after the listed model's own, as a shadow may be.
        let decided = Set(records.filter { $0.stream == .decisions }.map(request))
        let mixed = records.enumerated().flatMap { place, record in
            place % 2 == 0 ? [record] + others(of: record, at: place, decided: decided) : others(of: record, at: place, decided: decided) + [record]
        }
        let log = InputLog(mixed, decisions: 2, labels: 2, in: other)
        let ignoring = try log.replay(try load(.ignore), in: other)
        #expect(alone[.late].isEmpty && !alone[.alerts].isEmpty && alone.counters.orphans > 0, "seed \(number) tests too little")
        #expect(ignoring.difference(from: alone, ignoring: [.deadLetters]) == nil)
        #expect(without(ignoring.counters) == without(alone.counters))
        #expect(ignoring.counters.labelsOtherModels > 100 && ignoring.counters.otherModels > 700)
        for drive in 0..<2 {
            let configuration = try load(.ignore, state: other.file("state-\(drive)"))
            let driven = try log.drive(configuration, seed: UInt64(number * 10 + drive), checkpointShare: drive == 0 ? 0 : 0.1)
            #expect(driven.difference(from: ignoring) == nil, "drive \(drive)")
            #expect(driven.counters == ignoring.counters, "drive \(drive)")
        }
    }
}
