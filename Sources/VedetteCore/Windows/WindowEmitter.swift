/// When windows close, are revised and become final; and the pinned references.
struct WindowEmitter {
    struct PinnedKey: Hashable {
        var window: Int
        var start: Int64
        var model: UInt16
        var slice: Int32
    }

    let specs: [WindowSpec]
    /// Per window: time after its start at which it becomes final.
    let finalDelays: [Int64]
    /// Per window: starts that something refers to as a pinned reference.
    private let pinnedStarts: [Set<Int64>]
    var pinned: [PinnedKey: Pane] = [:]

    init(configuration: TopologyConfiguration) {
        specs = configuration.windows
        finalDelays = specs.map { Self.finalDelay(of: $0, panes: configuration.panes) }
        var starts = Array(repeating: Set<Int64>(), count: specs.count)
        for case .pinned(let start) in configuration.driftReferences.map(\.reference) {
            for index in starts.indices { starts[index].insert(start) }
        }
        for monitor in configuration.monitors {
            if case .pinned(let start) = monitor.reference { starts[monitor.window].insert(start) }
        }
        pinnedStarts = starts
    }

    /// A window can be recomputed as long as the panes it is made of are kept: those of the
    /// largest level that divides its size, hop and offset.
    static func finalDelay(of spec: WindowSpec, panes: PaneConfiguration) -> Int64 {
        let level = panes.levels.last { spec.sizeMs % $0.sizeMs == 0 && spec.hopMs % $0.sizeMs == 0 && spec.offsetMs % $0.sizeMs == 0 }
        return max(spec.sizeMs, level?.keepMs ?? 0)
    }

    /// Start of the window of `spec` that closes at `boundary`, if one does.
    func start(of spec: Int, closingAt boundary: Int64) -> Int64? {
        start(of: spec, boundary - specs[spec].sizeMs)
    }

    /// Start of the window of `spec` that becomes final at `boundary`, if one does.
    func start(of spec: Int, finalAt boundary: Int64) -> Int64? {
        start(of: spec, boundary - finalDelays[spec])
    }

    private func start(of spec: Int, _ candidate: Int64) -> Int64? {
        (candidate - specs[spec].offsetMs) % specs[spec].hopMs == 0 ? candidate : nil
    }

    func isPinned(_ spec: Int, start: Int64) -> Bool { pinnedStarts[spec].contains(start) }

    func isFinal(_ spec: Int, start: Int64, at closed: Int64) -> Bool { start + finalDelays[spec] <= closed }

    /// Starts of the windows of `spec` that overlap `[from, to)`, ascending.
    func starts(of spec: Int, overlapping from: Int64, _ to: Int64) -> StrideTo<Int64> {
        stride(from: specs[spec].firstStart(containing: from), to: to, by: Int64.Stride(specs[spec].hopMs))
    }
}
