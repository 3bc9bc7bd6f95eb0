/// How many labels of each cohort arrived after which delay: the run-off or reporting triangle.
///
/// Exact under corrections: a label adds one to its cell, and what takes it back takes it from
/// the same cell, all in integers. Memory is bounded: at most `kept` cohorts of 6 streams and
/// about 30 bins, 4 bytes a cell; cohorts before the oldest kept are gone for good, and labels
/// of theirs are not counted.
package struct ReportingTriangle: Sendable, Equatable {
    package let bins: DelayBins
    let kept: Int
    /// Cohorts before this one are not counted: some of their labels came while nobody counted them.
    private(set) var since: Int64
    /// Number of the oldest cohort in the arrays.
    package private(set) var first: Int64 = 0
    /// Per cohort, stream and bin.
    private var cells: ContiguousArray<Int32> = []
    /// Per cohort and stream: labels, and the sum of their sampling weights in thousandths.
    private var totals: ContiguousArray<Int64> = []
    private var weights: ContiguousArray<Int64> = []
    /// Per cohort: decisions, labelled or not.
    private var decisions: ContiguousArray<Int64> = []

    /// - Parameter bins: those of the configuration, where many triangles share their memory: a label looks its delay up in each.
    package init(_ configuration: NowcastConfiguration, bins: DelayBins? = nil, since: Int64 = .min) {
        self.since = since
        self.bins = bins ?? DelayBins(cohortMs: configuration.cohortMs, horizonMs: configuration.horizonMs)
        kept = configuration.keptCohorts
    }

    package var count: Int { decisions.count }
    package var isEmpty: Bool { decisions.isEmpty }
    /// Number of the cohort after the newest.
    package var end: Int64 { first + Int64(count) }

    // MARK: Changing

    /// Adds a label of a decision of `cohort` (`sign` 1) or takes it back (-1).
    ///
    /// - Parameter weight: of the sample that it belongs to, in thousandths.
    package mutating func add(_ stream: LabelStream, cohort: Int64, delay: Int64, weight: Int64, sign: Int64) {
        guard let row = row(making: cohort) else { return }
        cells[(row * LabelStream.count + stream.rawValue) * bins.count + bins.bin(of: delay)] += Int32(sign)
        totals[row * LabelStream.count + stream.rawValue] += sign
        weights[row * LabelStream.count + stream.rawValue] += sign * weight
    }

    /// What a label of a cohort changes, to be asked for early and not to be read; nil where the cohort has no row.
    @inline(__always)
    func addresses(_ stream: LabelStream, cohort: Int64, bin: Int) -> InlineArray<3, UnsafeRawPointer?>? {
        guard let row = row(of: cohort) else { return nil }
        let place = row * LabelStream.count + stream.rawValue, cell = place * bins.count + bin
        return [
            cells.withUnsafeBufferPointer { $0.baseAddress.map { UnsafeRawPointer($0 + cell) } },
            totals.withUnsafeBufferPointer { $0.baseAddress.map { UnsafeRawPointer($0 + place) } },
            weights.withUnsafeBufferPointer { $0.baseAddress.map { UnsafeRawPointer($0 + place) } },
        ]
    }

    /// States how many decisions a cohort has.
    mutating func setDecisions(_ count: Int64, cohort: Int64) {
        guard count > 0 || row(of: cohort) != nil, let row = row(making: cohort) else { return }
        decisions[row] = count
    }

    private func row(of cohort: Int64) -> Int? { cohort >= first && cohort < end ? Int(cohort - first) : nil }

    /// The row of a cohort, made where it is newer than all; nil where it is older than what is kept.
    private mutating func row(making cohort: Int64) -> Int? {
        guard cohort >= since else { return nil }
        if isEmpty { first = cohort }
        if cohort < first {
            // A record out of order at the very start.
            guard end - cohort <= Int64(kept) else { return nil }
            let more = Int(first - cohort)
            insert(more, at: 0)
            first = cohort
        } else if cohort >= end {
            let needed = Int(cohort - end) + 1
            if needed >= kept {
                self.removeAll(startingAt: cohort)
                insert(1, at: 0)
            } else {
                insert(needed, at: count)
            }
            if count > kept { removeFirst(count - kept) }
        }
        return Int(cohort - first)
    }

    private mutating func insert(_ rows: Int, at row: Int) {
        cells.insert(contentsOf: repeatElement(0, count: rows * rowCells), at: row * rowCells)
        totals.insert(contentsOf: repeatElement(0, count: rows * LabelStream.count), at: row * LabelStream.count)
        weights.insert(contentsOf: repeatElement(0, count: rows * LabelStream.count), at: row * LabelStream.count)
        decisions.insert(contentsOf: repeatElement(0, count: rows), at: row)
    }

    private mutating func removeFirst(_ rows: Int) {
        cells.removeFirst(rows * rowCells)
        totals.removeFirst(rows * LabelStream.count)
        weights.removeFirst(rows * LabelStream.count)
        decisions.removeFirst(rows)
        first += Int64(rows)
    }

    private mutating func removeAll(startingAt cohort: Int64) {
        cells.removeAll()
        totals.removeAll()
        weights.removeAll()
        decisions.removeAll()
        first = cohort
    }

    private var rowCells: Int { LabelStream.count * bins.count }

    // MARK: Reading

    package func decisions(of cohort: Int64) -> Int64 { row(of: cohort).map { decisions[$0] } ?? 0 }

    /// Labels of a stream that stand now.
    package func labels(_ stream: LabelStream, of cohort: Int64) -> Int64 {
        row(of: cohort).map { totals[$0 * LabelStream.count + stream.rawValue] } ?? 0
    }

    /// Sum of the sampling weights of the labels that stand now.
    package func weight(_ stream: LabelStream, of cohort: Int64) -> Double {
        row(of: cohort).map { Double(weights[$0 * LabelStream.count + stream.rawValue]) / Double(LabelEntry.weightUnit) } ?? 0
    }

    /// Labels of one cell.
    package func cell(_ stream: LabelStream, of cohort: Int64, bin: Int) -> Int64 {
        row(of: cohort).map { Int64(cells[($0 * LabelStream.count + stream.rawValue) * bins.count + bin]) } ?? 0
    }
}

extension ReportingTriangle {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: since)
        writer.write(count: kept)
        writer.write(signed: first)
        writer.write(count: count)
        for value in decisions { writer.write(signed: value) }
        for value in totals { writer.write(signed: value) }
        for value in weights { writer.write(signed: value) }
        for value in cells { writer.write(signed: Int64(value)) }
    }

    /// More cohorts than are kept now go; where more are kept now, those that had gone before do not begin anew.
    mutating func restore(from reader: inout ByteReader) throws {
        since = try reader.readSigned()
        let before = Int64(truncatingIfNeeded: try reader.readVarint())
        let first = try reader.readSigned()
        let rows = try reader.readCount(minimumSize: rowCells)
        removeAll(startingAt: first)
        insert(rows, at: 0)
        for index in decisions.indices { decisions[index] = try reader.readSigned() }
        for index in totals.indices { totals[index] = try reader.readSigned() }
        for index in weights.indices { weights[index] = try reader.readSigned() }
        for index in cells.indices { cells[index] = Int32(truncatingIfNeeded: try reader.readSigned()) }
        guard before != kept, !isEmpty else { return }
        since = max(since, end - before)
        if count > kept { removeFirst(count - kept) }
    }
}
