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

    /// Whether a slice only goes on showing what the alert of a slice that holds it, or that it holds, has told of: that one holds no
    /// more, but this one fired while it did, its window still reaches back to that time, and it has not grown since.
    ///
    /// Slices leave a window that slides at different hours, so the end of one alert would else be the beginning of the next. The memory
    /// is as long as the window, and ``causeSettlesMs`` at most; it is in the states, and withdrawn alerts leave none.
    /// - Parameter known: alerts that were told, and fire or are over since not long.
    func isAftermath(_ state: AlertState, _ candidate: Candidate, _ scene: Scene, of known: [Spoken]) -> Bool {
        guard candidate.finding.strength < Self.growthFactor * max(state.heldPeak, 1) else { return false }
        return known.contains { other in
            guard states[other.key]?.monitor == state.monitor, isSameInAnotherSlice(other.identity, state.identity) else { return false }
            guard other.severity >= state.severity, state.detectedAt <= other.metAt else { return false }
            guard scene.round.start < other.metAt, scene.round.end - other.metAt <= Self.causeSettlesMs else { return false }
            // What holds now as well has had its say as a companion.
            return !scene.companions(candidate).contains { scene.candidates[$0].key == other.key }
        }
    }

    private func isSameInAnotherSlice(_ one: AlertIdentity, _ other: AlertIdentity) -> Bool {
        one.model == other.model && one.subject == other.subject && one.slice != other.slice && one.slice.isComparable(to: other.slice)
    }
}
