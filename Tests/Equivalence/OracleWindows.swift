import VedetteCore

/// Which records make up which metric, from the list of effects: every window of every
/// version of every slice keeps the rows that fell into it.
struct OracleWindows {
    struct Key: Hashable {
        /// `*` is all.
        var version: String
        /// `dimension=value`, sorted, joined with commas.
        var slice: String
        var window: Int
        var start: Int64
    }

    struct Content {
        var rows: [Int] = []
        var outcomes: [Int: OracleJoin.Word] = [:]
        /// Row and word of each label that arrived and stands.
        var arrivals: [(row: Int, word: OracleJoin.Word)] = []
        var arrivedFraud: Int64 = 0
        var arrivedLegit: Int64 = 0
        var duplicates: Int64 = 0
        var conflicts: Int64 = 0

        var isEmpty: Bool {
            rows.isEmpty && outcomes.isEmpty && arrivedFraud + arrivedLegit == 0 && duplicates == 0 && conflicts == 0
        }
    }

    let topology: TopologyConfiguration
    let join: OracleJoin
    private(set) var contents: [Key: Content] = [:]

    init(_ topology: TopologyConfiguration, _ join: OracleJoin) {
        self.topology = topology
        self.join = join
        for (at, effect) in join.effects { take(effect, at) }
        contents = contents.filter { !$0.value.isEmpty }
    }

    /// The moment after which nothing changes a window any more: when the largest panes that it is made of go.
    func finalAt(_ window: Int, _ start: Int64) -> Int64 {
        let spec = topology.windows[window]
        let sizes = topology.panes.levels.filter { level in [spec.sizeMs, spec.hopMs, spec.offsetMs].allSatisfy { $0 % level.sizeMs == 0 } }
        return start + max(spec.sizeMs, sizes.last?.keepMs ?? 0)
    }

    private mutating func take(_ effect: OracleJoin.Effect, _ at: Int64) {
        switch effect {
        case .accepted(let row):
            change(row, time: join.rows[row].decision.time, at) { $0.rows.append(row) }
        case .repeated(let row, let time, let isSame):
            // In the slices and under the version of the first.
            change(row, time: time, at) { if isSame { $0.duplicates += 1 } else { $0.conflicts += 1 } }
        case .truth(let row, let before, let after):
            change(row, time: join.rows[row].decision.time, at) { $0.outcomes[row] = after }
            if let before { arrive(row, before, -1, at) }
            if let after { arrive(row, after, 1, at) }
        }
    }

    private mutating func arrive(_ row: Int, _ word: OracleJoin.Word, _ count: Int64, _ at: Int64) {
        change(row, time: word.time, at) { content in
            if word.outcome == 2 { content.arrivedFraud += count } else { content.arrivedLegit += count }
            if count > 0 {
                content.arrivals.append((row, word))
            } else if let place = content.arrivals.firstIndex(where: { $0.row == row && $0.word == word }) {
                content.arrivals.remove(at: place)
            }
        }
    }

    private mutating func change(_ row: Int, time: Int64, _ at: Int64, _ body: (inout Content) -> Void) {
        let decision = join.rows[row].decision
        let names = sliceNames(decision)
        for (window, spec) in topology.windows.enumerated() {
            // The newest window that holds the time, and back from there.
            var start = (time - spec.offsetMs) / spec.hopMs * spec.hopMs + spec.offsetMs
            while start + spec.sizeMs > time {
                if at < finalAt(window, start) {
                    for slice in names {
                        for version in [decision.version, "*"] {
                            body(&contents[Key(version: version, slice: slice, window: window, start: start), default: Content()])
                        }
                    }
                }
                start -= spec.hopMs
            }
        }
    }

    private func sliceNames(_ decision: OracleDecision) -> [String] {
        [""] + topology.slices.groups.map { group in
            group.map { topology.schema.dimensions[$0] }.map { "\($0)=\(decision.slices[$0] ?? "∅")" }.sorted().joined(separator: ",")
        }
    }

    /// Decisions that are older than the maturity and without a label; counted in panes that are still kept.
    func unmatched(_ key: Key, _ content: Content) -> Int64 {
        let spec = topology.windows[key.window]
        let now = min(join.closed, finalAt(key.window, key.start))
        let grain = topology.panes.levels.first { $0.keepMs > topology.join.maturityMs + topology.panes.levels[1].sizeMs }?.sizeMs ?? 1
        let horizon = min((now - topology.join.maturityMs) / grain * grain, key.start + spec.sizeMs)
        return Int64(content.rows.count { join.rows[$0].decision.time < horizon && content.outcomes[$0] == nil })
    }
}
