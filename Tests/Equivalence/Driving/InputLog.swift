import VedetteCore
import VedetteRuntime

/// One record of the input, with what the tests know about it.
package struct InputRecord: Sendable {
    package var stream: StreamKind
    package var line: [UInt8]
    /// Why the decoder must refuse it; nil where it must not.
    package var broken: MalformedKind?
    package var deliveryMs: Int64
    /// Decides the partition: equal for all records of one request.
    package var routing: UInt64

    package init(stream: StreamKind, line: [UInt8], broken: MalformedKind?, deliveryMs: Int64, routing: UInt64) {
        self.stream = stream
        self.line = line
        self.broken = broken
        self.deliveryMs = deliveryMs
        self.routing = routing
    }
}

/// All that is read: partitions, each an append-only list of records.
package struct InputLog: Sendable {
    package var identities: [InputPartition] = []
    package var records: [[InputRecord]] = []

    package var count: Int { records.reduce(0) { $0 + $1.count } }

    /// Cuts a delivered stream into partitions, decisions first.
    package init(_ stream: some Sequence<InputRecord>, decisions: Int, labels: Int, name: (StreamKind, Int) -> String) {
        for number in 0..<decisions { add(.decisions, number, name(.decisions, number)) }
        for number in 0..<labels { add(.labels, number, name(.labels, number)) }
        for record in stream {
            let number = Int(record.routing % UInt64(record.stream == .decisions ? decisions : labels))
            records[record.stream == .decisions ? number : decisions + number].append(record)
        }
    }

    /// Adds a partition of control records, after all others.
    package mutating func addControl(_ lines: [String], name: String) {
        add(.control, 0, name)
        records[records.count - 1] = lines.map {
            InputRecord(stream: .control, line: Array($0.utf8), broken: nil, deliveryMs: 0, routing: 0)
        }
    }

    private mutating func add(_ stream: StreamKind, _ number: Int, _ source: String) {
        identities.append(InputPartition(stream: stream, source: source, number: Int32(number)))
        records.append([])
    }
}

/// SplitMix64 (Steele, Lea and Flood, 2014): equal seeds give equal tests.
package struct TestRandom: RandomNumberGenerator, Sendable {
    private var state: UInt64

    package init(_ seed: UInt64) { state = seed }

    package mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ mixed >> 30) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
        return mixed ^ mixed >> 31
    }

    package mutating func below(_ bound: Int) -> Int { Int(next() % UInt64(max(1, bound))) }
    package mutating func chance(_ share: Double) -> Bool { Double(next() >> 11) < share * 0x1p53 }
}
