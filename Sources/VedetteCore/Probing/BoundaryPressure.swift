/// One slice's requests that were allowed with a score just below the threshold.
struct BoundaryCell: Equatable {
    var decisions: Int64 = 0
    var near: Int64 = 0
    /// Cumulative sum of ln likelihood ratios, never below 0.
    var sum = 0.0
    /// Since the sum was last 0.
    var startedAt: Int64 = 0
    var lastAt: Int64 = 0
    /// When the newest took effect.
    var seenAt: Int64 = 0
    var pressed: Int64 = 0
    var pressedOf: Int64 = 0
    /// Requests that were stopped meanwhile.
    var stopped: Int64 = 0
    /// Of the requests that were allowed just below the threshold.
    var money = AmountSum()
    var peak = 0.0
    var samples: [String] = []
    var isReported = false
    var isTouched = false
}

/// Mass just below a threshold against the slice's own history: a cumulative sum test (Page 1954) of the share of
/// requests allowed with more than half of the threshold's odds, for a share four times as large.
///
/// What is normal is learned only while little presses. Cells are those of a ``WatchedSlices``.
struct BoundaryPressure {
    private static let factor = 4.0
    /// Evidence below which a request still counts as usual. Not 0: every request near the threshold lifts the sum, and
    /// would never be learned.
    private static let learnedBelow = 5.0
    /// Decisions before a slice is judged.
    private static let least: Int64 = 1_000

    private let limit: Double
    private(set) var cells: ContiguousArray<BoundaryCell> = []
    private var touched: ContiguousArray<Int32> = []

    init(limit: Double) { self.limit = limit }

    /// - Parameter slices: places of the request's slices.
    mutating func observe(_ request: ProbingRequest, slices: WatchedSlices.Places, sample: () -> String) {
        guard !request.threshold.isNaN else { return }
        let (isNear, limit) = (request.isSuspicious && request.decision == .allow, limit)
        for number in slices.indices {
            let place = Int(slices[number])
            while place >= cells.count { cells.append(BoundaryCell()) }
            if Self.observe(&cells[place], isNear, request, limit, sample) { touched.append(slices[number]) }
        }
    }

    /// - Returns: whether it has become news.
    private static func observe(_ cell: inout BoundaryCell, _ isNear: Bool, _ request: ProbingRequest, _ limit: Double, _ sample: () -> String) -> Bool {
        // Most requests are not near and nothing presses: the sum stays 0.
        let isNews = cell.decisions >= least && (isNear || cell.sum > 0) && judge(&cell, isNear, request, limit, sample)
        if cell.sum < learnedBelow || cell.decisions < least {
            cell.decisions += 1
            if isNear { cell.near += 1 }
        }
        return isNews
    }

    /// - Returns: whether it has become news.
    private static func judge(_ cell: inout BoundaryCell, _ isNear: Bool, _ request: ProbingRequest, _ limit: Double, _ sample: () -> String) -> Bool {
        let usual = Double(cell.near + 2) / Double(cell.decisions + 4)
        let pressed = min(0.5, factor * usual)
        let step = isNear ? RealFunctions.log(pressed / usual) : RealFunctions.log((1 - pressed) / (1 - usual))
        if cell.sum == 0 {
            cell.startedAt = request.time
            (cell.pressed, cell.pressedOf, cell.stopped, cell.peak) = (0, 0, 0, 0)
            cell.money = AmountSum()
            if !cell.samples.isEmpty { cell.samples.removeAll() }
        }
        cell.sum = max(0, cell.sum + step)
        cell.pressedOf += 1
        if request.isIntervention { cell.stopped += 1 }
        guard isNear else { return false }
        cell.pressed += 1
        cell.money.add(request.money)
        cell.lastAt = max(cell.lastAt, request.time)
        cell.seenAt = max(cell.seenAt, request.effective)
        cell.peak = max(cell.peak, cell.sum)
        if cell.samples.count == 10 { cell.samples.remove(at: 4) }
        cell.samples.append(sample())
        if cell.peak >= limit { cell.isReported = true }
        guard cell.isReported, !cell.isTouched else { return false }
        cell.isTouched = true
        return true
    }

    mutating func takeTouched() -> ContiguousArray<Int32> {
        let taken = touched
        for place in taken { cells[Int(place)].isTouched = false }
        touched.removeAll(keepingCapacity: true)
        return taken
    }

    mutating func close(_ place: Int) {
        cells[place].isReported = false
        cells[place].sum = 0
        cells[place].peak = 0
    }
}

extension BoundaryPressure {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: cells.count)
        for cell in cells {
            for number in [cell.decisions, cell.near, cell.startedAt, cell.lastAt, cell.seenAt, cell.pressed, cell.pressedOf, cell.stopped] { writer.write(signed: number) }
            cell.money.encode(into: &writer)
            writer.write(double: cell.sum)
            writer.write(double: cell.peak)
            writer.write(count: cell.samples.count)
            for sample in cell.samples { writer.write(string: sample) }
            writer.write(bool: cell.isReported)
            writer.write(bool: cell.isTouched)
        }
        writer.write(small: ContiguousArray(touched.map { UInt32(bitPattern: $0) }))
    }

    /// - Parameter slices: how many there are.
    mutating func restore(from reader: inout ByteReader, slices: Int) throws {
        cells = []
        for place in 0..<(try reader.readCount(minimumSize: 20)) {
            cells.append(BoundaryCell())
            cells[place].decisions = try reader.readSigned()
            cells[place].near = try reader.readSigned()
            cells[place].startedAt = try reader.readSigned()
            cells[place].lastAt = try reader.readSigned()
            cells[place].seenAt = try reader.readSigned()
            cells[place].pressed = try reader.readSigned()
            cells[place].pressedOf = try reader.readSigned()
            cells[place].stopped = try reader.readSigned()
            cells[place].money = try AmountSum(from: &reader)
            cells[place].sum = try reader.readDouble()
            cells[place].peak = try reader.readDouble()
            for _ in 0..<(try reader.readCount()) { cells[place].samples.append(try reader.readString()) }
            cells[place].isReported = try reader.readBool()
            cells[place].isTouched = try reader.readBool()
        }
        touched = ContiguousArray(try reader.readSmall().map { Int32(bitPattern: $0) })
        guard cells.count <= slices, touched.allSatisfy({ cells.indices.contains(Int($0)) }) else {
            throw CorruptBytes(offset: reader.offset, expected: "slices that are watched")
        }
    }
}
