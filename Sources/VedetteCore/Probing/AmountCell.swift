/// The requests since one slice's sum was last 0.
struct AmountRun: Equatable {
    var sum = 0.0
    var startedAt: Int64 = 0
    var small: Int64 = 0
    var all: Int64 = 0
}

/// One slice's amounts, by size, and how many small ones its days have.
struct AmountCell: Equatable {
    /// Four bins a doubling, from 1/16 to 2^20: exponent and the two leading bits of the fraction.
    private static let bins = 96
    private static let first = (1_023 - 4) * 4
    /// Counts are halved here, so that what is usual may change.
    private static let ceiling: Int64 = 1 << 16

    private var counts = ContiguousArray<UInt32>(repeating: 0, count: bins)
    private(set) var total: Int64 = 0
    private var sortedAt: Int64 = 0
    /// Per level: the largest bin that is small (-1 for none, and the largest of all levels), the share of amounts up to it, and ln of its bet.
    private(set) var widest = bins
    private(set) var cuts = ContiguousArray<Int>(repeating: -1, count: SmallAmounts.levels.count)
    private(set) var shares = ContiguousArray<Double>(repeating: 1, count: SmallAmounts.levels.count)
    private(set) var gains = ContiguousArray<Double>(repeating: 0, count: SmallAmounts.levels.count * SmallAmounts.bets.count)
    var runs = ContiguousArray<AmountRun>(repeating: AmountRun(), count: SmallAmounts.levels.count * SmallAmounts.bets.count)
    /// Whether any sum is above 0.
    var isRunning = false
    /// Of today and, decayed, of the days before: small ones that were learned, and days.
    private var today = ContiguousArray<Double>(repeating: 0, count: SmallAmounts.levels.count)
    private var past = ContiguousArray<Double>(repeating: 0, count: SmallAmounts.levels.count)
    private(set) var days = 0.0
    private(set) var day = Int64.min

    static func bin(_ amount: Double) -> Int { amount <= 0 ? 0 : min(bins - 1, max(0, Int(amount.bitPattern &>> 50) - first)) }
    static func edge(above bin: Int) -> Double { Double(bitPattern: UInt64(first + bin + 1) &<< 50) }

    var isDue: Bool { total - sortedAt > max(20, sortedAt / 50) }
    func perDay(_ level: Int) -> Double { (past[level] + 1) / (days + 1) }

    mutating func learn(_ bin: Int) {
        counts[bin] += 1
        total += 1
        for level in cuts.indices where bin <= cuts[level] { today[level] += 1 }
        guard total > Self.ceiling else { return }
        for bin in counts.indices { counts[bin] /= 2 }
        total = counts.reduce(0) { $0 + Int64($1) }
        sortedAt = 0
    }

    mutating func stop() {
        isRunning = false
        for level in runs.indices { runs[level] = AmountRun() }
    }

    /// What is small, from what has been learned.
    mutating func sort() {
        sortedAt = total
        for level in cuts.indices { (cuts[level], shares[level]) = (-1, 1) }
        for run in gains.indices { gains[run] = 0 }
        var running: Int64 = 0
        for bin in counts.indices {
            running += Int64(counts[bin])
            guard running > 0 else { continue }
            for level in cuts.indices where Double(running) <= SmallAmounts.levels[level] * Double(total) {
                let share = Double(running + 1) / Double(total + 2)
                (cuts[level], shares[level]) = (bin, share)
                for (bet, part) in SmallAmounts.bets.enumerated() { gains[bet * cuts.count + level] = RealFunctions.log(1 - part + part / share) }
            }
        }
        widest = cuts.max() ?? -1
    }

    /// A day is over.
    mutating func roll(to next: Int64, decay: Double) {
        guard day != .min else { return day = next }
        for _ in 0..<min(next - day, 64) {
            for level in past.indices { (past[level], today[level]) = (decay * (past[level] + today[level]), 0) }
            days = decay * (days + 1)
        }
        day = next
    }
}

extension AmountCell: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(small: counts)
        for number in [total, sortedAt, day, Int64(widest)] { writer.write(signed: number) }
        writer.write(double: days)
        writer.write(bool: isRunning)
        for level in cuts.indices {
            writer.write(signed: Int64(cuts[level]))
            for number in [shares[level], today[level], past[level]] { writer.write(double: number) }
        }
        for run in runs.indices {
            for number in [gains[run], runs[run].sum] { writer.write(double: number) }
            for number in [runs[run].startedAt, runs[run].small, runs[run].all] { writer.write(signed: number) }
        }
    }

    init(from reader: inout ByteReader) throws {
        counts = try reader.readSmall()
        total = try reader.readSigned()
        sortedAt = try reader.readSigned()
        day = try reader.readSigned()
        widest = Int(try reader.readSigned())
        days = try reader.readDouble()
        isRunning = try reader.readBool()
        for level in cuts.indices {
            cuts[level] = Int(try reader.readSigned())
            shares[level] = try reader.readDouble()
            today[level] = try reader.readDouble()
            past[level] = try reader.readDouble()
        }
        for level in runs.indices {
            gains[level] = try reader.readDouble()
            runs[level].sum = try reader.readDouble()
            runs[level].startedAt = try reader.readSigned()
            runs[level].small = try reader.readSigned()
            runs[level].all = try reader.readSigned()
        }
        guard counts.count == Self.bins, cuts.allSatisfy({ (-1..<Self.bins).contains($0) }) else {
            throw CorruptBytes(offset: reader.offset, expected: "amounts in \(Self.bins) bins")
        }
    }
}
