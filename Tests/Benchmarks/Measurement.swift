import Foundation

/// What a piece of work cost this process, all of its threads together.
struct Measurement {
    var wallSeconds: Double
    var cpuSeconds: Double
    /// Largest resident size of the process so far, MiB.
    var peakMiB: Double

    /// Runs `body` and says what it cost.
    static func of<Result>(_ body: () throws -> Result) rethrows -> (Result, Measurement) {
        let wall = ProcessInfo.processInfo.systemUptime
        let cpu = cpuSecondsOfProcess()
        let result = try body()
        return (
            result,
            Measurement(
                wallSeconds: ProcessInfo.processInfo.systemUptime - wall, cpuSeconds: cpuSecondsOfProcess() - cpu, peakMiB: peakMiBOfProcess())
        )
    }

    static func cpuSecondsOfProcess() -> Double {
        let usage = ownUsage()
        func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
        return seconds(usage.ru_utime) + seconds(usage.ru_stime)
    }

    static func peakMiBOfProcess() -> Double { Double(ownUsage().ru_maxrss) / 1_024 }

    private static func ownUsage() -> rusage {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage
    }
}

/// The machine that the numbers were taken on.
enum Machine {
    static var description: String {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let memory = ProcessInfo.processInfo.physicalMemory >> 30
        let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
        let model = text.split(separator: "\n").first { $0.hasPrefix("model name") }?.split(separator: ":").last ?? "unknown processor"
        return "\(cores) cores of \(model.trimmingCharacters(in: .whitespaces)), \(memory) GiB"
    }
}
