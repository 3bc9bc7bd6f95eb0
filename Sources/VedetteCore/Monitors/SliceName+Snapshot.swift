/// In the state of breakers and in baseline files.
extension SliceName: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        writer.write(count: parts.count)
        for part in parts {
            writer.write(string: part.dimension)
            writer.write(bool: part.value != nil)
            if let value = part.value { writer.write(string: value) }
        }
    }

    public init(from reader: inout ByteReader) throws {
        self.init()
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let dimension = try reader.readString()
            parts.append(Part(dimension: dimension, value: try reader.readBool() ? try reader.readString() : nil))
        }
    }
}
