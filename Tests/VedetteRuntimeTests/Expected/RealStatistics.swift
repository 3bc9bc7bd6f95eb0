import Foundation
import Testing

/// Statistics of the real streams that their own facts do not have, by week, as `make_real_statistics.py` had them
/// from scikit-learn, scipy, statsmodels and Evidently.
enum RealStatistics {
    /// Of DDSketch: of a delay's quantiles.
    private static let quantileError = 0.01

    static let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appendingPathComponent("statistics.json").path

    /// - Parameter records: final records by version, slice, window and start.
    static func compare(_ name: String, _ records: [String: Facts], _ comparison: inout Comparison) throws {
        let weeks = try Facts.read(file)[name]
        #expect(weeks.keys.count > 15)
        for week in weeks.keys {
            let (expected, record) = (weeks[week], try #require(records["*||7d|\(week)"], "\(week)"))
            outcomes(week, record, expected, &comparison)
            delays(week, record, expected["delays"], &comparison)
            for feature in expected["entropy"].keys {
                comparison.near("\(week) entropy of \(feature)", record["features"][feature]["entropy"], expected["entropy"][feature])
            }
            for feature in expected["drift"].keys {
                drift("\(week) \(feature)", record["drift"]["reference"]["features"][feature], expected["drift"][feature], &comparison)
            }
        }
    }

    private static func outcomes(_ week: String, _ record: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        if expected["wilson"].exists {
            comparison.near("\(week) low", record["fraud_rate"]["low"], expected["wilson"].list[0])
            comparison.near("\(week) high", record["fraud_rate"]["high"], expected["wilson"].list[1])
        }
        // Differences of means near to each other: rounding is relative to the means.
        for key in expected["calibration"].keys { comparison.near("\(week) \(key)", record["calibration"][key], expected["calibration"][key], relative: 1e-8) }
        for point in expected["near"].keys {
            comparison.equal("\(week) just below \(point)", record["score"]["near_threshold"][point]["below"], expected["near"][point])
        }
        for (key, path) in [("trust", "by_trust"), ("kind", "by_kind")] {
            for one in expected["by"][key].keys {
                comparison.equal("\(week) \(one) fraud", record["labels"][path][one]["fraud"], expected["by"][key][one].list[0])
                comparison.equal("\(week) \(one) legit", record["labels"][path][one]["legit"], expected["by"][key][one].list[1])
            }
        }
    }

    private static func delays(_ week: String, _ record: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        let found = record["labels"]["delays"].list
        comparison.equal("\(week) pairs of source and kind", Facts(found.count), Facts(expected.keys.count))
        for one in found {
            let name = "\(one["source"].string ?? "") \(one["kind"].string ?? "")"
            let numbers = expected[name].list
            guard numbers.count == 5 else {
                Issue.record("\(week): \(name) is unknown")
                continue
            }
            comparison.equal("\(week) \(name)", one["count"], numbers[0])
            for (key, number) in zip(["p10_h", "p50_h", "p90_h", "p99_h"], numbers.dropFirst()) {
                comparison.near("\(week) \(name) \(key)", one[key], number, relative: quantileError)
            }
        }
    }

    /// Of numbers as their sketches have them, which is exact, and of the numbers themselves within the stated error.
    private static func drift(_ name: String, _ found: Facts, _ expected: Facts, _ comparison: inout Comparison) {
        for key in ["psi", "js", "ks", "wasserstein", "mean_shift_sigmas"] where expected[key].exists {
            comparison.near("\(name) \(key)", found[key], expected[key], relative: 1e-8)
        }
        guard let raw = expected["wasserstein_raw"].number, let error = expected["wasserstein_error"].number else { return }
        #expect(abs((found["wasserstein"].number ?? -1) - raw) <= error, "\(name)")
    }
}
