/// Of one thing that several slices show, one alert speaks, as severely as the worst of them.
extension Judge {
    /// Whether the same thing in another slice is firing, was spoken of (by its own alert or its cause's),
    /// and is no less severe: one that holds this slice or is held by it, or one that began within a window of this one.
    func isSaidByCompanion(_ state: AlertState, _ candidate: Candidate, _ scene: Scene) -> Bool {
        scene.companions(candidate).contains { index in
            guard let key = scene.candidates[index].key, let other = states[key], other.identity != state.identity else { return false }
            guard other.phase == .firing, other.isAnnounced || other.isExplained, other.severity >= state.severity else { return false }
            if scene.hasOutgrown(candidate, scene.candidates[index]) { return false }
            return other.identity.slice.isComparable(to: state.identity.slice)
                || abs(other.startedAt - state.startedAt) <= scene.round.end - scene.round.start
        }
    }

    /// The alert that speaks of the same thing in a slice which holds this one or is held by it, but less severely: it can take on this
    /// one's severity and name it, where a second alert would call somebody twice. One that is silenced can not.
    ///
    /// - Returns: its place among the candidates; nil where there is none.
    func quieterCompanion(_ state: AlertState, _ candidate: Candidate, _ scene: Scene, at boundary: Int64) -> Int? {
        scene.companions(candidate).first { index in
            guard let key = scene.candidates[index].key, let other = states[key], other.identity != state.identity else { return false }
            guard other.phase == .firing, other.isAnnounced, other.severity < state.severity else { return false }
            guard other.identity.slice.isComparable(to: state.identity.slice), !scene.hasOutgrown(candidate, scene.candidates[index]) else { return false }
            return silence(of: other.identity, monitor: other.monitor, at: boundary) == nil
        }
    }

    /// The severity with which a draft takes its turn: that of the worst which it would speak for, so that it speaks first.
    func turn(of draft: Draft, among waiting: Set<RequestID>) -> Severity {
        guard let state = states[draft.key] else { return .p3 }
        let (candidate, scene) = (candidate(draft), scenes[draft.scene])
        return scene.companions(candidate).dropFirst(scene.rank(candidate) + 1).reduce(state.severity) { worst, index in
            guard let key = scene.candidates[index].key, waiting.contains(key), let other = states[key] else { return worst }
            return other.identity.slice.isComparable(to: state.identity.slice) ? max(worst, other.severity) : worst
        }
    }
}
