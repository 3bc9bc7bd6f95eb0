/// Names met in the stream, numbered in the order of their first effect. Bounded.
///
/// Number 0 is "missing", number 1 is "(other)": where every name past the limit goes.
/// The order is the sequenced order of the records, so numbers are a function of the log.
/// Rows and labels keep their numbers, so under another limit what was counted as "(other)" stays so.
///
/// Where names are told when they were used (``number(_:in:hash:at:)``, ``touch(_:at:)``), those unused for `idleMs`
/// make room once there is none. A number is never given twice: what is kept somewhere under a retired one stays
/// what it was, and a name that comes back is a new one.
public struct Interner: Sendable {
    public static let missing: Int32 = 0
    public static let other: Int32 = 1
    public static let otherName = "(other)"
    /// When a name was used that is in use no more, and one that the program itself uses.
    private static let retired = Int64.min
    private static let always = Int64.max

    public let limit: Int
    private let idleMs: Int64
    private let numbers: Int
    private var index = HashIndex()
    private var memo = ShortTextMemo()
    private var hashes: ContiguousArray<UInt64> = [0, 0]
    private var names: ContiguousArray<String> = ["", Interner.otherName]
    /// When each name was used last, ms.
    private var newest: ContiguousArray<Int64> = [always, always]
    /// Names in use.
    public private(set) var live = 0
    /// Lookups that fell into `other` because the limit was reached.
    public private(set) var overflowed: Int64 = 0
    /// No name is idle for long enough before this; from what is known, not stored.
    private var nextIdle = Int64.min
    /// Names were retired since this was last set to false.
    var didRetire = false

    /// - Parameters:
    ///   - limit: distinct names in use beside "missing" and "(other)".
    ///   - idleMs: after which a name that was not used makes room.
    ///   - numbers: how many numbers can be told apart by who keeps them.
    public init(limit: Int, idleMs: Int64 = .max, numbers: Int = Int(Int32.max)) {
        self.limit = limit
        self.idleMs = idleMs
        self.numbers = numbers
    }

    public var count: Int { names.count }

    /// Nil for the missing value.
    public func name(_ number: Int32) -> String? { number == Self.missing ? nil : names[Int(number)] }

    func isRetired(_ number: Int32) -> Bool { newest.indices.contains(Int(number)) && newest[Int(number)] == Self.retired }

    @inline(__always)
    mutating func number(_ ref: TextRef, in text: borrowing Column<UInt8>, hash: KeyedHash) -> Int32 {
        find(ref, in: text, hash: hash, at: Self.always)
    }

    /// The same, of a name that is used at an effective time, ms; it never falls.
    @inline(__always)
    mutating func number(_ ref: TextRef, in text: borrowing Column<UInt8>, hash: KeyedHash, at time: Int64) -> Int32 {
        let number = find(ref, in: text, hash: hash, at: time)
        touch(number, at: time)
        return number
    }

    @inline(__always)
    mutating func touch(_ number: Int32, at time: Int64) {
        let known = newest[Int(number)]
        if known < time, known != Self.retired { newest[Int(number)] = time }
    }

    @inline(__always)
    private mutating func find(_ ref: TextRef, in text: borrowing Column<UInt8>, hash: KeyedHash, at time: Int64) -> Int32 {
        guard !ref.isNone, ref.length > 0 else { return Self.missing }
        let key = text.withText(ref) { ShortTextMemo.key($0) }
        if let key, let known = memo.number(key) { return known }
        let digest = hash.hash64(of: ref, in: text)
        // What falls into "(other)" is looked up each time, because it is counted each time.
        guard let found = index.find(digest) else { return admit(digest, text.string(ref), at: time) }
        if let key { memo.set(key, to: Int32(found)) }
        return Int32(found)
    }

    /// The number of a name where it has one, else `other`; learns and counts nothing.
    func known(_ ref: TextRef, in text: borrowing Column<UInt8>, hash: KeyedHash) -> Int32 {
        guard !ref.isNone, ref.length > 0 else { return Self.missing }
        return index.find(hash.hash64(of: ref, in: text)).map { Int32($0) } ?? Self.other
    }

    /// The number of a name that is no longer in a batch, or that the program itself uses.
    mutating func number(of name: String, hash: KeyedHash) -> Int32 {
        guard !name.isEmpty else { return Self.missing }
        let digest = hash.hash64(name)
        if let found = index.find(digest) { return Int32(found) }
        return admit(digest, name, at: Self.always)
    }

    /// All names by number; the first is the missing one's, empty.
    var allNames: [String] { Array(names) }

    private mutating func admit(_ digest: UInt64, _ name: String, at time: Int64) -> Int32 {
        if live >= limit { retireIdle(at: time) }
        guard live < limit, names.count < numbers else {
            overflowed += 1
            return Self.other
        }
        add(digest, name, newest: time)
        return Int32(names.count - 1)
    }

    private mutating func add(_ digest: UInt64, _ name: String, newest time: Int64) {
        names.append(name)
        hashes.append(digest)
        newest.append(time)
        guard time != Self.retired else { return }
        live += 1
        index.set(digest, to: names.count - 1)
    }

    /// Makes room. O(names), but not before one of them can have been idle for long enough.
    private mutating func retireIdle(at time: Int64) {
        guard time != Self.always, time >= nextIdle else { return }
        // Names that come now are idle no sooner.
        let (soonest, isFar) = time.addingReportingOverflow(idleMs)
        nextIdle = isFar ? .max : soonest
        for place in newest.indices where newest[place] != Self.retired && newest[place] != Self.always {
            let (due, isNever) = newest[place].addingReportingOverflow(idleMs)
            if isNever || due > time {
                nextIdle = min(nextIdle, isNever ? .max : due)
            } else {
                newest[place] = Self.retired
                live -= 1
                didRetire = true
            }
        }
        guard didRetire else { return }
        memo = ShortTextMemo()
        index.removeAll()
        for place in newest.indices.dropFirst(2) where newest[place] != Self.retired { index.set(hashes[place], to: place) }
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(signed: overflowed)
        writer.write(count: names.count - 2)
        for place in 2..<max(2, names.count) {
            writer.write(fixed64: hashes[place])
            writer.write(string: names[place])
            writer.write(signed: newest[place])
        }
    }

    /// Takes the names of a snapshot instead of its own, under the limit that is configured now; names beyond it stay known.
    ///
    /// - Throws: ``CorruptBytes``.
    mutating func restore(from reader: inout ByteReader) throws {
        self = Interner(limit: limit, idleMs: idleMs, numbers: numbers)
        overflowed = try reader.readSigned()
        for _ in 0..<(try reader.readCount(minimumSize: 10)) {
            let digest = try reader.readFixed64()
            add(digest, try reader.readString(), newest: try reader.readSigned())
        }
    }
}
