/// State of the breakers in a checkpoint, by the names that the configuration gives things, so that it outlives a change of the configuration.
extension BreakerBoard {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: refused)
        writer.write(fixed64: otherMark ?? configurationMark)
        writer.write(count: entries.count)
        for (spec, list) in zip(configuration.breakers, entries) {
            writer.write(string: spec.id)
            spec.policy.encode(into: &writer)
            writer.write(count: spec.triggers.count)
            for trigger in spec.triggers { writer.write(string: name(of: trigger)) }
            writer.write(count: list.count)
            for entry in list { entry.encode(into: &writer) }
        }
        writer.write(count: abandoned.count)
        for key in abandoned { key.encode(into: &writer) }
    }

    /// Restores what the configuration still names; the keys of the rest are abandoned. ``reconcile(with:at:)`` follows.
    package mutating func restore(from reader: inout ByteReader) throws {
        refused = try reader.readSigned()
        let mark = try reader.readFixed64()
        otherMark = mark == configurationMark ? nil : mark
        for _ in 0..<(try reader.readCount(minimumSize: 2)) { try restoreBreaker(from: &reader) }
        for _ in 0..<(try reader.readCount(minimumSize: 4)) {
            let key = try AbandonedBreaker(from: &reader)
            guard key.model < configuration.models.count else { throw Self.unknownModel(reader) }
            // Where the configuration names it again, it starts anew; a slice does so with its next trip, and ends until then.
            if !isGuarded(key) { abandoned.append(key) }
        }
    }

    private mutating func restoreBreaker(from reader: inout ByteReader) throws {
        let id = try reader.readString()
        let policy = try BreakerPolicy(from: &reader)
        let index = configuration.breakers.firstIndex { $0.id == id }
        var names: [String] = []
        for _ in 0..<(try reader.readCount()) { names.append(try reader.readString()) }
        for _ in 0..<(try reader.readCount(minimumSize: 8)) {
            var entry = try BreakerEntry(triggers: names.count, from: &reader)
            guard entry.model < configuration.models.count else { throw Self.unknownModel(reader) }
            guard let index, isNamed(entry, configuration.breakers[index]) else {
                abandoned.append(AbandonedBreaker(breaker: id, model: entry.model, slice: entry.slice, policy: policy))
                continue
            }
            let spec = configuration.breakers[index]
            entry.fit(names: names, to: spec.triggers.map(name(of:)))
            entries[index].append(entry)
        }
    }

    /// What a person ordered is kept in slices that the breaker does not cover by itself.
    private func isNamed(_ entry: BreakerEntry, _ spec: BreakerSpec) -> Bool {
        isCovered(spec, model: configuration.models[entry.model].name, slice: entry.forced == nil ? entry.slice : nil)
    }

    private func isGuarded(_ key: AbandonedBreaker) -> Bool {
        guard let index = configuration.breakers.firstIndex(where: { $0.id == key.breaker }) else { return false }
        return key.slice.isOverall && isCovered(configuration.breakers[index], model: configuration.models[key.model].name, slice: nil)
    }

    /// Empty for alerts, which are known by their monitors.
    private func name(of trigger: BreakerTrigger) -> String {
        switch trigger {
        case .alert: ""
        case .metric(let rule): "\(rule.metric.rawValue)|\(configuration.windows[rule.window].name)"
        }
    }

    /// A hash of all that decides what is published: the description of plain values. The only dictionaries among them are put in order.
    static func mark(of configuration: TopologyConfiguration) -> UInt64 {
        var plain = configuration
        for index in plain.models.indices { plain.models[index].importances = [:] }
        let importances = configuration.models.map { $0.importances.sorted { $0.key < $1.key } }
        return KeyedHash(k0: 0x6272_6561_6b65_7273, k1: 0).hash64("\(plain) \(importances)")
    }

    private static func unknownModel(_ reader: ByteReader) -> CorruptBytes { CorruptBytes(offset: reader.offset, expected: "a model of the inventory") }
}

extension AbandonedBreaker: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(string: breaker)
        writer.write(count: model)
        slice.encode(into: &writer)
        policy.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        self.init(
            breaker: try reader.readString(), model: Int(truncatingIfNeeded: try reader.readVarint()), slice: try SliceName(from: &reader),
            policy: try BreakerPolicy(from: &reader))
    }
}

extension BreakerPolicy: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(byte: insteadOf.rawValue)
        writer.write(byte: action.rawValue)
    }

    public init(from reader: inout ByteReader) throws {
        guard let insteadOf = Decision(rawValue: try reader.readByte()), let action = Decision(rawValue: try reader.readByte()) else {
            throw CorruptBytes(offset: reader.offset, expected: "two decisions")
        }
        self.init(insteadOf: insteadOf, action: action)
    }
}
