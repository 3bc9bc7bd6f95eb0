extension SourceFlowTest {
    package func encode(into writer: inout ByteWriter) {
        for value in [day, judged] { writer.write(signed: value) }
        writer.write(count: flows.count { $0 != nil })
        for (place, flow) in flows.enumerated() {
            guard let flow else { continue }
            writer.write(count: place)
            flow.encode(into: &writer)
        }
    }

    package mutating func restore(from reader: inout ByteReader) throws {
        flows = Array(repeating: nil, count: flows.count)
        day = try reader.readSigned()
        judged = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 64)) {
            let place = Int(truncatingIfNeeded: try reader.readVarint())
            guard flows.indices.contains(place) else { throw CorruptBytes(offset: reader.offset, expected: "a source of the registry") }
            var flow = SourceFlow(drift: rule.drift)
            try flow.restore(peerDrift: peerDrift, from: &reader)
            flows[place] = flow
        }
    }
}

extension SourceFlow {
    func encode(into writer: inout ByteWriter) {
        today.encode(into: &writer)
        open.encode(into: &writer)
        for counts in recent { for value in [counts.legit, counts.total] { writer.write(double: value) } }
        legit.encode(into: &writer)
        fraud.encode(into: &writer)
        writer.write(count: peers.count)
        for (source, watch) in peers.sorted(by: { $0.key < $1.key }) {
            writer.write(count: source)
            watch.encode(into: &writer)
        }
        for value in [words, lastAt] { writer.write(signed: value) }
        writer.write(bool: isAccused)
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
    }

    mutating func restore(peerDrift drift: Double, from reader: inout ByteReader) throws {
        today = try Day(from: &reader)
        open = try Day(from: &reader)
        for stratum in recent.indices { recent[stratum] = StratumCounts(legit: try reader.readDouble(), total: try reader.readDouble()) }
        try legit.restore(from: &reader)
        try fraud.restore(from: &reader)
        peers = [:]
        for _ in 0..<(try reader.readCount(minimumSize: 64)) {
            let source = Int(truncatingIfNeeded: try reader.readVarint())
            var watch = RateWatch(factors: Self.fraudFactors, strata: recent.count, drift: drift)
            try watch.restore(from: &reader)
            peers[source] = watch
        }
        words = try reader.readSigned()
        lastAt = try reader.readSigned()
        isAccused = try reader.readBool()
        samples = try (0..<(try reader.readCount())).map { _ in try reader.readString() }
    }
}

extension SourceFlow.Day {
    func encode(into writer: inout ByteWriter) {
        for value in legit + fraud + [clear] { writer.write(double: value) }
        amount.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        for stratum in legit.indices { legit[stratum] = try reader.readDouble() }
        for stratum in fraud.indices { fraud[stratum] = try reader.readDouble() }
        clear = try reader.readDouble()
        amount = try AmountSum(from: &reader)
    }
}
