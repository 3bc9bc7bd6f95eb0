/// Finds where a record ends.
struct AvroSkipper {
    private let schema: AvroSchema
    private var cursor: BinaryCursor
    /// Values that may still be passed over. They may have no bytes, so only this ends a count that lies, and records
    /// that hold others twice each, level by level.
    private var budget: Int

    /// Levels of records, arrays and maps at most.
    private static let maxLevels = DecodeLimits.depthRange.upperBound + 1

    init(_ schema: AvroSchema, _ cursor: BinaryCursor, budget: Int) {
        self.schema = schema
        self.cursor = cursor
        self.budget = budget
    }

    /// - Returns: the offset behind the value.
    /// - Complexity: O(budget).
    mutating func skip(_ index: Int, level: Int) throws(BinaryFault) -> Int {
        try value(index, level)
        return cursor.offset
    }

    private mutating func value(_ index: Int, _ level: Int) throws(BinaryFault) {
        let node = schema.nodes[index]
        guard budget > 0 else { throw BinaryFault(kind: .oversized, offset: cursor.offset, expected: "fewer values") }
        // As JSON, a union is its branch alone.
        if node.kind != .union { budget -= 1 }
        switch node.kind {
        case .null: break
        case .boolean: _ = try cursor.byte("a boolean")
        case .int, .long, .enumeration: _ = try cursor.varint()
        case .float: _ = try cursor.fixed(UInt32.self)
        case .double: _ = try cursor.fixed(UInt64.self)
        case .string, .bytes, .decimalBytes: _ = try cursor.take(try cursor.zigzag(), "bytes that end in the block")
        case .fixed, .decimalFixed, .uuid: _ = try cursor.take(Int64(node.size), "the bytes of a fixed")
        case .union:
            let branch = try cursor.zigzag()
            guard branch >= 0, branch < Int64(node.count) else { throw cursor.malformed("a branch that the union has") }
            try value(schema.entries[node.first + Int(branch)].node, level)
        case .record, .array, .map:
            guard level <= Self.maxLevels else { throw BinaryFault(kind: .tooDeep, offset: cursor.offset, expected: "fewer levels") }
            if node.kind == .record {
                for field in node.first..<node.first + node.count { try value(schema.entries[field].node, level + 1) }
            } else {
                try blocks(node, level)
            }
        }
    }

    private mutating func blocks(_ node: AvroSchema.Node, _ level: Int) throws(BinaryFault) {
        while true {
            let count = try cursor.blockCount()
            if count == 0 { return }
            guard count <= UInt64(budget) else { throw BinaryFault(kind: .oversized, offset: cursor.offset, expected: "fewer items") }
            for _ in 0..<count {
                if node.kind == .map { _ = try cursor.take(try cursor.zigzag(), "a key that ends in the block") }
                try value(schema.entries[node.first].node, level + 1)
            }
        }
    }
}
