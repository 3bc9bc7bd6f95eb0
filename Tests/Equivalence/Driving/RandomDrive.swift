import VedetteCore
import VedetteRuntime

extension Pipeline {
    /// Registers the partitions of a log. Returns where to read on in each.
    package func register(_ log: InputLog) -> [Int] {
        log.identities.map { Int(addPartition($0) ?? 0) }
    }

    package func feed(_ log: InputLog, _ partition: Int, _ range: Range<Int>) {
        for offset in range {
            log.records[partition][offset].line.withUnsafeBytes { add($0, partition: partition, offset: Int64(offset), clock: presentMs) }
        }
    }

    /// Takes what is held back, and ends the partition.
    package func end(_ partition: Int) throws {
        punctuate(partition, watermark: max(0, topology.watermark(of: partition)), present: presentMs)
        try step()
        topology.end(partition)
    }
}

extension InputLog {
    /// Drives a pipeline over the whole log as chance will have it: which partition is read
    /// next, how much of it, how often it steps, commits and makes checkpoints. Only alignment
    /// is respected. Ends as a replay does.
    package func drive(_ configuration: VedetteConfiguration, seed: UInt64, checkpointShare: Double) throws -> Output {
        var random = TestRandom(seed)
        let output = MemoryOutput()
        let pipeline = try Pipeline(configuration: configuration, output: output, wanted: Set(OutputKind.allCases), mode: .replay)
        var places = pipeline.register(self)
        var open = Set(identities.indices)
        let largest = 1 + random.below(400)
        while !open.isEmpty {
            let candidates = open.filter { !pipeline.topology.isAhead($0) }.sorted()
            guard let partition = candidates.randomElement(using: &random) else { throw Stuck() }
            let until = min(records[partition].count, places[partition] + 1 + random.below(largest))
            pipeline.feed(self, partition, places[partition]..<until)
            places[partition] = until
            if until == records[partition].count {
                try pipeline.end(partition)
                open.remove(partition)
            }
            if random.chance(0.6) { try pipeline.step() }
            if random.chance(0.2) { try pipeline.commit() }
            if random.chance(checkpointShare) { try pipeline.checkpoint() }
        }
        try pipeline.topology.finish()
        try pipeline.step()
        try pipeline.commit()
        var result = output.output
        result.counters = pipeline.topology.counters
        return result
    }

    /// Every open partition claims to be ahead of the others.
    package struct Stuck: Error {}
}

extension Output {
    /// The first place where two outputs differ, in words; nil where they are equal. The order
    /// of dead letters follows the input of each partition, so only their multiset counts.
    package func difference(from other: Output, ignoring: Set<OutputKind> = []) -> String? {
        for kind in OutputKind.allCases where !ignoring.contains(kind) {
            var (mine, theirs) = (self[kind], other[kind])
            if kind == .deadLetters {
                mine.sort { $0.lexicographicallyPrecedes($1) }
                theirs.sort { $0.lexicographicallyPrecedes($1) }
            }
            guard mine != theirs else { continue }
            let place = zip(mine, theirs).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(mine.count, theirs.count)
            func show(_ lines: [[UInt8]]) -> String { place < lines.count ? String(decoding: lines[place], as: UTF8.self) : "nothing" }
            return "\(kind.rawValue): \(mine.count) and \(theirs.count) records, from record \(place) on\n\(show(mine))\n\(show(theirs))"
        }
        return nil
    }
}
