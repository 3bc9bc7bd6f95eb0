/// Many small amounts: card testing in which every try may have another card, device and address.
///
/// Such tries resemble nothing but their own smallness, and a small amount is ordinary. What they can not hide is that
/// they come: more small amounts **among** the slice's requests, and more of them **in an hour**, than ever before.
/// Both are asked, and the weaker answer counts, because each by itself has honest reasons (a surge of all traffic; a
/// quiet night of small purchases). Per slice (``WatchedSlices``) and per level of what is small:
/// - share: cumulative sums (Page 1954) of the ln e-values of two bets, that half of the requests are somebody's small ones
///   and that a sixth is (``bets``): 1 - b + b/s for an amount that a share s of the slice's own past does not surpass, 1 - b
///   for any other. The expectation is 1 whatever the amounts' distribution, because s is counted.
/// - rate: n small ones since that sum was last 0, against ``busiest`` times as many as the slice's own days had: the
///   ln likelihood ratio of a Poisson rate, n ln(n/λ) - n + λ.
///
/// What is usual is learned while nothing speaks, and anew when something has spoken for ``settlesMs``: then it is how
/// things are. Without amounts nothing is said. O(slices of the request), fixed memory.
struct SmallAmounts {
    /// Shares of the slice's amounts that are small.
    static let levels: ContiguousArray<Double> = [0.25, 0.0625, 0.015625]
    /// Evidence above which a request belongs to a burst, nats.
    static let joinAt = 8.0
    private static let lnLevels = 1.0986122886681098
    /// What half of the requests, or a sixth of them, would be somebody's small ones: the second finds who hides his tries among ordinary ones.
    static let bets: ContiguousArray<Double> = [0.5, 1.0 / 6]
    /// Sums of a slice: a lane of ``AmountRuns`` per bet and level.
    static let runs = bets.count * levels.count
    /// What each sum loses with an amount that is not small.
    private static let losses: SIMD8<Double> = {
        var lanes = SIMD8<Double>()
        for run in 0..<runs { lanes[run] = RealFunctions.log(1 - bets[run / levels.count]) }
        return lanes
    }()
    private static let lnBets = 0.6931471805599453
    /// Amounts and days before a slice is judged.
    private static let leastAmounts: Int64 = 500
    private static let leastDays = 3.0
    /// No hour of a day has more than so many times the day's mean.
    private static let busiest = 3.0
    private static let learnedBelow = 5.0
    /// The sum stops here, so that it is soon forgotten once the burst is over.
    private static let ceiling = 40.0
    private static let settlesMs: Int64 = 2 * 86_400_000
    private static let dayMs: Int64 = 86_400_000
    private static let decay = 0.9

    private let limit: Double
    private(set) var cells: ContiguousArray<AmountCell> = []
    /// The strongest burst since the last one had ended.
    private(set) var burst = AmountBurst()
    /// Nats that speak for a burst of which the newest request is one.
    private(set) var evidence = 0.0
    /// Case that it belongs to, 0 for none yet, and the case of which one request came through it.
    var caseID: Int64 = 0
    var acquaintance: Int64 = 0

    init(limit: Double) { self.limit = limit }

    var isHit: Bool { evidence >= Self.joinAt }
    /// Whether the newest request's burst suffices by itself.
    var suffices: Bool { evidence >= limit }

    /// What speaks loudest for a burst so far, of all slices of one request.
    private struct Loudest {
        /// Nats.
        var evidence = 0.0
        /// Its slice and its lane of ``AmountRuns``.
        var place = -1
        var number = 0
    }

    /// - Parameter slices: places of the request's slices.
    mutating func observe(_ request: ProbingRequest, slices: WatchedSlices.Places, sample: () -> String) {
        evidence = 0
        guard request.amount.isFinite else { return }
        let (bin, time, day, losses) = (AmountCell.bin(request.amount), request.time, floorDivide(request.time, Self.dayMs), Self.losses)
        for number in slices.indices { while Int(slices[number]) >= cells.count { cells.append(AmountCell()) } }
        var loudest = Loudest()
        // The cells are made sure of once, and not at every change of one.
        cells.withUnsafeMutableBufferPointer { cells in
            for number in slices.indices {
                let place = Int(slices[number])
                Self.judge(&cells[place], place, bin, time, day, losses, &loudest)
            }
        }
        evidence = loudest.evidence
        if isHit { tell(of: loudest.place, loudest.number, request, sample) }
    }

