import Foundation

/// The features as an attacker sees them: which he can move, within which bounds, and how a value must look.
struct AttackSpace {
    private static let looked = 4_000
    static let amounts = ["amount", "purchase_value"]

    let names: [String]
    /// Features that an algorithm moves: numbers that are neither flags nor the clock.
    let movable: [Int]
    let amount: Int
    private let isWhole: [Bool]
    private let isLog: [Bool]
    private let low: [Double]
    private let high: [Double]

    init(_ file: StreamFile) {
        names = file.features
        let rows = file.records.prefix(Self.looked).map(\.features)
        let columns = file.features.indices.map { feature in rows.map { $0[feature] }.filter { !$0.isNaN }.sorted() }
        isWhole = columns.map { $0.allSatisfy { $0 == $0.rounded() } }
        isLog = columns.map { ($0.first ?? 0) >= 0 && ($0.last ?? 0) > 20 }
        let isLog = self.isLog
        low = columns.indices.map { Self.squeezed(columns[$0].first ?? 0, isLog[$0]) }
        high = columns.indices.map { Self.squeezed(columns[$0].isEmpty ? 1 : columns[$0][columns[$0].count * 999 / 1_000], isLog[$0]) }
        movable = file.features.indices.filter { feature in
            let isFlag = columns[feature].allSatisfy { $0 == 0 || $0 == 1 }
            return !isFlag && !Self.isClock(file.features[feature])
        }
        amount = file.features.firstIndex { Self.amounts.contains($0) } ?? 0
    }

    static func isClock(_ name: String) -> Bool { ["hour", "day_of", "is_night", "is_weekend"].contains { name.contains($0) } }
    private static func squeezed(_ value: Double, _ isLog: Bool) -> Double { isLog ? log(1 + max(0, value)) : value }

    /// A request's movable features, each about 0 to 1; missing ones are 0.
    func point(_ row: [Double]) -> [Double] {
        movable.map { row[$0].isNaN ? 0 : (Self.squeezed(row[$0], isLog[$0]) - low[$0]) / max(1e-9, high[$0] - low[$0]) }
    }

    /// `row` with its movable features at a point: whole counts and cents, within what is possible. What is missing stays so.
    func row(_ row: [Double], at point: [Double]) -> [Double] {
        var moved = row
        for (place, feature) in movable.enumerated() where !row[feature].isNaN {
            let value = low[feature] + min(max(point[place], 0), 1.1) * (high[feature] - low[feature])
            let plain = isLog[feature] ? exp(value) - 1 : value
            moved[feature] = isWhole[feature] ? plain.rounded() : (plain * 100).rounded() / 100
        }
        return moved
    }
}
