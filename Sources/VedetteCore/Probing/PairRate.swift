/// How often hubs of one kind have become conspicuous, against how often they used to: a cumulative sum test of a
/// Poisson rate in the time of the model's requests, against the rate of the days before.
///
/// In a model's first days hubs are still becoming known and conspicuous ones more frequent, and a weekend is no
/// attack, hence ``leastDays``.
struct PairRate: Equatable {
    private static let decay = 0.9
    /// Days before it says anything.
    private static let leastDays: Int64 = 7
    private var firstDay: Int64 = -1
    private var day: Int64 = -1
    private var daySince: Int64 = 0
    private var newest: Int64 = 0
    private var today: Int64 = 0
    private var past = 0.0
    private var span = 0.0
    /// Never below 0.
    var sum = 0.0

    /// - Parameter now: request counter.
    /// - Returns: nats, 0 in the first days.
    mutating func add(at now: Int64, day: Int64, factor: Double) -> Double {
        if firstDay < 0 { (firstDay, self.day, daySince, newest) = (day, day, now, now) }
        if day > self.day {
            let decay = RealFunctions.pow(Self.decay, Double(day - self.day))
            past = decay * (past + Double(today))
            span = decay * (span + Double(now - daySince))
            (self.day, daySince, today) = (day, now, 0)
        }
        today += 1
        defer { newest = now }
        guard day - firstDay >= Self.leastDays else { return 0 }
        let usual = (past + 1) / span
        sum = max(0, sum - (factor - 1) * usual * Double(now - newest)) + RealFunctions.log(factor)
        return sum
    }
}

extension PairRate: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for number in [firstDay, day, daySince, newest, today] { writer.write(signed: number) }
        for number in [past, span, sum] { writer.write(double: number) }
    }

    init(from reader: inout ByteReader) throws {
        firstDay = try reader.readSigned()
        day = try reader.readSigned()
        daySince = try reader.readSigned()
        newest = try reader.readSigned()
        today = try reader.readSigned()
        past = try reader.readDouble()
        span = try reader.readDouble()
        sum = try reader.readDouble()
    }
}
