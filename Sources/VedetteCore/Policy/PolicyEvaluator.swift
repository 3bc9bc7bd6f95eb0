/// What an expression says of a row: Kleene's third value where it rests on something missing.
public enum PolicyVerdict: Sendable, Equatable {
    case holds, fails, unknown
}

/// Missing values: arithmetic and comparisons with one are unknown; `unknown and false` is false,
/// `unknown or true` is true, and otherwise `and`, `or` and `not` of unknown are unknown. Only
/// `is missing` and `is present` always know. Division by zero, and every result that is not a
/// finite number, is missing. A feature of another kind than declared is missing.
extension PolicyProgram {
    /// Runs over one row. O(instructions), no allocation.
    public func evaluate(_ batch: DecisionBatch, _ row: Int) -> PolicyVerdict {
        let value = run(batch, row)
        return value.isNaN ? .unknown : value != 0 ? .holds : .fails
    }

    private func run(_ batch: DecisionBatch, _ row: Int) -> Double {
        // The compiler has checked that no program needs more.
        var stack = InlineArray<32, Double>(repeating: 0)
        var top = -1
        var next = 0
        while next < code.count {
            let instruction = code[next]
            next &+= 1
            switch instruction {
            case .push(let value): top &+= 1; stack[top] = value
            case .load(let field): top &+= 1; stack[top] = batch.policyNumber(field, row)
            case .textEqualsLiteral(let field, let literal):
                top &+= 1
                stack[top] = equals(batch.policyText(field, row), literal, batch)
            case .textEqualsText(let a, let b): top &+= 1; stack[top] = batch.textsEqual(batch.policyText(a, row), batch.policyText(b, row))
            case .textIsIn(let field, let list): top &+= 1; stack[top] = isIn(batch.policyText(field, row), textLists[list], batch)
            case .numberIsIn(let list): stack[top] = stack[top].isNaN ? .nan : numberLists[list].contains(stack[top]) ? 1 : 0
            case .fieldIsMissing(let field): top &+= 1; stack[top] = batch.policyIsMissing(field, row) ? 1 : 0
            case .valueIsMissing: stack[top] = stack[top].isNaN ? 1 : 0
            case .signalsContain(let bit):
                let set = batch.signalSet[row]
                top &+= 1
                stack[top] = set == 0 ? .nan : set & bit != 0 ? 1 : 0
            case .signalsOnly(let bits):
                let set = batch.signalSet[row]
                top &+= 1
                stack[top] = set == 0 ? .nan : set & ~bits == 0 ? 1 : 0
            case .negate: stack[top] = -stack[top]
            case .not: stack[top] = 1 - stack[top]
            case .jumpIfFalse(let place): if stack[top] == 0 { next = place }
            case .jumpIfTrue(let place): if stack[top] == 1 { next = place }
            default:
                top &-= 1
                stack[top] = Self.combine(instruction, stack[top], stack[top &+ 1])
            }
        }
        return stack[0]
    }

    @inline(__always)
    private static func combine(_ instruction: PolicyInstruction, _ a: Double, _ b: Double) -> Double {
        switch instruction {
        case .add: return finite(a + b)
        case .subtract: return finite(a - b)
        case .multiply: return finite(a * b)
        case .divide: return finite(a / b)
        case .and: return a == 0 || b == 0 ? 0 : a + b == 2 ? 1 : .nan
        case .or: return a == 1 || b == 1 ? 1 : a + b == 0 ? 0 : .nan
        default: break
        }
        if a.isNaN || b.isNaN { return .nan }
        switch instruction {
        case .equal: return a == b ? 1 : 0
        case .less: return a < b ? 1 : 0
        case .lessOrEqual: return a <= b ? 1 : 0
        case .greater: return a > b ? 1 : 0
        default: return a >= b ? 1 : 0
        }
    }

    @inline(__always)
    private static func finite(_ value: Double) -> Double { value.isFinite ? value : .nan }

    private func equals(_ ref: TextRef, _ literal: Int, _ batch: DecisionBatch) -> Double {
        ref.isNone ? .nan : batch.text.holds(literals[literal], at: ref) ? 1 : 0
    }

    private func isIn(_ ref: TextRef, _ list: ContiguousArray<Int>, _ batch: DecisionBatch) -> Double {
        guard !ref.isNone else { return .nan }
        for literal in list where batch.text.holds(literals[literal], at: ref) { return 1 }
        return 0
    }
}

extension Column<UInt8> {
    @inline(__always)
    func holds(_ bytes: ContiguousArray<UInt8>, at ref: TextRef) -> Bool {
        guard bytes.count == Int(ref.length) else { return false }
        return withText(ref) { $0.elementsEqual(bytes) }
    }
}

/// The columns of a batch by the names of the language.
extension DecisionBatch {
    /// NaN where it is missing, and for fields that are no number.
    @inline(__always)
    func policyNumber(_ field: PolicyField, _ row: Int) -> Double {
        switch field {
        case .score: return score[row]
        case .decision: return Double(decision[row])
        case .model: return Double(model[row])
        case .status: return status[row] == RequestStatus.unknown.rawValue ? .nan : Double(status[row])
        case .amount: return amount[row]
        case .latency: return latencyMs[row]
        case .cost: return cost[row]
        case .exploration: return explorationProbability[row]
        case .thresholdChallenge: return thresholdChallenge[row]
        case .thresholdBlock: return thresholdBlock[row]
        case .signalCount: return signalSet[row] == 0 ? .nan : Double(signalSet[row].nonzeroBitCount)
        case .feature(let index, let kind):
            let place = row &* schema.features.count &+ index
            let wanted: FeatureState = kind == .boolean ? .boolean : .number
            return featureState[place] == wanted.rawValue ? featureValue[place] : .nan
        case .version, .action, .override, .signals, .slice, .entity: return .nan
        }
    }

    /// ``TextRef/none`` where it is missing, and for fields that are no text. An empty text is missing.
    @inline(__always)
    func policyText(_ field: PolicyField, _ row: Int) -> TextRef {
        let ref: TextRef
        switch field {
        case .version: ref = version[row]
        case .action: ref = action[row]
        case .override: ref = override[row]
        case .slice(let index): ref = dimensions[row &* schema.dimensions.count &+ index]
        case .feature(let index, _):
            let place = row &* schema.features.count &+ index
            ref = featureState[place] == FeatureState.category.rawValue ? TextRef(packed: featureValue[place]) : .none
        default: ref = .none
        }
        return ref.length == 0 ? .none : ref
    }

    func policyIsMissing(_ field: PolicyField, _ row: Int) -> Bool {
        switch field.type {
        case .text: policyText(field, row).isNone
        case .signals: signalSet[row] == 0
        case .entity:
            if case .entity(let index) = field { entities[row &* schema.entities.count &+ index] == 0 } else { true }
        case .number, .truth, .decision, .model, .status: policyNumber(field, row).isNaN
        }
    }

    func textsEqual(_ a: TextRef, _ b: TextRef) -> Double {
        guard !a.isNone, !b.isNone else { return .nan }
        guard a.length == b.length else { return 0 }
        for place in 0..<Int(a.length) where text[Int(a.offset) + place] != text[Int(b.offset) + place] { return 0 }
        return 1
    }
}
