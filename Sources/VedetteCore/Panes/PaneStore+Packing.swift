/// Packing what nobody has used for a while.
///
/// Windows that hop read the same panes again and again; what they have moved on from is read a few times more
/// in its life (by the tail of a longer window, as the same hour of a week ago, by a late label). So a pane is
/// packed once it has closed and was not used for ``PaneConfiguration/packAfterMs`` of event time, unpacked when
/// it is needed, and left so until it has been idle as long again. When that happens depends on event time only,
/// and nothing depends on it.
extension PaneStore {
    /// Whether panes of a level live long enough to be packed.
    func isPacked(_ level: Int) -> Bool { configuration.levels[level].keepMs > configuration.packAfterMs }

    /// At each boundary a part of the series, all of them in half of ``PaneConfiguration/packAfterMs``: O(series / boundaries of a round × panes).
    mutating func packIdle() {
        let rounds = Int(min(max(1, configuration.packAfterMs / 2 / configuration.paneMs), 1 << 30))
        let turn = Int(closed / configuration.paneMs % Int64(rounds)).magnitude
        let (first, end) = (series.count * Int(turn) / rounds, series.count * (Int(turn) + 1) / rounds)
        for number in first..<end { packIdle(number) }
    }

    /// After a reading in passing.
    mutating func packIdle(of key: SeriesKey) {
        if let number = find(number: key) { packIdle(number) }
    }

    private mutating func packIdle(_ number: Int) {
        for level in configuration.levels.indices where isPacked(level) {
            let end = floorDivide(closed, configuration.levels[level].sizeMs)
            series[number].pack(level: level, before: end, unusedSince: closed - configuration.packAfterMs)
            if level == 0 { recent[number] = nil }
        }
    }

    /// Per level. O(panes).
    var census: [PaneCensus] {
        configuration.levels.indices.map { level in
            var census = PaneCensus()
            for one in series {
                for entry in one.levels[level] {
                    switch entry.kept {
                    case .ready: census.ready += 1
                    case .saved(let bytes), .changed(let bytes), .unsaved(let bytes):
                        census.packed += 1
                        census.packedBytes += Int64(bytes.count)
                    }
                }
            }
            return census
        }
    }
}

/// How many panes of a level are in memory as objects, how many as bytes, and how many bytes those are.
public struct PaneCensus: Sendable, Equatable {
    public internal(set) var ready: Int64 = 0
    public internal(set) var packed: Int64 = 0
    public internal(set) var packedBytes: Int64 = 0
}
