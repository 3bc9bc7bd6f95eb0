import VedetteCodec

/// How the records of the inputs are written, and the schema registry.
enum EncodingReader {
    static func encoding(_ section: SectionReader) -> RecordEncoding {
        guard section.mapping != nil else { return RecordEncoding() }
        var encoding = RecordEncoding(format: section.word("format", RecordFormat.self) ?? .json)
        encoding.framing = section.word("framing", RecordFraming.self) ?? encoding.framing
        encoding.schemaFile = section.optionalText("schema")
        encoding.message = section.optionalText("message")
        for (key, value) in section.entries("schemas") ?? [] {
            let place = section.path(of: "schemas.\(key.string ?? "")")
            guard let id = key.text.flatMap(UInt32.init) else {
                section.sink.add(place, at: key.position, expected: "a schema's id, a whole number", found: key.found)
                continue
            }
            if let file = value.text { encoding.schemaFiles[id] = file } else {
                section.sink.add(place, at: value.position, expected: "a file", found: value.found)
            }
        }
        return encoding
    }

    static func registry(_ section: SectionReader) -> SchemaRegistryConfiguration? {
        guard !section.isAbsent, section.mapping != nil else { return nil }
        guard let url = section.optionalText("url") else { return nil }
        var registry = SchemaRegistryConfiguration(url: url.hasSuffix("/") ? String(url.dropLast()) : url)
        registry.user = ProcessReader.property("user", in: section, literalAllowed: true)
        registry.password = ProcessReader.property("password", in: section, literalAllowed: false)
        registry.token = ProcessReader.property("token", in: section, literalAllowed: false)
        registry.timeoutMs = section.integer("timeout")
        return registry
    }
}
