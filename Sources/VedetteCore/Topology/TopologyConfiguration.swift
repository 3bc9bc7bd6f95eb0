/// Everything the domain needs to know. Names are resolved to indices by whoever builds it.
public struct TopologyConfiguration: Sendable, Equatable {
    public var schema: EventSchema
    public var models: [ModelSpec]
    public var time = TimeConfiguration()
    public var join = JoinConfiguration()
    public var panes = PaneConfiguration()
    public var slices = SliceConfiguration()
    public var windows: [WindowSpec]
    public var labelSources: [LabelSource] = []
    /// Distances that metric records carry under `drift`, by name.
    public var driftReferences: [DriftReference] = []
    public var monitors: [MonitorSpec] = []
    public var nowcast = NowcastConfiguration()
    public var detectors: [DetectorSpec] = []
    /// Budget: false alerts of all monitors together in 30 days where nothing changes (``PageBudget``).
    public var falseAlertsPerMonth: Double = 0.5
    /// Alerts of one model that may be announced in an hour of event time; the rest are held back, and one says so.
    public var maxAlertsPerHour: Int = 30
    /// Maintenance windows and other silences that are planned ahead.
    public var silences: [Silence] = []
    /// Where runbooks are served; an alert links `<base>/<monitor>.md`.
    public var runbookBase: String = "runbooks"
    /// Name of this deployment: part of every fingerprint's namespace and of the replay command.
    public var application: String

    public init(application: String, schema: EventSchema, models: [ModelSpec], windows: [WindowSpec]) {
        self.application = application
        self.schema = schema
        self.models = models
        self.windows = windows
    }
}

/// A named comparison of each window's scores with a reference.
public struct DriftReference: Sendable, Equatable {
    public var name: String
    public var reference: Reference
    public init(name: String, reference: Reference) {
        self.name = name
        self.reference = reference
    }
}
