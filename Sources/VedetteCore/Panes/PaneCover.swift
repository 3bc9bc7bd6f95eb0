extension PaneConfiguration {
    /// Which panes make up an interval: the greedy cover by the largest closed ones, in the order
    /// of time. So a 30-day window on day boundaries takes 30 panes of a day, whatever its finest
    /// panes are. Stops when `body` returns false, and then answers false.
    ///
    /// - Parameters:
    ///   - closed: panes above the finest level count only if they end by then, ms.
    ///   - body: takes level and index (start divided by the level's size).
    /// - Complexity: O(panes of the cover × levels).
    @discardableResult
    public func forEachPane(_ start: Int64, _ end: Int64, closed: Int64, _ body: (Int, Int64) -> Bool) -> Bool {
        var cursor = start
        while cursor < end {
            var chosen = 0
            for level in levels.indices.reversed() {
                let size = levels[level].sizeMs
                let isWhole = cursor % size == 0 && cursor + size <= end
                if isWhole, level == 0 || cursor + size <= closed {
                    chosen = level
                    break
                }
            }
            let size = levels[chosen].sizeMs
            guard body(chosen, floorDivide(cursor, size)) else { return false }
            cursor = alignDown(cursor, to: size) + size
        }
        return true
    }
}
