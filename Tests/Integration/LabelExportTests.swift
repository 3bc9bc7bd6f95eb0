import Foundation
import Testing
import VedetteKafka
import VedetteRuntime

/// What a state directory knows of the labels is what the records say.
@Suite(.serialized) struct LabelExportTests {
    let site: Site
    let cluster: MockCluster

    init() throws {
        (site, cluster) = try Site.mocked()
        try site.createInputs()
        try site.createOutputs("live")
    }

    private func lines(_ path: String) throws -> [String] { try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map(String.init) }

    @Test("The export of a stopped instance's state is that of a replay of its records; not while an instance runs")
    func fromState() throws {
        let traffic = try Traffic.mixed()
        try traffic.produce(to: site)
        let configuration = try site.configuration("live")
        let live = LiveRun(configuration)
        try live.waitUntilReady()
        #expect(failure { try LabelExport.writeState(of: configuration, to: site.file("early.jsonl")) }.contains("has the directory open"))
        try live.waitUntilRead(traffic)
        try live.stop()
        let count = try LabelExport.writeState(of: configuration, to: site.file("state.jsonl"))

        let input = try traffic.write(to: site)
        let export = LabelExport(configuration)
        let replay = try FileReplay(
            configuration: configuration, decisions: input.decisions, labels: input.labels, output: OutputFiles([:]),
            now: Int64(Date().timeIntervalSince1970 * 1_000))
        replay.onLabel = { export.add($0) }
        _ = try replay.run()
        try export.write(to: site.file("files.jsonl"), isSuspected: replay.isSuspected)

        // The run stops at its watermark, some seconds before the last records; what it knows of a request it knows to the letter,
        // but for names of pipelines that the registry does not list.
        let whole = try lines(site.file("files.jsonl"))
        let kept = try lines(site.file("state.jsonl"))
        #expect(count == kept.count && kept.count > 50)
        #expect(kept.count <= whole.count && whole.count - kept.count <= 5)
        let known = Set(whole.filter { !$0.contains("\"tier\":\"unlisted\"") })
        #expect(known.count > 40)
        let missing = known.subtracting(kept)
        #expect(missing.count <= 5, "\(missing.sorted().prefix(3)) beside \(kept.prefix(3))")
        #expect(kept.allSatisfy { $0.contains("\"provenance\":[{") })
        #expect(kept == kept.sorted { decisionTime($0) < decisionTime($1) })
    }

    private func failure(_ body: () throws -> Int) -> String {
        do { return "none: \(try body())" } catch { return "\(error)" }
    }

    private func decisionTime(_ line: String) -> Substring {
        guard let key = line.range(of: "\"decision_time\":\"") else { return "" }
        return line[key.upperBound...].prefix(24)
    }

    @Test("A directory without state is told, and left alone")
    func noState() throws {
        let configuration = try site.configuration("nowhere")
        #expect(failure { try LabelExport.writeState(of: configuration, to: site.file("none.jsonl")) }.contains("there is no state to export"))
        #expect(!FileManager.default.fileExists(atPath: site.file("nowhere")))
    }
}
