/// The panes of one (model, version, slice), at every level of the ladder.
///
/// A record goes into its pane of the finest level. When a pane closes it is merged once
/// into its parent, so a window is composed of few large panes and a record costs the same
/// however long the windows are. A correction to a closed pane is made at every level that
/// already holds it.
final class Series {
    let key: SeriesKey
    /// Panes per level, ascending by index (start = index * size).
    private(set) var levels: ContiguousArray<ContiguousArray<(index: Int64, pane: Pane)>>
    /// Panes that went away since the last checkpoint, to be deleted from it.
    private(set) var expired: [(level: Int, index: Int64)] = []
    /// Starts of second-level panes whose outcome or late traffic changed since the last revision.
    private(set) var corrected: Set<Int64> = []
    /// The newest of them: nearly always the next one too.
    private var newestCorrection: Int64 = .min

    init(key: SeriesKey, levels count: Int) {
        self.key = key
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
    func endIndex(level: Int) -> Int64? { levels[level].last.map { $0.index + 1 } }

    func find(level: Int, index: Int64) -> Pane? {
        let (place, found) = position(level, index)
        return found ? levels[level][place].pane : nil
    }

    /// As ``find(level:index:)``, without a reference count: valid until a pane of the level goes.
    @inline(__always)
    func findUnowned(level: Int, index: Int64) -> Unmanaged<Pane>? {
        let (place, found) = position(level, index)
        return found ? levels[level].withUnsafeBufferPointer { .passUnretained($0[place].pane) } : nil
    }

    func noteCorrection(_ start: Int64) {
        guard start != newestCorrection else { return }
        newestCorrection = start
        corrected.insert(start)
    }

    func takeCorrections() -> Set<Int64> {
        defer {
            corrected.removeAll()
            newestCorrection = .min
        }
        return corrected
    }

    func findOrMake(level: Int, index: Int64, make: () -> Pane) -> Pane {
        let (place, found) = position(level, index)
        let pane = found ? levels[level][place].pane : make()
        if !found { levels[level].insert((index, pane), at: place) }
        return pane
    }

    func restore(level: Int, index: Int64, pane: Pane) {
        let (place, found) = position(level, index)
        if found { levels[level][place].pane = pane } else { levels[level].insert((index, pane), at: place) }
    }

    /// Drops panes of a level with an index below `first`.
    func expire(level: Int, before first: Int64) {
        guard let oldest = levels[level].first, oldest.index < first else { return }
        let keep = position(level, first).place
        for entry in levels[level][..<keep] { expired.append((level, entry.index)) }
        levels[level].removeFirst(keep)
    }

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
