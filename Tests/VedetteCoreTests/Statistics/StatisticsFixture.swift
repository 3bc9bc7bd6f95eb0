import Foundation
import Testing

/// Numbers of numpy and scipy, made by `make_statistics_fixtures.py`.
struct StatisticsFixture: Decodable, Sendable {
    struct Sides: Decodable, Sendable {
        var counts: [Int64]
        var twoSided: Double
        var greater: Double
        var less: Double
    }
    struct LikelihoodRatio: Decodable, Sendable {
        var counts: [Int64]
        var g: Double
        var p: Double
    }
    struct Ratio: Decodable, Sendable {
        var input: [Double]
        var interval: [Double]
    }
    struct Numbers: Decodable, Sendable {
        var values: [Double]
        var mean: Double
        var variance: Double
        var min: Double
        var max: Double
    }
    struct Distance: Decodable, Sendable {
        var reference: [Int32]
        var current: [Int32]
        var edges: [Double]
        var histogram: [Int64]
        var quantiles: [Double]
        var psi_deciles: Double
        var psi_equal_width: Double
        var js: Double
        var ks: Double
        var wasserstein: Double
        var auc: Double
        var auc_se: Double
    }
    struct EValue: Decodable, Sendable {
        var input: [Double]
        var twoSided: Double
        var greater: Double
        var less: Double
    }

    var upper_gamma, lower_beta, upper_beta, beta_quantile: [[Double]]
    var normal_cdf, normal_survival, normal_quantile: [[Double]]
    var chi_square_survival: [[Double]]
    var binomial_cdf, binomial_upper_tail: [[Double]]
    var wilson, clopper_pearson: [[Double]]
    var fisher: [Sides]
    var likelihood_ratio: [LikelihoodRatio]
    var rate_ratio: [Ratio]
    var moments: [Numbers]
    var distances: [Distance]
    var bernoulli_e: [EValue]

    static func load() throws -> StatisticsFixture {
        let url = try #require(Bundle.module.url(forResource: "statistics", withExtension: "json", subdirectory: "Fixtures"))
        return try JSONDecoder().decode(StatisticsFixture.self, from: Data(contentsOf: url))
    }
}

/// Whether two numbers agree to a relative error; `absolute` is for values that may be 0.
func isClose(_ a: Double?, _ b: Double?, _ relative: Double = 1e-9, absolute: Double = 0) -> Bool {
    guard let a, let b else { return a == nil && b == nil }
    return a == b || abs(a - b) <= max(absolute, relative * max(abs(a), abs(b)))
}
