import Foundation

// vedette-measure: how often Vedette is wrong where nothing changes, and how soon it is right where something does.

let usage = """
    usage: vedette-measure quiet|awake|cards|nowcast|silent-failure|poisoning|canary|labels [options]

      quiet   stationary streams: false alerts a month, by slice and over all traffic
      awake   one change at a time: days until the first alert, beside fixed thresholds on the same stream
      cards   the benign weeks of the card payments: every alert, by severity
      nowcast         coverage and error of nowcasts: simulated cohorts with drifting delays, and cards
      silent-failure  when the collapse of recall in ecommerce is seen, and from what
      poisoning       actors, and sources without actors, that turn borderline labels legit: delay and false accusations
      canary          label_canary beside the metric that it guards, with and without requests that both sides labelled
      labels          the other label monitors: false alerts on steady streams, delay for plain effects

      --full        the published sizes (quiet: 20 seeds, awake: 10); without it a few minutes
      --results F   quiet: a line for each part and seed is added to this file, and what stands there is not measured again
      --seeds N     this many seeds
      --data DIR    directory with cards/ and ecommerce/, decisions.jsonl.zst and labels.jsonl.zst in each [../shared/data]
    """

do {
    let options = try MeasureOptions(CommandLine.arguments.dropFirst())
    switch options.wantsHelp ? nil : options.name {
    case .quiet: try Quiet(options).run()
    case .awake: try Awake(options).run()
    case .cards: try Cards(options).run()
    case .nowcast: try NowcastMeasurement.run(seeds: options.seeds ?? 1, data: options.data)
    case .silentFailure: try SilentFailureMeasurement.run(data: options.data)
    case .poisoning: Poisoning(options).run()
    case .canary: CanaryMeasurement(options).run()
    case .labels: try LabelMonitorMeasurement(options).run()
    case nil: print(usage)
    }
} catch {
    FileHandle.standardError.write(Data("vedette-measure: \(error)\n".utf8))
    exit(1)
}

/// The command line.
struct MeasureOptions {
    enum Name: String {
        case quiet, awake, cards, nowcast, poisoning, canary, labels
        case silentFailure = "silent-failure"
    }
    private(set) var name: Name?
    private(set) var isFull = false
    private(set) var seeds: Int?
    private(set) var data = "../shared/data"
    private(set) var results: String?
    private(set) var wantsHelp = false

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--full": isFull = true
            case "--seeds":
                guard let text = rest.next(), let count = Int(text), count > 0 else { throw MeasureFailure("--seeds: expected a positive number") }
                seeds = count
            case "--results":
                guard let path = rest.next() else { throw MeasureFailure("--results: expected a file") }
                results = path
            case "--data":
                guard let path = rest.next() else { throw MeasureFailure("--data: expected a directory") }
                data = path
            case "--help", "-h": wantsHelp = true
            default:
                guard let known = Name(rawValue: argument) else { throw MeasureFailure("unknown argument '\(argument)'; see --help") }
                name = known
            }
        }
    }
}

/// What went wrong, for the person who ran it.
struct MeasureFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
