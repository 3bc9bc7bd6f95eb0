/// Whole columns of numbers, as detectors keep them.
extension ByteWriter {
    mutating func write(floats column: ContiguousArray<Float>) {
        write(count: column.count)
        for value in column { write(fixed32: value.bitPattern) }
    }

    mutating func write(words column: ContiguousArray<UInt64>) {
        write(count: column.count)
        for value in column { write(varint: value) }
    }

    mutating func write(integers column: ContiguousArray<Int64>) {
        write(count: column.count)
        for value in column { write(signed: value) }
    }

    mutating func write(small column: ContiguousArray<UInt32>) {
        write(count: column.count)
        for value in column { write(varint: UInt64(value)) }
    }
}

extension ByteReader {
    mutating func readFloats() throws -> ContiguousArray<Float> {
        let count = try readCount(minimumSize: 4)
        var column = ContiguousArray<Float>()
        column.reserveCapacity(count)
        for _ in 0..<count { column.append(Float(bitPattern: try readFixed32())) }
        return column
    }

    mutating func readWords() throws -> ContiguousArray<UInt64> {
        let count = try readCount()
        var column = ContiguousArray<UInt64>()
        column.reserveCapacity(count)
        for _ in 0..<count { column.append(try readVarint()) }
        return column
    }

    mutating func readSmall() throws -> ContiguousArray<UInt32> {
        let count = try readCount()
        var column = ContiguousArray<UInt32>()
        column.reserveCapacity(count)
        for _ in 0..<count { column.append(UInt32(truncatingIfNeeded: try readVarint())) }
        return column
    }
}
