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
        var error = 0.0
        var rawCount = 0
        var rawError = 0.0
        var errorWhereRaw = 0.0
        var width = 0.0
    }

    private var cells: [Key: Cell] = [:]

    mutating func add(_ measure: NowcastMeasure, age: Int64, _ value: NowcastValue, actual: Double) {
        let slack = 1e-9
        var cell = cells[Key(measure: measure, age: age)] ?? Cell()
        cell.count += 1
        if actual >= value.interval80.lower - slack, actual <= value.interval80.upper + slack { cell.in80 += 1 }
        if actual >= value.interval95.lower - slack, actual <= value.interval95.upper + slack { cell.in95 += 1 }
        cell.error += abs(value.value - actual)
        cell.width += value.interval80.upper - value.interval80.lower
        if let raw = value.raw {
            cell.rawCount += 1
            cell.rawError += abs(raw - actual)
            cell.errorWhereRaw += abs(value.value - actual)
        }
        cells[Key(measure: measure, age: age)] = cell
    }

    func print(ages: [Int64]) {
        Swift.print("  measure                age  cohorts  in 80 %  in 95 %  mean error  (where raw)  raw error  80 % width")
        for measure in NowcastMeasure.allCases {
            for age in ages {
                guard let cell = cells[Key(measure: measure, age: age)], cell.count > 0 else { continue }
                let n = Double(cell.count)
                let raw = Double(max(cell.rawCount, 1))
                Swift.print(
                    String(
                        format: "  %@ %3d  %7d  %6.1f %%  %5.1f %%  %10.5f  %11.5f  %9.5f  %10.5f",
                        "\(measure)".padding(toLength: 22, withPad: " ", startingAt: 0), Int(age), cell.count, 100 * Double(cell.in80) / n,
                        100 * Double(cell.in95) / n, cell.error / n, cell.errorWhereRaw / raw, cell.rawError / raw, cell.width / n))
            }
        }
    }
}
