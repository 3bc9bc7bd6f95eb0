/// Counts of actors that are not followed: a count-min sketch, never below the true count.
/// Source: Cormode and Muthukrishnan, "An improved data stream summary" (2005).
struct ActorSketch: Sendable, Equatable {
    static let rows = 4
    static let width = 4_096

    private var counts = [UInt32](repeating: 0, count: ActorSketch.rows * ActorSketch.width)

    init() {}

    /// Once a day, so that a flood of names is forgotten.
    mutating func halve() {
        guard counts.contains(where: { $0 > 0 }) else { return }
        for place in counts.indices { counts[place] /= 2 }
    }

    /// Adds one and answers the count.
    mutating func add(_ key: UInt64) -> UInt32 {
        var least = UInt32.max
        for row in 0..<Self.rows {
            let place = row * Self.width + Int(truncatingIfNeeded: key >> UInt64(row * 13)) & (Self.width - 1)
            if counts[place] < .max { counts[place] += 1 }
            least = min(least, counts[place])
        }
        return least
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(bool: counts.contains { $0 > 0 })
        guard counts.contains(where: { $0 > 0 }) else { return }
        for count in counts { writer.write(varint: UInt64(count)) }
    }

    init(from reader: inout ByteReader) throws {
        guard try reader.readBool() else { return }
        for place in counts.indices { counts[place] = UInt32(truncatingIfNeeded: try reader.readVarint()) }
    }
}
