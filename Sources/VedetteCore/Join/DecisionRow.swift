/// What is kept of a decision for the length of the retention.
///
/// Encoded in 20 to 45 bytes: time within the segment, version, score, decision, amount, slice
/// values, content hash, entity digests.
public struct DecisionRow: Sendable, Equatable {
    /// Event time, ms.
    public var time: Int64
    public var model: UInt16
    /// Interned version of that model.
    public var version: UInt16
    public var score: Double
    public var decision: Decision
    /// Money at stake; ``Money/none`` where the record has none.
    public var amount: Money
    /// Probability of being let through, as far as a `Float` tells; 0 where the record has none.
    public var exploration: Float
    /// Interned value per dimension; 0 is missing.
    public var values: Values = []
    /// Low bits of the content hash: tells a retry from another decision under the same ID.
    public var content: UInt32
    /// Low 32 bits of each entity's keyed digest; 0 is missing.
    public var entities: Entities = []

    /// Dimensions and kinds of entity that a configuration may declare; a limit of memory, not of layout on disk.
    public static let maxDimensions = 16
    public static let maxEntities = 12
    public typealias Values = InlineList<16, Int32>
    public typealias Entities = InlineList<12, UInt32>

    /// Scores with up to six decimals take a varint, others their eight bytes.
    private static let scoreUnits = 1e6

    /// That a model which is ignored decided at `time`; nothing else is kept of it.
    public static func ofOtherModel(at time: Int64) -> DecisionRow {
        DecisionRow(time: time, model: OtherModels.index, version: 0, score: 0, decision: .log, content: 0)
    }

    public func encode(into writer: inout ByteWriter, segmentStart: Int64) {
        var row = ShortBytes()
        encode(into: &row, segmentStart: segmentStart)
        row.withBytes { writer.write(bytes: $0) }
    }

    private func encode(into row: inout ShortBytes, segmentStart: Int64) {
        row.write(varint: UInt64(time - segmentStart))
        row.write(varint: UInt64(model))
        if model == OtherModels.index { return }
        row.write(varint: UInt64(version))
        let units = (score * Self.scoreUnits).rounded()
        let exact = units / Self.scoreUnits == score
        let explored = exploration != 0
        let form = amount.form
        row.write(byte: decision.rawValue << 1 | (exact ? 1 : 0) | (explored ? 16 : 0) | form.rawValue << 5)
        if exact { row.write(varint: UInt64(units)) } else { row.write(fixed64: score.bitPattern) }
        if let number = amount.number(form) { row.write(signed: number) }
        if explored { row.write(fixed32: exploration.bitPattern) }
        for value in values { row.write(varint: UInt64(value)) }
        row.write(fixed32: content)
        for index in entities.indices { row.write(fixed32: entities[index]) }
    }

    public init(_ bytes: [UInt8], segmentStart: Int64, dimensions: Int, entities entityCount: Int) throws {
        var reader = ByteReader(bytes)
        let time = segmentStart + Int64(truncatingIfNeeded: try reader.readVarint())
        let model = UInt16(truncatingIfNeeded: try reader.readVarint())
        if model == OtherModels.index {
            self = .ofOtherModel(at: time)
            return
        }
        self.time = time
        self.model = model
        version = UInt16(truncatingIfNeeded: try reader.readVarint())
        let packed = try reader.readByte()
        guard let decision = Decision(rawValue: packed >> 1 & 7), let form = Money.Form(rawValue: packed >> 5) else {
            throw CorruptBytes(offset: reader.offset, expected: "a decision")
        }
        self.decision = decision
        score = packed & 1 == 1 ? Double(try reader.readVarint()) / Self.scoreUnits : try reader.readDouble()
        amount = try Money(form, from: &reader)
        exploration = packed & 16 != 0 ? Float(bitPattern: try reader.readFixed32()) : 0
        for _ in 0..<dimensions { values.append(Int32(truncatingIfNeeded: try reader.readVarint())) }
        content = try reader.readFixed32()
        for _ in 0..<entityCount { entities.append(try reader.readFixed32()) }
    }

    public init(
        time: Int64, model: UInt16, version: UInt16, score: Double, decision: Decision, amount: Money = .none, exploration: Float = 0,
        values: Values = [], content: UInt32, entities: Entities = []
    ) {
        self.time = time
        self.model = model
        self.version = version
        self.score = score
        self.decision = decision
        self.amount = amount
        self.exploration = exploration
        self.values = values
        self.content = content
        self.entities = entities
    }
}
