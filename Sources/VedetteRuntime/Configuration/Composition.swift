import VedetteCore

/// Which intervals can be composed from the panes that are kept.
///
/// At an age the finest panes that still exist are those of the first level kept as long; an
/// edge inside one of them can not be had.
struct Composition {
    /// Why an interval can not be had: the key of the window to blame, what it would take, what there is.
    struct Obstacle: Equatable {
        var key: String
        var expected: String
        var found: String
    }

    private static let week: Int64 = 7 * 86_400_000

    private let levels: [PaneConfiguration.Level]

    init(_ panes: PaneConfiguration) { levels = panes.levels }

    /// Nil where the window itself can be composed when it closes.
    func obstacle(to window: WindowSpec) -> Obstacle? { obstacle(to: window, edges: [window.sizeMs]) }

    /// Nil where the reference can be composed when the window closes.
    func obstacle(to window: WindowSpec, reference: Reference) -> Obstacle? {
        switch reference {
        case .previousWindow:
            return obstacle(to: window, edges: [window.sizeMs, 2 * window.sizeMs])
        case .sameHours(let weeks):
            let oldest = Int64(weeks) * Self.week
            return obstacle(to: window, edges: [oldest, oldest + window.sizeMs], shift: Self.week)
        case .pinned(let start):
            let distance = start - window.offsetMs
            guard distance % window.hopMs != 0 else { return nil }
            let before = floorDivide(distance, window.hopMs) * window.hopMs + window.offsetMs
            let starts = "\(TimestampText.format(before)) or \(TimestampText.format(before + window.hopMs))"
            return Obstacle(key: "hop", expected: "a time where a window \(window.name) starts, such as \(starts)", found: TimestampText.format(start))
        case .baseline, .version:
            return nil
        }
    }

    /// - Parameter ages: ages of the edges when the window closes.
    /// - Parameter shift: how far the edges are from those of the window itself.
    private func obstacle(to window: WindowSpec, edges ages: [Int64], shift: Int64 = 0) -> Obstacle? {
        for age in ages {
            guard let level = levels.first(where: { $0.keepMs >= age }) else {
                let longest = levels.map(\.keepMs).max() ?? 0
                return Obstacle(
                    key: "size", expected: "panes kept for \(DurationText.format(age)) (the last of panes.levels), for window \(window.name)",
                    found: "panes kept for \(DurationText.format(longest))")
            }
            let parts = [("size", window.sizeMs), ("hop", window.hopMs), ("offset", window.offsetMs), ("distance", shift)]
            for (key, value) in parts where value % level.sizeMs != 0 {
                // Of windows that hop more often, those are judged whose reference can be had.
                if key == "hop", shift > 0, level.sizeMs % window.hopMs == 0 { continue }
                return Obstacle(
                    key: key,
                    expected: "a multiple of \(DurationText.format(level.sizeMs)) as \(key) of window \(window.name) "
                        + "(the finest panes kept at an age of \(DurationText.format(age)))",
                    found: DurationText.format(value))
            }
        }
        return nil
    }
}
