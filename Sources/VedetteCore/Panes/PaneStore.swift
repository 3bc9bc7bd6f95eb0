/// All series and their panes: the one place where aggregates live.
///
/// Everything before `closed` (a multiple of the finest pane) has been merged upwards.
struct PaneStore {
    let configuration: PaneConfiguration
    private let featureCount: Int
    private let featuresInSlices: Bool
    private(set) var series: ContiguousArray<Series> = []
    /// Per series: the finest pane that was changed last, nearly always the next one too.
    var recent: ContiguousArray<Recent?> = []
    private(set) var located = Located()
    /// The newest window of each series, while nothing changes.
    private var compositions: [SeriesKey: (parts: ContiguousArray<Pane>, window: Pane)]?
    /// Series numbers by key.
    private var directory = HashIndex()
    /// Per level: series with an open pane, to be merged upwards when it closes.
    private var open: ContiguousArray<ContiguousArray<Int32>>
    /// Every pane that ends at or before this is closed; `Int64.min` before the first record.
    private(set) var closed: Int64 = .min
    /// Start of the pane of the first record: there is nothing before it.
    private(set) var began: Int64 = .min
    /// Per level: panes that end by then have been let go, however long the configuration keeps them now; see ``restore(from:)``.
    private var letGo: ContiguousArray<Int64>

    /// A pane without a reference count.
    ///
    /// Safe: the series keeps the pane, and where it lets panes go (``expire(at:)``), packs them (``packIdle()``) or
    /// changes one for another (``restore(series:level:index:_:)``) its entry is cleared.
    struct Recent {
        fileprivate var index: Int64
        fileprivate var pane: Unmanaged<Pane>
    }

    /// Who reads now comes by once, and leaves panes as idle as they were.
    var readsInPassing = false
    let packer: PanePacker

    /// - Parameter hash: of request IDs.
    init(configuration: PaneConfiguration, slices: SliceConfiguration, featureCount: Int, hash: KeyedHash) {
        self.configuration = configuration
        packer = PanePacker(hash: hash)
        self.featureCount = featureCount
        featuresInSlices = slices.featuresInSlices
        open = ContiguousArray(repeating: [], count: configuration.levels.count)
        letGo = ContiguousArray(repeating: .min, count: configuration.levels.count)
    }

    // MARK: Finding

    @inline(__always)
    mutating func number(of key: SeriesKey) -> Int32 {
        if let known = directory.find(key.indexKey) { return Int32(truncatingIfNeeded: known) }
        directory.set(key.indexKey, to: series.count)
        series.append(Series(key: key, levels: configuration.levels.count, packer: packer))
        recent.append(nil)
        return Int32(series.count - 1)
    }

    func find(number key: SeriesKey) -> Int? { directory.find(key.indexKey) }

    func find(_ key: SeriesKey) -> Series? { find(number: key).map { series[$0] } }

    func makePane(_ key: SeriesKey) -> Pane {
        Pane(configuration, features: key.slice == 0 || featuresInSlices ? featureCount : 0)
    }

    /// Panes of a level are kept that end after this, ms.
    func horizon(of level: Int) -> Int64 {
        closed == .min ? .min : max(letGo[level], closed - configuration.levels[level].keepMs)
    }

    private func isRetained(_ level: Int, _ index: Int64) -> Bool {
        (index + 1) * configuration.levels[level].sizeMs > horizon(of: level)
    }

    // MARK: Changing

    /// Calls `change` with every pane that holds `time`: the open one, or, where it has
    /// closed, each retained pane of every level that already contains it.
    /// Returns false when no pane of that time is kept any more.
    @inline(__always)
    mutating func update(_ number: Int32, at time: Int64, _ change: (Pane) -> Void) -> Bool {
        guard let pane = openPane(number, at: time) else { return correct(number, at: time, change) }
        pane._withUnsafeGuaranteedRef {
            $0.isDirty = true
            change($0)
        }
        return true
    }

    /// The finest pane of a time; nil where it has closed. Whoever changes it says so (`isDirty`).
    ///
    /// For who changes it for every decision: what a closure captures for ``update(_:at:_:)`` is counted each time.
    @inline(__always)
    mutating func openPane(_ number: Int32, at time: Int64) -> Unmanaged<Pane>? {
        openIndex(at: time).map { openPane(number, $0) }
    }

