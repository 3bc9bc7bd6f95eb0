/// Keeps one bad clock from closing every window.
///
/// A record more than `maxFutureMs` ahead of everything its partition has shown is not
/// believed at once: it is held until `confirmations` records in a row agree with the jump
/// (a real gap in the traffic) or one record contradicts it (a bad clock, and the held
/// records are rejected). The verdict is a function of the partition's own records.
/// Where the input carries a trusted clock (a Kafka record timestamp, or the present for a
/// file), a record beyond that clock plus `maxFutureMs` is rejected outright.
public struct FutureGuard: Sendable, Equatable {
    public enum Verdict: Sendable, Equatable {
        /// Take it; whatever was held before it is taken too.
        case accept
        /// Keep it aside until later records decide.
        case hold
        /// Take it, and reject everything that was held.
        case acceptRejectingHeld
        /// Beyond the trusted clock: reject it alone.
        case reject
    }

    private let maxFutureMs: Int64
    private let confirmations: Int
    private var maxTime: Int64
    private var held = 0

    /// - Parameter maxTime: newest accepted event time of the partition, `Int64.min` for none.
    public init(_ configuration: TimeConfiguration, maxTime: Int64) {
        maxFutureMs = configuration.maxFutureMs
        confirmations = configuration.futureConfirmations
        self.maxTime = maxTime
    }

    public var heldCount: Int { held }

    /// - Parameter clock: the trusted clock's reading, `Int64.max` for none.
    public mutating func judge(_ time: Int64, clock: Int64) -> Verdict {
        if isBeyond(clock, time) { return .reject }
        // The first record of a partition has nothing to be compared with but its successors.
        if maxTime != .min, !isBeyond(maxTime, time) {
            maxTime = max(maxTime, time)
            defer { held = 0 }
            return held > 0 ? .acceptRejectingHeld : .accept
        }
        if maxTime == .min {
            maxTime = time
            return .accept
        }
        if held + 1 >= confirmations {
            held = 0
            maxTime = time
            return .accept
        }
        held += 1
        return .hold
    }

    /// Whether a time is further ahead of a clock than is believed. Neither needs to make sense.
    ///
    /// - Parameter clock: `Int64.max` for none, and nothing is ahead of that.
    public func isBeyond(_ clock: Int64, _ time: Int64) -> Bool {
        let (limit, isOver) = clock.addingReportingOverflow(maxFutureMs)
        return !isOver && time > limit
    }

    /// What was held has been decided upon from outside.
    ///
    /// - Parameter maxTime: newest event time that was taken, `Int64.min` for none.
    public mutating func release(maxTime: Int64) {
        held = 0
        self.maxTime = max(self.maxTime, maxTime)
    }
}
