import Testing
import VedetteCore

@Suite("Circuit breaker: the machine")
struct BreakerMachineTests {
    private static let minute: Int64 = 60_000

    private var timing: BreakerTiming {
        var timing = BreakerTiming()
        timing.minOpenMs = 30 * Self.minute
        timing.maxOpenMs = 120 * Self.minute
        timing.clearForMs = 10 * Self.minute
        timing.stageMs = 5 * Self.minute
        timing.flapWindowMs = 60 * Self.minute
        return timing
    }

    /// A machine in each state, entered at 0 of its own clock, and how it got there.
    private func machine(_ state: BreakerState) -> (BreakerMachine, Int64) {
        var machine = BreakerMachine(at: 0)
        if state == .closed { return (machine, 0) }
        _ = machine.step(to: 0, .tripped, timing)
        if state == .open { return (machine, 0) }
        _ = machine.step(to: 30 * Self.minute, .clear, timing)
        return (machine, 30 * Self.minute)
    }

    /// State, condition, minutes in the state, next state, transition.
    private static let table: [(BreakerState, BreakerCondition, Int64, BreakerState, BreakerMachine.Transition?)] = [
        (.closed, .tripped, 0, .open, .opened), (.closed, .tripped, 1_000, .open, .opened),
        (.closed, .clear, 1_000, .closed, nil), (.closed, .unknown, 1_000, .closed, nil),
        (.open, .tripped, 29, .open, nil), (.open, .tripped, 1_000, .open, nil),
        (.open, .clear, 29, .open, nil), (.open, .clear, 30, .halfOpen, .halfOpened), (.open, .clear, 1_000, .halfOpen, .halfOpened),
        (.open, .unknown, 29, .open, nil), (.open, .unknown, 1_000, .open, nil),
        (.halfOpen, .tripped, 0, .open, .opened), (.halfOpen, .tripped, 4, .open, .opened), (.halfOpen, .tripped, 1_000, .open, .opened),
        (.halfOpen, .clear, 4, .halfOpen, nil), (.halfOpen, .clear, 5, .halfOpen, .ramped), (.halfOpen, .unknown, 1_000, .halfOpen, nil),
    ]

    @Test("Every state under every condition", arguments: table)
    func truthTable(
        state: BreakerState, condition: BreakerCondition, minutes: Int64, next: BreakerState, transition: BreakerMachine.Transition?
    ) {
        var (machine, start) = machine(state)
        #expect(machine.state == state)
        #expect(machine.step(to: start + minutes * Self.minute, condition, timing) == transition)
        #expect(machine.state == next)
    }

