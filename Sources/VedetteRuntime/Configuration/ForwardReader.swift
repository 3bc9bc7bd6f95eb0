import VedetteCore
import Yams

/// The section `forward`; models, monitors and teams are resolved against what has been read before.
package struct ForwardReader {
    let configuration: VedetteConfiguration
    let sink: IssueSink

    /// Nil where there is no such section.
    func read(_ root: SectionReader) -> ForwardConfiguration? {
        let section = root.section("forward")
        guard !section.isAbsent else { return nil }
        var forward = ForwardConfiguration(
            topic: section.optionalText("topic") ?? configuration.outputs.alerts,
            group: section.optionalText("group") ?? "\(configuration.application).forward")
        if forward.topic == nil {
            sink.add(section.path(of: "topic"), expected: "a topic, as outputs.alerts has none", found: "nothing")
        }
        forward.start = section.word("start", ForwardConfiguration.Start.self) ?? .latest
        forward.maxAgeMs = section.integer("max_age")
        let http = section.section("http")
        forward.http.enabled = http.boolean("enabled")
        forward.http.host = http.text("host")
        forward.http.port = Int(http.integer("port"))
        for section in section.sections("destinations") ?? [] {
            guard let destination = destination(section) else { continue }
            if forward.destinations.contains(where: { $0.name == destination.name }) {
                sink.add(section.path(of: "name"), expected: "a name of its own", found: "\(ConfigurationText.quoted(destination.name)) again")
            }
            forward.destinations.append(destination)
        }
        if forward.destinations.isEmpty, section.elements("destinations")?.isEmpty == true {
            sink.add(section.path(of: "destinations"), expected: "at least one destination", found: "an empty list")
        }
        return forward
    }

    /// Nil where it is of no known type; that is reported.
    private func destination(_ section: SectionReader) -> ForwardDestination? {
        let name = section.text("name")
        let url = address(section)
        let match = match(section.section("match"))
        guard let kind = section.word("type", ForwardDestination.Kind.self) else { return nil }
        if url == nil, kind != .pagerduty, !section.has("url") {
            sink.add(section.path(of: "url"), at: sink.position(of: section.path), expected: "an http or https URL, {env: NAME} or {file: PATH}", found: "nothing")
        }
        var destination = ForwardDestination(name: name, kind: kind, url: url ?? .literal(ForwardDestination.pagerDutyURL))
        destination.match = match
        destination.routingKey = key("routing_key", of: .pagerduty, kind, section)
        if kind == .pagerduty, !section.has("routing_key") {
            sink.add(section.path(of: "routing_key"), at: sink.position(of: section.path), expected: section.spec("routing_key").kind.expectation, found: "nothing")
        }
        destination.signingKey = key("signing_key", of: .webhook, kind, section)
        destination.headers = headers(section)
        destination.caFile = section.optionalText("ca_file")
        destination.tellsEnds = section.boolean("resolve")
        times(section, kind, into: &destination)
        return destination
    }

    private func times(_ section: SectionReader, _ kind: ForwardDestination.Kind, into destination: inout ForwardDestination) {
        destination.timeoutMs = section.integer("timeout")
        destination.minRetryDelayMs = section.integer("min_retry_delay")
        destination.maxRetryDelayMs = section.integer("max_retry_delay")
        destination.resendMs = section.integer("resend")
        destination.forgetAfterMs = section.integer("forget_after")
        if destination.maxRetryDelayMs < destination.minRetryDelayMs {
            sink.add(
                section.path(of: "max_retry_delay"), expected: "at least min_retry_delay, \(DurationText.format(destination.minRetryDelayMs))",
                found: DurationText.format(destination.maxRetryDelayMs))
        }
        if section.has("resend"), kind != .alertmanager {
            sink.add(section.path(of: "resend"), expected: "no such key for type \(kind.rawValue)", found: "the key")
        }
    }

    /// The URL; one that stands in the file is looked at, but never quoted.
    private func address(_ section: SectionReader) -> PropertyValue? {
        guard let value = ProcessReader.property("url", in: section, literalAllowed: true) else { return nil }
        if case .literal(let text) = value, case .failure(let problem) = DestinationURL.parse(text) {
            sink.add(section.path(of: "url"), expected: problem.expected, found: problem.found)
            return nil
        }
        return value
    }

    /// A key that only one type of destination has.
    private func key(_ name: String, of owner: ForwardDestination.Kind, _ kind: ForwardDestination.Kind, _ section: SectionReader) -> PropertyValue? {
        let value = ProcessReader.property(name, in: section, literalAllowed: false)
        guard section.has(name), kind != owner else { return value }
        sink.add(section.path(of: name), expected: "no such key for type \(kind.rawValue)", found: "the key")
        return nil
    }

    private func headers(_ section: SectionReader) -> [String: PropertyValue] {
        var headers: [String: PropertyValue] = [:]
        for (key, value) in section.entries("headers") ?? [] {
            guard let name = key.text else { continue }
            let path = section.path(of: "headers.\(name)")
            guard Self.isToken(name), !ForwardDestination.reservedHeaders.contains(name.lowercased()) else {
                sink.add(path, at: key.position, expected: "the name of a header that Vedette does not set itself", found: ConfigurationText.quoted(name))
                continue
            }
            guard !headers.keys.contains(where: { $0.lowercased() == name.lowercased() }) else {
                sink.add(path, at: key.position, expected: "each header once", found: "it again")
                continue
            }
            headers[name] = ProcessReader.property(
                value, path: path, pattern: "forward.destinations[].headers.<header>", literalAllowed: true, sink: sink)
            if Self.isSecret(header: name), value.text != nil {
                sink.add(path, at: value.position, expected: "{env: NAME} or {file: PATH} for a secret", found: "it in the file itself", .warning)
            }
        }
        return headers
    }

    /// RFC 9110, section 5.6.2.
    private static func isToken(_ name: String) -> Bool {
        !name.isEmpty && name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F && !"\"(),/:;<=>?@[\\]{}".utf8.contains($0) }
    }

    private static func isSecret(header: String) -> Bool {
        let name = header.lowercased()
        return ["authorization", "token", "key", "secret", "password", "cookie"].contains { name.contains($0) }
    }

    // MARK: - Match

    /// Kinds of alert that no monitor of windows makes; each has a runbook.
    package static let streamMonitors = [
        "probing.fingerprint", "probing.trajectory", "probing.fanout", "probing.small_amounts", "probing.boundary", "policy_floor", "single_signal",
        "label_source", "label_burst", "label_orphans", "label_conflicts", "label_poisoning", "label_normalisation", "label_canary", "alert_storm",
    ]

    private func match(_ section: SectionReader) -> ForwardDestination.Match {
        let models = configuration.topology.models
        var match = ForwardDestination.Match()
        match.severities = words("severities", Severity.allCases.map(\.rawValue), "a severity", section).compactMap(Severity.init(rawValue:))
        match.models = words("models", models.map(\.name), "a model of models", section)
        match.teams = words("teams", models.flatMap { [$0.owner.name, $0.security.name] }, "a team that models name", section)
        let ids = configuration.topology.monitors.map(\.id) + configuration.topology.detectors.map(\.id)
        match.monitors = words("monitors", MonitorRegistry.names + Self.streamMonitors + ids, "a monitor's kind or id", section)
        return match
    }

    /// A misspelled word would match nothing, and nobody would be told.
    private func words(_ key: String, _ known: [String], _ what: String, _ section: SectionReader) -> [String] {
        guard let elements = section.elements(key) else { return [] }
        if elements.isEmpty { sink.add(section.path(of: key), expected: "at least one, or no such key for all", found: "an empty list") }
        return elements.enumerated().compactMap { index, node in
            if let word = node.text, known.contains(word) { return word }
            let suggestion = node.text.map { Suggestion.phrase(for: $0, among: known) } ?? ""
            let list = known.count <= 8 ? " (\(known.reduce(into: []) { if !$0.contains($1) { $0.append($1) } }.joined(separator: ", ")))" : ""
            sink.add("\(section.path(of: key))[\(index)]", at: node.position, expected: what + list, found: node.found + suggestion)
            return nil
        }
    }
}
