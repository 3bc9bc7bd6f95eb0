/// What a request adds to the picture of ordinary traffic, held back until it is known whether it was part of a campaign.
///
/// Otherwise an attack would teach the detector that attacks are ordinary.
struct DelayedRow: Equatable {
    /// Serial of the campaign that it joined, 0 for none, and that campaign's place.
    var serial: Int64
    var place: Int32
    var isSuspicious: Bool
    /// Largest adjusted similarity to an ordinary and to a suspicious earlier request.
    var ordinary: Float
    var suspicious: Float
    var hasSuspicious: Bool
    var draw: UInt64
}

/// A ring of ``DelayedRow`` with their feature values, first in first out.
struct DelayedRows: Equatable {
    /// A quarter of all requests so far, within these.
    static let least: Int64 = 128
    static let most: Int64 = 4_096

    let features: Int
    /// As many as a power of two.
    private var rows: ContiguousArray<DelayedRow> = []
    private var values: ContiguousArray<Float> = []
    private var head = 0
    private(set) var count = 0

    init(features: Int) { self.features = features }

    static func length(after requests: Int64) -> Int { Int(min(most, max(least, requests / 4))) }

    mutating func append(_ row: DelayedRow, _ values: UnsafeBufferPointer<Float>) {
        if count == rows.count { grow() }
        let place = (head + count) & (rows.count - 1)
        rows[place] = row
        let features = features
        if let row = values.baseAddress {
            self.values.withUnsafeMutableBufferPointer { ($0.baseAddress! + place * features).update(from: row, count: features) }
        }
        count += 1
    }

    /// Takes the oldest out; its values are valid inside of `body` only.
    mutating func takeFirst(_ body: (DelayedRow, UnsafeBufferPointer<Float>) -> Void) {
        guard count > 0 else { return }
        let place = head
        head = (head + 1) & (rows.count - 1)
        count -= 1
        values.withUnsafeBufferPointer { body(rows[place], UnsafeBufferPointer(rebasing: $0[place * features..<(place + 1) * features])) }
    }

    private mutating func grow() {
        let size = max(64, rows.count * 2)
        var newRows = ContiguousArray<DelayedRow>()
        var newValues = ContiguousArray<Float>()
        newRows.reserveCapacity(size)
        newValues.reserveCapacity(size * features)
        for index in 0..<count {
            let place = (head + index) & (rows.count - 1)
            newRows.append(rows[place])
            newValues.append(contentsOf: values[place * features..<(place + 1) * features])
        }
        let empty = DelayedRow(serial: 0, place: 0, isSuspicious: false, ordinary: 0, suspicious: 0, hasSuspicious: false, draw: 0)
        newRows.append(contentsOf: repeatElement(empty, count: size - count))
        newValues.append(contentsOf: repeatElement(0, count: (size - count) * features))
        rows = newRows
        values = newValues
        head = 0
    }
}

extension DelayedRows: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: features)
        writer.write(count: count)
        for index in 0..<count {
            let place = (head + index) & (rows.count - 1)
            let row = rows[place]
            writer.write(signed: row.serial)
            writer.write(signed: Int64(row.place))
            writer.write(byte: (row.isSuspicious ? 1 : 0) | (row.hasSuspicious ? 2 : 0))
            writer.write(fixed32: row.ordinary.bitPattern)
            writer.write(fixed32: row.suspicious.bitPattern)
            writer.write(fixed64: row.draw)
            for feature in 0..<features { writer.write(fixed32: values[place * features + feature].bitPattern) }
        }
    }

    init(from reader: inout ByteReader) throws {
        self.init(features: Int(clamping: try reader.readVarint()))
        guard features <= 1 << 16 else { throw CorruptBytes(offset: reader.offset, expected: "a number of features") }
        var row = ContiguousArray<Float>(repeating: 0, count: features)
        for _ in 0..<(try reader.readCount(minimumSize: 18)) {
            let serial = try reader.readSigned()
            let place = Int32(truncatingIfNeeded: try reader.readSigned())
            let flags = try reader.readByte()
            let ordinary = Float(bitPattern: try reader.readFixed32())
            let suspicious = Float(bitPattern: try reader.readFixed32())
            let draw = try reader.readFixed64()
            for feature in 0..<features { row[feature] = Float(bitPattern: try reader.readFixed32()) }
            let entry = DelayedRow(
                serial: serial, place: place, isSuspicious: flags & 1 != 0, ordinary: ordinary, suspicious: suspicious,
                hasSuspicious: flags & 2 != 0, draw: draw)
            row.withUnsafeBufferPointer { append(entry, $0) }
        }
    }
}
