/// A slice dimension whose value says whether an entity is new: first seen less than `withinMs` ago.
public struct NewEntityRule: Sendable, Equatable {
    /// Index into `EventSchema.dimensions`.
    public var dimension: Int
    /// Index into `EventSchema.entities`.
    public var entity: Int
    public var withinMs: Int64

    public init(dimension: Int, entity: Int, withinMs: Int64) {
        self.dimension = dimension
        self.entity = entity
        self.withinMs = withinMs
    }
}

/// Fills the dimensions of ``NewEntityRule``s with `new` or `known`, learned from the stream.
///
/// A record that carries a value for the dimension keeps it. A record without the entity has no
/// value. Nor has any record of the first `withinMs` of the stream: until then everybody looks new.
/// To be called for every accepted decision in the one order.
struct NewEntities {
    static let new = "new"
    static let known = "known"

    private let rules: [NewEntityRule]
    /// Interned numbers of `new` and `known`, per rule.
    private var numbers: [(new: Int32, known: Int32)] = []
    /// Kinds of entity that some rule asks for, ascending.
    private let kinds: [Int]
    private(set) var memory: [FirstSeen]
    /// Per rule: index into `memory`.
    private let places: [Int]
    private var firstSeen: [Int64]

    /// - Parameter dimensions: `new` and `known` become the first names of each rule's dimension.
    init(_ configuration: SliceConfiguration, dimensions: inout ContiguousArray<Interner>, hash: KeyedHash) {
        rules = configuration.newEntities
        let kinds = Set(rules.map(\.entity)).sorted()
        self.kinds = kinds
        memory = kinds.map { _ in FirstSeen(capacity: configuration.entityMemory) }
        places = rules.map { rule in kinds.firstIndex(of: rule.entity) ?? 0 }
        firstSeen = Array(repeating: 0, count: kinds.count)
        number(in: &dimensions, hash: hash)
    }

    /// Numbers `new` and `known` among the names that each rule's dimension has; again after a restore, which may bring others.
    mutating func number(in dimensions: inout ContiguousArray<Interner>, hash: KeyedHash) {
        numbers = rules.map { rule in
            (dimensions[rule.dimension].number(of: Self.new, hash: hash), dimensions[rule.dimension].number(of: Self.known, hash: hash))
        }
    }

    var isEmpty: Bool { rules.isEmpty }

    /// The value of each rule's dimension, where the record has none of its own.
    ///
    /// - Parameters:
    ///   - digest: of an entity of the record by kind, 0 for none.
    ///   - began: when the stream began, ms.
    ///   - assign: takes dimension and number.
    mutating func observe(at time: Int64, began: Int64, digest: (Int) -> UInt64, assign: (Int, Int32) -> Void) {
        for (place, kind) in kinds.enumerated() {
            let entity = digest(kind)
            firstSeen[place] = entity == 0 ? .max : memory[place].observe(entity, at: time)
        }
        for (index, rule) in rules.enumerated() {
            let first = firstSeen[places[index]]
            guard first != .max, time - began >= rule.withinMs else { continue }
            let isNew = first != FirstSeen.longAgo && time - first < rule.withinMs
            assign(rule.dimension, isNew ? numbers[index].new : numbers[index].known)
        }
    }

    /// Calls `put` with (place, part, bytes) of what changed.
    mutating func snapshot(_ put: (Int, Int, ByteWriter) throws -> Void) rethrows {
        for place in memory.indices { try memory[place].encodeParts { try put(place, $0, $1) } }
    }

    mutating func restore(place: Int, part: Int, _ reader: inout ByteReader) throws {
        guard memory.indices.contains(place) else { throw CorruptBytes(offset: 0, expected: "a kind of entity of this configuration") }
        try memory[place].restore(part: part, &reader)
    }
}