    /// Whether the finest pane of a time has not closed yet.
    @inline(__always)
    func isOpen(_ time: Int64) -> Bool { openIndex(at: time) != nil }

    /// Index of the finest pane of a time; nil where it has closed. The same for all series: whoever goes through several asks once.
    @inline(__always)
    func openIndex(at time: Int64) -> Int64? {
        let size = configuration.levels[0].sizeMs
        let index = floorDivide(time, size)
        return closed == .min || (index + 1) * size > closed ? index : nil
    }

    /// The finest pane of an index that ``openIndex(at:)`` gave. Whoever changes it says so (`isDirty`).
    @inline(__always)
    mutating func openPane(_ number: Int32, _ index: Int64) -> Unmanaged<Pane> {
        if let known = recent[Int(number)], known.index == index { return known.pane }
        return findOrOpenPane(number, index)
    }

    @inline(never)
    private mutating func findOrOpenPane(_ number: Int32, _ index: Int64) -> Unmanaged<Pane> {
        let one = series[Int(number)]
        let pane = one.findOrMake(level: 0, index: index) { () -> Pane in
            open[0].append(number)
            return makePane(one.key)
        }
        recent[Int(number)] = Recent(index: index, pane: .passUnretained(pane))
        return .passUnretained(pane)
    }

    private mutating func correct(_ number: Int32, at time: Int64, _ change: (Pane) -> Void) -> Bool {
        let closed = closed
        return forEachClosedPane(number, at: time) { pane in
            pane._withUnsafeGuaranteedRef {
                $0.isDirty = true
                $0.usedAt = closed
                change($0)
            }
        }
    }

    /// Calls `body` with each retained pane of every level that holds a time before ``closed``, and notes that it is corrected. Answers
    /// false where there is none.
    @inline(__always)
    mutating func forEachClosedPane(_ number: Int32, at time: Int64, _ body: (Unmanaged<Pane>) -> Void) -> Bool {
        if located.time != time || located.closed != closed { locate(time) }
        return Unmanaged.passUnretained(series[Int(number)])._withUnsafeGuaranteedRef { one in
            for place in located.places { body(one.findUnowned(level: place.level, index: place.index) ?? add(place, to: one, number)) }
            if !located.places.isEmpty { one.noteCorrection(located.correction) }
            return !located.places.isEmpty
        }
    }

    private mutating func add(_ place: Located.Place, to one: Series, _ number: Int32) -> Unmanaged<Pane> {
        let pane = one.findOrMake(level: place.level, index: place.index) { makePane(one.key) }
        if !place.isClosed { open[place.level].append(number) }
        return .passUnretained(pane)
    }

    /// Which panes hold a time before ``closed``: the same for all series, so found out once for all of a record's.
    struct Located {
        struct Place {
            var level: Int
            var index: Int64
            var isClosed: Bool
        }

        var time: Int64 = .min
        var closed: Int64 = .min
        var places: ContiguousArray<Place> = []
        /// Start of the pane under which the correction is remembered.
        var correction: Int64 = 0
    }

    mutating func locate(_ time: Int64) {
        located.time = time
        located.closed = closed
        located.correction = alignDown(time, to: correctionSize)
        located.places.removeAll(keepingCapacity: true)
        for level in configuration.levels.indices {
            let size = configuration.levels[level].sizeMs
            let index = floorDivide(time, size)
            // A parent holds the child only once the child has closed.
            let holdsIt = level == 0 || (floorDivide(time, configuration.levels[level - 1].sizeMs) + 1) * configuration.levels[level - 1].sizeMs <= closed
            guard holdsIt else { break }
            guard isRetained(level, index) else { continue }
            located.places.append(Located.Place(level: level, index: index, isClosed: (index + 1) * size <= closed))
        }
    }

    /// Corrections are remembered per pane of the second level.
    var correctionSize: Int64 { configuration.levels[min(1, configuration.levels.count - 1)].sizeMs }

    // MARK: Closing

