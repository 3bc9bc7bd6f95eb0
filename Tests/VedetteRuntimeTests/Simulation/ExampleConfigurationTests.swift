import Foundation
import Testing
import VedetteRuntime

/// `docker/vedette.yaml` is the configuration for what `vedette simulate` sends.
@Suite struct ExampleConfigurationTests {
    @Test func namesTheSimulatedTraffic() throws {
        let repository = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        let text = try String(contentsOf: repository.appending(path: "docker/vedette.yaml"), encoding: .utf8)
        #expect(text.contains("- name: \(SimulationOptions().modelName)\n"))
        for feature in TrafficSimulator.featureNames { #expect(text.contains("\n      \(feature): "), "\(feature)") }
        #expect(text.contains("dimensions: [\(TrafficSimulator.dimensionNames.joined(separator: ", "))]"))
        #expect(text.contains("entities: [\(TrafficSimulator.entityNames.joined(separator: ", "))]"))
        for pipeline in ["issuer-chargebacks", "review-queue", "app-reports"] {
            #expect(text.contains("pipeline: \(pipeline), trust:"), "\(pipeline)")
        }
    }
}
