import Synchronization

/// What a forwarder says of itself; written by the destinations' loops, read by the web server.
public final class ForwardStatus: Sendable {
    /// What became of a request.
    public enum Outcome: String, Sendable, CaseIterable {
        case accepted
        /// The destination will never take this alert.
        case refused
        /// To be tried again.
        case failed
    }

    public struct Destination: Sendable {
        public var name: String
        public var deliveries: [Outcome: Int64] = [:]
        public var resends: [Outcome: Int64] = [:]
        /// Records read, by what became of them.
        public var records: [(fate: String, count: Int64)] = []
        public var waiting = 0
        /// Wall clock when the oldest that waits was read, ms.
        public var oldestReadAt: Int64?
        public var open = 0
        /// Records between what was read and the end of its partitions.
        public var lag: Int64 = 0
        public var isStarted = false
        public var areBrokersDown = false
        /// Seconds on the monotonic clock when the first question was asked that the brokers have not answered.
        public var unansweredSince: Double?
        /// What the loop waits for the brokers with.
        public var blockedReason: String?
        /// Seconds on the monotonic clock since when nothing was accepted though it was tried.
        public var failingSince: Double?
        public var lastFailure: String?
        /// Last turn of its loop, seconds on the monotonic clock.
        public var lastTurnAt: Double?

        init(_ name: String) { self.name = name }
    }

    private let state: Mutex<[Destination]>

    package init(_ names: [String]) { state = Mutex(names.map { Destination($0) }) }

    /// In the order of the configuration.
    public var destinations: [Destination] { state.withLock { $0 } }

    func update(_ name: String, _ change: (inout Destination) -> Void) {
        state.withLock { all in
            if let index = all.firstIndex(where: { $0.name == name }) { change(&all[index]) }
        }
    }

    /// Seconds without a turn of a loop after which it counts as stuck: more than the longest wait for an answer.
    static let stuckAfterSeconds = 180.0
    /// Seconds after which a broker that does not answer counts as hanging; a pause of its own is shorter.
    static let silentAfterSeconds = 10.0
    /// Seconds of failing after which a destination counts as down.
    static let downAfterSeconds = 300.0

    /// Nil when alive; else why not.
    public func deadReason(now: Double) -> String? {
        for destination in destinations {
            guard let last = destination.lastTurnAt, now - last > Self.stuckAfterSeconds else { continue }
            return "the loop of \(destination.name) has not turned for \(Int(now - last)) s"
        }
        return nil
    }

    /// Nil when every destination is served; else why not.
    public func notReadyReason(now: Double) -> String? {
        for destination in destinations {
            if let reason = destination.blockedReason { return "\(destination.name): waiting for the brokers: \(reason)" }
            if !destination.isStarted { return "\(destination.name): starting" }
            if destination.areBrokersDown { return "\(destination.name): no broker can be reached" }
            if let since = destination.unansweredSince, now - since > Self.silentAfterSeconds {
                return "\(destination.name): a broker has not answered for \(Int(now - since)) s"
            }
            if let since = destination.failingSince, now - since > Self.downAfterSeconds {
                return "\(destination.name): has accepted nothing for \(Int(now - since)) s: \(destination.lastFailure ?? "")"
            }
        }
        return nil
    }
}