    /// Starts the clock at the pane that holds the first record.
    mutating func start(at time: Int64) {
        guard closed == .min else { return }
        closed = alignDown(time, to: configuration.paneMs)
        began = closed
    }

    /// Closes every pane that ends at `boundary` (the next multiple of the finest pane after
    /// `closed`) and merges it into its parent. O(series with an open pane).
    mutating func close(at boundary: Int64) {
        for level in configuration.levels.indices {
            let size = configuration.levels[level].sizeMs
            guard boundary % size == 0 else { break }
            let index = boundary / size - 1
            let numbers = open[level]
            open[level].removeAll(keepingCapacity: true)
            for number in numbers {
                let one = series[Int(number)]
                guard let pane = one.find(level: level, index: index) else {
                    // Opened ahead of the boundary: still open.
                    open[level].append(number)
                    continue
                }
                pane.seal()
                pane.usedAt = boundary
                if one.endIndex(level: level).map({ $0 > index + 1 }) ?? false { open[level].append(number) }
                guard level + 1 < configuration.levels.count else { continue }
                let parentSize = configuration.levels[level + 1].sizeMs
                let parent = one.findOrMake(level: level + 1, index: floorDivide(index * size, parentSize)) { () -> Pane in
                    open[level + 1].append(number)
                    return makePane(one.key)
                }
                parent.merge(pane, configuration: configuration)
            }
        }
        closed = boundary
        expire(at: boundary)
        packIdle()
    }

    /// Panes are dropped a sixteenth of their keep time late at most, to spare the sweep.
    private mutating func expire(at boundary: Int64) {
        for level in configuration.levels.indices {
            let spec = configuration.levels[level]
            let every = max(spec.sizeMs, alignDown(spec.keepMs / 16, to: spec.sizeMs))
            guard boundary % every == 0 else { continue }
            let first = floorDivide(horizon(of: level), spec.sizeMs)
            for number in series.indices {
                series[number].expire(level: level, before: first)
                if level == 0 { recent[number] = nil }
            }
        }
    }

    // MARK: Restoring

