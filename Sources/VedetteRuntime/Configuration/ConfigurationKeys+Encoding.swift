import VedetteCodec

extension ConfigurationKey {
    static func encoding(_ stream: String) -> [ConfigurationKey] {
        let at = "inputs.\(stream)"
        return [
            ConfigurationKey(
                "\(at).format", .choice(RecordFormat.allCases.map(\.rawValue)), .value("json"),
                "How the topic's records are written. Files say it themselves: `.avro` is an Avro container file, all else is JSON."),
            ConfigurationKey(
                "\(at).framing", .choice(RecordFraming.allCases.map(\.rawValue)), .computed("`confluent`; `none` for `json`"),
                "`confluent`: a zero byte and the schema's id stand in front of each record."),
            ConfigurationKey(
                "\(at).schema", .text, .none,
                """
                File with the schema of all records: `.avsc` for Avro, a descriptor set (`protoc --include_imports --descriptor_set_out=FILE`) for \
                Protobuf. Avro without it: see `inputs.schema_registry`.
                """),
            ConfigurationKey(
                "\(at).schemas", .map("files"), .none,
                "Avro: files with schemas by id; ids that are not listed are looked up in the registry, where there is one."),
            ConfigurationKey("\(at).schemas.<id>", .text, .none, "File with the schema of one id."),
            ConfigurationKey(
                "\(at).message", .text, .computed("the first of the set's last file"),
                "Protobuf: full name of the records' message type, such as `shop.Decision`."),
        ]
    }

    private static let reference = "`{env: NAME}` or `{file: PATH}`"

    static let schemaRegistry: [ConfigurationKey] = [
        ConfigurationKey("inputs.schema_registry", .section, .none, "The registry that has the schemas of Avro records by id (any with Confluent's API)."),
        ConfigurationKey("inputs.schema_registry.url", .text, .required, "Its address, `https://host:port` with a path if it has one."),
        ConfigurationKey("inputs.schema_registry.user", .property, .none, "User name, with `password`."),
        ConfigurationKey("inputs.schema_registry.user.env", .text, .none, "Environment variable that holds it."),
        ConfigurationKey("inputs.schema_registry.user.file", .text, .none, "File that holds it; one trailing line break is cut."),
        ConfigurationKey("inputs.schema_registry.password", .variant(reference), .none, "Password of the user; never printed."),
        ConfigurationKey("inputs.schema_registry.password.env", .text, .none, "Environment variable that holds it."),
        ConfigurationKey("inputs.schema_registry.password.file", .text, .none, "File that holds it; one trailing line break is cut."),
        ConfigurationKey("inputs.schema_registry.token", .variant(reference), .none, "Bearer token, instead of user and password; never printed."),
        ConfigurationKey("inputs.schema_registry.token.env", .text, .none, "Environment variable that holds it."),
        ConfigurationKey("inputs.schema_registry.token.file", .text, .none, "File that holds it; one trailing line break is cut."),
        ConfigurationKey(
            "inputs.schema_registry.timeout", .duration(100...300_000), .value("5s"),
            "Longest wait for one answer. A registry that does not answer is asked again, and the record waits."),
    ]
}
