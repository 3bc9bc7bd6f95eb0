/// The requests since one slice's sum was last 0.
package struct AmountRun: Equatable {
    package var sum = 0.0
    package var startedAt: Int64 = 0
    package var small: Int64 = 0
    package var all: Int64 = 0

    package init(sum: Double = 0, startedAt: Int64 = 0, small: Int64 = 0, all: Int64 = 0) {
        (self.sum, self.startedAt, self.small, self.all) = (sum, startedAt, small, all)
    }
}

/// The ``AmountRun``s of one slice, a lane each: every request moves them all at once.
package struct AmountRuns: Equatable {
    private(set) var sums = SIMD8<Double>()
    private var startedAt = SIMD8<Int64>()
    private var small = SIMD8<Int64>()
    private var all = SIMD8<Int64>()

    package init() {}

    package subscript(number: Int) -> AmountRun {
        get { AmountRun(sum: sums[number], startedAt: startedAt[number], small: small[number], all: all[number]) }
        set { (sums[number], startedAt[number], small[number], all[number]) = (newValue.sum, newValue.startedAt, newValue.small, newValue.all) }
    }

    /// When the first of those above 0 began, `time` if none did before it.
    @inline(__always)
    package func since(_ time: Int64) -> Int64 { SIMD8<Int64>(repeating: time).replacing(with: startedAt, where: sums .> SIMD8<Double>()).least }

    /// The largest sum.
    @inline(__always)
    package var most: Double { sums.most }

    /// A request that is small for some and not for others. Those at 0 for which it is not small stay there.
    @inline(__always)
    package mutating func add(small isSmall: SIMDMask<SIMD8<Int64>>, gains: SIMD8<Double>, losses: SIMD8<Double>, ceiling: Double, at time: Int64) {
        let begins = sums .== SIMD8<Double>()
        let moves = isSmall .| .!begins
        startedAt.replace(with: time, where: moves .& begins)
        small.replace(with: 0, where: moves .& begins)
        all.replace(with: 0, where: moves .& begins)
        small.replace(with: small &+ 1, where: isSmall)
        all.replace(with: all &+ 1, where: moves)
        let moved = sums + losses.replacing(with: gains, where: isSmall)
        sums.replace(with: moved.kept(upTo: ceiling), where: moves)
    }
}

/// One slice's amounts, by size, and how many small ones its days have.
struct AmountCell: Equatable {
    /// Four bins a doubling, from 1/16 to 2^20: exponent and the two leading bits of the fraction.
    private static let bins = 96
    private static let first = (1_023 - 4) * 4
    /// Counts are halved here, so that what is usual may change.
    private static let ceiling: Int64 = 1 << 16
    private static let levels = SmallAmounts.levels.count

    private var counts = ContiguousArray<UInt32>(repeating: 0, count: bins)
    private(set) var total: Int64 = 0
    private var sortedAt: Int64 = 0
    /// The largest bin that is small at any level.
    private(set) var widest = bins
    // A lane per level: the largest bin that is small (-1 for none), and the share of amounts up to it.
    private(set) var cuts = SIMD4<Int64>(repeating: -1)
    private(set) var shares = SIMD4<Double>(repeating: 1)
    // A lane per bet and level: the same bin, and ln of what the bet wins.
    private(set) var runCuts = SIMD8<Int64>(repeating: -1)
    private(set) var gains = SIMD8<Double>()
    var runs = AmountRuns()
    /// Whether any sum is above 0.
    var isRunning = false
    // A lane per level. Of today and, decayed, of the days before: small ones that were learned; and days.
    private var today = SIMD4<Double>()
    private var past = SIMD4<Double>()
    private(set) var days = 0.0
    private(set) var day = Int64.min

    static func bin(_ amount: Double) -> Int { amount <= 0 ? 0 : min(bins - 1, max(0, Int(amount.bitPattern &>> 50) - first)) }
    static func edge(above bin: Int64) -> Double { Double(bitPattern: UInt64(Int64(first) + bin + 1) &<< 50) }

    var isDue: Bool { total - sortedAt > max(20, sortedAt / 50) }
    func perDay(_ level: Int) -> Double { (past[level] + 1) / (days + 1) }

    /// The lanes of ``runs`` for which an amount is small.
    @inline(__always)
    func isSmall(_ bin: Int) -> SIMDMask<SIMD8<Int64>> { runCuts .> SIMD8<Int64>(repeating: Int64(bin) - 1) }

    mutating func learn(_ bin: Int) {
        counts[bin] += 1
        total += 1
        today.replace(with: today + 1, where: cuts .> SIMD4<Int64>(repeating: Int64(bin) - 1))
        guard total > Self.ceiling else { return }
        for bin in counts.indices { counts[bin] /= 2 }
        total = counts.reduce(0) { $0 + Int64($1) }
        sortedAt = 0
    }

    mutating func stop() {
        (isRunning, runs) = (false, AmountRuns())
    }

    /// What is small, from what has been learned.
    mutating func sort() {
        sortedAt = total
        (cuts, shares, runCuts, gains) = (SIMD4(repeating: -1), SIMD4(repeating: 1), SIMD8(repeating: -1), SIMD8())
        var running: Int64 = 0
        for bin in counts.indices {
            running += Int64(counts[bin])
            guard running > 0 else { continue }
            for level in 0..<Self.levels where Double(running) <= SmallAmounts.levels[level] * Double(total) {
                (cuts[level], shares[level]) = (Int64(bin), Double(running + 1) / Double(total + 2))
            }
        }
        for level in 0..<Self.levels where cuts[level] >= 0 {
            for (bet, part) in SmallAmounts.bets.enumerated() {
                let run = bet * Self.levels + level
                (runCuts[run], gains[run]) = (cuts[level], RealFunctions.log(1 - part + part / shares[level]))
            }
        }
        widest = Int(cuts.max())
    }

    /// A day is over.
    mutating func roll(to next: Int64, decay: Double) {
        guard day != .min else { return day = next }
        for _ in 0..<min(next - day, 64) {
            (past, today) = (decay * (past + today), SIMD4())
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
        for level in 0..<Self.levels {
            writer.write(signed: cuts[level])
            for number in [shares[level], today[level], past[level]] { writer.write(double: number) }
        }
        for number in 0..<SmallAmounts.runs {
            let run = runs[number]
            for number in [gains[number], run.sum] { writer.write(double: number) }
            for number in [run.startedAt, run.small, run.all] { writer.write(signed: number) }
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
        for level in 0..<Self.levels {
            cuts[level] = try reader.readSigned()
            shares[level] = try reader.readDouble()
            today[level] = try reader.readDouble()
            past[level] = try reader.readDouble()
        }
        for number in 0..<SmallAmounts.runs {
            runCuts[number] = cuts[number % Self.levels]
            gains[number] = try reader.readDouble()
            runs[number] = AmountRun(
                sum: try reader.readDouble(), startedAt: try reader.readSigned(), small: try reader.readSigned(), all: try reader.readSigned())
        }
        guard counts.count == Self.bins, cuts.min() >= -1, cuts.max() < Self.bins else {
            throw CorruptBytes(offset: reader.offset, expected: "amounts in \(Self.bins) bins")
        }
    }
}
