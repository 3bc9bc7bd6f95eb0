/// An expression as it was written, before anything is known about its names and types.
struct PolicySyntax {
    indirect enum Kind {
        case number(Double)
        case text(String)
        case truth(Bool)
        /// One or two parts: `score`, `slice.country`, or a bare word such as `allow`.
        case name(head: String, member: String?)
        case negative(PolicySyntax)
        case not(PolicySyntax)
        case both(PolicySyntax, PolicySyntax)
        case either(PolicySyntax, PolicySyntax)
        case arithmetic(PolicyToken.Symbol, PolicySyntax, PolicySyntax)
        case comparison(PolicyToken.Symbol, PolicySyntax, PolicySyntax)
        /// `isNegated` for `not in`.
        case membership(PolicySyntax, [PolicySyntax], isNegated: Bool)
        /// `is missing`; `isNegated` for `is present`.
        case missing(PolicySyntax, isNegated: Bool)
        case contains(PolicySyntax, PolicySyntax)
        case only(PolicySyntax, [PolicySyntax])
    }

    var kind: Kind
    /// Of its operator, or of its first token where it has none.
    var position: PolicyPosition
}
