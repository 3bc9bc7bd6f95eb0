import CRdKafka

#if canImport(Glibc)
    import Glibc
#endif

extension KafkaProperties {
    /// What is wrong with one property, to be found out without a broker.
    public struct Complaint: Hashable, Sendable {
        /// The name is the trouble; otherwise the value.
        public let isUnknown: Bool
        public let expected: String
        public let found: String
    }

    /// Asks librdkafka whether it has such a property and takes the value.
    ///
    /// - Parameter value: nil where it is not known yet, such as a secret: then only the name is looked at.
    /// - Returns: nil where nothing is wrong.
    public static func complaint(about key: String, value: String?) -> Complaint? {
        guard let configuration = rd_kafka_conf_new() else { return nil }
        defer { rd_kafka_conf_destroy(configuration) }
        var result = RD_KAFKA_CONF_OK
        let reason = withErrorText { buffer, size in result = rd_kafka_conf_set(configuration, key, value ?? "0", buffer, size) }
        if result == RD_KAFKA_CONF_UNKNOWN {
            return Complaint(isUnknown: true, expected: "a property of librdkafka", found: "\"\(key)\", which it does not know")
        }
        guard value != nil, result != RD_KAFKA_CONF_OK else { return nil }
        // librdkafka quotes the value it refuses, and in an address a password may stand before an @.
        return Complaint(
            isUnknown: false, expected: "a value that librdkafka takes for \(key)", found: isSecret(key) || value?.contains("@") == true ? "another" : reason)
    }

    /// Every property by name, as librdkafka lists them.
    public static let known: [String] = {
        // Allocated: the stream writes to both until it is closed.
        let text = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>.allocate(capacity: 1)
        let size = UnsafeMutablePointer<Int>.allocate(capacity: 1)
        text.initialize(to: nil)
        size.initialize(to: 0)
        defer {
            free(text.pointee)
            text.deallocate()
            size.deallocate()
        }
        // librdkafka's other list leaves out what has no default.
        guard let stream = open_memstream(text, size) else { return [] }
        rd_kafka_conf_properties_show(stream)
        fclose(stream)
        guard let table = text.pointee else { return [] }
        var names: [String] = []
        for line in String(cString: table).split(separator: "\n") {
            guard let bar = line.firstIndex(of: "|"), let name = line[..<bar].split(separator: " ").first else { continue }
            if name.contains(".") { names.append(String(name)) }
        }
        return names
    }()
}
