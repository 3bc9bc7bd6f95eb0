/// The largest number of fingerprints that a query shares with any one earlier query; large is suspicious.
///
/// Li et al., "Blacklight", USENIX Security 2022: quantise, hash every window of consecutive values with a salt,
/// keep the largest hashes, compare globally, no account needed. There 50 hashes of windows of 20 pixels at 50
/// quantisation levels; here all windows of a third of the features, cyclic, at 50 levels. No base-rate correction.
struct PairwiseFingerprints: BaselineMethod {
    private static let levels = 50.0
    private static let newest = 64

    let name = "global fingerprints (Blacklight 2022)"
    private let window: Int
    /// Newest queries by fingerprint.
    private var seen: [UInt64: [Int32]] = [:]
    private var count: Int32 = 0

    init(features: Int) { window = max(2, features / 3) }

    mutating func score(_ record: StreamRecord, row: [Double]) -> (subject: String, value: Double) {
        let bins = row.map { UInt64(bitPattern: Int64($0 * Self.levels)) }
        var shared: [Int32: Int] = [:]
        for start in bins.indices {
            var hash: UInt64 = 0x5E0_5A17 &+ UInt64(start)
            for step in 0..<window { hash = (hash ^ bins[(start + step) % bins.count]) &* 0x9E37_79B9_7F4A_7C15 ^ hash >> 29 }
            for other in seen[hash] ?? [] { shared[other, default: 0] += 1 }
            seen[hash, default: []].append(count)
            if seen[hash]!.count > Self.newest { seen[hash]!.removeFirst() }
        }
        count += 1
        return (record.id, Double(shared.values.max() ?? 0))
    }
}
