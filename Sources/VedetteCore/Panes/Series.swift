/// The panes of one (model, version, slice), at every level of the ladder.
///
/// A record goes into its pane of the finest level. When a pane closes it is merged once
/// into its parent, so a window is composed of few large panes and a record costs the same
/// however long the windows are. A correction to a closed pane is made at every level that
/// already holds it.
final class Series {
    /// One pane; it starts at index times the level's size.
    struct Entry {
        let index: Int64
        fileprivate(set) var kept: KeptPane
    }

    let key: SeriesKey
    private let packer: PanePacker
    /// Panes per level, ascending by index.
    private(set) var levels: ContiguousArray<ContiguousArray<Entry>>
    /// Panes of the last checkpoint that went away since, to be deleted from it.
    private(set) var expired: [(level: Int, index: Int64)] = []
    /// Starts of second-level panes whose outcome or late traffic changed since the last revision, ascending.
    private(set) var corrected: ContiguousArray<Int64> = []
    /// The newest of them: nearly always the next one too.
    private var newestCorrection: Int64 = .min

    init(key: SeriesKey, levels count: Int, packer: PanePacker) {
        self.key = key
        self.packer = packer
        levels = ContiguousArray(repeating: [], count: count)
    }

    /// Position of the pane, or where it would go. The newest panes are at the end and are asked for most.
    private func position(_ level: Int, _ index: Int64) -> (place: Int, found: Bool) {
        levels[level].withUnsafeBufferPointer { panes in
            let count = panes.count
            guard count > 0 else { return (0, false) }
            let distance = panes[count - 1].index - index
            if distance < 0 { return (count, false) }
            // A series without gaps needs no search.
            if distance < count, panes[count - 1 - Int(distance)].index == index { return (count - 1 - Int(distance), true) }
            var low = 0
            var high = count
            while low < high {
                let middle = (low + high) / 2
                if panes[middle].index < index { low = middle + 1 } else { high = middle }
            }
            return (low, low < count && panes[low].index == index)
        }
    }

    /// Index after the newest pane of a level; nil where there is none.
    func endIndex(level: Int) -> Int64? {
        levels[level].withUnsafeBufferPointer { $0.isEmpty ? nil : $0[$0.count - 1].index + 1 }
    }

    /// A pane to be read or changed: from here on it is an object.
    func find(level: Int, index: Int64) -> Pane? {
        let (place, found) = position(level, index)
        return found ? unpacked(level, place) : nil
    }

    /// As ``find(level:index:)``, without a reference count: valid until a pane of the level goes or is packed.
    @inline(__always)
    func findUnowned(level: Int, index: Int64) -> Unmanaged<Pane>? {
        let (place, found) = position(level, index)
        guard found else { return nil }
        let ready = levels[level].withUnsafeBufferPointer { entries -> Unmanaged<Pane>? in
            guard case .ready(let pane) = entries[place].kept else { return nil }
            return .passUnretained(pane)
        }
        return ready ?? .passUnretained(unpacked(level, place))
    }

    /// Where the panes of a level are kept, to be asked for and not to be read; nil where there are none.
    @inline(__always)
    func address(level: Int) -> UnsafeRawPointer? {
        levels.withUnsafeBufferPointer { $0[level].withUnsafeBufferPointer { UnsafeRawPointer($0.baseAddress) } }
    }

    /// What a pane counts, without unpacking it.
    func counts(level: Int, index: Int64) -> Pane.Counts? {
        let (place, found) = position(level, index)
        return found ? levels[level][place].kept.counts : nil
    }

    private func unpacked(_ level: Int, _ place: Int) -> Pane {
        if case .ready(let pane) = levels[level][place].kept { return pane }
        let pane = packer.unpack(levels[level][place].kept)
        levels[level][place].kept = .ready(pane)
        return pane
    }

    /// O(log(panes)) where it is known, which most are.
    func noteCorrection(_ start: Int64) {
        guard start != newestCorrection else { return }
        newestCorrection = start
        var (low, high) = (0, corrected.count)
        while low < high {
            let middle = (low + high) / 2
            if corrected[middle] < start { low = middle + 1 } else { high = middle }
        }
        if low == corrected.count || corrected[low] != start { corrected.insert(start, at: low) }
    }

    /// Ascending.
    func takeCorrections() -> ContiguousArray<Int64> {
        defer {
            corrected.removeAll()
            newestCorrection = .min
        }
        return corrected
    }

    func findOrMake(level: Int, index: Int64, make: () -> Pane) -> Pane {
        let (place, found) = position(level, index)
        if found { return unpacked(level, place) }
        let pane = make()
        levels[level].insert(Entry(index: index, kept: .ready(pane)), at: place)
        return pane
    }

    func restore(level: Int, index: Int64, _ kept: KeptPane) {
        let (place, found) = position(level, index)
        if found { levels[level][place].kept = kept } else { levels[level].insert(Entry(index: index, kept: kept), at: place) }
    }

    /// Packs the panes of a level with an index below `end` that were not used after `time`. O(panes of the level).
    func pack(level: Int, before end: Int64, unusedSince time: Int64) {
        levels[level].withUnsafeMutableBufferPointer { entries in
            for place in entries.indices {
                guard case .ready(let pane) = entries[place].kept, entries[place].index < end, pane.usedAt <= time else { continue }
                entries[place].kept = packer.pack(pane)
            }
        }
    }

    /// Calls `body` with every pane that changed since the last call, encoded. O(panes).
    func takeChanged(_ body: (_ level: Int, _ index: Int64, _ bytes: [UInt8]) throws -> Void) rethrows {
        for level in levels.indices {
            for place in levels[level].indices {
                let index = levels[level][place].index
                switch levels[level][place].kept {
                case .ready(let pane) where pane.isDirty:
                    try body(level, index, packer.encode(pane))
                    pane.isDirty = false
                    pane.isSaved = true
                case .changed(let bytes), .unsaved(let bytes):
                    try body(level, index, bytes)
                    levels[level][place].kept = .saved(bytes)
                case .ready, .saved: break
                }
            }
        }
    }

    /// Drops panes of a level with an index below `first`.
    func expire(level: Int, before first: Int64) {
        guard levels[level].withUnsafeBufferPointer({ !$0.isEmpty && $0[0].index < first }) else { return }
        let keep = position(level, first).place
        for place in 0..<keep where levels[level][place].kept.isSaved { expired.append((level, levels[level][place].index)) }
        levels[level].removeFirst(keep)
    }

    /// A pane that the last checkpoint has is not taken back.
    func forget(level: Int, index: Int64) { expired.append((level, index)) }

    func takeExpired() -> [(level: Int, index: Int64)] {
        defer { expired.removeAll() }
        return expired
    }

    var isEmpty: Bool { levels.allSatisfy(\.isEmpty) }
}

/// Which series: indices into the model list, that model's versions, and the slice table.
public struct SeriesKey: Hashable, Sendable, Comparable {
    public var model: UInt16
    public var version: UInt16
    public var slice: Int32

    public init(model: UInt16, version: UInt16, slice: Int32) {
        self.model = model
        self.version = version
        self.slice = slice
    }

    /// Stands for exactly this key in a ``HashIndex``.
    @inline(__always)
    var indexKey: UInt64 { UInt64(exact: Int32(bitPattern: UInt32(model) << 16 | UInt32(version)), slice) }

    public static func < (a: SeriesKey, b: SeriesKey) -> Bool { (a.model, a.version, a.slice) < (b.model, b.version, b.slice) }
}
