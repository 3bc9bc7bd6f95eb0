extension PaneStore {
    /// The latest time not after `time` at which an interval of what is kept may begin.
    func alignedStart(_ time: Int64) -> Int64 {
        let level = configuration.levels.indices.first { horizon(of: $0) <= time } ?? configuration.levels.count - 1
        return alignDown(time, to: configuration.levels[level].sizeMs)
    }
}