    @Test("The table covers all states and conditions")
    func isComplete() {
        for state in BreakerState.allCases {
            for condition in BreakerCondition.allCases { #expect(Self.table.contains { $0.0 == state && $0.1 == condition }) }
        }
    }

    @Test("The way back goes through every stage of the ramp, at its share")
    func ramp() {
        var machine = BreakerMachine(at: 0)
        #expect(machine.relianceShare(timing) == 1 && machine.notBefore(timing) == nil)
        _ = machine.step(to: 0, .tripped, timing)
        #expect(machine.relianceShare(timing) == 0 && machine.notBefore(timing) == 30 * Self.minute)
        var seen: [(Int64, BreakerState, Double)] = []
        for minute in 1...60 as ClosedRange<Int64> where machine.step(to: minute * Self.minute, .clear, timing) != nil {
            seen.append((minute, machine.state, machine.relianceShare(timing)))
        }
        #expect(seen.map(\.0) == [30, 35, 40])
        #expect(seen.map(\.1) == [.halfOpen, .halfOpen, .closed])
        #expect(seen.map(\.2) == [0.1, 0.5, 1])
    }

    @Test("Without a ramp it closes at once")
    func noRamp() {
        var timing = timing
        timing.ramp = []
        var machine = BreakerMachine(at: 0)
        _ = machine.step(to: 0, .tripped, timing)
        #expect(machine.step(to: 30 * Self.minute, .clear, timing) == .closed && machine.state == .closed)
    }

    @Test("Unknown time is not clear time")
    func unknownTime() {
        var machine = BreakerMachine(at: 0)
        _ = machine.step(to: 0, .tripped, timing)
        _ = machine.step(to: 9 * Self.minute, .clear, timing)
        _ = machine.step(to: 100 * Self.minute, .unknown, timing)
        #expect(machine.clearMs == 9 * Self.minute)
        #expect(machine.step(to: 100 * Self.minute + 1, .clear, timing) == nil)
        #expect(machine.step(to: 101 * Self.minute, .clear, timing) == .halfOpened)
    }

    @Test("A trip while open starts the clear time anew")
    func tripsAgain() {
        var machine = BreakerMachine(at: 0)
        _ = machine.step(to: 0, .tripped, timing)
        _ = machine.step(to: 29 * Self.minute, .clear, timing)
        _ = machine.step(to: 30 * Self.minute, .tripped, timing)
        #expect(machine.step(to: 39 * Self.minute, .clear, timing) == nil)
        #expect(machine.step(to: 40 * Self.minute, .clear, timing) == .halfOpened)
    }

    @Test("Flapping doubles the stay in open up to the longest, and calm forgives")
    func flapping() {
        #expect((0...4).map { timing.dwell(level: $0) } == [30, 60, 120, 120, 120].map { $0 * Self.minute })
        #expect(timing.dwell(level: .max) == 120 * Self.minute)
        var machine = BreakerMachine(at: 0)
        var now: Int64 = 0
        var stays: [Int64] = []
        for _ in 0..<5 {
            _ = machine.step(to: now, .tripped, timing)
            let opened = now
            repeat {
                now += Self.minute
                _ = machine.step(to: now, .clear, timing)
            } while machine.state == .open
            stays.append((now - opened) / Self.minute)
            now += Self.minute
        }
        #expect(stays == [30, 60, 120, 120, 120])
        // Closed for good, and calm for longer than the window: the next trip counts as the first.
        while machine.state != .closed {
            now += Self.minute
            _ = machine.step(to: now, .clear, timing)
        }
        _ = machine.step(to: now + timing.flapWindowMs + 1, .tripped, timing)
        #expect(machine.level == 0 && machine.notBefore(timing) == now + timing.flapWindowMs + 1 + 30 * Self.minute)
    }

    @Test("A condition that flips every minute opens it at most once per dwell", arguments: 1...10)
    func randomFlapping(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var machine = BreakerMachine(at: 0)
        var openings: [Int64] = []
        for minute in 0..<Int64(3 * 1_440) {
            let condition = BreakerCondition.allCases[random.below(3)]
            if machine.step(to: minute * Self.minute, condition, timing) == .opened { openings.append(minute) }
        }
        for (a, b) in zip(openings, openings.dropFirst()) { #expect(b - a >= 30, "seed \(seed)") }
    }

    @Test("A restored machine goes on as if nothing had happened, from every state", arguments: 1...5)
    func snapshot(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        var machine = BreakerMachine(at: 0)
        var states: Set<UInt8> = []
        for minute in 0..<Int64(2_000) {
            // Mostly clear, so that it comes around.
            let condition: BreakerCondition = random.bernoulli(0.02) ? .tripped : random.bernoulli(0.1) ? .unknown : .clear
            var writer = ByteWriter()
            machine.encode(into: &writer)
            var reader = ByteReader(writer.bytes)
            var restored = try BreakerMachine(from: &reader)
            #expect(reader.isAtEnd && restored == machine)
            states.insert(machine.state.rawValue)
            #expect(restored.step(to: minute * Self.minute, condition, timing) == machine.step(to: minute * Self.minute, condition, timing))
            #expect(restored == machine)
        }
        #expect(states.count == 3)
    }
}
