/// How far the partitions that have gone quiet let time go on.
///
/// Their watermark is raised to that of the slowest partition that is still read. Where all are quiet, event time goes on
/// with the wall clock from the newest watermark. A watermark that lies further ahead of the present than is believed of
/// any record is nobody's measure: one bad clock would make everything late that comes after it.
package struct IdleRule {
    package struct Partition {
        package var watermark: Int64
        /// When it last gave anything, seconds.
        package var lastRecordAt: Double
        /// It is silent for long enough, and all that it has been asked for has been read.
        package var isIdle: Bool

        package init(watermark: Int64, lastRecordAt: Double, isIdle: Bool) {
            (self.watermark, self.lastRecordAt, self.isIdle) = (watermark, lastRecordAt, isIdle)
        }
    }

    /// Since when all have been silent, and the newest watermark then.
    private var quiet: (since: Double, newest: Int64)?

    package init() {}

    /// - Parameters:
    ///   - now: seconds, on the clock of ``Partition/lastRecordAt``.
    ///   - timeout: silence after which a partition is idle, seconds.
    ///   - limit: no watermark beyond it is believed, ms.
    /// - Returns: what the watermark of each idle partition is at least, ms; nil where that is not known.
    package mutating func target(_ partitions: [Partition], now: Double, timeout: Double, limit: Int64) -> Int64? {
        let believed = partitions.filter { $0.watermark <= limit }
        if let slowest = believed.filter({ !$0.isIdle }).map(\.watermark).min() { return slowest == .min ? nil : slowest }
        guard let since = believed.map(\.lastRecordAt).max(), let newest = believed.map(\.watermark).max() else { return nil }
        if quiet?.since != since { quiet = (since, newest) }
        guard let quiet, quiet.newest != .min else { return nil }
        return min(limit, quiet.newest + Int64((now - since - timeout) * 1_000))
    }
}
