import Driving
import VedetteCore
import VedetteRuntime

/// A live run that is killed again and again and started again on the same state and output.
///
/// Chance decides what is read next, when it steps, commits and makes checkpoints, when a
/// partition is called idle, and where it dies. Everything comes from one seed.
final class CrashRun {
    let log: InputLog
    let configuration: VedetteConfiguration
    let output = MemoryOutput()
    private(set) var kills = 0
    private(set) var killsAt: [Pipeline.Step: Int] = [:]
    private(set) var reexecutions = 0
    /// Punctuations that outlived the process that made them, by offset, per partition.
    private(set) var punctuations: [[Int64: Punctuation]]
    private var highestRead: [Int]
    private var random: TestRandom
    /// Per record, whether it is stamped ahead of its time.
    private let isAhead: [[Bool]]
    private let maxKills: Int
    /// A second instance, with a state of its own, that follows the first and takes over when that dies.
    private var follower: Follower?
    private let hasStandby: Bool
    /// Which of the two state directories the active instance has.
    private var seat = 0
    private(set) var takeovers = 0
    /// Takeovers by an instance that had judged all that was out already.
    private(set) var warmTakeovers = 0
    /// After everything that is read.
    private let lastWatermark: Int64
    private let isTransactional: Bool

    /// - Parameter isTransactional: without transactions a crash may leave records behind whose progress is lost.
    init(_ log: InputLog, _ configuration: VedetteConfiguration, seed: UInt64, maxKills: Int, isTransactional: Bool, lastWatermark: Int64, hasStandby: Bool = false) {
        self.hasStandby = hasStandby
        self.log = log
        self.configuration = configuration
        self.maxKills = maxKills
        self.lastWatermark = lastWatermark
        self.isTransactional = isTransactional
        random = TestRandom(seed)
        let mark = Array("\"ahead-".utf8)
        isAhead = log.records.map { $0.map { $0.line.firstRange(of: mark) != nil } }
        punctuations = Array(repeating: [:], count: log.identities.count)
        highestRead = Array(repeating: 0, count: log.identities.count)
        if !isTransactional {
            var left = TestRandom(seed ^ 0xABCD)
            output.leftBehind = { left.below($0 + 1) }
        }
    }

    func run() throws {
        while true {
            do {
                try live()
                return
            } catch is MemoryOutput.Crash {
                kills += 1
            }
        }
    }

    // MARK: One life

    private func live() throws {
        let begun = try begin()
        let pipeline = begun.0
        var places = begun.1
        if pipeline.isReexecuting { reexecutions += 1 }
        var countdown = kills < maxKills ? 1 + random.below(16) : .max
        var asOfCheckpoint: [[Punctuation]] = []
        pipeline.onStep = { [self, unowned pipeline] step in
            if step == .beforeCheckpoint { asOfCheckpoint = places.indices.map { pipeline.topology.punctuations(of: $0) } }
            if step == .afterCheckpoint { remember(asOfCheckpoint) }
            countdown -= 1
            guard countdown <= 0 else { return }
            killsAt[step, default: 0] += 1
            throw MemoryOutput.Crash()
        }
        let largest = 1 + random.below(80)
        while let partition = next(pipeline, places) {
            var until = min(log.records[partition].count, places[partition] + 1 + random.below(largest))
            // Silence is most dangerous just after a record that waits for its successors' verdict.
            let held = (places[partition]..<until).first { isAhead[partition][$0] }
            let isSilent = held != nil && random.chance(0.5)
            if let held, isSilent { until = held + 1 }
            pipeline.feed(log, partition, places[partition]..<until)
            places[partition] = until
            highestRead[partition] = max(highestRead[partition], until)
            if random.chance(0.7) { try pipeline.step() }
            try follow()
            if isSilent { letIdleGo(partition, pipeline) }
            if random.chance(0.04) { letIdleGo(random.below(places.count), pipeline) }
            if random.chance(0.2) { try commit(pipeline) }
            if random.chance(0.06) { try pipeline.checkpoint() }
        }
        for partition in places.indices { pipeline.punctuate(partition, watermark: lastWatermark, present: presentMs) }
        repeat { try pipeline.step() } while pipeline.isBehind
        try commit(pipeline)
    }

    /// A new process, or the standby.
    private func begin() throws -> (Pipeline, [Int]) {
        let result: (Pipeline, [Int])
        if let follower {
            self.follower = nil
            seat = 1 - seat
            try follower.pipeline.lead()
            takeovers += 1
            if !follower.pipeline.isReexecuting { warmTakeovers += 1 }
            result = (follower.pipeline, follower.places)
        } else {
            let pipeline = try Pipeline(configuration: settings(seat), output: output, wanted: Set(OutputKind.allCases))
            result = (pipeline, pipeline.register(log))
        }
        // Some lives get through a gap in many steps.
        result.0.boundariesPerStep = random.chance(0.5) ? .max : 1 + random.below(400)
        if hasStandby { follower = try Follower(settings(1 - seat), output, log) }
        return result
    }

