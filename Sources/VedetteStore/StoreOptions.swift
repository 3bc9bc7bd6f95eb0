/// How a ``StateStore`` uses memory, processor and disk. The defaults suit one sidecar on two cores.
public struct StoreOptions: Sendable {
    /// Memory for blocks read from disk, their indexes and filters, in bytes; shared by all tables.
    ///
    /// A filter takes about one byte per row. Where look-ups have to search many segments,
    /// give it as many bytes as there are rows in them.
    public var blockCacheBytes = 64 << 20
    /// Table files held open at once, 32 or more.
    public var openFilesMax = 1024
    /// The zstd level of every data block, 1...19.
    public var zstdLevel = 1
    /// Uncompressed bytes of a data block: the unit of compression, and of reading on a look-up.
    public var dataBlockBytes = 8 << 10

    public init() {}

    /// Bits of filter per key; the false positive rate is near 1 %.
    static let filterBitsPerKey = 10.0
    /// Bytes of one filter or index partition, the unit in which they enter the cache.
    static let metadataBlockBytes = 4 << 10
    /// Memory for filters of the segments that this process has written; about 12 bits a row.
    static let keyFilterBytesMax = 64 << 20
    /// Files of one table that start a merge: each costs a look-up one more filter.
    static let compactionTriggerRuns: Int32 = 8
    /// Newer rows, in percent of the oldest sorted run, that start a merge of the whole table.
    static let sizeAmplificationPercent: Int32 = 200
    /// The MANIFEST is rewritten at this size, so that an open never replays months of commits.
    static let manifestBytesMax = 16 << 20

    /// - Throws: ``StoreError`` of kind `invalidOption`.
    func validate(directory: String) throws {
        func require(_ name: String, _ value: Int, _ range: ClosedRange<Int>) throws {
            if !range.contains(value) {
                throw StoreError(
                    kind: .invalidOption, path: directory, message: "\(name) is \(value)",
                    remedy: "give a value from \(range.lowerBound) to \(range.upperBound)")
            }
        }
        try require("blockCacheBytes", blockCacheBytes, (1 << 20)...(1 << 40))
        try require("openFilesMax", openFilesMax, 32...1_000_000)
        try require("zstdLevel", zstdLevel, 1...19)
        try require("dataBlockBytes", dataBlockBytes, (1 << 10)...(1 << 20))
    }
}
