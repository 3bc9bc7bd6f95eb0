/// What a registered source may say; nothing listed is no restriction.
public struct LabelRights: Sendable, Equatable {
    /// Names of actors; `*` stands for any run of characters.
    public var actors: [String] = []
    public var outcomes: [Outcome] = []
    /// Model names.
    public var models: [String] = []

    public init() {}

    /// Whether it may say fraud and legit: one that may only say fraud is no sample of the truth, however many of its labels come.
    package var saysBoth: Bool { outcomes.isEmpty || (outcomes.contains(.fraud) && outcomes.contains(.legit)) }

    public var isEmpty: Bool { actors.isEmpty && outcomes.isEmpty && models.isEmpty }

    /// The first right that a label lacks; nil where it has all. A withdrawal of one's own word needs no right to the outcome.
    package func breach(actor: String, outcome: Outcome, model: String?) -> LabelBreach? {
        if !actors.isEmpty, !actors.contains(where: { Self.matches($0, actor) }) { return .actor }
        if !outcomes.isEmpty, outcome != .withdrawn, !outcomes.contains(outcome) { return .outcome }
        if !models.isEmpty, let model, !models.contains(model) { return .model }
        return nil
    }

    /// The first model of an inventory that it may label: whose owner is told of labels that fit no decision, or many models. 0 where none is its own.
    func firstModel(of models: [String]) -> Int { models.firstIndex { self.models.contains($0) } ?? 0 }

    /// Whether a name fits a pattern, byte by byte. O(pattern × name) at worst, without recursion.
    package static func matches(_ pattern: String, _ name: String) -> Bool {
        let pattern = Array(pattern.utf8), name = Array(name.utf8)
        let any = UInt8(ascii: "*")
        var p = 0, n = 0
        // Where to go back to: after the last star, and the next byte that it may swallow.
        var star = -1, swallowed = 0
        while n < name.count {
            if p < pattern.count, pattern[p] == any {
                star = p
                swallowed = n
                p += 1
            } else if p < pattern.count, pattern[p] == name[n] {
                p += 1
                n += 1
            } else if star >= 0 {
                swallowed += 1
                n = swallowed
                p = star + 1
            } else {
                return false
            }
        }
        while p < pattern.count, pattern[p] == any { p += 1 }
        return p == pattern.count
    }
}

/// How a label breaks the registry.
package enum LabelBreach: UInt8, Sendable, CaseIterable {
    /// The pipeline is not registered.
    case source
    /// The actor is none of the source's.
    case actor
    /// The source may not say this outcome, or not about this model.
    case outcome, model

    package var words: String {
        switch self {
        case .source: "an unknown pipeline"
        case .actor: "an actor that the pipeline does not list"
        case .outcome: "an outcome that the pipeline may not say"
        case .model: "a model that the pipeline may not label"
        }
    }
}
