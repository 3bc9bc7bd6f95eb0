/// Which kind of alert explains which others, so that one trouble is one alert.
///
/// An alert that fires explains another of the same model if its kind stands above the other's
/// here, if it is no less severe, if one of the two slices holds the other, if it began before the other's window ended,
/// and if it still fires or last held inside that window (a day's window remembers an hour's
/// fault). Alerts about one feature explain only that feature's, and whatever comes out of the
/// features: scores, decisions and outcomes.
enum AlertCauses {
    /// The kind of monitor that says that other model versions decide now (``FindingCause/versionChange``).
    static let versionChange = "version_change"

    /// By the cause's kind: the kinds that it explains.
    private static let table: [String: Set<String>] = [
        "schema_change": ["missing_features", "feature_collapse", "feature_drift", "score_drift", "decision_share", "single_signal"],
        "missing_features": ["feature_collapse", "feature_drift", "score_drift", "decision_share", "single_signal"],
        "feature_collapse": ["feature_drift", "score_drift", "decision_share"],
        "feature_drift": ["score_drift", "decision_share"],
        "score_drift": ["decision_share"],
        // Where traffic is lost or flooded, what is left is another mix.
        "volume": ["feature_collapse", "feature_drift", "score_drift", "decision_share", "outcome_rate", "cost"],
        "error_rate": ["volume", "latency"],
        // Labels that somebody invents or turns move whatever is made of labels.
        "label_source": ["label_poisoning", "label_burst", "label_orphans", "label_conflicts", "label_canary", "outcome_rate"],
        "label_poisoning": ["label_conflicts", "label_canary", "outcome_rate"],
        // A shift of all scores presses on the threshold in every slice: the widest says it.
        boundary: [boundary],
    ]

    private static let boundary = "probing.boundary"

    /// Whether alerts of this kind explain any others.
    static func isCause(_ monitor: String) -> Bool { table[monitor] != nil }
    private static let ofFeatures: Set<String> = ["schema_change", "missing_features", "feature_collapse", "feature_drift"]

    static func explains(_ cause: AlertIdentity, _ effect: AlertIdentity) -> Bool {
        guard cause.model == effect.model, cause.slice.isComparable(to: effect.slice) else { return false }
        guard let effects = table[cause.monitor], effects.contains(effect.monitor) else { return false }
        if cause.monitor == effect.monitor { return cause.slice.isWider(than: effect.slice) }
        if ofFeatures.contains(cause.monitor), ofFeatures.contains(effect.monitor), cause.subject != effect.subject { return false }
        return true
    }

    /// Causes come before what they explain: the number of other kinds that lead here.
    static func depth(_ monitor: String) -> Int {
        if monitor == versionChange { return -1 }
        var depth = 0
        for (cause, effects) in table where cause != monitor && effects.contains(monitor) { depth += 1 }
        return depth
    }
}

/// What an alert is about, by names.
struct AlertIdentity: Equatable, Sendable {
    /// Name of the monitor's kind.
    var monitor: String
    /// Index into the inventory.
    var model: Int
    var slice: SliceName
    var subject: String?
}

extension AlertIdentity: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(string: monitor)
        writer.write(count: model)
        writer.write(bool: subject != nil)
        writer.write(string: subject ?? "")
        writer.write(count: slice.parts.count)
        for part in slice.parts {
            writer.write(string: part.dimension)
            writer.write(bool: part.value != nil)
            writer.write(string: part.value ?? "")
        }
    }

    init(from reader: inout ByteReader) throws {
        monitor = try reader.readString()
        model = Int(truncatingIfNeeded: try reader.readVarint())
        let hasSubject = try reader.readBool()
        let text = try reader.readString()
        subject = hasSubject ? text : nil
        slice = SliceName()
        for _ in 0..<(try reader.readCount(minimumSize: 3)) {
            let dimension = try reader.readString()
            let isPresent = try reader.readBool()
            let value = try reader.readString()
            slice.parts.append(.init(dimension: dimension, value: isPresent ? value : nil))
        }
    }
}
