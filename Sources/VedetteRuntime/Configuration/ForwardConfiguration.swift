import VedetteCore

/// Where alerts are brought from the alert topic (`vedette forward`). Secrets are still references.
public struct ForwardConfiguration: Sendable, Equatable {
    /// Where a destination begins that has never been served.
    public enum Start: String, Sendable, CaseIterable { case latest, earliest }

    /// Topic of the alerts; nil where the outputs have none.
    public var topic: String?
    /// Stem of the consumer groups.
    public var group: String
    public var start = Start.latest
    /// Age, ms of event time, beyond which an alert in the topic does not open anything at the first start.
    public var maxAgeMs: Int64 = 3_600_000
    public var http = HTTPConfiguration()
    public var destinations: [ForwardDestination] = []

    public init(topic: String?, group: String) {
        self.topic = topic
        self.group = group
    }

    /// Each destination has a consumer group of its own, and so its own place in the topic.
    public func group(of destination: ForwardDestination) -> String { "\(group).\(destination.name)" }
}

/// One place that alerts are brought to.
public struct ForwardDestination: Sendable, Equatable {
    public enum Kind: String, Sendable, CaseIterable { case pagerduty, alertmanager, webhook }

    /// What an alert must be to open something here; an empty list is no condition.
    public struct Match: Sendable, Equatable {
        public var severities: [Severity] = []
        public var models: [String] = []
        /// Kinds or ids.
        public var monitors: [String] = []
        /// Teams, as `owner` or `security` of the model.
        public var teams: [String] = []

        public init() {}
    }

    public var name: String
    public var kind: Kind
    /// May hold a secret: never shown but for its host.
    public var url: PropertyValue
    /// PagerDuty's integration key.
    public var routingKey: PropertyValue?
    /// Key of a webhook's signature.
    public var signingKey: PropertyValue?
    public var headers: [String: PropertyValue] = [:]
    /// PEM file of the authorities to trust instead of the system's.
    public var caFile: String?
    public var match = Match()
    /// Whether ends are told, `resolved` and `withdrawn`.
    public var tellsEnds = true
    public var timeoutMs: Int64 = 10_000
    public var minRetryDelayMs: Int64 = 1_000
    public var maxRetryDelayMs: Int64 = 60_000
    /// How often an Alertmanager is told again what fires.
    public var resendMs: Int64 = 60_000
    /// An alert without a record for this long, ms of event time, is taken for forgotten.
    public var forgetAfterMs: Int64 = 30 * 86_400_000

    public init(name: String, kind: Kind, url: PropertyValue) {
        self.name = name
        self.kind = kind
        self.url = url
    }

    /// Where PagerDuty takes events, of its US region.
    public static let pagerDutyURL = "https://events.pagerduty.com/v2/enqueue"

    /// Headers that are made for every request.
    public static let reservedHeaders: Set<String> = [
        "content-type", "content-length", "host", "transfer-encoding", "connection", "user-agent", "idempotency-key", "vedette-signature",
    ]

    /// The host, or where it comes from; the rest of a URL may hold a secret.
    public var shownHost: String {
        guard case .literal(let text) = url else { return url.description }
        return (try? DestinationURL.parse(text).get())?.shown ?? url.description
    }
}

/// A URL that alerts may be sent to: http or https, with a host, without credentials in front of it.
public struct DestinationURL: Sendable, Equatable {
    public let text: String
    /// Host, and port where one is stated: what may be shown.
    public let shown: String

    /// What is wrong with a text; never holds the text.
    public struct Problem: Error, Sendable, Equatable {
        public let expected: String
        public let found: String
    }

    /// - Parameter path: put behind a URL that does not end with it yet.
    public static func parse(_ text: String, path: String = "") -> Result<DestinationURL, Problem> {
        let expected = "an http or https URL with a host"
        guard let cut = text.firstRange(of: "://"), ["http", "https"].contains(text[..<cut.lowerBound].lowercased()) else {
            return .failure(Problem(expected: expected, found: "one without http:// or https:// in front"))
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            return .failure(Problem(expected: expected, found: "one with spaces, line breaks or letters beyond ASCII"))
        }
        let authority = text[cut.upperBound...].prefix { !"/?#".contains($0) }
        guard !authority.contains("@") else {
            return .failure(Problem(expected: "\(expected), credentials under headers", found: "one with credentials in it"))
        }
        guard let first = authority.first, first != ":" else { return .failure(Problem(expected: expected, found: "one without a host")) }
        guard !text.contains("#") else { return .failure(Problem(expected: expected, found: "one with a fragment")) }
        let base = text.hasSuffix("/") && !path.isEmpty ? String(text.dropLast()) : text
        return .success(DestinationURL(text: base.hasSuffix(path) ? base : base + path, shown: String(authority)))
    }

    private init(text: String, shown: String) {
        self.text = text
        self.shown = shown
    }

}
