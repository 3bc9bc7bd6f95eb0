/// What a finding's value measures. Each monitor names its own, in its own file.
public struct Measure: Sendable, Hashable {
    /// How people read it.
    public enum Unit: Sendable, Hashable {
        /// 0...1, read as a percentage.
        case share
        case times
        case sigma
        /// A number under a name of its own, such as `PSI 0.3`.
        case index(String)
        /// A number with a unit behind it, such as `120 ms`.
        case amount(String)
    }

    /// In the alert's record: `missing_rate`.
    public let rawValue: String
    public let unit: Unit

    public init(_ rawValue: String, _ unit: Unit) {
        self.rawValue = rawValue
        self.unit = unit
    }

    func text(_ value: Double) -> String {
        switch unit {
        case .share: AlertNumbers.percent(value)
        case .times: AlertNumbers.decimal(value) + " times"
        case .sigma: AlertNumbers.decimal(value) + " sigma"
        case .index(let name): name + " " + AlertNumbers.decimal(value)
        case .amount(let unit): AlertNumbers.decimal(value) + " " + unit
        }
    }
}

extension Measure {
    /// Shift of a mean, in standard deviations of the reference, at least 0.
    public static let sigma = Measure("sigma", .sigma)
    /// Population stability index over the reference's deciles, at least 0.
    public static let psi = Measure("psi", .index("PSI"))
}
