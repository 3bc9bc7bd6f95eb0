enum BenchmarkName: String, CaseIterable {
    case replay, formats, everything, live, state, slices, monitors, undeclared, flood, job
}

/// What went wrong, for the person who ran it.
struct BenchmarkFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// The command line.
struct BenchmarkOptions {
    private(set) var names: [BenchmarkName] = []
    private(set) var decisions: Int?
    private(set) var runs = 1
    private(set) var job: String?
    private(set) var isLarge = false
    private(set) var wantsHelp = false

    init(_ arguments: some Sequence<String>) throws {
        var rest = arguments.makeIterator()
        while let argument = rest.next() {
            switch argument {
            case "--decisions": decisions = try Self.positive(rest.next(), argument)
            case "--runs": runs = try Self.positive(rest.next(), argument)
            case "--job":
                guard let path = rest.next() else { throw BenchmarkFailure("--job: expected a directory") }
                job = path
            case "--large": isLarge = true
            case "--help", "-h": wantsHelp = true
            default:
                guard let name = BenchmarkName(rawValue: argument) else { throw BenchmarkFailure("unknown argument '\(argument)'; see --help") }
                names.append(name)
            }
        }
    }

    private static func positive(_ text: String?, _ option: String) throws -> Int {
        guard let text, let count = Int(text), count > 0 else { throw BenchmarkFailure("\(option): expected a positive number") }
        return count
    }
}
