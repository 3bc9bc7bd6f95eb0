/// The features of the simulated model, in the order in which they are written.
enum SimulatedFeature: Int, CaseIterable, Sendable {
    case amount, accountAgeDays, deviceAgeDays, emailRisk, ipRisk, velocity1h, velocity24h, distanceKm
    case averageAmount30d, failedLogins24h, hourOfDay, isVPN, cvvMatch, billingMatch, mcc, emailDomain

    var name: String {
        switch self {
        case .amount: "amount"
        case .accountAgeDays: "account_age_days"
        case .deviceAgeDays: "device_age_days"
        case .emailRisk: "email_risk"
        case .ipRisk: "ip_risk"
        case .velocity1h: "velocity_1h"
        case .velocity24h: "velocity_24h"
        case .distanceKm: "distance_km"
        case .averageAmount30d: "avg_amount_30d"
        case .failedLogins24h: "failed_logins_24h"
        case .hourOfDay: "hour_of_day"
        case .isVPN: "is_vpn"
        case .cvvMatch: "cvv_match"
        case .billingMatch: "billing_match"
        case .mcc: "mcc"
        case .emailDomain: "email_domain"
        }
    }

    var bit: UInt32 { 1 << UInt32(rawValue) }

    /// How far fraud lies from honest traffic on the feature's latent normal scale, in standard deviations.
    var fraudShift: Double {
        switch self {
        case .amount: 0.5
        case .deviceAgeDays: -0.9
        case .emailRisk: 0.9
        case .ipRisk: 0.8
        case .velocity1h: 0.7
        case .distanceKm: 0.5
        case .failedLogins24h: 0.4
        default: 0
        }
    }
}
