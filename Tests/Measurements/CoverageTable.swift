import Foundation
import VedetteCore

/// How nowcasts of one measure at one age compared with what became of the cohorts.
struct CoverageTable {
    private struct Key: Hashable {
        var measure: NowcastMeasure
        var age: Int64
    }

    private struct Cell {
        var count = 0
        var in80 = 0
        var in95 = 0
        var promised80 = 0.0
        var promised95 = 0.0
        var error = 0.0
        var rawCount = 0
        var rawError = 0.0
        var errorWhereRaw = 0.0
        var width = 0.0

        mutating func merge(_ other: Cell) {
            count += other.count
            in80 += other.in80
            in95 += other.in95
            promised80 += other.promised80
            promised95 += other.promised95
            error += other.error
            rawCount += other.rawCount
            rawError += other.rawError
            errorWhereRaw += other.errorWhereRaw
            width += other.width
        }
    }

    private var cells: [Key: Cell] = [:]

    mutating func add(_ measure: NowcastMeasure, age: Int64, _ value: NowcastValue, actual: Double) {
        let slack = 1e-9
        var cell = cells[Key(measure: measure, age: age)] ?? Cell()
        cell.count += 1
        if actual >= value.interval80.lower - slack, actual <= value.interval80.upper + slack { cell.in80 += 1 }
        if actual >= value.interval95.lower - slack, actual <= value.interval95.upper + slack { cell.in95 += 1 }
        cell.promised80 += value.holds80
        cell.promised95 += value.holds95
        cell.error += abs(value.value - actual)
        cell.width += value.interval80.upper - value.interval80.lower
        if let raw = value.raw {
            cell.rawCount += 1
            cell.rawError += abs(raw - actual)
            cell.errorWhereRaw += abs(value.value - actual)
        }
        cells[Key(measure: measure, age: age)] = cell
    }

    mutating func merge(_ other: CoverageTable) {
        for (key, cell) in other.cells { cells[key, default: Cell()].merge(cell) }
    }

    func print(ages: [Int64]) { Self.print([self], ages: ages) }

    /// One line per measure and age: all tables together, and the least and greatest share that the intervals held in one of them.
    ///
    /// *Promised* is the mean probability with which the intervals should hold: more than 80 or 95 % where a single
    /// value, such as a precision of 1, has more than what may be missed.
    static func print(_ tables: [CoverageTable], ages: [Int64]) {
        Swift.print("  measure                age  cohorts  in 80 % (promised)  in 95 % (promised)  mean error  (where raw)  raw error  80 % width")
        for measure in NowcastMeasure.allCases {
            for age in ages {
                let parts = tables.compactMap { $0.cells[Key(measure: measure, age: age)] }.filter { $0.count > 0 }
                var all = Cell()
                for part in parts { all.merge(part) }
                guard all.count > 0 else { continue }
                let n = Double(all.count)
                let raw = Double(max(all.rawCount, 1))
                func held(_ count: (Cell) -> Int, _ promised: Double) -> String {
                    let shares = parts.map { 100 * Double(count($0)) / Double($0.count) }
                    let range = parts.count > 1 ? String(format: " %5.1f to %5.1f", shares.min() ?? 0, shares.max() ?? 0) : ""
                    let expected = promised.isNaN ? "" : String(format: " (%5.1f)", 100 * promised / n)
                    return String(format: "%6.1f%@%@", 100 * Double(count(all)) / n, range, expected)
                }
                Swift.print(
                    String(
                        format: "  %@ %3d  %7d  %@  %@  %10.5f  %11.5f  %9.5f  %10.5f",
                        "\(measure)".padding(toLength: 22, withPad: " ", startingAt: 0), Int(age), all.count, held({ $0.in80 }, all.promised80),
                        held({ $0.in95 }, all.promised95), all.error / n, all.errorWhereRaw / raw, all.rawError / raw, all.width / n))
            }
        }
    }
}