    private static func judge(
        _ cell: inout AmountCell, _ place: Int, _ bin: Int, _ time: Int64, _ day: Int64, _ losses: SIMD8<Double>, _ loudest: inout Loudest
    ) {
        if day > cell.day { cell.roll(to: day, decay: decay) }
        // Most requests are not small and nothing runs.
        guard cell.total >= leastAmounts, bin <= cell.widest || cell.isRunning else { return cell.learn(bin) }
        if cell.isDue { cell.sort() }
        let isSmall = cell.isSmall(bin)
        cell.runs.add(small: isSmall, gains: cell.gains, losses: losses, ceiling: ceiling, at: time)
        let (most, since) = (cell.runs.most, cell.runs.since(time))
        cell.isRunning = most > 0
        if most > joinAt, cell.days >= leastDays { raise(to: cell, place, isSmall, time, &loudest) }
        if most < learnedBelow || time - since > settlesMs { cell.learn(bin) }
    }

    /// A sum of this slice that speaks louder than any so far is what is said.
    private static func raise(
        to cell: borrowing AmountCell, _ place: Int, _ isSmall: SIMDMask<SIMD8<Int64>>, _ time: Int64, _ loudest: inout Loudest
    ) {
        for number in 0..<runs where isSmall[number] && cell.runs.sums[number] > joinAt {
            let value = worth(cell.runs[number], cell.perDay(number % levels.count), time)
            if value > loudest.evidence { loudest = Loudest(evidence: value, place: place, number: number) }
        }
    }

    /// Evidence of a run of small ones, less what the choice among all runs costs.
    private static func worth(_ run: AmountRun, _ perDay: Double, _ time: Int64) -> Double {
        let expected = busiest * perDay * Double(max(0, time - run.startedAt)) / Double(dayMs) + 0.5
        let n = Double(run.small)
        let rate = n > expected ? n * RealFunctions.log(n / expected) - n + expected : 0
        return min(run.sum, rate) - lnLevels - lnBets
    }

    private mutating func tell(of place: Int, _ number: Int, _ request: ProbingRequest, _ sample: () -> String) {
        let (cell, run, level) = (cells[place], cells[place].runs[number], number % Self.levels.count)
        // Another burst begins when this one's requests have stopped for an hour.
        if request.time - burst.lastAt > 3_600_000 { burst = AmountBurst() }
        if evidence >= burst.peak {
            (burst.cell, burst.peak) = (Int32(place), evidence)
            (burst.startedAt, burst.small, burst.all) = (run.startedAt, run.small, run.all)
            (burst.usualShare, burst.usualPerDay, burst.amount) = (cell.shares[level], cell.perDay(level), AmountCell.edge(above: cell.cuts[level]))
        }
        burst.lastAt = max(burst.lastAt, request.time)
        burst.requests += 1
        if !request.isIntervention {
            burst.passed += 1
            burst.money.add(request.money)
        }
        if burst.samples.count == 10 { burst.samples.remove(at: 4) }
        burst.samples.append(sample())
    }

    /// The case is over.
    mutating func close() {
        (caseID, acquaintance, burst) = (0, 0, AmountBurst())
        for place in cells.indices { cells[place].stop() }
    }
}

extension SmallAmounts {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: cells.count)
        for cell in cells { cell.encode(into: &writer) }
        burst.encode(into: &writer)
        writer.write(double: evidence)
        writer.write(signed: caseID)
        writer.write(signed: acquaintance)
    }

    /// - Parameter slices: how many there are.
    mutating func restore(from reader: inout ByteReader, slices: Int) throws {
        cells = []
        for _ in 0..<(try reader.readCount(minimumSize: 100)) { cells.append(try AmountCell(from: &reader)) }
        burst = try AmountBurst(from: &reader)
        evidence = try reader.readDouble()
        caseID = try reader.readSigned()
        acquaintance = try reader.readSigned()
        guard cells.count <= slices, Int(burst.cell) < cells.count else { throw CorruptBytes(offset: reader.offset, expected: "slices that are watched") }
    }
}