    private func settings(_ seat: Int) -> VedetteConfiguration {
        var settings = configuration
        if seat == 1 { settings.state.directory += "-standby" }
        return settings
    }

    /// The standby hears some of what is out, reads some of what it may, and dies now and then, too.
    private func follow() throws {
        guard hasStandby, random.chance(0.5) else { return }
        try follower?.turn(output, log, &random)
        guard kills < maxKills, random.chance(0.02) else { return }
        self.follower = nil
        self.follower = try Follower(settings(1 - seat), output, log)
    }

    /// The partition to read next; nil where all is read. A partition at its end that holds the others back goes idle.
    private func next(_ pipeline: Pipeline, _ places: [Int]) -> Int? {
        let open = places.indices.filter { places[$0] < log.records[$0].count }
        guard !open.isEmpty else { return nil }
        if let candidate = open.filter({ !pipeline.topology.isAhead($0) }).randomElement(using: &random) { return candidate }
        let target = open.map { pipeline.topology.watermark(of: $0) }.min() ?? .min
        for partition in places.indices where !open.contains(partition) && target != .min {
            pipeline.punctuate(partition, watermark: target, present: presentMs)
        }
        return open.min { pipeline.topology.watermark(of: $0) < pipeline.topology.watermark(of: $1) }
    }

    /// As the Kafka loop does it: only what has been read to the end, which is never before what was read in an earlier life.
    private func letIdleGo(_ partition: Int, _ pipeline: Pipeline) {
        guard pipeline.nextOffset(of: partition) >= Int64(highestRead[partition]), highestRead[partition] > 0 else { return }
        let other = pipeline.topology.watermark(of: random.below(log.identities.count))
        let own = pipeline.topology.watermark(of: partition)
        guard other != .min, own != .min else { return }
        // Sometimes it is the time of the newest record, beyond which those stamped ahead are: they are refused. Not where a
        // crash may leave the refusal behind and lose what it went by.
        let delivery = log.records[partition][Int(pipeline.nextOffset(of: partition)) - 1].deliveryMs
        pipeline.punctuate(partition, watermark: other, present: isTransactional && random.chance(0.6) ? delivery : presentMs)
    }

    private func commit(_ pipeline: Pipeline) throws {
        if kills < maxKills, random.chance(0.12) { output.fault = random.chance(0.5) ? .beforeVisible : .afterVisible }
        defer {
            // What a later life can read.
            if let progress = output.progress.last { remember(log.identities.map { progress.punctuations[$0] ?? [] }) }
            output.fault = .none
        }
        try pipeline.commit()
    }

    private func remember(_ all: [[Punctuation]]) {
        for (partition, entries) in all.enumerated() {
            for entry in entries {
                punctuations[partition][entry.offset] = punctuations[partition][entry.offset]?.combined(with: entry) ?? entry
            }
        }
    }
}

extension InputLog {
    /// The same in one life, with the punctuations at the places where they were made.
    func uninterrupted(_ configuration: VedetteConfiguration, _ punctuations: [[Int64: Punctuation]], seed: UInt64) throws -> Output {
        var random = TestRandom(seed)
        let output = MemoryOutput()
        let pipeline = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases))
        var places = pipeline.register(self)
        func punctuate(_ partition: Int) {
            guard let known = punctuations[partition][Int64(places[partition])] else { return }
            pipeline.punctuate(partition, watermark: known.watermark, present: known.present)
        }
        while true {
            let open = places.indices.filter { places[$0] < records[$0].count }
            guard let partition = open.randomElement(using: &random) else { break }
            for _ in 0..<(1 + random.below(50)) where places[partition] < records[partition].count {
                punctuate(partition)
                pipeline.feed(self, partition, places[partition]..<(places[partition] + 1))
                places[partition] += 1
            }
            if open.count == places.count, random.chance(0.1) { try pipeline.step() }
        }
        for partition in places.indices { punctuate(partition) }
        // The last ones stand behind the last good record, which bad ones may follow.
        for partition in places.indices {
            for (offset, known) in punctuations[partition].sorted(by: { $0.key < $1.key }) where offset >= pipeline.topology.position(of: partition) {
                pipeline.punctuate(partition, watermark: known.watermark, present: known.present)
            }
        }
        try pipeline.step()
        try pipeline.commit()
        return output.output
    }
}
