/// One slice as a monitor sees it at the close of a window.
public struct Observation {
    /// Index into the inventory.
    public var model: Int
    public var slice: SliceName
    /// All versions of the model together.
    public var current: Pane
    /// What it is compared with; empty when the reference is not there yet. Several panes
    /// for ``Reference/sameHours(weeks:)`` (newest first, weeks without data left out).
    public var references: [Pane]
    /// The window by model version, in the order in which versions first appeared; only where the monitor asks (``MonitorNeeds/versions``).
    public var versions: [VersionPane] = []
    /// Share of the window's decisions made by versions that are not the reference's, 0...1.
    public var versionShift = 0.0
    /// The version that made most decisions in the reference and the one that does now, where they differ: `A to B`.
    public var versionChange: String?
    /// Events over the lengths that the monitor states, all ending with this window; only where it asks (``MonitorNeeds/budget``).
    public var budget: [EventCounts] = []
    /// What is known and expected of the labels; only where the monitor asks (``MonitorNeeds/cohorts``) and the series has a triangle of its own.
    public var outlook: Outlook?
    /// For what an alert says of labels still to come; only where the monitor rests on labels (``MonitorNeeds/labels``).
    public var labelContext: LabelContext?
    /// Fields that the configuration does not declare, in the order of their names; only of all traffic, and where the monitor asks (``MonitorNeeds/undeclared``).
    public var undeclared: [UndeclaredField] = []
    /// Of each slice dimension, the decisions without a value; as ``undeclared``, and where the reference is of windows of this stream.
    public var missingDimensions: [MissingDimension] = []

    public init(model: Int, slice: SliceName, current: Pane, references: [Pane]) {
        self.model = model
        self.slice = slice
        self.current = current
        self.references = references
    }
}

/// What one model version did in a window and in its reference.
public struct VersionPane {
    public var name: String
    public var current: Pane
    /// Its decisions in the reference.
    public var referenceTotal: Int64

    public init(name: String, current: Pane, referenceTotal: Int64) {
        self.name = name
        self.current = current
        self.referenceTotal = referenceTotal
    }
}

/// A slice by its names, as it stands in records: dimension and value (nil is missing).
/// Empty is all traffic.
public struct SliceName: Sendable, Hashable, Comparable {
    public var parts: [Part]

    /// A dimension and its value; nil where the decision has none.
    public struct Part: Sendable, Hashable {
        public var dimension: String
        public var value: String?
        public init(dimension: String, value: String?) {
            self.dimension = dimension
            self.value = value
        }
    }

    public init(_ parts: [Part] = []) { self.parts = parts }

    /// Whether it is all traffic.
    public var isOverall: Bool { parts.isEmpty }

    /// `country=FR channel=app`, or `all traffic`.
    public var text: String {
        parts.isEmpty ? "all traffic" : parts.map { "\($0.dimension)=\($0.value ?? "(missing)")" }.joined(separator: " ")
    }

    public static func < (a: SliceName, b: SliceName) -> Bool { a.text < b.text }
}

/// Everything that one monitor looks at when one of its windows closes.
public struct EvaluationRound {
    /// Index into the configured monitors.
    public var monitor: Int
    /// The window, half-open, ms.
    public var start: Int64
    public var end: Int64
    /// In a fixed order: by model, then by slice in order of first appearance.
    public var observations: [Observation]

    public init(monitor: Int, start: Int64, end: Int64, observations: [Observation]) {
        self.monitor = monitor
        self.start = start
        self.end = end
        self.observations = observations
    }
}
