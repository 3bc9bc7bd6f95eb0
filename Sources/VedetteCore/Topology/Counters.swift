/// What happened to the records, since the state began. A function of the log.
public struct Counters: Sendable, Equatable, Snapshottable {
    public var decisions: Int64 = 0
    public var labels: Int64 = 0
    /// Records older than their partition's watermark.
    public var late: Int64 = 0
    /// Decisions older than every retained pane or segment: counted and listed, nothing else.
    public var tooLate: Int64 = 0
    /// The same decision again.
    public var duplicates: Int64 = 0
    /// Another decision under an ID that was used before.
    public var conflicts: Int64 = 0
    public var labelsJoined: Int64 = 0
    public var labelsRepeated: Int64 = 0
    public var labelsChanged: Int64 = 0
    public var labelsWithdrawn: Int64 = 0
    /// Older than what the same source said before, or from one source too many.
    public var labelsIgnored: Int64 = 0
    /// Requests on which sources came to disagree.
    public var labelConflicts: Int64 = 0
    /// Joined or orphaned labels of pipelines that the registry does not list: where it lists any, kept and no truth.
    public var labelsUnlistedSource: Int64 = 0
    /// Labels outside of the rights of their source: kept, and no truth.
    public var labelsUnauthorised: Int64 = 0
    /// Labels of actors under suspicion: kept, and no truth.
    public var labelsQuarantined: Int64 = 0
    /// Labels that were to be taken back from a pane that did not have them, which then stayed as it was. Not 0 is a defect.
    public var labelsUncounted: Int64 = 0
    /// Labels whose decision never came.
    public var orphans: Int64 = 0
    /// Decisions of models that are ignored, and labels of theirs; in none of the counts above but ``labels``.
    public var otherModels: Int64 = 0
    public var labelsOtherModels: Int64 = 0

    /// Decisions and labels that took effect, whatever it was.
    public var records: Int64 { decisions + otherModels + labels }

    public init() {}

    /// In the order of the snapshot, with the names that metrics use.
    private static var table: [(name: String, field: WritableKeyPath<Counters, Int64>)] {
        [
            ("decisions", \.decisions), ("labels", \.labels), ("late", \.late), ("too_late", \.tooLate),
            ("duplicates", \.duplicates), ("conflicts", \.conflicts), ("labels_joined", \.labelsJoined),
            ("labels_repeated", \.labelsRepeated), ("labels_changed", \.labelsChanged), ("labels_withdrawn", \.labelsWithdrawn),
            ("labels_ignored", \.labelsIgnored), ("label_conflicts", \.labelConflicts),
            ("labels_unlisted_source", \.labelsUnlistedSource), ("orphans", \.orphans),
            ("labels_unauthorised", \.labelsUnauthorised), ("labels_quarantined", \.labelsQuarantined),
            ("other_models", \.otherModels), ("labels_other_models", \.labelsOtherModels), ("labels_uncounted", \.labelsUncounted),
        ]
    }

    /// Every counter by name.
    public var named: [(name: String, value: Int64)] { Self.table.map { ($0.name, self[keyPath: $0.field]) } }

    public func encode(into writer: inout ByteWriter) {
        for entry in Self.table { writer.write(signed: self[keyPath: entry.field]) }
    }

    public init(from reader: inout ByteReader) throws {
        for entry in Self.table { self[keyPath: entry.field] = try reader.readSigned() }
    }
}
