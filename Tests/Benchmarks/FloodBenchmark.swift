import VedetteCore
import VedetteRuntime

/// Memory under an attacker who sends no value twice: every decision has a new user, device, address, card and
/// country, and every tenth comes with a label for a request that never was.
enum FloodBenchmark {
    static let valuesPerDecision = 5
    private static let perSecond: Int64 = 200
    private static let labelEvery: Int64 = 10
    /// Decisions between two commits.
    private static let turn = 8_192

    static func run(decisions: Int) throws {
        let workspace = try Workspace()
        var configuration = try BenchmarkConfiguration.payments(
            labels: BenchmarkConfiguration.integrity, extra: BenchmarkConfiguration.everything)
        configuration.state.directory = workspace.file("state")
        let port = MemoryPort()
        let pipeline = try Pipeline(configuration: configuration, output: port, wanted: Set(OutputKind.allCases))
        var report = Report("flood: \(decisions) decisions with \(decisions * valuesPerDecision) distinct values, \(perSecond) a second of event time")
        var peaks: [Double] = []
        let (_, cost) = try Measurement.of { try feed(pipeline, decisions, &peaks) }
        report.add("pipeline", records: decisions + decisions / Int(labelEvery), cost)
        report.add(fact: "peak MiB at each tenth", peaks.map { Report.rounded($0, 0) }.joined(separator: ", "))
        report.add(fact: "series", "\(pipeline.topology.seriesCount)")
        report.add(fact: "labels waiting", "\(pipeline.topology.pendingLabels)")
        report.add(fact: "output", "\(port.records) records, \(port.bytes >> 20) MiB")
        report.print()
    }

    private static func feed(_ pipeline: Pipeline, _ decisions: Int, _ peaks: inout [Double]) throws {
        let start = SimulationOptions().startMs
        var partitions: [Int] = []
        for stream in [StreamKind.decisions, .labels] {
            let identity = InputPartition(stream: stream, source: "flood", number: 0)
            _ = pipeline.addPartition(identity)
            guard let index = pipeline.index(of: identity) else { throw BenchmarkFailure("the pipeline has no \(identity)") }
            partitions.append(index)
        }
        for number in 0..<Int64(decisions) {
            let time = start + number * 1_000 / perSecond
            FloodLines.decision(number, at: time).withUnsafeBytes { pipeline.add($0, partition: partitions[0], offset: number, clock: .max) }
            if number % labelEvery == 0 {
                FloodLines.label(number, at: time).withUnsafeBytes { pipeline.add($0, partition: partitions[1], offset: number / labelEvery, clock: .max) }
            }
            guard number % Int64(turn) == 0 else { continue }
            try pipeline.step()
            try pipeline.commit()
            if pipeline.topology.openRows >= pipeline.configuration.state.spillRows { try pipeline.checkpoint() }
            if Int(number) >= decisions / 10 * (peaks.count + 1) { peaks.append(Measurement.peakMiBOfProcess()) }
        }
        try pipeline.step()
        try pipeline.checkpoint()
        peaks.append(Measurement.peakMiBOfProcess())
    }
}
