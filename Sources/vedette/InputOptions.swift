import ArgumentParser

/// Files with history.
struct InputFiles: ParsableArguments {
    @Option(parsing: .upToNextOption, help: ArgumentHelp("Files with decisions.", valueName: "file"))
    var decisions: [String] = []

    @Option(parsing: .upToNextOption, help: ArgumentHelp("Files with labels.", valueName: "file"))
    var labels: [String] = []

    var isEmpty: Bool { decisions.isEmpty && labels.isEmpty }
}

/// Where a replay reads: files or topics.
struct InputOptions: ParsableArguments {
    @OptionGroup var files: InputFiles

    @Flag(help: "Read the configured topics instead of files.")
    var topics = false

    @Option(help: ArgumentHelp("Read the configured topics from these brokers instead of files.", valueName: "host:port"))
    var brokers: String?

    var fromTopics: Bool { topics || brokers != nil }

    func validate() throws {
        guard fromTopics || !files.isEmpty else { throw ValidationError("nothing to read: name files with --decisions and --labels, or --topics, or --brokers") }
        guard !fromTopics || files.isEmpty else { throw ValidationError("either files or topics, not both") }
    }
}
