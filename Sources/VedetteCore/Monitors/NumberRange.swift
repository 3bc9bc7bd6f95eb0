/// An interval of finite numbers, each end open or closed: what a key of the configuration may be.
public struct NumberRange: Sendable, Equatable {
    /// The lower end.
    public var lower: Double
    /// The upper end, not below the lower one.
    public var upper: Double
    /// Whether the lower end itself lies in it.
    public var includesLower: Bool
    /// Whether the upper end itself lies in it.
    public var includesUpper: Bool

    /// Closed at both ends unless it is said otherwise.
    public init(_ lower: Double, _ upper: Double, includesLower: Bool = true, includesUpper: Bool = true) {
        self.lower = lower
        self.upper = upper
        self.includesLower = includesLower
        self.includesUpper = includesUpper
    }

    /// Shares, none and all included.
    public static let unit = NumberRange(0, 1)
    /// Shares between none and all.
    public static let openUnit = NumberRange(0, 1, includesLower: false, includesUpper: false)
    /// A factor of at least one.
    public static let factor = NumberRange(1, 1_000_000)
    /// Shifts and divergences.
    public static let distance = NumberRange(0, 100)

    /// Whether the value lies in it.
    public func contains(_ value: Double) -> Bool {
        (includesLower ? value >= lower : value > lower) && (includesUpper ? value <= upper : value < upper)
    }
}
