/// What shares the room of an hour (`alerts.max_per_hour`): the P0 alerts of one kind of a model, or all of its other alerts.
///
/// So a P0 is held back by more P0s of its own kind and by nothing else.
struct AlertRoom: Hashable, Comparable {
    /// Index into the inventory.
    var model: Int
    /// Name of the monitor's kind; empty for what is less severe than P0.
    var kind: String

    /// Nil for what is never held back: a floor that was broken is a fact, and there are no more of them than rules.
    init?(model: Int, monitor: String, severity: Severity) {
        guard monitor != PolicyCap.Monitor.policyFloor.rawValue else { return nil }
        self.model = model
        kind = severity == .p0 ? monitor : ""
    }

    static func < (a: AlertRoom, b: AlertRoom) -> Bool { (a.model, a.kind) < (b.model, b.kind) }
}

extension AlertRoom: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: model)
        writer.write(string: kind)
    }

    init(from reader: inout ByteReader) throws {
        model = Int(truncatingIfNeeded: try reader.readVarint())
        kind = try reader.readString()
    }
}
