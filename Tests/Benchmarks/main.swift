import Foundation

// vedette-bench: how fast, how large, and beside it the floor. Counts and ratios; nothing gates.

let usage = """
    usage: vedette-bench [replay|formats|everything|live|state|slices|monitors|undeclared|flood|job ...] [options]

      replay   files through everything, beside parsing only and decoding only
      formats  decoding JSON, Avro and Protobuf, and a replay of Avro container files beside JSON lines
      everything  the same with every monitor, probing, label integrity, policy and breakers on
      live     the pipeline with commits and checkpoints; through Kafka where VEDETTE_TEST_BROKERS names one
      state    bytes per retained decision, checkpoint and restart times
      slices   memory with many slices over 40 days
      monitors 1,000 slices: every monitor in every slice, beside the first four
      undeclared  32 members of the features object that nobody declared, followed by name and not
      flood    memory while every user, device, address, card and country is a new one, with everything on
      job      the shared comparison job, checked window by window; needs --job

    Without names: all of them, each in a process of its own, so that peaks are its own.

      --decisions N   decisions of replay, everything, live, monitors, undeclared [500000], formats [200000], state [1000000], slices [2000 per slice],
                      flood [1000000; 5 new values each]
      --runs N        everything: so many runs in turns, and their medians [1]
      --job DIR       directory that holds reference.json and data/ with decisions.jsonl and labels.jsonl
      --large         slices: 10,000 instead of 1,000; where all run, both
    """

do {
    let options = try BenchmarkOptions(CommandLine.arguments.dropFirst())
    if options.wantsHelp {
        print(usage)
    } else if options.names.isEmpty {
        try runEachAlone(options)
    } else {
        for name in options.names { try run(name, options) }
    }
} catch {
    FileHandle.standardError.write(Data("vedette-bench: \(error)\n".utf8))
    exit(1)
}

func run(_ name: BenchmarkName, _ options: BenchmarkOptions) throws {
    switch name {
    case .replay: try ReplayBenchmark.run(decisions: options.decisions ?? 500_000)
    case .formats: try FormatsBenchmark.run(decisions: options.decisions ?? 200_000)
    case .everything: try ReplayBenchmark.everything(decisions: options.decisions ?? 500_000, runs: options.runs)
    case .live: try LiveBenchmark.run(decisions: options.decisions ?? 500_000)
    case .state: try StateBenchmark.run(decisions: options.decisions ?? 1_000_000)
    case .slices: try SlicesBenchmark.run(isLarge: options.isLarge, decisions: options.decisions)
    case .monitors: try MonitorsBenchmark.run(decisions: options.decisions ?? 500_000)
    case .undeclared: try UndeclaredBenchmark.run(decisions: options.decisions ?? 500_000)
    case .flood: try FloodBenchmark.run(decisions: options.decisions ?? 1_000_000)
    case .job: try JobBenchmark.run(directory: options.job)
    }
}

func runEachAlone(_ options: BenchmarkOptions) throws {
    print(Machine.description)
    let rest = CommandLine.arguments.dropFirst()
    let runs = BenchmarkName.allCases.map { [$0.rawValue] + rest.filter { $0 != "--large" } } + (options.isLarge ? [[BenchmarkName.slices.rawValue] + rest] : [])
    for arguments in runs {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = arguments
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw BenchmarkFailure("\(arguments[0]) failed") }
    }
}
