import VedetteCore
import Yams

/// Slice dimensions, their combinations and the limits on them.
struct SliceReader {
    private(set) var dimensions: [String] = []
    private(set) var configuration = SliceConfiguration()

    static func read(_ section: SectionReader, entities: [String]) -> SliceReader {
        var reader = SliceReader()
        for (index, node) in (section.elements("dimensions") ?? []).enumerated() {
            reader.readDimension(node, path: "\(section.path(of: "dimensions"))[\(index)]", entities: entities, sink: section.sink)
        }
        reader.configuration.entityMemory = Int(section.integer("entity_memory"))
        reader.configuration.groups = reader.dimensions.indices.map { [$0] }
        for (index, node) in (section.elements("combinations") ?? []).enumerated() {
            let path = "\(section.path(of: "combinations"))[\(index)]"
            guard let group = combination(node, path: path, dimensions: reader.dimensions, sink: section.sink) else { continue }
            if reader.configuration.groups.contains(group) {
                section.sink.add(path, at: node.position, expected: "each combination once", found: "the same dimensions again")
            } else {
                reader.configuration.groups.append(group)
            }
        }
        reader.configuration.maxValuesPerDimension = Int(section.integer("max_values"))
        reader.configuration.maxSlices = Int(section.integer("max_slices"))
        reader.configuration.maxVersions = Int(section.integer("max_versions"))
        reader.configuration.featuresInSlices = section.boolean("features_in_slices")
        return reader
    }

    /// `name`, or `{name, new_entity, within}`.
    private mutating func readDimension(_ node: Node, path: String, entities: [String], sink: IssueSink) {
        guard case .mapping = node else {
            if let name = node.text.flatMap(ScalarParser.name) {
                dimensions.append(name)
            } else {
                sink.add(path, at: node.position, expected: ConfigurationKey.Kind.name.expectation, found: node.found)
            }
            return
        }
        let section = SectionReader(path: path, pattern: "slices.dimensions[]", node: node, sink: sink)
        let kind = section.text("new_entity")
        if let entity = entities.firstIndex(of: kind) {
            configuration.newEntities.append(
                NewEntityRule(dimension: dimensions.count, entity: entity, withinMs: section.integer("within")))
        } else if !kind.isEmpty {
            sink.add(
                section.path(of: "new_entity"), at: sink.position(of: section.path(of: "new_entity")),
                expected: "a kind of entities (\(entities.isEmpty ? "none are declared" : entities.joined(separator: ", ")))",
                found: "\"\(kind)\"" + Suggestion.phrase(for: kind, among: entities))
        }
        dimensions.append(section.text("name"))
    }

    /// The ascending indices of two or more dimensions; nil after an error.
    static func combination(_ node: Node, path: String, dimensions: [String], sink: IssueSink) -> [Int]? {
        guard case .sequence(let sequence) = node, sequence.count >= 2 else {
            sink.add(path, at: node.position, expected: "a list of two or more dimensions", found: node.found)
            return nil
        }
        var indices: [Int] = []
        var valid = true
        for (position, element) in sequence.enumerated() {
            let place = "\(path)[\(position)]"
            guard let index = dimension(element, path: place, dimensions: dimensions, sink: sink) else {
                valid = false
                continue
            }
            if indices.contains(index) {
                sink.add(place, at: element.position, expected: "each dimension once", found: element.found)
                valid = false
            }
            indices.append(index)
        }
        return valid ? indices.sorted() : nil
    }

    static func dimension(_ node: Node, path: String, dimensions: [String], sink: IssueSink) -> Int? {
        if let name = node.text, let index = dimensions.firstIndex(of: name) { return index }
        let suggestion = node.text.map { Suggestion.phrase(for: $0, among: dimensions) } ?? ""
        let known = dimensions.isEmpty ? "none are declared" : dimensions.joined(separator: ", ")
        sink.add(path, at: node.position, expected: "a dimension of slices.dimensions (\(known))", found: node.found + suggestion)
        return nil
    }
}
