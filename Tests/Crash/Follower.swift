import Driving
import VedetteRuntime

/// A standby in the making: follows the progress records of the active instance.
final class Follower {
    let pipeline: Pipeline
    private(set) var places: [Int]
    private var followed = 0

    init(_ configuration: VedetteConfiguration, _ output: MemoryOutput, _ log: InputLog) throws {
        pipeline = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases), isStandby: true)
        places = pipeline.register(log)
    }

    func turn(_ output: MemoryOutput, _ log: InputLog, _ random: inout TestRandom) throws {
        for record in output.progress[followed...].prefix(1 + random.below(8)) {
            pipeline.follow(record)
            followed += 1
        }
        for partition in places.indices {
            let end = min(Int(pipeline.readLimit(of: partition)), places[partition] + random.below(120))
            guard end > places[partition] else { continue }
            pipeline.feed(log, partition, places[partition]..<end)
            places[partition] = end
        }
        if random.chance(0.7) { try pipeline.step() }
        if random.chance(0.1) { try pipeline.checkpoint() }
    }
}
