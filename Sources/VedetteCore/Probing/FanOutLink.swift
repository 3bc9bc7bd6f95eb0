/// One hub's partners of one other kind: how many there are, how many there used to be, and what speaks against chance.
///
/// A cache line. Partners are counted by linear counting in 128 bits a day (Whang et al. 1990), of every
/// 2^``level``th partner where there are more than that can hold; new ones are weighed by the inverse of the chance
/// that they show (Cohen 2014, Ting 2014).
struct FanOutLink: Equatable {
    private static let bitsPerDay = 128.0
    /// Partners a day that a sample is thinned down to, where there are more than ``fullest``, or too few.
    private static let wanted: Float = 48
    private static let fullest: Float = 96
    private static let emptiest: Float = 8
    /// Bits of both days that are too many to go on.
    private static let full = 118

    /// Two words a day: a word each, since a lane of a vector that a number chooses goes through memory.
    private var today = Bits()
    private var yesterday = Bits()
    /// New partners of completed days, decayed by ``FanOut/decay`` a day; and of today.
    private(set) var past: Float = 0
    private(set) var newcomers: Float = 0
    /// Cumulative sums of ln likelihood ratios, never below 0: of new partners among the hub's requests, and of new
    /// partners in the time of the model's requests.
    var novelty: Float = 0
    var rate: Float = 0
    /// Bins (of ``TailEstimate``) of today's largest sums, one more; 0 for none.
    private(set) var noveltyVote: UInt16 = 0
    private(set) var rateVote: UInt16 = 0
    /// Requests with a partner, of those that the sample holds, today and yesterday.
    private var trials: UInt16 = 0
    private var trialsBefore: UInt16 = 0
    /// Only partners whose digests end in this many zeros are looked at.
    private(set) var level: UInt8 = 0
    /// Another sample began today: partners show as new that are not.
    private(set) var isSettling = false
    /// Class of what is usual for it, see ``NoveltyTable``.
    private(set) var pastClass: UInt8 = 0

    private struct Bits: Equatable {
        var low: UInt64 = 0
        var high: UInt64 = 0

        static func | (a: Bits, b: Bits) -> Bits { Bits(low: a.low | b.low, high: a.high | b.high) }
        var count: Int { low.nonzeroBitCount + high.nonzeroBitCount }
        func meets(_ other: Bits) -> Bool { low & other.low | high & other.high != 0 }
    }

    /// Distinct bits set in both days.
    var set: Int { (today | yesterday).count }
    var repeats: Int { max(0, Int(trials) + Int(trialsBefore) - set) }
    var isEmpty: Bool { trials == 0 && trialsBefore == 0 && past == 0 && novelty == 0 && rate == 0 }

    /// A share of the partners, the same ones for ever.
    @inline(__always)
    func samples(_ digest: UInt64) -> Bool { digest & (1 &<< UInt64(level) &- 1) == 0 }

    /// - Parameter set: how many bits were set before.
    /// - Returns: whether the partner is new within today and yesterday. Where they get too many, a smaller sample begins.
    @inline(__always)
    mutating func add(_ digest: UInt64, set: Int) -> Bool {
        if trials < .max { trials += 1 }
        let bit = (digest &* 0xD6E8_FEB8_6659_FD93) &>> 57
        let mask = 1 as UInt64 &<< (bit & 63)
        let own = bit < 64 ? Bits(low: mask) : Bits(high: mask)
        guard !(today | yesterday).meets(own) else { return false }
        today = today | own
        defer { if set >= Self.full { thin(by: 2) } }
        newcomers += Float(Double(1 &<< UInt64(level)) * Self.bitsPerDay / (Self.bitsPerDay - Double(set)))
        return true
    }

    @inline(__always)
    mutating func vote(withRate: Bool) {
        noveltyVote = max(noveltyVote, UInt16(TailEstimate.bin(Double(novelty)) + 1))
        if withRate { rateVote = max(rateVote, UInt16(TailEstimate.bin(Double(rate)) + 1)) }
    }

    /// The day's largest sums have been taken up.
    mutating func forgetVotes() { (noveltyVote, rateVote) = (0, 0) }

    private mutating func thin(by levels: UInt8) {
        level = min(40, level + levels)
        (today, yesterday, trials, trialsBefore, isSettling) = (Bits(), Bits(), 0, 0, true)
    }

    /// Partners of both days.
    var distinct: Double {
        let set = Double(self.set)
        return Double(1 &<< UInt64(level)) * (set < Self.bitsPerDay ? -Self.bitsPerDay * RealFunctions.log(1 - set / Self.bitsPerDay) : 700)
    }

    /// - Parameters:
    ///   - passed: days since the one that ends.
    ///   - decay: of what is past, `FanOut.decay` to the power of `passed`.
    ///   - days: active days after this one, decayed.
    mutating func roll(passed: Int64, decay: Float, days: Float) {
        past = decay * (past + newcomers)
        newcomers = 0
        let usual = past / days
        pastClass = NoveltyTable.pastClass(usual)
        forgetVotes()
        let before = level
        while level < 40, usual / Float(1 &<< UInt64(level)) > (level == before ? Self.fullest : Self.wanted) { level += 1 }
        while level > 0, usual / Float(1 &<< UInt64(level)) < Self.emptiest { level -= 1 }
        // Another sample: what was seen of the old one would show as new, or as too little.
        let keeps = passed == 1 && level == before
        (today, yesterday) = (Bits(), keeps ? today : Bits())
        trialsBefore = keeps ? trials : 0
        trials = 0
        isSettling = level != before
    }
}

extension FanOutLink: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for word in [today.low, today.high, yesterday.low, yesterday.high] { writer.write(varint: word) }
        for number in [past, newcomers, novelty, rate] { writer.write(fixed32: number.bitPattern) }
        for number in [noveltyVote, rateVote, trials, trialsBefore] { writer.write(varint: UInt64(number)) }
        writer.write(byte: level)
        writer.write(byte: pastClass)
        writer.write(bool: isSettling)
    }

    init(from reader: inout ByteReader) throws {
        today = Bits(low: try reader.readVarint(), high: try reader.readVarint())
        yesterday = Bits(low: try reader.readVarint(), high: try reader.readVarint())
        past = Float(bitPattern: try reader.readFixed32())
        newcomers = Float(bitPattern: try reader.readFixed32())
        novelty = Float(bitPattern: try reader.readFixed32())
        rate = Float(bitPattern: try reader.readFixed32())
        noveltyVote = UInt16(truncatingIfNeeded: try reader.readVarint())
        rateVote = UInt16(truncatingIfNeeded: try reader.readVarint())
        trials = UInt16(truncatingIfNeeded: try reader.readVarint())
        trialsBefore = UInt16(truncatingIfNeeded: try reader.readVarint())
        level = try reader.readByte()
        pastClass = try reader.readByte()
        isSettling = try reader.readBool()
        guard level <= 40, Int(pastClass) < NoveltyTable.classes, Int(noveltyVote) <= TailEstimate.bins, Int(rateVote) <= TailEstimate.bins else {
            throw CorruptBytes(offset: reader.offset, expected: "a hub's partners")
        }
    }
}
