import Foundation

// vedette-eval: what the probing detectors find in a stream with known attacks, and what they cost in one without.

let usage = """
    usage: vedette-eval --mixed FILE --truth FILE --benign FILE [options]
           vedette-eval adaptive --benign FILE [options]

    Prints per attack: detected or not, queries and time until detection, before or after the first success,
    and whether the campaign was one incident; and for the benign stream the alerts per million decisions and
    per day. Each attack is measured twice: in the mixed stream, and alone among the benign decisions.

      --mixed FILE      decisions with attacks mixed in, one JSON object a line (plain, .zst, .gz)
      --truth FILE      which requests belong to which attack
      --benign FILE     the same period without attacks
      --config FILE     configuration; derived from the data's first records if there is none
      --class FILE      request_id,class,... of the benign stream: alerts on its own fraud are told apart
      --salt TEXT       another secret than the configuration's: results must not hang on one
      --min-evidence X  another limit than the configuration's, nats
      --mixed-only      leave out the runs with one attack each
      --ablation        each detector family alone, too
      --baselines       published methods beside it, each at its best threshold with at most one false alert
      --seed N          adaptive: seed of the attackers' own randomness [1]
      --runs N          adaptive: attackers per strategy [6]
    """

do {
    let options = try EvaluationOptions(CommandLine.arguments.dropFirst())
    if options.wantsHelp {
        print(usage)
    } else if options.isAdaptive {
        try AdaptiveEvaluation(options).run()
    } else {
        try Evaluation(options).run()
    }
} catch {
    FileHandle.standardError.write(Data("vedette-eval: \(error)\n".utf8))
    exit(1)
}
