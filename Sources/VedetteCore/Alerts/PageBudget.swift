/// How many false alerts a deployment may raise in the long run, spent evenly over time and monitors.
///
/// The budget B is the expected number of false alerts in 30 days where nothing ever changes. Each
/// monitor has an equal part of it, half for overwhelming single windows and half for evidence
/// accumulated over windows. A monitor that is judged R times in 30 days tests each time at the
/// level (its half) / R, over all slices and subjects together. So the expected number of rounds
/// with a false finding in 30 days is at most B, whatever the dependence between overlapping
/// windows, nested slices and monitors: expectations add up.
public struct PageBudget: Sendable, Equatable {
    public static let periodMs: Int64 = 30 * 86_400_000

    /// False alerts in ``periodMs``, of all monitors together.
    public var falseAlerts: Double
    public var monitors: Int

    public init(falseAlerts: Double, monitors: Int) {
        self.falseAlerts = falseAlerts
        self.monitors = max(1, monitors)
    }

    /// The level of one round of tests that comes every `everyMs`. Never above 0.05.
    public func level(everyMs: Int64) -> Double {
        min(0.05, falseAlerts / Double(monitors) / 2 * Double(everyMs) / Double(Self.periodMs))
    }
}
