/// One step of a compiled expression. Values are doubles on a stack: numbers as they are,
/// 1 for true, 0 for false, NaN for what is missing or unknown.
enum PolicyInstruction: Sendable, Equatable {
    case push(Double)
    /// A number, a boolean feature, a decision's or a model's number.
    case load(PolicyField)
    case textEqualsLiteral(PolicyField, literal: Int)
    case textEqualsText(PolicyField, PolicyField)
    case textIsIn(PolicyField, list: Int)
    case numberIsIn(list: Int)
    case fieldIsMissing(PolicyField)
    case valueIsMissing
    /// Bits of the signals named.
    case signalsContain(UInt64)
    case signalsOnly(UInt64)
    case negate, add, subtract, multiply, divide
    case equal, less, lessOrEqual, greater, greaterOrEqual
    case not, and, or
    /// Leaves the value where it is and goes to the place if it is false, or true.
    case jumpIfFalse(Int), jumpIfTrue(Int)
}

/// A checked expression, ready to run over the rows of a batch. It can only read, compare and
/// compute, and it ends after at most as many steps as it has instructions: jumps go forward.
public struct PolicyProgram: Sendable, Equatable {
    /// The text it was made of.
    public let source: String
    var code: ContiguousArray<PolicyInstruction> = []
    /// UTF-8 of every text literal.
    var literals: ContiguousArray<ContiguousArray<UInt8>> = []
    /// Lists of texts, as indices into the literals.
    var textLists: ContiguousArray<ContiguousArray<Int>> = []
    var numberLists: ContiguousArray<ContiguousArray<Double>> = []

    init(source: String) { self.source = source }

    /// Parses, checks and compiles an expression that must come out as true or false.
    ///
    /// - Throws: the first problem, with its line and column. O(n).
    public init(_ source: String, vocabulary: PolicyVocabulary) throws(PolicyProblem) {
        let syntax = try PolicyParser.parse(source)
        var compiler = PolicyCompiler(source: source, vocabulary: vocabulary)
        try compiler.compile(condition: syntax)
        self = compiler.program
    }

    public static func == (a: PolicyProgram, b: PolicyProgram) -> Bool {
        a.source == b.source && a.code.elementsEqual(b.code, by: same) && a.literals == b.literals && a.textLists == b.textLists
            && a.numberLists == b.numberLists
    }

    private static func same(_ a: PolicyInstruction, _ b: PolicyInstruction) -> Bool {
        if case .push(let x) = a, case .push(let y) = b { return x.bitPattern == y.bitPattern }
        return a == b
    }
}
