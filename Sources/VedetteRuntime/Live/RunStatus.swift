import Synchronization
import VedetteCore

/// What a live run says of itself; written by the run loop, read by the web server.
public final class RunStatus: Sendable {
    public struct Partition: Sendable {
        public var topic: String
        public var partition: Int32
        public var stream: String
        public var lag: Int64?
        /// How far its watermark is behind the present, ms; nil before its first record.
        public var watermarkDelayMs: Int64?
        /// Offset after the newest record that was read.
        public var nextOffset: Int64
        public var accepted: Int64
        public var rejected: Int64
        /// Offsets passed over since their records had been deleted before they were read.
        public var skipped: Int64
        public var isAssigned: Bool
        public var isPaused: Bool
    }

    /// One declared monitor, as of its newest window.
    public struct Monitor: Sendable {
        public var id: String
        public var coverage: MonitorStatus.Coverage
        /// Of an objective: its slices with least budget left.
        public var budgets: [MonitorStatus.Budget]
        /// Slices that are not judged, and for want of what; whole models first, then those with most decisions.
        public var waiting: [MonitorStatus.Waiting]

        public init(id: String, coverage: MonitorStatus.Coverage, budgets: [MonitorStatus.Budget], waiting: [MonitorStatus.Waiting] = []) {
            self.id = id
            self.coverage = coverage
            self.budgets = budgets
            self.waiting = waiting
        }
    }

    /// What this instance is to its group.
    public enum Role: String, Sendable, CaseIterable {
        /// Follows the active one, silently, and takes over when it goes.
        case standby
        /// Judges, and puts out.
        case active
    }

    public struct Snapshot: Sendable {
        public var application = ""
        public var role = Role.standby
        /// Event time by which a standby is behind the active instance, ms; nil while it knows of none.
        public var standbyDelayMs: Int64?
        public var partitions: [Partition] = []
        public var counters: [(name: String, value: Int64)] = []
        public var orphansBySource: [(source: String, value: Int64)] = []
        public var outputs: [(kind: String, value: Int64)] = []
        public var monitors: [Monitor] = []
        public var cardinalities: [Cardinality] = []
        public var openRows: Int64 = 0
        public var pendingLabels: Int64 = 0
        public var pendingLabelBytes: Int64 = 0
        public var waitingRows: Int64 = 0
        public var series: Int64 = 0
        public var storeBytes: Int64 = 0
        public var checkpointNumber: Int64 = 0
        /// Seconds on the monotonic clock.
        public var checkpointAt: Double?
        public var checkpointSeconds: Double = 0
        public var commits: Int64 = 0
        public var judgedToMs: Int64?
        public var isReexecuting = false
        public var isStarted = false
        public var areBrokersDown = false
        /// What the loop waits for the brokers with; nil while it turns.
        public var blockedReason: String?
        /// What the loop waits for the schema registry with; nil while it does not.
        public var missingSchema: String?
        /// Last turn of the run loop, seconds on the monotonic clock.
        public var lastTurnAt: Double?
        public var maxLag: Int64 = .max
    }

    private let state = Mutex(Snapshot())
    private let read = Atomic<Int>(0)

    /// Records taken from the topics by this process so far.
    public var recordsRead: Int { read.load(ordering: .relaxed) }
    func countRead(_ count: Int) { read.wrappingAdd(count, ordering: .relaxed) }

    public init() {}

    public func update(_ change: (inout Snapshot) -> Void) { state.withLock { change(&$0) } }
    public var snapshot: Snapshot { state.withLock { $0 } }

    /// Seconds without a turn of the loop after which it counts as stuck.
    public static let stuckAfterSeconds = 120.0

    /// Nil when alive; else why not. Only a stuck loop counts: a broker that is away is not a reason to be killed.
    public func deadReason(now: Double) -> String? {
        guard let last = snapshot.lastTurnAt, now - last > Self.stuckAfterSeconds else { return nil }
        return "the run loop has not turned for \(Int(now - last)) s"
    }

    /// What it is ready for.
    public var readiness: String { snapshot.role == .active ? "ready" : "standby" }

    /// Nil when ready, to judge or to take over; else why not.
    public func notReadyReason() -> String? {
        let now = snapshot
        if !now.isStarted, now.blockedReason == nil { return "starting" }
        if let reason = now.missingSchema { return "waiting for the schema registry: \(reason)" }
        if let reason = now.blockedReason { return "waiting for the brokers: \(reason)" }
        if now.areBrokersDown { return "no broker can be reached" }
        if now.isReexecuting { return "restoring: reading, silently, what has been judged already or is history" }
        if now.role == .standby { return nil }
        if let worst = now.partitions.compactMap(\.lag).max(), worst > now.maxLag { return "lag \(worst) is above \(now.maxLag)" }
        return nil
    }
}
