/// A member of the features object that the schema does not declare, in one row of a batch.
public struct UndeclaredMember: BitwiseCopyable, Sendable {
    /// Of the name, at most; longer ones that begin alike count as one.
    public static let nameBytes = 64

    public var row: UInt32
    /// ``TextRef/none`` for all of the row's that are beyond the decoder's limit together.
    public var name: TextRef

    public init(row: Int, name: TextRef) {
        self.row = UInt32(truncatingIfNeeded: row)
        self.name = name
    }
}

extension DecisionBatch {
    /// Calls `body` with the name of each undeclared member of a row. O(log members) where the row has none.
    func forEachUndeclared(of row: Int, _ body: (TextRef) -> Void) {
        var (low, high) = (0, undeclared.count)
        while low < high {
            let middle = (low + high) / 2
            if Int(undeclared[middle].row) < row { low = middle + 1 } else { high = middle }
        }
        while low < undeclared.count, Int(undeclared[low].row) == row {
            body(undeclared[low].name)
            low += 1
        }
    }
}
