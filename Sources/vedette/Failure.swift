import ArgumentParser
import Foundation
import VedetteCodec
import VedetteKafka
import VedetteRuntime
import VedetteStore

/// Exit codes, after BSD's sysexits.
enum ExitStatus {
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
    } catch {
        complain("\(error)")
        throw status(of: error)
    }
}

func complain(_ text: String) {
    FileHandle.standardError.write(Data("vedette: \(text)\n".utf8))
}

private func status(of error: any Error) -> ExitCode {
    switch error {
    case is ConfigurationError, is SecretError, is MappingError: ExitStatus.badConfiguration
    case let error as FileError where !FileManager.default.fileExists(atPath: error.path) && error.path != "-": ExitStatus.missingInput
    case is FileError: ExitStatus.badInput
    case let error as KafkaError where error.code == .invalidArgument: ExitStatus.badConfiguration
    case is KafkaError, is SetupError: ExitStatus.unavailable
    case is StoreError, is OutputError: ExitStatus.cannotWrite
    case is CancellationError: ExitStatus.interrupted
    default: ExitStatus.internalFault
    }
}

/// Loads a configuration and prints its warnings.
func loadConfiguration(_ path: String) throws -> VedetteConfiguration {
    let loaded = try ConfigurationLoader.load(path: path)
    for warning in loaded.warnings { complain("\(warning)") }
    return loaded.configuration
}