    /// All but series and panes: how far it has come, and of each level how long it is kept and what was let go when it was kept for less.
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: closed)
        writer.write(signed: began)
        for level in configuration.levels.indices {
            writer.write(signed: configuration.levels[level].keepMs)
            writer.write(signed: letGo[level])
        }
    }

    /// A level that is kept for longer than before does not get back what had gone: a label of a decision of that
    /// time would find a new and empty pane there, and take from it what was never added.
    mutating func restore(from reader: inout ByteReader) throws {
        closed = try reader.readSigned()
        began = try reader.readSigned()
        for level in configuration.levels.indices {
            let keepMs = try reader.readSigned()
            letGo[level] = try reader.readSigned()
            if keepMs != configuration.levels[level].keepMs, closed != .min { letGo[level] = max(letGo[level], closed - keepMs) }
        }
    }

    /// Takes back a pane of a checkpoint; what has closed stays packed, and what was let go but not swept yet goes.
    ///
    /// - Throws: ``CorruptBytes``.
    mutating func restore(series number: Int, level: Int, index: Int64, _ bytes: [UInt8]) throws {
        guard (index + 1) * configuration.levels[level].sizeMs > letGo[level] else { return series[number].forget(level: level, index: index) }
        // Read through even where it stays packed: later there is nobody to tell.
        let pane = try packer.decode(bytes)
        let isOpen = (index + 1) * configuration.levels[level].sizeMs > closed
        series[number].restore(level: level, index: index, isOpen || !isPacked(level) ? .ready(pane) : .saved(bytes))
        recent[number] = nil
        if isOpen { open[level].append(Int32(number)) }
    }

    // MARK: Composing

    /// Whether every pane that `start ..< end` needs is still kept.
    func covers(_ start: Int64, _ end: Int64) -> Bool {
        // What has not closed yet is kept: a window that has hardly begun needs no walk to its end.
        forEachPane(start, min(end, max(closed, start))) { level, index in isRetained(level, index) }
    }

    /// The window `start ..< end` of one series.
    mutating func composed(_ key: SeriesKey, _ start: Int64, _ end: Int64) -> Pane {
        let parts = panes(of: key, start, end)
        if let known = compositions?[key], known.parts.elementsEqual(parts, by: ===) { return known.window }
        let window = makePane(key)
        window.merge(parts, configuration: configuration)
        compositions?[key] = (parts, window)
        return window
    }

    /// From here to the next call, nothing changes: windows of the same panes are composed once.
    ///
    /// - Parameter isFrozen: whether that is so; a new call forgets what has been composed.
    mutating func remembersCompositions(_ isFrozen: Bool) { compositions = isFrozen ? [:] : nil }

    /// Merges the panes of `start ..< end` of one series into `window`.
    func compose(_ key: SeriesKey, _ start: Int64, _ end: Int64, into window: Pane) {
        window.merge(panes(of: key, start, end), configuration: configuration)
    }

    /// As many panes as an hour has: room for them is taken at once.
    private static let usualParts = 12

    /// The panes that make up `start ..< end` of one series, in the order of time.
    func panes(of key: SeriesKey, _ start: Int64, _ end: Int64) -> ContiguousArray<Pane> {
        var found: ContiguousArray<Pane> = []
        guard let one = find(key) else { return found }
        found.reserveCapacity(Self.usualParts)
        // After the closed panes come fine ones only, and none after the newest: a long window needs no walk to its end.
        let last = one.endIndex(level: 0).map { $0 * configuration.levels[0].sizeMs } ?? .min
        let end = min(end, max(closed, last))
        // All are asked for before the first is touched: they lie anywhere.
        _ = forEachPane(start, end) { level, index in
            one.findUnowned(level: level, index: index).map(Pane.expectMerge)
            return true
        }
        _ = forEachPane(start, end) { level, index in
            if let pane = one.find(level: level, index: index) {
                if !readsInPassing { pane.usedAt = closed }
                found.append(pane)
            }
            return true
        }
        return found
    }

    /// Decisions without a label over `start ..< end`, an interval of whole panes of some level.
    func unmatched(_ key: SeriesKey, _ start: Int64, _ end: Int64) -> Int64 {
        guard let one = find(key), start < end else { return 0 }
        var count: Int64 = 0
        _ = forEachPane(start, end) { level, index in
            if (index + 1) * configuration.levels[level].sizeMs <= end, let pane = one.counts(level: level, index: index) {
                count += pane.total - pane.labelled
            }
            return true
        }
        return count
    }

    /// Decisions over `start ..< end`, an interval of whole closed panes of some level. O(panes).
    func decisions(_ key: SeriesKey, _ start: Int64, _ end: Int64) -> Int64 {
        guard let one = find(key) else { return 0 }
        var count: Int64 = 0
        forEachPane(start, end) { level, index in
            if let pane = one.counts(level: level, index: index) { count += pane.total }
            return true
        }
        return count
    }

    /// Calls `body` with the labels of each pane of `start ..< end`, an interval of whole panes of some level.
    func forEachOutcomes(_ key: SeriesKey, _ start: Int64, _ end: Int64, _ body: (Outcomes) -> Void) {
        guard let one = find(key) else { return }
        forEachPane(start, end) { level, index in
            if let labels = one.find(level: level, index: index)?.boxedOutcomes { body(labels.outcomes) }
            return true
        }
    }

    /// Start of the oldest pane that is kept.
    var oldestKept: Int64? {
        var oldest: Int64?
        for one in series {
            for level in configuration.levels.indices {
                guard let first = one.levels[level].first else { continue }
                oldest = min(oldest ?? .max, first.index * configuration.levels[level].sizeMs)
            }
        }
        return oldest
    }

    /// End of the newest pane that has a decision, as fine as panes of that age are kept; at most `closed`.
    var endOfDecisions: Int64? {
        for level in configuration.levels.indices {
            let newest = series.compactMap { one in one.levels[level].last { $0.kept.counts.total > 0 }?.index }.max()
            if let newest { return min(closed, (newest + 1) * configuration.levels[level].sizeMs) }
        }
        return nil
    }

    @discardableResult
    private func forEachPane(_ start: Int64, _ end: Int64, _ body: (Int, Int64) -> Bool) -> Bool {
        configuration.forEachPane(start, end, closed: closed, body)
    }
}
