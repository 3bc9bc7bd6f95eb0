extension LabelPeerTest {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: day)
        writer.write(signed: fewest)
        writer.write(count: pools.count)
        for pool in pools {
            for counts in pool.strata {
                writer.write(double: counts.legit)
                writer.write(double: counts.total)
            }
            for value in pool.contradictedToday + [pool.deviation, pool.spread] { writer.write(double: value) }
        }
        writer.write(count: trials.count)
        for trial in trials { trial.encode(into: &writer) }
        waiting.encode(into: &writer)
    }

    package mutating func restore(from reader: inout ByteReader) throws {
        self = LabelPeerTest(rule: rule)
        day = try reader.readSigned()
        fewest = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 8)) {
            let pool = addPool()
            for stratum in 0..<Self.strata {
                pools[pool].strata[stratum] = StratumCounts(legit: try reader.readDouble(), total: try reader.readDouble())
            }
            for stratum in 0..<Self.strata { pools[pool].contradictedToday[stratum] = try reader.readDouble() }
            pools[pool].deviation = try reader.readDouble()
            pools[pool].spread = try reader.readDouble()
        }
        for _ in 0..<(try reader.readCount(minimumSize: 32)) {
            let trial = try ActorTrial(from: &reader)
            guard trial.pool < pools.count else { throw CorruptBytes(offset: reader.offset, expected: "an actor of a known pool") }
            _ = append(trial)
        }
        try waiting.restore(from: &reader)
    }
}
