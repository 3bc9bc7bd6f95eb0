/// The number of distinct 64-bit hashes seen, in a few kilobytes at most.
///
/// Registers: Flajolet et al., "HyperLogLog" (2007), with 64-bit hashes. Estimate: Ertl, "New
/// cardinality estimation algorithms for HyperLogLog sketches" (2017), algorithm 6, which needs
/// no empirical bias tables and no switching between ranges.
///
/// Error: relative standard error about `1.04 / sqrt(2^precision)`, 1.6 % at the default 12.
/// The hashes must be uniform; use ``KeyedHash``, so that nobody can aim at the registers.
/// Size: 32 bytes inline and nothing else while empty; 4 bytes per occupied register until an
/// eighth of the registers is occupied, then one byte per register. The state is a function of
/// the set of hashes; merging is exact, associative, commutative and idempotent. Nothing can be removed.
public struct HyperLogLog: Sendable {
    public static let precisions = 4...16
    public static let defaultPrecision = 12

    private let bits: UInt8
    /// While sparse: `register << 8 | rank`, first sorted and distinct, then a tail of appends.
    private var sparse: ContiguousArray<UInt32> = []
    private var sortedCount: Int32 = 0
    /// One rank per register; empty while sparse.
    private var dense: ContiguousArray<UInt8> = []

    /// An empty sketch of `2^precision` registers, `precision` in ``precisions``.
    public init(precision: Int = HyperLogLog.defaultPrecision) {
        precondition(Self.precisions.contains(precision), "precision must lie in 4...16")
        bits = UInt8(precision)
    }

    public var precision: Int { Int(bits) }
    public var isEmpty: Bool { sparse.isEmpty && dense.isEmpty }
    /// The relative standard error of ``estimate``.
    public var standardError: Double { 1.04 / Double(registerCount).squareRoot() }

    private var registerCount: Int { 1 << Int(bits) }
    private var sparseLimit: Int { registerCount / 8 }
    private var maxTail: Int { Swift.max(16, Int(sortedCount) / 2) }

    /// Counts a hash. Amortised about 10 ns.
    public mutating func add(hash: UInt64) {
        let register = Int(hash >> (64 - UInt64(bits)))
        // The guard bit bounds the rank to 65 - precision where all the other bits are zero.
        let rest = hash << UInt64(bits) | 1 << (UInt64(bits) - 1)
        let rank = UInt8(rest.leadingZeroBitCount + 1)
        if dense.isEmpty {
            sparse.append(UInt32(register) << 8 | UInt32(rank))
            if sparse.count - Int(sortedCount) >= maxTail { compact() }
        } else if dense[register] < rank {
            dense[register] = rank
        }
    }

    /// Adds what another sketch has seen. Both must have the same precision.
    public mutating func merge(_ other: HyperLogLog) {
        precondition(bits == other.bits, "merged sketches must have the same precision")
        if isEmpty {
            self = other
            return
        }
        if other.dense.isEmpty {
            if dense.isEmpty {
                sparse.append(contentsOf: other.sparse)
                if sparse.count - Int(sortedCount) >= maxTail { compact() }
            } else {
                raise(other.sparse)
            }
            return
        }
        if dense.isEmpty { makeDense() }
        for register in dense.indices where dense[register] < other.dense[register] { dense[register] = other.dense[register] }
    }

    /// Folds pending adds in, which makes the reads that follow cheap.
    public mutating func compact() {
        guard Int(sortedCount) < sparse.count else { return }
        sparse.sort()
        // Within a register the ranks ascend, so the last one of each run is the one to keep.
        var written = 0
        for index in 1..<sparse.count {
            if sparse[index] >> 8 != sparse[written] >> 8 { written += 1 }
            sparse[written] = sparse[index]
        }
        sparse.removeLast(sparse.count - written - 1)
        sortedCount = Int32(sparse.count)
        if sparse.count > sparseLimit { makeDense() }
    }

    private mutating func makeDense() {
        dense = ContiguousArray(repeating: 0, count: registerCount)
        raise(sparse)
        sparse = []
        sortedCount = 0
    }

