import Foundation

/// Rows of what was measured, printed as a table.
struct Report {
    private let title: String
    private var rows: [[String]] = [["", "records", "records/s of CPU", "CPU s per 1 M", "wall s", "peak MiB"]]
    private var facts: [(name: String, value: String)] = []

    init(_ title: String) { self.title = title }

    mutating func add(_ what: String, records: Int, _ cost: Measurement) {
        rows.append([
            what, "\(records)", Self.rounded(Double(records) / cost.cpuSeconds, 0), Self.rounded(cost.cpuSeconds / Double(records) * 1e6, 2),
            Self.rounded(cost.wallSeconds, 2), Self.rounded(cost.peakMiB, 0),
        ])
    }

    /// The median of some runs, and how far they lie apart.
    mutating func add(_ what: String, records: Int, ofRuns costs: [Measurement]) {
        let sorted = costs.sorted { $0.cpuSeconds < $1.cpuSeconds }
        guard let fastest = sorted.first, let slowest = sorted.last else { return }
        add(what, records: records, sorted[sorted.count / 2])
        guard sorted.count > 1 else { return }
        let range = [slowest, fastest].map { Self.rounded(Double(records) / $0.cpuSeconds, 0) }.joined(separator: " to ")
        add(fact: "records/s of CPU in \(sorted.count) runs, \(what)", range)
    }

    mutating func add(fact name: String, _ value: String) { facts.append((name, value)) }

    func print() {
        Swift.print("\n\(title)")
        if rows.count > 1 {
            let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
            for row in rows {
                let cells = row.enumerated().map { column, cell in
                    let padding = String(repeating: " ", count: widths[column] - cell.count)
                    return column == 0 ? cell + padding : padding + cell
                }
                Swift.print("  " + cells.joined(separator: "  "))
            }
        }
        let width = facts.map(\.name.count).max() ?? 0
        for fact in facts { Swift.print("  \(fact.name.padding(toLength: width, withPad: " ", startingAt: 0))  \(fact.value)") }
    }

    static func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
