import VedetteCodec

/// What went wrong, for the person who ran it.
struct EvaluationFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The command line.
struct EvaluationOptions {
    private(set) var mixed = ""
    private(set) var truth = ""
    private(set) var benign = ""
    private(set) var config: String?
    private(set) var classes: String?
    private(set) var mixedOnly = false
    private(set) var ablation = false
    private(set) var baselines = false
    private(set) var isAdaptive = false
    private(set) var isKinds = false
    private(set) var isHoldOut = false
    private(set) var isVerbose = false
    /// Of the half's kinds only those whose name begins so.
    private(set) var kind = ""
    /// Period of the benign file, ms; nil for its own ends.
    private(set) var from: Int64?
    private(set) var to: Int64?
    private(set) var seed: UInt64 = 1
    private(set) var salt: String?
    private(set) var minEvidence: Double?
    private(set) var runs = 6
    private(set) var wantsHelp = false

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        func value(_ option: String) throws -> String {
            guard let value = rest.next() else { throw EvaluationFailure("\(option): expected a value; see --help") }
            return value
        }
        while let argument = rest.next() {
            switch argument {
            case "adaptive": isAdaptive = true
            case "kinds": isKinds = true
            case "--hold-out": isHoldOut = true
            case "--verbose": isVerbose = true
            case "--kind": kind = try value(argument)
            case "--from": from = try Self.time(argument, value(argument))
            case "--to": to = try Self.time(argument, value(argument))
            case "--mixed": mixed = try value(argument)
            case "--truth": truth = try value(argument)
            case "--benign": benign = try value(argument)
            case "--config": config = try value(argument)
            case "--class": classes = try value(argument)
            case "--salt": salt = try value(argument)
            case "--min-evidence":
                guard let number = Double(try value(argument)) else { throw EvaluationFailure("--min-evidence: expected a number") }
                minEvidence = number
            case "--mixed-only": mixedOnly = true
            case "--ablation": ablation = true
            case "--baselines": baselines = true
            case "--seed":
                guard let number = UInt64(try value(argument)) else { throw EvaluationFailure("--seed: expected a whole number") }
                seed = number
            case "--runs":
                guard let number = Int(try value(argument)), number > 0 else { throw EvaluationFailure("--runs: expected a positive number") }
                runs = number
            case "--help", "-h": wantsHelp = true
            default: throw EvaluationFailure("unknown argument '\(argument)'; see --help")
            }
        }
        guard !wantsHelp else { return }
        guard !benign.isEmpty, isAdaptive || isKinds || (!mixed.isEmpty && !truth.isEmpty) else {
            throw EvaluationFailure("--mixed, --truth and --benign are needed; see --help")
        }
    }

    private static func time(_ option: String, _ text: String) throws -> Int64 {
        guard let time = RFC3339.parse(text.count == 10 ? text + "T00:00:00Z" : text) else { throw EvaluationFailure("\(option): expected a date or an RFC 3339 time") }
        return time
    }
}
