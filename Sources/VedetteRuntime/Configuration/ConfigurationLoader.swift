import Foundation
import VedetteCodec
import VedetteCore
import Yams

/// A configuration that can be run, and what somebody should look at.
public struct LoadedConfiguration: Sendable, Equatable {
    public var configuration: VedetteConfiguration
    /// In the order of the file.
    public var warnings: [ConfigurationIssue]
}

/// Reads configuration files.
public enum ConfigurationLoader {
    /// Largest configuration file, in bytes.
    public static let maxFileBytes = 4 << 20

    /// - Throws: ``ConfigurationError`` with every error of the file, not only the first.
    public static func load(path: String) throws(ConfigurationError) -> LoadedConfiguration {
        let sink = IssueSink(file: path)
        guard let data = FileManager.default.contents(atPath: path) else {
            let exists = FileManager.default.fileExists(atPath: path)
            sink.add("", expected: "a readable file", found: exists ? "one that can not be read" : "no such file")
            throw ConfigurationError(issues: sink.sorted)
        }
        guard data.count <= maxFileBytes else {
            sink.add("", expected: "at most \(SizeText.format(Int64(maxFileBytes)))", found: "\(data.count) bytes")
            throw ConfigurationError(issues: sink.sorted)
        }
        guard let text = String(data: data, encoding: .utf8) else {
            sink.add("", expected: "YAML in UTF-8", found: "bytes that are not UTF-8")
            throw ConfigurationError(issues: sink.sorted)
        }
        return try load(text: text, file: path)
    }

    /// - Parameter file: name for the messages.
    /// - Throws: ``ConfigurationError`` with every error of the text, not only the first.
    public static func load(text: String, file: String) throws(ConfigurationError) -> LoadedConfiguration {
        let sink = IssueSink(file: file)
        guard let document = YAMLDocument.parse(text, into: sink) else { throw ConfigurationError(issues: sink.sorted) }
        guard let root = document.root, !root.isNull else {
            sink.add("", expected: "a section with keys", found: "an empty file")
            throw ConfigurationError(issues: sink.sorted)
        }
        guard case .mapping = root else {
            sink.add("", at: root.position, expected: "a section with keys", found: root.found)
            throw ConfigurationError(issues: sink.sorted)
        }
        UnknownKeys.check(document, sink: sink)
        let configuration = assemble(SectionReader(path: "", pattern: "", node: root, sink: sink))
        Relations.check(configuration, sink: sink)
        if sink.errorCount == 0 { MappingCheck.check(configuration, sink: sink) }
        guard sink.errorCount == 0 else { throw ConfigurationError(issues: sink.sorted) }
        return LoadedConfiguration(configuration: configuration, warnings: sink.sorted)
    }

    private static func assemble(_ root: SectionReader) -> VedetteConfiguration {
        let application = root.text("application")
        let inventory = InventoryReader.read(root)
        let slices = SliceReader.read(root.section("slices"), entities: inventory.entities)
        let windows = WindowReader.windows(root)
        let inputs = MappingReader.inputs(root.section("inputs"))
        var schema = EventSchema(
            models: inventory.models.map(\.name), features: inventory.features, dimensions: slices.dimensions, entities: inventory.entities,
            signals: SignalReader.read(root, modelSignal: inputs.decisions.mapping.modelSignal))
        schema.otherModels = inputs.otherModels
        schema.learnedDimensions = slices.configuration.newEntities.map { slices.dimensions[$0.dimension] }

        var topology = TopologyConfiguration(application: application, schema: schema, models: inventory.models, windows: windows)
        topology.slices = slices.configuration
        topology.labelSources = inventory.labelSources
        topology.panes = WindowReader.panes(root.section("panes"))
        topology.time = WindowReader.time(root.section("time"))
        topology.join = WindowReader.join(root.section("join"))
        topology.runbookBase = root.text("runbooks")

        var configuration = VedetteConfiguration(application: application, topology: topology, inputs: inputs)
        configuration.logLevel = root.word("log_level", LogLevel.self) ?? .info
        configuration.baselines = MonitorReader.baselines(root)
        configuration.topology.nowcast = NowcastReader(configuration: configuration, sink: root.sink).read(root.section("nowcast"))
        let monitors = MonitorReader(configuration: configuration, sink: root.sink)
        configuration.topology.driftReferences = monitors.drift(root)
        configuration.topology.monitors = monitors.monitors(root)
        configuration.topology.detectors = DetectorReader(models: schema.models, sink: root.sink).detectors(root)
        AlertsReader(configuration: configuration, sink: root.sink).read(root.section("alerts"), into: &configuration.topology)
        configuration.topology.breakers = BreakerReader(topology: configuration.topology, monitors: monitors).read(root)
        if let policy = PolicyReader.read(root, schema: schema, modelSignal: configuration.inputs.decisions.mapping.modelSignal) {
            configuration.topology.detectors.append(policy)
        }
        configuration.topology.detectors += LabelIntegrityReader.detectors(root)
        ProcessReader.read(root, into: &configuration)
        configuration.forward = ForwardReader(configuration: configuration, sink: root.sink).read(root)
        return configuration
    }
}
