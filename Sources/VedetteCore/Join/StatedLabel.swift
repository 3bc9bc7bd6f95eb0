/// What a label's record states of itself and the registry of its pipeline, before its decision is known and anything of it counts.
struct StatedLabel: Equatable {
    /// Keyed hash of the source's pipeline; 0 where the record has none.
    var source: UInt64
    /// Row of the registry of label sources; -1 is unlisted.
    var row: Int
    /// When it became known, ms.
    var time: Int64
    var outcome: Outcome
    /// How many requests it stands for; NaN where the record does not say.
    var samplingWeight: Double
}

/// The texts of a label, empty where the record has none.
struct LabelWords: Equatable {
    var request: String
    /// Such as `chargeback`.
    var kind: String
    var pipeline: String
    var actor: String
    /// Such as a guideline or a blind review.
    var conditions: String
}

/// Where a label's texts are: in its batch, or kept while it waited for its decision.
enum LabelTexts {
    case row(Int, of: LabelBatch)
    case kept(LabelWords)

    var words: LabelWords {
        switch self {
        case .row(let row, let batch): batch.words(row)
        case .kept(let words): words
        }
    }

    var request: String {
        switch self {
        case .row(let row, let batch): batch.string(batch.requestText[row])
        case .kept(let words): words.request
        }
    }

    var actor: String {
        switch self {
        case .row(let row, let batch): batch.string(batch.actor[row])
        case .kept(let words): words.actor
        }
    }
}
