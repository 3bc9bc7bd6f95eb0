/// The upper tail of a statistic, learned from the stream: how likely is a value at least this large?
///
/// Counts in bins of ``width``; beyond the ``trusted``th largest value the tail goes on exponentially at the
/// rate of the mean excess over the largest twentieth, widened by a fifth (peaks over threshold with an
/// exponential tail; Pickands 1975). The logarithms per bin are renewed after every 2 % of growth, so a look-up
/// is an array access.
package struct TailEstimate: Equatable {
    static let bins = 400
    static let width = 0.5
    /// Values that must lie above a bin for its share to be counted rather than extrapolated.
    private static let trusted = 5.0
    private static let widening = 1.2
    /// Counts are halved here, so that what is normal may change over months.
    private static let ceiling: Int64 = 1 << 22

    private var counts = ContiguousArray<Int64>(repeating: 0, count: bins)
    package private(set) var total: Int64 = 0
    private var renewedAt: Int64 = 0
    /// As of the last renewal: values at or above each bin, and ln of their share.
    private var above = ContiguousArray<Int64>(repeating: 0, count: bins)
    private var logShare = ContiguousArray<Double>(repeating: 0, count: bins)

    package init() {}

    static func bin(_ value: Double) -> Int { min(bins - 1, max(0, Int(value / width))) }

    package mutating func add(_ value: Double) { add(bin: Self.bin(value)) }

    mutating func add(bin: Int) {
        counts[bin] += 1
        total += 1
        if total - renewedAt > max(20, renewedAt / 50) { renew() }
    }

    /// ln P(X >= value), at most 0.
    package func logTail(_ value: Double) -> Double { logShare[Self.bin(value)] }

    /// How many values were at least this large, as of the last renewal.
    package func count(atLeast value: Double) -> Int64 { above[Self.bin(value)] }

    private mutating func renew() {
        if total > Self.ceiling {
            for bin in 0..<Self.bins { counts[bin] /= 2 }
            total = counts.reduce(0, +)
        }
        renewedAt = total
        let counts = counts
        above.withUnsafeMutableBufferPointer { above in
            var running: Int64 = 0
            for bin in (0..<Self.bins).reversed() {
                running += counts[bin]
                above[bin] = running
            }
        }
        let edge = above.lastIndex { Double($0) >= Self.trusted } ?? 0
        let top = above.lastIndex { Double($0) >= 0.05 * Double(total) } ?? 0
        var excess = 0.0
        for bin in top..<Self.bins { excess += (Double(bin - top) + 0.5) * Self.width * Double(counts[bin]) }
        let mean = above[top] > 0 ? max(1, excess / Double(above[top])) : 2
        let rate = 1 / (mean * Self.widening)
        let edgeLog = RealFunctions.log(Double(above[edge] + 1) / Double(total + 1))
        let (passed, all) = (above, total)
        logShare.withUnsafeMutableBufferPointer { logShare in
            for bin in 0..<Self.bins {
                logShare[bin] = bin <= edge
                    ? RealFunctions.log(Double(passed[bin] + 1) / Double(all + 1))
                    : edgeLog - Double(bin - edge) * Self.width * rate
            }
        }
    }
}

extension TailEstimate: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: total)
        writer.write(signed: renewedAt)
        for bin in 0..<Self.bins {
            writer.write(signed: counts[bin])
            writer.write(signed: above[bin])
            writer.write(double: logShare[bin])
        }
    }

    package init(from reader: inout ByteReader) throws {
        total = try reader.readSigned()
        renewedAt = try reader.readSigned()
        for bin in 0..<Self.bins {
            counts[bin] = try reader.readSigned()
            above[bin] = try reader.readSigned()
            logShare[bin] = try reader.readDouble()
        }
    }
}
