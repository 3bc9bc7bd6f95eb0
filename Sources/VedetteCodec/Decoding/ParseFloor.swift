/// The least that reading a record can cost: simdjson's parse, and nothing done with it.
///
/// Benchmarks print it beside what decoding and judging the same records costs.
package final class ParseFloor {
    private let parser: JSONParser

    /// - Throws: a ``MappingError`` if memory ran out.
    package init(limits: DecodeLimits = DecodeLimits()) throws(MappingError) { parser = try JSONParser(limits: limits) }

    /// Whether the bytes are one JSON object within the limits. O(bytes).
    package func parse(_ bytes: UnsafeRawBufferPointer) -> Bool { (try? parser.parse(bytes)) != nil }
}
