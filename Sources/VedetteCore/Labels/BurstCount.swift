/// Labels a day of one source or actor: today's, and what its past was like.
struct BurstCount: Equatable {
    static let halfLifeDays = 60.0
    /// Days of past that a judgement needs.
    static let minDays: Int64 = 14

    var today: Int64 = 0
    var firstDay: Int64 = 0
    /// Faded sums over past days: their number, labels, squares.
    private var days = 0.0
    private var sum = 0.0
    private var squares = 0.0
    /// The largest past day, fading.
    private(set) var largest = 0.0

    init() {}

    var mean: Double { days > 0 ? sum / days : 0 }

    static func fading(_ days: Int64) -> Double { RealFunctions.exp(-RealFunctions.log(2) / halfLifeDays * Double(min(days, 3_650))) }

    /// Today is over, and so are the empty days after it up to the next `days`.
    mutating func end(days passed: Int64) {
        let factor = Self.fading(passed)
        days = (days + Double(min(passed, 3_650))) * factor
        sum = (sum + Double(today)) * factor
        squares = (squares + Double(today) * Double(today)) * factor
        largest = max(largest, Double(today)) * factor
        today = 0
    }

    /// Chance of a day like today or larger: negative binomial with the mean and variance of past days, Poisson at least.
    var tail: Double {
        let mean = max(self.mean, 0.01)
        let variance = max(squares / max(1, days) - mean * mean, mean * 1.01)
        let shape = mean * mean / (variance - mean), success = mean / variance
        let count = Double(today)
        // ln of the chance of exactly `count`; further terms fall at least geometrically above the mean.
        let first = RealFunctions.logGamma(count + shape) - RealFunctions.logGamma(shape) - RealFunctions.logGamma(count + 1)
            + shape * RealFunctions.log(success) + count * RealFunctions.log1p(-success)
        let ratio = (count + shape) / (count + 1) * (1 - success)
        guard count > mean, ratio < 1 else { return 1 }
        return min(1, RealFunctions.exp(first) / (1 - ratio))
    }
}

extension BurstCount: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: today)
        writer.write(signed: firstDay)
        for value in [days, sum, squares, largest] { writer.write(double: value) }
    }

    init(from reader: inout ByteReader) throws {
        today = try reader.readSigned()
        firstDay = try reader.readSigned()
        days = try reader.readDouble()
        sum = try reader.readDouble()
        squares = try reader.readDouble()
        largest = try reader.readDouble()
    }
}
