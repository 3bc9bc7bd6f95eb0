/// The open cases of one model. A request that touches two sources of evidence makes them one case.
package struct CaseBook {
    /// Cases at once; beyond it the one that was quiet longest is dropped, and told to be over.
    package static let capacity = 256

    package private(set) var cases: [ProbingCase] = []
    private var ids: Int64 = 0
    /// The newest that was there at the last boundary: those up to it have been told.
    private var toldIDs: Int64 = 0
    /// Told cases that were dropped since the last boundary, at most ``capacity``.
    private var dropped: [ProbingCase] = []

    package init() {}

    func index(of id: Int64) -> Int? { id == 0 ? nil : cases.firstIndex { $0.id == id } }

    /// The case that `id` became part of in the end.
    func root(_ id: Int64) -> Int64 {
        var current = id
        while let place = index(of: current), cases[place].into != 0 { current = cases[place].into }
        return index(of: current) == nil ? 0 : current
    }

    package mutating func open(_ monitor: ProbingMonitor, startedAt: Int64, at time: Int64) -> Int64 {
        if cases.count == Self.capacity { dropOldest() }
        ids += 1
        cases.append(ProbingCase(id: ids, monitor: monitor, startedAt: startedAt, detectedAt: time))
        return ids
    }

    /// One that was told is told to be over at the next boundary, unless it was told to be part of another.
    private mutating func dropOldest() {
        guard let oldest = cases.indices.min(by: { (cases[$0].seenAt, cases[$0].id) < (cases[$1].seenAt, cases[$1].id) }) else { return }
        let gone = cases.remove(at: oldest)
        if gone.id <= toldIDs, gone.into == 0 || gone.isTouched { dropped.append(gone) }
    }

    /// Told cases that were dropped since the last call.
    package mutating func takeDropped() -> [ProbingCase] {
        defer { dropped.removeAll() }
        return dropped
    }

    package mutating func update(_ id: Int64, _ change: (inout ProbingCase) -> Void) {
        guard let place = index(of: id) else { return }
        change(&cases[place])
    }

    /// The older of two cases takes the newer in.
    package mutating func join(_ a: Int64, _ b: Int64) {
        let (first, second) = (min(root(a), root(b)), max(root(a), root(b)))
        guard first != 0, first != second else { return }
        let newer = cases[index(of: second)!]
        update(second) { ($0.into, $0.isTouched) = (first, true) }
        update(first) { $0.takeIn(newer) }
    }

    /// The case that had news last, if another one's beginning so soon after it would be a coincidence: as often as
    /// cases have been opened since the model's first decision, one in twenty such times holds one.
    func current(at time: Int64, since first: Int64) -> Int64 {
        guard let newest = cases.filter({ $0.into == 0 }).max(by: { ($0.detectedAt, $0.id) < ($1.detectedAt, $1.id) }) else { return 0 }
        let expected = Double(ids) * Double(max(0, time - newest.detectedAt)) / Double(max(1, time - first))
        return expected < Self.coincidence ? newest.id : 0
    }
    private static let coincidence = 0.05

    mutating func remove(_ id: Int64) { cases.removeAll { $0.id == id } }
    /// Everything that there is has been told.
    package mutating func clearNews() {
        toldIDs = ids
        for place in cases.indices { cases[place].clearNews() }
    }
}

extension CaseBook {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: ids)
        writer.write(signed: toldIDs)
        for list in [cases, dropped] {
            writer.write(count: list.count)
            for entry in list { entry.encode(into: &writer) }
        }
    }

    /// - Parameter isHub: whether a place of the fan-out table exists.
    package mutating func restore(from reader: inout ByteReader, isHub: (Int) -> Bool) throws {
        ids = try reader.readSigned()
        toldIDs = try reader.readSigned()
        cases = try (0..<(try reader.readCount(minimumSize: 10))).map { _ in try ProbingCase(from: &reader, isHub: isHub) }
        dropped = try (0..<(try reader.readCount(minimumSize: 10))).map { _ in try ProbingCase(from: &reader, isHub: isHub) }
        guard cases.count <= Self.capacity, dropped.count <= Self.capacity else { throw CorruptBytes(offset: reader.offset, expected: "at most \(Self.capacity) cases") }
    }
}
