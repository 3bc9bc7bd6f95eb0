/// What a schema says about the JSON text of its records.
public protocol RecordShape {
    func find(_ path: FieldPath) -> ShapeAnswer
}

public enum ShapeAnswer: Equatable, Sendable {
    /// A value may be there.
    case present
    /// Nothing ever is: at the segment of this number, which would have to be one of these names (none: what is there has
    /// no members).
    case absent(segment: Int, known: [String])

    /// Of two branches of a union, the one that gets further.
    static func best(_ answers: [ShapeAnswer]) -> ShapeAnswer {
        func reach(_ answer: ShapeAnswer) -> Int { if case .absent(let segment, let known) = answer { segment * 2 + (known.isEmpty ? 0 : 1) } else { .max } }
        return answers.max { reach($0) < reach($1) } ?? .absent(segment: 0, known: [])
    }
}

extension AvroSchema: RecordShape {
    public func find(_ path: FieldPath) -> ShapeAnswer { find(path.segments, 0, root) }

    private func find(_ segments: [String], _ at: Int, _ index: Int) -> ShapeAnswer {
        guard at < segments.count else { return .present }
        let node = nodes[index]
        let range = node.first..<node.first + node.count
        switch node.kind {
        case .record:
            guard let field = range.first(where: { entryNames[$0] == segments[at] }) else { return .absent(segment: at, known: range.map { entryNames[$0] }) }
            return find(segments, at + 1, entries[field].node)
        case .map: return find(segments, at + 1, entries[node.first].node)
        case .array where Int(segments[at]) != nil: return find(segments, at + 1, entries[node.first].node)
        case .union: return .best(range.map { find(segments, at, entries[$0].node) })
        default: return .absent(segment: at, known: [])
        }
    }
}

extension ProtobufSchema: RecordShape {
    public func find(_ path: FieldPath) -> ShapeAnswer { find(path.segments, 0, root) }

    private func find(_ segments: [String], _ at: Int, _ index: Int) -> ShapeAnswer {
        guard at < segments.count else { return .present }
        let message = messages[index]
        switch message.wellKnown {
        case .structure, .value, .list: return .present
        case .timestamp, .duration, .wrapper: return .absent(segment: at, known: [])
        case .none: break
        }
        guard let place = message.fields.first(where: { fieldNames[$0] == segments[at] }) else {
            return .absent(segment: at, known: message.fields.map { fieldNames[$0] })
        }
        let field = fields[place]
        var next = at + 1
        if field.isMap || field.isRepeated {
            guard next < segments.count else { return .present }
            // The name of an entry, or the number of an element.
            guard field.isMap || Int(segments[next]) != nil else { return .absent(segment: next, known: []) }
            next += 1
        }
        guard next < segments.count else { return .present }
        guard field.type >= 0, field.kind != .enumeration else { return .absent(segment: next, known: []) }
        guard field.isMap else { return find(segments, next, field.type) }
        let value = fields[messages[field.type].fields.upperBound - 1]
        return value.kind == .message ? find(segments, next, value.type) : .absent(segment: next, known: [])
    }
}
