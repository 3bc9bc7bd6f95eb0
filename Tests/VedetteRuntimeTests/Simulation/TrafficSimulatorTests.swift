import Foundation
import Testing
import VedetteCore
import VedetteRuntime

@Suite struct TrafficSimulatorTests {
    private let everything: [SimulationScenario] = ScenarioKind.allCases.map { SimulationScenario($0, fromMs: 60_000) }

    @Test func equalOptionsGiveEqualBytes() throws {
        var mixed = traffic(4000)
        mixed.scenarios = everything
        #expect(try trafficFingerprint(mixed) == trafficFingerprint(mixed))
        var other = mixed
        other.seed = 8
        #expect(try trafficFingerprint(mixed) != trafficFingerprint(other))
    }

    /// Pins the stream of one seed, so that a change in it, or a machine that rounds otherwise, is noticed.
    @Test func streamOfOneSeedIsPinned() throws {
        var mixed = traffic(4000)
        mixed.scenarios = everything
        let found = try trafficFingerprint(mixed)
        #expect(found == 2115867124341254247)
    }

    @Test func everyLineIsWellFormedAndOrdered() throws {
        var ids = Set<String>()
        var lastMs = Int64.min
        var labels = 0
        for record in try TrafficSimulator(traffic(5000)) {
            #expect(record.eventTimeMs >= lastMs)
            #expect(record.deliveryMs == record.eventTimeMs)
            lastMs = record.eventTimeMs
            let object = try #require(parsedLine(record.line))
            #expect(object["request_id"] as? String == String(decoding: record.key, as: UTF8.self))
            if record.stream == .labels {
                labels += 1
                #expect(ids.contains(object["request_id"] as? String ?? ""), "a label comes after its decision")
                continue
            }
            let decision = try #require(SeenDecision(record))
            #expect(ids.insert(decision.id).inserted)
            #expect(decision.features.count + (decision.features["email_risk"] == nil ? 1 : 0) == TrafficSimulator.featureNames.count)
            #expect(Set(decision.slices.keys) == Set(TrafficSimulator.dimensionNames))
            let expected = decision.score >= 0.4 ? "block" : decision.score >= 0.08 ? "challenge" : "allow"
            #expect(decision.decision == expected)
            let formatter = ISO8601DateFormatter()
            formatter.formatOptions = [.withInternetDateTime, .withFractionalSeconds]
            let date = try #require(formatter.date(from: object["time"] as? String ?? ""))
            #expect(Int64((date.timeIntervalSince1970 * 1000).rounded()) == record.eventTimeMs)
        }
        #expect(ids.count == 5000)
        #expect(labels > 300)
    }

    @Test func volumeFollowsDayAndWeek() throws {
        var week = traffic(0, rate: 0.5)
        week.length = .durationMs(7 * EventSpan.dayMs)
        var total = 0
        var byHour = [Int](repeating: 0, count: 24)
        for record in try TrafficSimulator(week) where record.stream == .decisions {
            total += 1
            byHour[Int((record.eventTimeMs - week.startMs) % EventSpan.dayMs / EventSpan.hourMs)] += 1
        }
        // Poisson with mean 302,400: six standard deviations are 3,300.
        #expect(abs(total - 302_400) < 3300)
        #expect(byHour[18] > 4 * byHour[3])
    }

    @Test func scoresAreCalibratedAndSeparate() throws {
        var full = traffic(60_000)
        full.legitLabelShare = 1
        var scores: [String: Double] = [:]
        var new = 0
        var truth: [(score: Double, fraud: Bool)] = []
        for record in try TrafficSimulator(full) {
            if record.stream == .decisions {
                let seen = try #require(SeenDecision(record))
                scores[seen.id] = seen.score
                if seen.slices["account_age"] == "new" { new += 1 }
            } else {
                let object = try #require(parsedLine(record.line))
                truth.append((try #require(scores[object["request_id"] as? String ?? ""]), object["outcome"] as? String == "fraud"))
            }
        }
        #expect(truth.count == 60_000, "everything is labelled")
        let frauds = Double(truth.count { $0.fraud })
        let expected = truth.reduce(0) { $0 + $1.score }
        let deviation = truth.reduce(0) { $0 + $1.score * (1 - $1.score) }.squareRoot()
        #expect(abs(frauds - expected) < 4 * deviation, "the sum of the scores is the expected number of frauds")
        #expect(abs(frauds / 60_000 - full.fraudRate) < 0.002)
        #expect(abs(Double(new) / 60_000 - full.newUserShare) < 0.01)

        let honest = truth.filter { !$0.fraud }.map(\.score).sorted()
        let wins = truth.filter(\.fraud).reduce(0) { sum, row in sum + (honest.firstIndex { $0 >= row.score } ?? honest.count) }
        let auc = Double(wins) / (frauds * Double(honest.count))
        #expect(auc > 0.87 && auc < 0.97)
    }

    @Test func chargebackDelayHasTheConfiguredMedian() throws {
        var slow = traffic(60_000, rate: 50)
        slow.labelDelayMedianMs = 3 * EventSpan.dayMs
        slow.labelsCarryDecisionTime = true
        slow.legitLabelShare = 0
        var decided: [UInt64: Int64] = [:]
        var delays: [Int64] = []
        for record in try TrafficSimulator(slow) {
            if record.stream == .decisions {
                decided[record.sequence] = record.eventTimeMs
            } else if let object = parsedLine(record.line), object["kind"] as? String == "chargeback" {
                delays.append(record.eventTimeMs - (try #require(decided[record.sequence])))
                #expect(object["decision_time"] is String)
            }
        }
        let sorted = delays.sorted()
        #expect(sorted.count > 150)
        let median = Double(sorted[sorted.count / 2]) / Double(slow.labelDelayMedianMs)
        #expect(median > 0.8 && median < 1.25)
    }

    @Test func stopsWhereAsked() throws {
        var cut = traffic(2000)
        cut.deliversRemainingLabels = false
        let records = Array(try TrafficSimulator(cut))
        #expect(records.count { $0.stream == .decisions } == 2000)
        #expect(records.last?.stream == .decisions)

        var endless = traffic(0)
        endless.length = .unbounded
        #expect(Array(try TrafficSimulator(endless).prefix(5000)).count == 5000)
        #expect(Array(try TrafficSimulator(traffic(0))).isEmpty)
    }

    @Test func mathAgreesWithTheLibrary() {
        for step in -6990...6990 {
            let x = Double(step) / 10
            #expect(abs(SimulationMath.exp(x) / Foundation.exp(x) - 1) < 1e-13)
        }
        for step in 1...20_000 {
            let x = Double(step) / 997
            #expect(abs(SimulationMath.log(x) - Foundation.log(x)) <= 1e-13 * max(1, abs(Foundation.log(x))))
            let p = Double(step) / 20_001
            let back = 0.5 * erfc(-SimulationMath.normalQuantile(p) / 2.0.squareRoot())
            #expect(abs(back - p) < 1e-8)
        }
    }
}
