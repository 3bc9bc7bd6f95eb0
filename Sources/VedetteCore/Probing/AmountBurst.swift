/// What is told of a burst: its strongest slice at its strongest moment.
struct AmountBurst: Equatable {
    var cell: Int32 = -1
    var peak = 0.0
    var startedAt: Int64 = 0
    var lastAt: Int64 = 0
    /// Small ones among all requests of the slice since ``startedAt``.
    var small: Int64 = 0
    var all: Int64 = 0
    /// Of the slice's past: the share of small ones, and how many there were in a day.
    var usualShare = 0.0
    var usualPerDay = 0.0
    /// What is small: below this.
    var amount = 0.0
    /// Requests that belonged to it in any slice.
    var requests: Int64 = 0
    /// Of these, those that were not stopped, and their amounts.
    var passed: Int64 = 0
    var money = AmountSum()
    var samples: [String] = []
}

extension AmountBurst: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: Int64(cell))
        for number in [startedAt, lastAt, small, all, requests, passed] { writer.write(signed: number) }
        money.encode(into: &writer)
        for number in [peak, usualShare, usualPerDay, amount] { writer.write(double: number) }
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
    }

    init(from reader: inout ByteReader) throws {
        cell = Int32(truncatingIfNeeded: try reader.readSigned())
        startedAt = try reader.readSigned()
        lastAt = try reader.readSigned()
        small = try reader.readSigned()
        all = try reader.readSigned()
        requests = try reader.readSigned()
        passed = try reader.readSigned()
        money = try AmountSum(from: &reader)
        peak = try reader.readDouble()
        usualShare = try reader.readDouble()
        usualPerDay = try reader.readDouble()
        amount = try reader.readDouble()
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
    }
}
