import ArgumentParser
import Foundation
import VedetteCodec
import VedetteForward
import VedetteKafka
import VedetteRuntime
import VedetteStore

/// Exit codes, after BSD's sysexits.
enum ExitStatus {
    static let wrongUsage = ExitCode(64)
    static let badInput = ExitCode(65)
    static let missingInput = ExitCode(66)
    static let unavailable = ExitCode(69)
    static let internalFault = ExitCode(70)
    static let cannotWrite = ExitCode(73)
    static let badConfiguration = ExitCode(78)
    static let interrupted = ExitCode(130)
}

/// Runs a command's body; prints what went wrong to standard error and exits with its code.
func reporting(_ body: () async throws -> Void) async throws {
    do {
        try await body()
    } catch let error as ExitCode {
        throw error
    } catch let error as ValidationError {
        throw error
    } catch let error as ConfigurationError {
        // Without the program's name, so that editors and terminals find the places.
        tell(error.description)
        throw status(of: error)
    } catch {
        complain("\(error)")
        throw status(of: error)
    }
}

func complain(_ text: String) { tell("vedette: \(text)") }

private func tell(_ text: String) { FileHandle.standardError.write(Data((text + "\n").utf8)) }

/// Two outputs in one file would tear each other's lines, and one that is an input would replace it.
///
/// - Parameter outputs: options and their paths; those without a path are not asked for.
func requireOwnFiles(_ outputs: [(option: String, path: String?)], inputs: [String] = []) throws {
    func place(_ path: String) -> String { path == "-" ? path : URL(fileURLWithPath: path).resolvingSymlinksInPath().standardizedFileURL.path }
    let inputs = Set(inputs.filter { $0 != "-" }.map(place))
    var taken: [String: String] = [:]
    for case (let option, let path?) in outputs where path != "/dev/null" {
        guard !inputs.contains(place(path)) else { throw ValidationError("\(option): \(path) is an input") }
        if let other = taken.updateValue(option, forKey: place(path)) { throw ValidationError("\(other) and \(option) name the same file, \(path)") }
    }
}

private func status(of error: any Error) -> ExitCode {
    switch error {
    case is SimulationError: ExitStatus.wrongUsage
    case is ConfigurationError, is SecretError, is DestinationError, is MappingError: ExitStatus.badConfiguration
    case let error as FileError where !FileManager.default.fileExists(atPath: error.path) && error.path != "-": ExitStatus.missingInput
    case is FileError: ExitStatus.badInput
    case let error as KafkaError where error.code == .invalidArgument: ExitStatus.badConfiguration
    case is KafkaError, is SetupError, is UndeliveredError: ExitStatus.unavailable
    case is StoreError, is OutputError: ExitStatus.cannotWrite
    case is CancellationError: ExitStatus.interrupted
    default: ExitStatus.internalFault
    }
}

/// Loads a configuration and prints its warnings.
func loadConfiguration(_ path: String) throws -> VedetteConfiguration {
    let loaded = try ConfigurationLoader.load(path: path)
    for warning in loaded.warnings { tell("\(warning)") }
    return loaded.configuration
}
