import Foundation

// vedette-eval: what the probing detectors find in a stream with known attacks, and what they cost in one without.

let usage = """
    usage: vedette-eval --mixed FILE --truth FILE --benign FILE [options]
           vedette-eval adaptive --benign FILE [options]
           vedette-eval kinds [--hold-out] --benign FILE [--from DATE --to DATE] [options]

    kinds: generated attacks of many kinds under every rotation, against a surrogate of the model.
    adaptive: an attacker who knows the design but not the secret.

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
      --ablation        each detector family alone, too, and all but the one that asks who is new
      --baselines       published methods beside it, each at its best threshold with at most one false alert
      --seed N          seed of the attackers' own randomness [1]
      --runs N          attackers per strategy or cell [6]
      --from, --to      part of the benign file, half-open, dates or RFC 3339
      --hold-out        the half of the kinds that nothing was built with
      --kind NAME       only kinds whose name begins so
      --verbose         every attack, not only the table
    """

do {
    let options = try EvaluationOptions(CommandLine.arguments.dropFirst())
    if options.wantsHelp {
        print(usage)
    } else if options.isAdaptive {
        try AdaptiveEvaluation(options).run()
    } else if options.isKinds {
        try KindsEvaluation(options).run()
    } else {
        try Evaluation(options).run()
    }
} catch {
    FileHandle.standardError.write(Data("vedette-eval: \(error)\n".utf8))
    exit(1)
}
