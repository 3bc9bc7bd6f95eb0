import VedetteCodec
import VedetteCore

/// Asks the schema registry that a configuration names: does it answer, and does the newest schema of each topic have
/// every path that is mapped?
public struct SchemaCheck {
    public struct Report {
        public var text: String
        public var isReachable: Bool
        /// Every mapped path is in the schemas that were found.
        public var isRight: Bool
    }

    private let configuration: VedetteConfiguration
    public init(_ configuration: VedetteConfiguration) { self.configuration = configuration }

    /// Nil where no input looks schemas up.
    ///
    /// - Throws: `SecretError`.
    public func run() throws -> Report? {
        let streams = [StreamKind.decisions, .labels].filter { configuration.encoding(of: $0).looksUp }
        guard let registry = configuration.inputs.schemaRegistry, !streams.isEmpty else { return nil }
        let client = try RegistryClient(registry)
        var report = Report(text: "SCHEMAS of \(registry.url)", isReachable: true, isRight: true)
        for (stream, topic) in configuration.inputs.topics where streams.contains(stream) {
            add(stream, subject: "\(topic)-value", RegistryLookup(client).newest(of: "\(topic)-value"), to: &report)
        }
        return report
    }

    private func add(_ stream: StreamKind, subject: String, _ found: RegistryLookup.Found, to report: inout Report) {
        switch found {
        case .failed(let why):
            report.text += "\n  \(stream.word): the registry can not be asked: \(why)"
            report.isReachable = false
        case .known(.unusable(let why), let isLasting):
            report.text += "\n  \(stream.word): \(why)"
            // A topic may be written under another subject's name, or not at all yet.
            if isLasting { report.isRight = false }
        case .known(.interrupted, _): break
        case .known(.schema(let schema), _):
            let problems = configuration.mappedPaths(of: stream).compactMap { path in path.problem(in: schema).map { (path.key, $0) } }
            let verdict = problems.isEmpty ? "has every path that is mapped" : "does not fit the mapping"
            report.text += "\n  \(stream.word): the newest schema of \(subject) \(verdict)"
            for (key, problem) in problems { report.text += "\n    \(key): expected \(problem.expected), found \(problem.found)" }
            if !problems.isEmpty { report.isRight = false }
        }
    }
}
