/// What a more trusted label says of another source's word on the same request.
struct LabelVerdict: Equatable {
    /// Row of the registry of label sources: whose word is judged.
    let source: Int
    /// Empty where that label named none, or where there were too many names.
    let actor: String
    let outcome: Outcome
    /// Trust in the word and in its judge, from the registry.
    let tier: UInt8
    let judgeTier: UInt8
    /// Row of the registry: whose label judges.
    let judge: Int
    /// The judge says the same.
    let isUpheld: Bool
    /// The word joined while its actor or source was accused.
    let isQuarantined: Bool

    /// The words that a label judges, or its own where a more trusted one is there already.
    ///
    /// A word is judged once: by the first label of higher trust that joins it. Withdrawn and inadmissible words do not count,
    /// nor quarantined judges; a quarantined word is judged like any other. O(sources²), for a handful of sources.
    static func pairs(_ label: LabelEntry, _ effect: LabelEffect) -> [(word: LabelEntry, judge: LabelEntry)] {
        guard effect.kind == .new, label.outcome != .withdrawn, label.standing != .inadmissible, effect.standing.count > 1 else { return [] }
        let standing = effect.standing.filter { $0.outcome != .withdrawn && $0.standing != .inadmissible }
        func judges(_ word: LabelEntry) -> [LabelEntry] { standing.filter { $0.tier > word.tier && $0.standing == .admitted } }
        var pairs: [(word: LabelEntry, judge: LabelEntry)] = []
        for word in standing {
            let judges = judges(word)
            if word == label {
                if let best = judges.max(by: { $1.outweighs($0) }) { pairs.append((word, best)) }
            } else if judges.count == 1, judges[0] == label {
                pairs.append((word, label))
            }
        }
        return pairs
    }
}
