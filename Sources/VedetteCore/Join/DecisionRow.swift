/// What is kept of a decision for the length of the retention.
///
/// Encoded in 20 to 40 bytes: time within the segment, version, score, decision, slice
/// values, content hash, entity digests.
public struct DecisionRow: Sendable, Equatable {
    /// Event time, ms.
    public var time: Int64
    public var model: UInt16
    /// Interned version of that model.
    public var version: UInt16
    public var score: Double
    public var decision: Decision
    /// Interned value per dimension; 0 is missing.
    public var values: ContiguousArray<Int32>
    /// Low bits of the content hash: tells a retry from another decision under the same ID.
    public var content: UInt32
    /// Low 32 bits of each entity's keyed digest; 0 is missing.
    public var entities: ContiguousArray<UInt32>

    /// Scores with up to six decimals take a varint, others their eight bytes.
    private static let scoreUnits = 1e6

    func encode(into writer: inout ByteWriter, segmentStart: Int64) {
        writer.write(varint: UInt64(time - segmentStart))
        writer.write(varint: UInt64(model))
        writer.write(varint: UInt64(version))
        let units = (score * Self.scoreUnits).rounded()
        let exact = units / Self.scoreUnits == score
        writer.write(byte: decision.rawValue << 1 | (exact ? 1 : 0))
        if exact { writer.write(varint: UInt64(units)) } else { writer.write(double: score) }
        for value in values { writer.write(varint: UInt64(value)) }
        writer.write(fixed32: content)
        for digest in entities { writer.write(fixed32: digest) }
    }

    init(_ bytes: [UInt8], segmentStart: Int64, dimensions: Int, entities entityCount: Int) throws {
        var reader = ByteReader(bytes)
        time = segmentStart + Int64(truncatingIfNeeded: try reader.readVarint())
        model = UInt16(truncatingIfNeeded: try reader.readVarint())
        version = UInt16(truncatingIfNeeded: try reader.readVarint())
        let packed = try reader.readByte()
        guard let decision = Decision(rawValue: packed >> 1) else { throw CorruptBytes(offset: reader.offset, expected: "a decision") }
        self.decision = decision
        score = packed & 1 == 1 ? Double(try reader.readVarint()) / Self.scoreUnits : try reader.readDouble()
        values = []
        values.reserveCapacity(dimensions)
        for _ in 0..<dimensions { values.append(Int32(truncatingIfNeeded: try reader.readVarint())) }
        content = try reader.readFixed32()
        entities = []
        entities.reserveCapacity(entityCount)
        for _ in 0..<entityCount { entities.append(try reader.readFixed32()) }
    }

    init(
        time: Int64, model: UInt16, version: UInt16, score: Double, decision: Decision,
        values: ContiguousArray<Int32>, content: UInt32, entities: ContiguousArray<UInt32>
    ) {
        self.time = time
        self.model = model
        self.version = version
        self.score = score
        self.decision = decision
        self.values = values
        self.content = content
        self.entities = entities
    }
}
