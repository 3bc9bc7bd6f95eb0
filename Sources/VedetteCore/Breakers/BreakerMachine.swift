/// How far a decision service should rely on a model.
public enum BreakerState: UInt8, Sendable, CaseIterable {
    /// Rely on the model.
    case closed
    /// Follow the breaker's policy.
    case open
    /// Rely on the model for a share of the traffic, and watch.
    case halfOpen
}

/// What the triggers of a breaker say together.
public enum BreakerCondition: UInt8, Sendable, CaseIterable {
    /// At least one trigger holds.
    case tripped
    /// Every trigger was looked at and none holds.
    case clear
    /// No trigger holds, but one could not be looked at: too little data is never read as clear.
    case unknown
}

/// How long a breaker stays where it is. All durations in ms of event time, above 0.
public struct BreakerTiming: Sendable, Equatable {
    /// Shortest stay in open, the first time.
    public var minOpenMs: Int64 = 1_800_000
    /// Longest stay that repeated trips can lead to; at least `minOpenMs`.
    public var maxOpenMs: Int64 = 28_800_000
    /// Observed clear time before an open breaker lets a share through.
    public var clearForMs: Int64 = 900_000
    /// Observed clear time in each stage of the ramp back.
    public var stageMs: Int64 = 900_000
    /// Share of the traffic that relies on the model in each stage, ascending, each in (0, 1).
    public var ramp: [Double] = [0.1, 0.5]
    /// A trip within this long after closing counts as flapping: the next stay in open is twice as long.
    public var flapWindowMs: Int64 = 21_600_000

    public init() {}

    /// Shortest stay in open after `level` trips in a row.
    public func dwell(level: Int) -> Int64 {
        var dwell = minOpenMs
        for _ in 0..<min(level, 62) where dwell < maxOpenMs { dwell = min(maxOpenMs, dwell &* 2) }
        return min(dwell, maxOpenMs)
    }
}

/// One breaker's states and transitions, without any I/O: a function of times and conditions.
///
/// | state | condition | goes to |
/// |---|---|---|
/// | closed | tripped | open, at once |
/// | open | clear for `clearForMs`, and the dwell has passed | half-open, first stage |
/// | half-open | tripped | open, with twice the dwell |
/// | half-open | clear for `stageMs` | the next stage; after the last, closed |
/// | any | unknown | stays; its clear time stands still |
///
/// Opening never waits, because a wait would cost money; flapping is held down by the dwell,
/// which doubles with each trip from half-open or soon after closing.
public struct BreakerMachine: Sendable, Equatable {
    public enum Transition: Sendable, Equatable {
        case opened, halfOpened, ramped, closed
    }

    public private(set) var state = BreakerState.closed
    /// Event time at which the state, or the stage of the ramp, was entered, ms.
    public private(set) var since: Int64
    /// Index into the ramp; 0 unless half-open.
    public private(set) var stage = 0
    /// Trips in a row, 0 for the first.
    public private(set) var level = 0
    /// Clear time observed in this state or stage, ms.
    public private(set) var clearMs: Int64 = 0
    /// When it last closed; `Int64.min` before that.
    public private(set) var closedAt: Int64 = .min
    private var steppedAt: Int64

    public init(at time: Int64) {
        since = time
        steppedAt = time
    }

    /// Goes on to `time`, which must not be before that of the last step. The condition is the one
    /// that held since then. O(1).
    public mutating func step(to time: Int64, _ condition: BreakerCondition, _ timing: BreakerTiming) -> Transition? {
        let passed = max(0, time - steppedAt)
        steppedAt = max(steppedAt, time)
        switch condition {
        case .tripped: clearMs = 0
        case .clear: clearMs += passed
        case .unknown: break
        }
        switch state {
        case .closed:
            guard condition == .tripped else { return nil }
            level = closedAt != .min && time - closedAt <= timing.flapWindowMs ? level + 1 : 0
            return enter(.open, at: time, .opened)
        case .open:
            guard condition == .clear, clearMs >= timing.clearForMs, time - since >= timing.dwell(level: level) else { return nil }
            guard !timing.ramp.isEmpty else { return close(at: time) }
            return enter(.halfOpen, at: time, .halfOpened)
        case .halfOpen:
            if condition == .tripped {
                level += 1
                return enter(.open, at: time, .opened)
            }
            guard condition == .clear, clearMs >= timing.stageMs else { return nil }
            guard stage + 1 < timing.ramp.count else { return close(at: time) }
            let next = stage + 1
            let transition = enter(.halfOpen, at: time, .ramped)
            stage = next
            return transition
        }
    }

    /// The earliest time at which it can leave the state for a more trusting one; nil when closed.
    public func notBefore(_ timing: BreakerTiming) -> Int64? {
        switch state {
        case .closed: nil
        case .open: since + timing.dwell(level: level)
        case .halfOpen: since + timing.stageMs
        }
    }

    /// Share of the traffic that relies on the model now.
    public func relianceShare(_ timing: BreakerTiming) -> Double {
        switch state {
        case .closed: 1
        case .open: 0
        case .halfOpen: timing.ramp.isEmpty ? 1 : timing.ramp[min(stage, timing.ramp.count - 1)]
        }
    }

    private mutating func enter(_ next: BreakerState, at time: Int64, _ transition: Transition) -> Transition {
        state = next
        since = time
        stage = 0
        clearMs = 0
        return transition
    }

    private mutating func close(at time: Int64) -> Transition {
        closedAt = time
        return enter(.closed, at: time, .closed)
    }
}

extension BreakerMachine: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(byte: state.rawValue)
        for value in [since, clearMs, closedAt, steppedAt] { writer.write(signed: value) }
        writer.write(count: stage)
        writer.write(count: level)
    }

    public init(from reader: inout ByteReader) throws {
        guard let state = BreakerState(rawValue: try reader.readByte()) else {
            throw CorruptBytes(offset: reader.offset, expected: "a breaker's state")
        }
        self.state = state
        since = try reader.readSigned()
        clearMs = try reader.readSigned()
        closedAt = try reader.readSigned()
        steppedAt = try reader.readSigned()
        stage = Int(truncatingIfNeeded: try reader.readVarint())
        level = Int(truncatingIfNeeded: try reader.readVarint())
    }
}
