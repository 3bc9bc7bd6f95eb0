/// Something that fires, or has ceased to, as a circuit breaker hears of it.
///
/// It follows what was judged, not what was said: an alert that the cap, a cause or a silence holds back fires all the same.
/// Two things do bound it. Of the slices that show one thing, those that hold the one that it is about, or are held by it, say so
/// (``about``). And what only compares one model version with the past of another does not count, while a change of version explains it.
package struct AlertSignal: Sendable, Equatable {
    package var fingerprint: String
    package var isFiring: Bool
    /// Of the episode's newest record; nil where none was put out.
    package var alertID: String?
    /// Name of the monitor's kind, and its id in the configuration.
    package var monitor: String
    package var monitorID: String
    package var model: String
    package var slice: SliceName
    /// The most severe that this episode was judged.
    package var severity: Severity
    /// Event time at which the condition began, ms.
    package var startedAt: Int64
    /// Least tries until a first success that it told of; nil where it tells of none.
    package var attempts: Double?
    /// The slice whose alert says the same thing; nil where this one speaks for itself.
    package var about: SliceName?

    package init(
        fingerprint: String, isFiring: Bool, alertID: String?, monitor: String, monitorID: String, model: String, slice: SliceName,
        severity: Severity, startedAt: Int64, attempts: Double? = nil, about: SliceName? = nil
    ) {
        self.fingerprint = fingerprint
        self.isFiring = isFiring
        self.alertID = alertID
        self.monitor = monitor
        self.monitorID = monitorID
        self.model = model
        self.slice = slice
        self.severity = severity
        self.startedAt = startedAt
        self.attempts = attempts
        self.about = about
    }
}
