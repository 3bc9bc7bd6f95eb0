/// Everything that is watched of one model.
final class ProbingWatch {
    let model: ProbingModel
    var fanOut: FanOut
    var boundary: BoundaryPressure

    init(rule: ProbingRule, features: Int, entityKinds: Int, salt: UInt64) {
        model = ProbingModel(rule: rule, features: features, entityKinds: entityKinds, salt: salt)
        fanOut = FanOut(kinds: entityKinds, rule: rule)
        boundary = BoundaryPressure(limit: rule.minBoundaryEvidence)
    }

    /// - Parameters:
    ///   - row: the model's features, NaN where missing.
    ///   - entities: keyed digests per kind, 0 where missing.
    ///   - values: interned value per slice dimension, 0 where missing.
    ///   - name: of a dimension's value in this request.
    ///   - sample: the request's text.
    func observe(
        _ request: ProbingRequest, row: UnsafeBufferPointer<Float>, entities: UnsafeBufferPointer<UInt64>, values: ContiguousArray<Int32>,
        name: (Int) -> SliceName, sample: () -> String
    ) {
        model.observe(request, row: row, entities: entities, sample: sample)
        fanOut.observe(request, entities: entities, sample: sample)
        boundary.observe(request, values: values, name: name, sample: sample)
    }

    func encode(into writer: inout ByteWriter) {
        model.encode(into: &writer)
        fanOut.encode(into: &writer)
        boundary.encode(into: &writer)
    }

    func restore(from reader: inout ByteReader) throws {
        try model.restore(from: &reader)
        try fanOut.restore(from: &reader)
        try boundary.restore(from: &reader)
    }
}
