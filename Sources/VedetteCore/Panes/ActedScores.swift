/// Scores of the decisions that intervened; made with the first of them, so that panes without any carry nothing.
public final class ActedScores {
    public private(set) var challenged: ScoreSketch
    public private(set) var blocked: ScoreSketch

    init(_ maxEntries: Int) {
        challenged = ScoreSketch(maxEntries: maxEntries)
        blocked = ScoreSketch(maxEntries: maxEntries)
    }

    func add(_ decision: Decision, _ score: Double) {
        switch decision {
        case .block: blocked.add(score)
        case .challenge, .escalate: challenged.add(score)
        case .allow, .log: break
        }
    }

    func merge(_ others: ContiguousArray<ActedScores>) {
        challenged.merge(ContiguousArray(others.lazy.map(\.challenged)))
        blocked.merge(ContiguousArray(others.lazy.map(\.blocked)))
    }

    func compact() {
        challenged.compact()
        blocked.compact()
    }

    func seal() {
        challenged.seal()
        blocked.seal()
    }

    func encode(into writer: inout ByteWriter) {
        challenged.encode(into: &writer)
        blocked.encode(into: &writer)
    }

    init(from reader: inout ByteReader) throws {
        challenged = try ScoreSketch(from: &reader)
        blocked = try ScoreSketch(from: &reader)
    }
}
