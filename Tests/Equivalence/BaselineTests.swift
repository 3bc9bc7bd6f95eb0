import Driving
import Foundation
import Testing
import VedetteCodec
import VedetteCore
import VedetteRuntime

/// A baseline is what a replay of the same period measured; broken and foreign files are refused.
@Suite(.serialized) struct BaselineTests {
    private func records() throws -> [InputRecord] {
        var mix = TrafficMix(seed: 77)
        mix.decisions = 1_500
        mix.perSecond = 1_500 / (3.0 * 86_400)
        return try mix.records()
    }

    private func configuration(_ extra: String = "", accuracy: Double? = nil) throws -> VedetteConfiguration {
        var configuration = try Settings.load(isShort: false)
        if let accuracy { configuration.topology.panes.quantileAccuracy = accuracy }
        return configuration
    }

    private func build(_ days: Int64, in directory: ScratchDirectory) throws -> (baseline: ArchivedBaseline, path: String, output: Output) {
        let log = InputLog(try records(), decisions: 2, labels: 1, in: directory)
        let output = try log.replay(try configuration(), in: directory)
        let replay = try FileReplay(
            configuration: try configuration().forBaseline, decisions: log.identities.filter { $0.stream == .decisions }.map(\.source),
            labels: log.identities.filter { $0.stream == .labels }.map(\.source), output: try OutputFiles([:]), now: presentMs)
        _ = try replay.run()
        let path = directory.file("good.baseline")
        return (try replay.writeBaseline(lastMs: days * 86_400_000, name: "good", to: path), path, output)
    }

    /// The final records of the window that holds everything, all versions together.
    private func longest(_ output: Output) throws -> [[String: Any]] {
        var found: [[String: Any]] = []
        for line in output[.metrics] {
            guard let object = try JSONSerialization.jsonObject(with: Data(line)) as? [String: Any] else { continue }
            guard object["window"] as? String == "all", object["version"] as? String == "*", object["final"] as? Bool == true else { continue }
            found.append(object)
        }
        return found
    }

    @Test func aBaselineOfEverythingIsTheLongestWindow() throws {
        let directory = try ScratchDirectory()
        let (built, path, output) = try build(30, in: directory)
        let read = try BaselineArchive.read(path)
        #expect(read.name == "good" && read.application == "driving")
        #expect((read.start, read.end) == (built.start, built.end))
        #expect(read.decisions == output.counters.decisions - output.counters.duplicates - output.counters.conflicts - output.counters.tooLate)

        let shown = try #require(try JSONSerialization.jsonObject(with: Data(read.json())) as? [String: Any])
        let entries = try #require(shown["entries"] as? [[String: Any]])
        // The window `all` holds all of it: same model, slices and numbers.
        let withDecisions = try longest(output).filter { object in
            let volume = object["volume"] as? [String: Any]
            return volume?["total"] as? Int != 0
        }
        #expect(entries.count == withDecisions.count && entries.count > 5)
        for entry in entries {
            let slice = entry["slice"] as? NSDictionary
            let window = try #require(withDecisions.first { $0["slice"] as? NSDictionary == slice })
            // Repeats may come after the last decision, where the period ends; decisions do not.
            let (mine, theirs) = (entry["volume"] as? [String: Any], window["volume"] as? [String: Any])
            #expect(mine?["total"] as? Int == theirs?["total"] as? Int)
            #expect(mine?["late"] as? Int == theirs?["late"] as? Int)
            for key in ["confusion", "money", "operations", "features"] {
                let (mine, theirs) = (entry[key] as? NSDictionary, window[key] as? NSDictionary)
                if key == "features" || key == "operations" { #expect(mine?.count == theirs?.count) } else { #expect(mine == theirs, "\(key)") }
            }
        }
        let table = read.table()
        #expect(table.contains("(all)") && table.contains("email_domain") && table.contains("channel="))
    }

    @Test func onlyTheLastDays() throws {
        let directory = try ScratchDirectory()
        let (built, _, _) = try build(1, in: directory)
        #expect(built.decisions > 300 && built.decisions < 1_200)
        #expect(built.end - built.start <= 2 * 86_400_000)
    }

    @Test func brokenFilesAreRefused() throws {
        let directory = try ScratchDirectory()
        let (_, path, _) = try build(30, in: directory)
        let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
        func refusal(_ bytes: [UInt8]) throws -> String {
            let broken = directory.file("broken.baseline")
            try Data(bytes).write(to: URL(fileURLWithPath: broken))
            do {
                _ = try BaselineArchive.read(broken)
                return "taken"
            } catch let error as FileError {
                return error.what
            }
        }
        #expect(try refusal(whole) == "taken")
        #expect(try refusal([]).contains("not a baseline file"))
        #expect(try refusal(Array("VDTBASE1".utf8) + whole.dropFirst(8)).contains("another version"))
        #expect(try refusal(Array(whole.prefix(12))).contains("cut off"))
        for cut in [whole.count / 3, whole.count - 1] { #expect(try refusal(Array(whole.prefix(cut))).contains("checksum")) }
        for place in [9, whole.count / 2, whole.count - 3] {
            var changed = whole
            changed[place] ^= 0x10
            #expect(try refusal(changed).contains("checksum"))
        }
    }

    @Test func filesOfAnotherConfigurationAreRefused() throws {
        let directory = try ScratchDirectory()
        let (_, path, _) = try build(30, in: directory)
        var configuration = try configuration(accuracy: 0.02)
        configuration.baselines = [BaselineFile(name: "good", path: path)]
        #expect {
            _ = try Pipeline(configuration: configuration, output: MemoryOutput(), wanted: [], mode: .replay)
        } throws: { error in
            "\(error)".contains("panes.quantile_accuracy was '0.01' and is '0.02'")
        }
    }

    @Test func metricsAreComparedWithIt() throws {
        let directory = try ScratchDirectory()
        let (_, path, _) = try build(30, in: directory)
        var configuration = try configuration()
        configuration.baselines = [BaselineFile(name: "good", path: path)]
        configuration.topology.driftReferences = [DriftReference(name: "pinned", reference: .baseline(name: "good"))]
        let log = InputLog(try records(), decisions: 1, labels: 1, in: directory)
        let all = try longest(try log.replay(configuration, in: directory)).first { object in
            let slice = object["slice"] as? [String: Any]
            return slice?.isEmpty == true
        }
        let comparisons = try #require(all?["drift"] as? [String: Any])
        let drift = try #require(comparisons["pinned"] as? [String: Any])
        // The same records: no distance at all, and nothing unseen.
        #expect(drift["ks"] as? Double == 0)
        let volume = all?["volume"] as? [String: Any]
        #expect(drift["reference_count"] as? Int == volume?["total"] as? Int)
        let features = try #require(drift["features"] as? [String: [String: Any]])
        #expect(features.count == 6)
        #expect(features.values.allSatisfy { abs($0["psi"] as? Double ?? 1) < 1e-12 })
        #expect(features["email_domain"]?["unseen"] as? Double == 0)
        #expect(abs(features["amount"]?["mean_shift_sigmas"] as? Double ?? 1) < 1e-9)
    }
}
