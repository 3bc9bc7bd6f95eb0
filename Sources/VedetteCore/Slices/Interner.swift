/// Names met in the stream, numbered in the order of their first effect. Bounded.
///
/// Number 0 is "missing", number 1 is "(other)": where every name past the limit goes.
/// The order is the sequenced order of the records, so numbers are a function of the log.
/// Rows and labels keep their numbers, so under another limit what was counted as "(other)" stays so.
public struct Interner: Sendable {
    public static let missing: Int32 = 0
    public static let other: Int32 = 1
    public static let otherName = "(other)"

    private let limit: Int
    private var index = HashIndex()
    private var memo = ShortTextMemo()
    private var hashes: ContiguousArray<UInt64> = [0, 0]
    private var names: ContiguousArray<String> = ["", Interner.otherName]
    /// Lookups that fell into `other` because the limit was reached.
    public private(set) var overflowed: Int64 = 0

    /// - Parameter limit: distinct names beside "missing" and "(other)".
    public init(limit: Int) { self.limit = limit }

    public var count: Int { names.count }

    /// Nil for the missing value.
    public func name(_ number: Int32) -> String? { number == Self.missing ? nil : names[Int(number)] }

    @inline(__always)
    mutating func number(_ ref: TextRef, in text: borrowing Column<UInt8>, hash: KeyedHash) -> Int32 {
        guard !ref.isNone, ref.length > 0 else { return Self.missing }
        let key = text.withText(ref) { ShortTextMemo.key($0) }
        if let key, let known = memo.number(key) { return known }
        let digest = hash.hash64(of: ref, in: text)
        // What falls into "(other)" is looked up each time, because it is counted each time.
        guard let found = index.find(digest) else { return admit(digest, text.string(ref)) }
        if let key { memo.set(key, to: Int32(found)) }
        return Int32(found)
    }

    /// The number of a name that the program itself uses.
    mutating func number(of name: String, hash: KeyedHash) -> Int32 {
        let digest = hash.hash64(name)
        if let found = index.find(digest) { return Int32(found) }
        return admit(digest, name)
    }

    /// All names by number; the first is the missing one's, empty.
    var allNames: [String] { Array(names) }

    private mutating func admit(_ digest: UInt64, _ name: String) -> Int32 {
        guard names.count - 2 < limit else {
            overflowed += 1
            return Self.other
        }
        names.append(name)
        hashes.append(digest)
        index.set(digest, to: names.count - 1)
        return Int32(names.count - 1)
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: overflowed)
        writer.write(count: names.count - 2)
        for place in 2..<max(2, names.count) {
            writer.write(fixed64: hashes[place])
            writer.write(string: names[place])
        }
    }

    /// Under the limit that is configured now; names beyond it stay known.
    mutating func restore(from reader: inout ByteReader) throws {
        self = Interner(limit: limit)
        overflowed = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 9)) {
            let digest = try reader.readFixed64()
            names.append(try reader.readString())
            hashes.append(digest)
            index.set(digest, to: names.count - 1)
        }
    }
}
