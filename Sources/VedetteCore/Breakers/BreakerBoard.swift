/// All circuit breakers of a deployment: what drives them comes in, records go out at boundaries.
///
/// A function of what it is given, in order. An entry exists for all traffic of every model that a
/// breaker covers, and for a slice from the first time that something trips it there; a slice
/// without a record follows the record of all traffic. Bounded by ``maxEntries``.
package struct BreakerBoard {
    /// Entries of one breaker; a trip in one slice more is counted and drives the entry of all traffic instead.
    package static let maxEntries = 1_000

    let configuration: TopologyConfiguration
    /// Per breaker, in the order of first appearance.
    private var entries: [[BreakerEntry]]
    /// Trips of slices for which there was no room, and orders that named nothing.
    package private(set) var refused: Int64 = 0

    package init(configuration: TopologyConfiguration) {
        self.configuration = configuration
        entries = Array(repeating: [], count: configuration.breakers.count)
    }

    package var isEmpty: Bool { configuration.breakers.isEmpty }
    package var openCount: Int { entries.reduce(0) { $0 + $1.count { $0.state != .closed } } }

    // MARK: Input

    /// An alert that was just put out, live or silent.
    package mutating func take(_ event: AlertEvent, at time: Int64) {
        for (index, spec) in configuration.breakers.enumerated() {
            guard isCovered(spec, model: event.model, slice: event.slice) else { continue }
            let holds = spec.triggers.contains { trigger in
                guard case .alert(let monitors, let severity) = trigger, event.severity >= severity else { return false }
                return monitors.isEmpty || monitors.contains(event.monitor) || monitors.contains(event.monitorID)
            }
            let isOver = event.status == .resolved || event.status == .withdrawn
            guard let model = configuration.models.firstIndex(where: { $0.name == event.model }) else { continue }
            guard let place = isOver ? find(index, model, event.slice) : holds ? admit(index, model, event.slice, time) : nil else { continue }
            note(event, isOver: isOver, index, place)
        }
    }

    private mutating func note(_ event: AlertEvent, isOver: Bool, _ index: Int, _ place: Int) {
        let known = entries[index][place].alerts.firstIndex { $0.fingerprint == event.fingerprint }
        if isOver {
            if let known { entries[index][place].alerts.remove(at: known) }
            return
        }
        let cause = BreakerCause(
            alertID: event.id, fingerprint: event.fingerprint, name: event.monitor, severity: event.severity, startedAt: event.startedAt)
        if let known {
            entries[index][place].alerts[known] = cause
        } else if entries[index][place].alerts.count < BreakerEntry.maxAlerts {
            entries[index][place].alerts.append(cause)
        }
        for fact in event.incident where fact.name == "attempts_to_bypass" {
            if case .number(let attempts) = fact.value { entries[index][place].attempts = attempts }
        }
    }

    /// Whether a window of this spec is looked at at all.
    package func watches(window: Int) -> Bool {
        configuration.breakers.contains { spec in
            spec.triggers.contains { if case .metric(let rule) = $0 { rule.window == window } else { false } }
        }
    }

    /// A window that just closed, all versions together.
    package mutating func take(_ pane: Pane, window: Int, model: Int, slice: SliceName, at time: Int64) {
        for (index, spec) in configuration.breakers.enumerated() {
            guard isCovered(spec, model: configuration.models[model].name, slice: slice) else { continue }
            for (number, trigger) in spec.triggers.enumerated() {
                guard case .metric(let rule) = trigger, rule.window == window, let level = BreakerLevel(rule, pane) else { continue }
                guard let place = level.isOver ? admit(index, model, slice, time) : find(index, model, slice) else { continue }
                let before = entries[index][place].metrics[number]
                if level.isOver {
                    if before != true { entries[index][place].metricsSince[number] = time - configuration.windows[window].sizeMs }
                    entries[index][place].metrics[number] = true
                } else if level.isClear || before != true {
                    entries[index][place].metrics[number] = false
                }
            }
        }
    }

    /// What a person said. An order for a slice that has no entry yet makes one.
    package mutating func take(_ given: BreakerOrder, at time: Int64) {
        var order = given
        let dimensions = configuration.schema.dimensions
        order.slice.parts.sort { (dimensions.firstIndex(of: $0.dimension) ?? .max) < (dimensions.firstIndex(of: $1.dimension) ?? .max) }
        guard let index = configuration.breakers.firstIndex(where: { $0.id == order.breaker }),
            let model = configuration.models.firstIndex(where: { $0.name == order.model }),
            isCovered(configuration.breakers[index], model: order.model, slice: nil),
            let place = order.state == nil ? find(index, model, order.slice) : admit(index, model, order.slice, time, isExact: true)
        else {
            refused += 1
            return
        }
        entries[index][place].forced = order.state == nil ? nil : order
        // Published at the next boundary, whatever the state was.
        entries[index][place].publishedAt = .min
    }

    // MARK: Output

    /// Steps every entry to the boundary; answers the records that are due.
    ///
    /// - Parameter economics: what the state would cost and guards; asked only for records that go out.
    package mutating func close(at boundary: Int64, economics: (_ model: Int, _ slice: SliceName, _ policy: BreakerPolicy) -> BreakerTraffic?) -> [BreakerRecord] {
        var records: [BreakerRecord] = []
        for (index, spec) in configuration.breakers.enumerated() {
            for (model, known) in configuration.models.enumerated() where spec.models.isEmpty || spec.models.contains(known.name) {
                _ = admit(index, model, SliceName(), boundary)
            }
            for place in entries[index].indices {
                guard let isHeartbeat = step(index, place, spec, boundary) else { continue }
                let entry = entries[index][place]
                let traffic = economics(entry.model, entry.slice, spec.policy)
                records.append(record(entry, spec, boundary, isHeartbeat, traffic))
            }
        }
        return records
    }

    /// Nil where nothing is due; otherwise whether it is only a heartbeat.
    private mutating func step(_ index: Int, _ place: Int, _ spec: BreakerSpec, _ boundary: Int64) -> Bool? {
        var entry = entries[index][place]
        var isChanged = entry.publishedAt == .min
        if let until = entry.forced?.until, boundary >= until {
            entry.forced = nil
            isChanged = true
        }
        let condition = entry.condition(spec.triggers)
        let transition = entry.machine.step(to: boundary, condition, spec.timing)
        if transition == .opened { entry.causedAt = entry.causes(spec.triggers).map(\.startedAt).min() }
        if transition == .closed {
            entry.causedAt = nil
            entry.attempts = nil
        }
        // While a person holds it, the machine goes on beneath without a word.
        if transition != nil, entry.forced == nil { isChanged = true }
        let isDue = !isChanged && boundary - entry.publishedAt >= spec.heartbeatMs
        if isChanged || isDue {
            entry.sequence += 1
            entry.publishedAt = boundary
        }
        entries[index][place] = entry
        return isChanged ? false : isDue ? true : nil
    }

    // MARK: Entries

    private func isCovered(_ spec: BreakerSpec, model: String, slice: SliceName?) -> Bool {
        guard spec.models.isEmpty || spec.models.contains(model) else { return false }
        guard let slice, !slice.isOverall else { return true }
        switch spec.slices {
        case .overall: return false
        case .all: return true
        case .groups(let groups):
            let dimensions = slice.parts.map(\.dimension)
            return groups.contains { $0.map { configuration.schema.dimensions[$0] } == dimensions }
        }
    }

    private func find(_ index: Int, _ model: Int, _ slice: SliceName) -> Int? {
        entries[index].firstIndex { $0.model == model && $0.slice == slice }
    }

    /// The entry, made where it is not there yet; that of all traffic where there is no room.
    private mutating func admit(_ index: Int, _ model: Int, _ slice: SliceName, _ time: Int64, isExact: Bool = false) -> Int? {
        if let place = find(index, model, slice) { return place }
        guard entries[index].count < Self.maxEntries || slice.isOverall else {
            refused += 1
            return isExact ? nil : find(index, model, SliceName())
        }
        entries[index].append(
            BreakerEntry(spec: index, model: model, slice: slice, triggers: configuration.breakers[index].triggers.count, at: time))
        return entries[index].count - 1
    }

    // MARK: Snapshot

    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: refused)
        writer.write(count: entries.count)
        for (spec, list) in zip(configuration.breakers, entries) {
            writer.write(string: spec.id)
            writer.write(count: list.count)
            for entry in list { entry.encode(into: &writer) }
        }
    }

    /// Breakers are found by id; the entries of one that is gone, or has other triggers, are left out.
    package mutating func restore(from reader: inout ByteReader) throws {
        refused = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let id = try reader.readString()
            let index = configuration.breakers.firstIndex { $0.id == id }
            for _ in 0..<(try reader.readCount(minimumSize: 8)) {
                let entry = try BreakerEntry(spec: index ?? 0, from: &reader)
                guard entry.model < configuration.models.count else { throw CorruptBytes(offset: reader.offset, expected: "a model of the inventory") }
                guard let index, entry.metrics.count == configuration.breakers[index].triggers.count else { continue }
                entries[index].append(entry)
            }
        }
    }
}
