import VedetteRuntime

/// Keeps the newest progress and counts the records: a commit that costs nothing.
final class MemoryPort: OutputPort {
    private(set) var records = 0
    private(set) var bytes = 0
    private var progress: ProgressRecord?

    func commit(_ records: [OutputRecord], _ progress: ProgressRecord) {
        self.records += records.count
        for record in records { bytes += record.value.count }
        self.progress = progress
    }

    func lastProgress() -> ProgressRecord? { progress }
}
