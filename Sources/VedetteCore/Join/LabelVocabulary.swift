/// The names in labels, numbered: kinds, actors and conditions of those that count, and apart from them whatever inadmissible ones bring.
///
/// A name gets its number when its label joins a decision and its standing is known. So neither labels whose decisions never come
/// nor labels that their sources may not write can use up the names of others.
struct LabelVocabulary: Sendable {
    /// Distinct names of all sorts in inadmissible labels before the rest count as other.
    static let maxInadmissible = 1_024

    private(set) var kinds: Interner
    private(set) var actors: Interner
    private(set) var conditions = Interner(limit: JoinConfiguration.maxLabelConditions)
    private(set) var inadmissible = Interner(limit: LabelVocabulary.maxInadmissible)

    init(configuration: JoinConfiguration) {
        kinds = Interner(limit: configuration.maxLabelKinds)
        actors = Interner(limit: configuration.maxLabelActors)
    }

    /// Gives a label of known standing the numbers of its texts.
    mutating func number(_ label: inout LabelEntry, _ texts: LabelTexts, hash: KeyedHash) {
        guard label.standing != .inadmissible else {
            label.kind = inadmissible.number(.kind, of: texts, hash: hash)
            label.actor = inadmissible.number(.actor, of: texts, hash: hash)
            label.conditions = inadmissible.number(.conditions, of: texts, hash: hash)
            return
        }
        label.kind = kinds.number(.kind, of: texts, hash: hash)
        label.actor = actors.number(.actor, of: texts, hash: hash)
        label.conditions = conditions.number(.conditions, of: texts, hash: hash)
    }

    /// The kind, actor and conditions of a label that was numbered; empty where it has none.
    func names(of label: LabelEntry) -> (kind: String, actor: String, conditions: String) {
        guard label.standing != .inadmissible else {
            return (inadmissible.name(label.kind) ?? "", inadmissible.name(label.actor) ?? "", inadmissible.name(label.conditions) ?? "")
        }
        return (kinds.name(label.kind) ?? "", actors.name(label.actor) ?? "", conditions.name(label.conditions) ?? "")
    }
}

extension LabelVocabulary {
    func encode(into writer: inout ByteWriter) {
        for interner in [kinds, actors, conditions, inadmissible] { interner.encode(into: &writer) }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        try kinds.restore(from: &reader)
        try actors.restore(from: &reader)
        try conditions.restore(from: &reader)
        try inadmissible.restore(from: &reader)
    }
}

/// A text of a label that is numbered.
private enum NumberedText {
    case kind, actor, conditions
}

extension Interner {
    fileprivate mutating func number(_ text: NumberedText, of texts: LabelTexts, hash: KeyedHash) -> Int32 {
        switch (texts, text) {
        case (.row(let row, let batch), .kind): number(batch.kind[row], in: batch.text, hash: hash)
        case (.row(let row, let batch), .actor): number(batch.actor[row], in: batch.text, hash: hash)
        case (.row(let row, let batch), .conditions): number(batch.conditions[row], in: batch.text, hash: hash)
        case (.kept(let words), .kind): number(of: words.kind, hash: hash)
        case (.kept(let words), .actor): number(of: words.actor, hash: hash)
        case (.kept(let words), .conditions): number(of: words.conditions, hash: hash)
        }
    }
}
