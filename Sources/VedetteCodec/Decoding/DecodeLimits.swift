/// What one record may cost, whoever sends it. A record at a limit is taken, one beyond it rejected.
public struct DecodeLimits: Sendable, Equatable {
    /// `limits.record_bytes`: length of a payload, in bytes; 1 to 256 MiB.
    public var recordBytes: Int
    /// `limits.depth`: nested objects and arrays, the record itself included; 1 to 1024. An
    /// empty object or array holds nothing and does not count as a level.
    public var depth: Int
    /// `limits.features`: members of the features object, declared or not; 1 to 10,000.
    public var features: Int
    /// `limits.undeclared_features`: members of the features object that are not declared and are followed by name, of one record; 0 to 256.
    public var undeclaredFeatures: Int
    /// `limits.string_bytes`: length of an ID or of any text that is kept, in bytes of UTF-8; 1 to 64 KiB.
    public var stringBytes: Int
    /// `limits.dead_letter_bytes`: how much of a rejected payload a dead letter keeps; 0 to 1 MiB. Base64 makes it a
    /// third longer, and the default still fits into the million bytes that Kafka clients and brokers take.
    public var deadLetterBytes: Int

    public static let recordBytesRange = 1...(256 << 20)
    public static let depthRange = 1...1024
    public static let featuresRange = 1...10_000
    public static let undeclaredFeaturesRange = 0...256
    public static let stringBytesRange = 1...(64 << 10)
    public static let deadLetterBytesRange = 0...(1 << 20)

    public init(
        recordBytes: Int = 1 << 20, depth: Int = 32, features: Int = 512, undeclaredFeatures: Int = 32, stringBytes: Int = 1024,
        deadLetterBytes: Int = 512 << 10
    ) {
        self.recordBytes = recordBytes
        self.depth = depth
        self.features = features
        self.undeclaredFeatures = undeclaredFeatures
        self.stringBytes = stringBytes
        self.deadLetterBytes = deadLetterBytes
    }

    /// What is out of its range; empty if nothing is.
    public var problems: [MappingProblem] {
        let all = [
            ("record_bytes", recordBytes, Self.recordBytesRange), ("depth", depth, Self.depthRange),
            ("features", features, Self.featuresRange), ("undeclared_features", undeclaredFeatures, Self.undeclaredFeaturesRange),
            ("string_bytes", stringBytes, Self.stringBytesRange),
            ("dead_letter_bytes", deadLetterBytes, Self.deadLetterBytesRange),
        ]
        return all.compactMap { name, value, range in
            range.contains(value)
                ? nil
                : MappingProblem(key: "limits.\(name)", message: "is \(value); expected \(range.lowerBound) to \(range.upperBound)")
        }
    }
}
