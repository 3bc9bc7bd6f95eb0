/// The fingerprints of a campaign's tries: how many different ones there are, and what the tries have in common.
///
/// Two views of the same thing. The salted fingerprints (``Fingerprints``) are only counted: which features one is made of
/// is secret. What may be named is in which features the tries fall into the same eighth of ordinary traffic, which anybody
/// could tell who knows the traffic. Both are compared with the first try. Bounded: O(features), a kilobyte at most for the count.
package struct FingerprintTally: Equatable {
    /// A feature or a fingerprint is shared where so many of the tries have it.
    static let sharedFrom = 0.9
    private static let precision = 10
    package static let fingerprints = Fingerprints.count

    private(set) var tries: Int64 = 0
    private var distinct = HyperLogLog(precision: precision)
    /// Of the first try: its fingerprints, then the bin of each feature; and how many tries have the same.
    private var first: ContiguousArray<UInt64> = []
    private var same: ContiguousArray<UInt32> = []

    package init() {}

    /// - Parameters:
    ///   - hashes: ``Fingerprints/count`` of them.
    ///   - ranks: one per feature.
    ///   - size: rows behind the ranks.
    package mutating func add(_ hashes: UnsafePointer<UInt64>, ranks: UnsafePointer<UInt16>, features: Int, size: Int) {
        if tries == 0 {
            first = ContiguousArray((0..<Self.fingerprints + features).map { Self.value($0, hashes, ranks, size) })
            same = ContiguousArray(repeating: 0, count: first.count)
        }
        tries += 1
        for place in first.indices where first[place] == Self.value(place, hashes, ranks, size) { same[place] += 1 }
        for number in 0..<Self.fingerprints { distinct.add(hash: hashes[number]) }
    }

    private static func value(_ place: Int, _ hashes: UnsafePointer<UInt64>, _ ranks: UnsafePointer<UInt16>, _ size: Int) -> UInt64 {
        place < fingerprints ? hashes[place] : UInt64(FeatureReference.bin(ranks[place - fingerprints], of: size))
    }

    /// Another campaign's tries turned out to be of this one.
    package mutating func absorb(_ other: FingerprintTally) {
        guard other.tries > 0 else { return }
        guard tries > 0 else { return self = other }
        tries += other.tries
        distinct.merge(other.distinct)
        for place in first.indices where first[place] == other.first[place] { same[place] += other.same[place] }
    }

    /// Different fingerprints among all tries, within a few per cent.
    package var distinctCount: Int64 { Int64(distinct.estimate.rounded()) }

    /// Fingerprints that nearly all tries have, of ``Fingerprints/count``.
    package var sharedCount: Int { same.prefix(Self.fingerprints).count { isShared($0) } }

    /// Features in whose bin nearly all tries lie: the bin, and the share of the tries.
    package var sharedBins: [(feature: Int, bin: Int, share: Double)] {
        same.indices.dropFirst(Self.fingerprints).filter { isShared(same[$0]) }.map {
            ($0 - Self.fingerprints, Int(first[$0]), Double(same[$0]) / Double(tries))
        }
    }

    private func isShared(_ count: UInt32) -> Bool { Double(count) >= Self.sharedFrom * Double(tries) }
}

extension FingerprintTally: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(signed: tries)
        guard tries > 0 else { return }
        distinct.encode(into: &writer)
        writer.write(words: first)
        writer.write(small: same)
    }

    package init(from reader: inout ByteReader) throws {
        tries = try reader.readSigned()
        guard tries > 0 else { return }
        distinct = try HyperLogLog(from: &reader)
        first = try reader.readWords()
        same = try reader.readSmall()
        guard distinct.precision == Self.precision, first.count == same.count, first.count >= Self.fingerprints else {
            throw CorruptBytes(offset: reader.offset, expected: "fingerprints of a campaign's tries")
        }
    }
}
