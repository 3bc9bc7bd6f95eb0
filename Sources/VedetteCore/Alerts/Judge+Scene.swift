extension Judge {
    /// What all findings of one round share.
    struct Scene {
        let round: EvaluationRound
        /// Event time at which records are emitted, ms.
        let at: Int64
        let candidates: [Candidate]
        /// Index of the observation of all traffic, by model.
        private let overall: [Int: Int]
        /// Of each thing that holds somewhere, which slice it is about; as indices into the candidates.
        private(set) var answers: [Subject: SliceExplanation.Answer] = [:]

        struct Subject: Hashable {
            var model: Int
            var name: String?
        }

        init(round: EvaluationRound, at: Int64, candidates: [Candidate]) {
            self.round = round
            self.at = at
            self.candidates = candidates
            var overall: [Int: Int] = [:]
            for (index, observation) in round.observations.enumerated() where observation.slice.isOverall { overall[observation.model] = index }
            self.overall = overall
            explain()
        }

        func observation(_ candidate: Candidate) -> Observation { round.observations[candidate.observation] }

        func subject(_ candidate: Candidate) -> Subject {
            Subject(model: observation(candidate).model, name: candidate.finding.subject)
        }

        func overallTotal(_ model: Int) -> Int64? { overall[model].map { round.observations[$0].current.total } }

        private mutating func explain() {
            var members: [Subject: [Int]] = [:]
            for index in candidates.indices where candidates[index].isMet { members[subject(candidates[index]), default: []].append(index) }
            for (subject, indices) in members {
                guard let answer = SliceExplanation.explain(indices.map { share(candidates[$0]) })
                else { continue }
                answers[subject] = SliceExplanation.Answer(
                    leader: indices[answer.leader], parts: answer.parts.map { indices[$0] }, others: answer.others.map { indices[$0] })
            }
        }

        /// The candidates in which the same thing holds, those that explain it first; empty where this one does not hold.
        func companions(_ candidate: Candidate) -> [Int] {
            guard candidate.isMet, let answer = answers[subject(candidate)] else { return [] }
            return answer.parts + answer.others
        }

        /// Position among its companions: the one that the change is about comes first.
        func rank(_ candidate: Candidate) -> Int { companions(candidate).firstIndex { candidates[$0].observation == candidate.observation } ?? 0 }

        /// Whether a thing that was said of a part is by now about the wider slice: that one speaks for all, and the part has less than
        /// half of the change.
        func hasOutgrown(_ whole: Candidate, _ part: Candidate) -> Bool {
            // The rank last: it is O(companions), and few slices are wider than others.
            guard observation(whole).slice.isWider(than: observation(part).slice), rank(whole) == 0 else { return false }
            return share(part).mass < share(whole).mass / 2
        }

        private func share(_ candidate: Candidate) -> SliceShare { candidate.finding.share(in: observation(candidate).slice) }

        /// The other slices in which it holds, those that explain it first.
        func contributors(_ candidate: Candidate) -> [AlertEvent.Contributor] {
            companions(candidate).lazy.filter { candidates[$0].observation != candidate.observation }.prefix(Judge.maxContributors).map { index in
                let finding = candidates[index].finding
                return AlertEvent.Contributor(name: observation(candidates[index]).slice.text, value: finding.value, count: finding.count)
            }
        }
    }
}

extension Finding {
    /// What adds up over slices: see ``SliceShare``.
    func share(in slice: SliceName) -> SliceShare {
        let rows = Double(max(count, 1))
        let (observed, expected, isRatio): (Double, Double, Bool)
        switch kind {
        case .total: (observed, expected, isRatio) = (level, reference.level, true)
        case .perRow: (observed, expected, isRatio) = (rows * level, rows * reference.level, measure.unit == .times)
        // A divergence is near to additive in its rows (it is a likelihood ratio per row).
        case .divergence: (observed, expected, isRatio) = (rows * value, 0, false)
        }
        let weight = kind == .total ? max(reference.level, 1) : rows
        return SliceShare(
            slice: slice, isMet: true, strength: strength, rows: weight, observed: observed, expected: expected, isRatio: isRatio)
    }

    private enum Additivity { case total, perRow, divergence }

    private var kind: Additivity {
        if measure == .volumeRatio { return .total }
        if measure == .rateRatio || measure == .interventionRatio { return .perRow }
        return measure.unit == .share || measure.unit == .sigma ? .perRow : .divergence
    }
}
