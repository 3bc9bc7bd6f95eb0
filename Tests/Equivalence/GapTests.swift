import Driving
import Foundation
import Testing
import VedetteCore
import VedetteRuntime

/// A gap in event time is got through step by step where it is long, and nobody can tell by the output.
@Suite struct GapTests {
    private static let dayMs: Int64 = 86_400_000

    /// The first record of all is days older than the others.
    private func log(_ directory: ScratchDirectory) throws -> InputLog {
        var mix = TrafficMix(seed: 77)
        mix.decisions = 60
        mix.spanMs = Self.dayMs / 8
        var records = try mix.records()
        let old = TrafficMix.label("before-all", mix.startMs - 3 * Self.dayMs, "fraud", "app-reports", decision: nil)
        records.insert(InputRecord(stream: .labels, line: old, broken: nil, deliveryMs: mix.startMs, routing: 0), at: 0)
        return InputLog(records, decisions: 1, labels: 1, in: directory)
    }

    private func run(_ log: InputLog, _ directory: String, boundaries: Int, restarts: Bool = false) throws -> (output: Output, steps: Int) {
        let output = MemoryOutput()
        let configuration = try Settings.load(isShort: true, monitors: Settings.monitors, stateDirectory: directory)
        var steps = 0
        var pipeline: Pipeline! = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases))
        var places = pipeline.register(log)
        func feed() {
            pipeline.boundariesPerStep = boundaries
            for partition in places.indices {
                pipeline.feed(log, partition, places[partition]..<log.records[partition].count)
                pipeline.punctuate(partition, watermark: presentMs - 39 * Self.dayMs, present: presentMs)
            }
        }
        feed()
        repeat {
            let before = pipeline.topology.judgedTo
            try pipeline.step()
            steps += 1
            if pipeline.isBehind { #expect(pipeline.topology.judgedTo > before) }
            if restarts, steps == 20 {
                try pipeline.checkpoint()
                pipeline = nil
                pipeline = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases))
                places = pipeline.register(log)
                feed()
                try pipeline.step()
            }
        } while pipeline.isBehind
        try pipeline.commit()
        return (output.output, steps)
    }

    @Test("The end of a quiet history is not where one bad clock says")
    func quietHistory() throws {
        let directory = try ScratchDirectory()
        let output = MemoryOutput()
        let configuration = try Settings.load(isShort: true, stateDirectory: directory.file("state"))
        let pipeline = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases))
        let identities = (0..<2).map { InputPartition(stream: .labels, source: "labels", number: $0) }
        for identity in identities { _ = pipeline.addPartition(identity) }
        try pipeline.begin(at: [:], history: Dictionary(uniqueKeysWithValues: identities.map { ($0, 1) }))
        let times = [presentMs - Self.dayMs, presentMs + 3_650 * Self.dayMs]
        for (partition, time) in times.enumerated() {
            // The first of their partitions, by producers whose records have no timestamps.
            TrafficMix.label("l\(partition)", time, "fraud", "app-reports", decision: nil).withUnsafeBytes { pipeline.add($0, partition: partition, offset: 0, clock: .max) }
        }
        try pipeline.endHistory(present: presentMs)
        let watermark = try #require(output.progress.last?.watermark)
        #expect(watermark > presentMs - 2 * Self.dayMs && watermark < presentMs)
    }

    @Test("In one step, in many, and with a restart in the middle: the same")
    func steps() throws {
        let directory = try ScratchDirectory()
        let log = try log(directory)
        let whole = try run(log, directory.file("whole"), boundaries: .max)
        #expect(whole.steps == 1 && whole.output[.metrics].count > 10)
        let parts = try run(log, directory.file("parts"), boundaries: 100)
        #expect(parts.steps > 40)
        #expect(parts.output.difference(from: whole.output) == nil)
        let restarted = try run(log, directory.file("restarted"), boundaries: 100, restarts: true)
        #expect(restarted.output.difference(from: whole.output) == nil)
    }
}