    private mutating func raise(_ entries: ContiguousArray<UInt32>) {
        for entry in entries {
            let register = Int(entry >> 8)
            let rank = UInt8(truncatingIfNeeded: entry)
            if dense[register] < rank { dense[register] = rank }
        }
    }

    private func compacted() -> HyperLogLog {
        var copy = self
        copy.compact()
        return copy
    }

    /// The estimated number of distinct hashes; 0 where the sketch is empty. O(registers).
    public var estimate: Double {
        let sketch = compacted()
        let q = 64 - Int(bits)
        var multiplicity = ContiguousArray<Double>(repeating: 0, count: q + 2)
        if sketch.dense.isEmpty {
            multiplicity[0] = Double(registerCount - sketch.sparse.count)
            for entry in sketch.sparse { multiplicity[Int(entry & 0xFF)] += 1 }
        } else {
            for rank in sketch.dense { multiplicity[Int(rank)] += 1 }
        }
        let m = Double(registerCount)
        var z = m * Self.tau(1 - multiplicity[q + 1] / m)
        for rank in stride(from: q, through: 1, by: -1) { z = 0.5 * (z + multiplicity[rank]) }
        z += m * Self.sigma(multiplicity[0] / m)
        let alpha = 0.721_347_520_444_481_7  // 1 / (2 ln 2)
        return z.isInfinite ? 0 : alpha * m * m / z
    }

    private static func sigma(_ share: Double) -> Double {
        guard share < 1 else { return .infinity }
        var (x, y, z) = (share, 1.0, share)
        while true {
            x *= x
            let previous = z
            z += x * y
            y += y
            if z == previous { return z }
        }
    }

    private static func tau(_ share: Double) -> Double {
        guard share > 0, share < 1 else { return 0 }
        var (x, y, z) = (share, 1.0, 1 - share)
        while true {
            x = x.squareRoot()
            let previous = z
            y *= 0.5
            z -= (1 - x) * (1 - x) * y
            if z == previous { return z / 3 }
        }
    }
}

extension HyperLogLog: Equatable {
    public static func == (a: HyperLogLog, b: HyperLogLog) -> Bool {
        guard a.bits == b.bits else { return false }
        let (left, right) = (a.compacted(), b.compacted())
        return left.sparse == right.sparse && left.dense == right.dense
    }
}

extension HyperLogLog: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        let sketch = compacted()
        writer.write(byte: bits)
        writer.write(bool: !sketch.dense.isEmpty)
        if sketch.dense.isEmpty {
            writer.write(count: sketch.sparse.count)
            for entry in sketch.sparse { writer.write(fixed32: entry) }
        } else {
            writer.write(blob: Array(sketch.dense))
        }
    }

    public init(from reader: inout ByteReader) throws {
        let precision = Int(try reader.readByte())
        guard Self.precisions.contains(precision) else { throw CorruptBytes(offset: reader.offset, expected: "a precision of 4 to 16") }
        self.init(precision: precision)
        let maxRank = 65 - precision
        if try reader.readBool() {
            dense = ContiguousArray(try reader.readBlob())
            guard dense.count == registerCount, dense.allSatisfy({ Int($0) <= maxRank }) else {
                throw CorruptBytes(offset: reader.offset, expected: "\(registerCount) registers of at most \(maxRank)")
            }
        } else {
            let count = try reader.readCount(minimumSize: 4)
            var previous = -1
            for _ in 0..<count {
                let entry = try reader.readFixed32()
                let register = Int(entry >> 8)
                guard register > previous, register < registerCount, (1...maxRank).contains(Int(entry & 0xFF)) else {
                    throw CorruptBytes(offset: reader.offset, expected: "ascending registers with ranks of 1 to \(maxRank)")
                }
                previous = register
                sparse.append(entry)
            }
            guard count <= sparseLimit else { throw CorruptBytes(offset: reader.offset, expected: "at most \(sparseLimit) sparse registers") }
            sortedCount = Int32(count)
        }
    }
}
