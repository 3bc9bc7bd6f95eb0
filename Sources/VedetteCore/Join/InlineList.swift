/// A list of up to `capacity` plain values that needs no memory of its own.
///
/// For what a row has several of: a row with two arrays in it would cost two allocations, and
/// two reference counts each time it is passed on.
public struct InlineList<let capacity: Int, Element: BitwiseCopyable & Sendable & Equatable & ExpressibleByIntegerLiteral>: RandomAccessCollection, Sendable {
    private var storage: InlineArray<capacity, Element>
    /// How many values it holds.
    public private(set) var count = 0

    public init() { storage = InlineArray(repeating: 0) }

    public var startIndex: Int { 0 }
    public var endIndex: Int { count }
    public var indices: Range<Int> { 0..<count }

    @inline(__always)
    public subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "no such value")
            return storage[index]
        }
        set {
            precondition(index >= 0 && index < count, "no such value")
            storage[index] = newValue
        }
    }

    /// There must be room.
    @inline(__always)
    public mutating func append(_ value: Element) {
        precondition(count < capacity, "an inline list is full")
        storage[count] = value
        count += 1
    }
}

extension InlineList: ExpressibleByArrayLiteral {
    /// At most `capacity` values.
    public init(arrayLiteral values: Element...) {
        self.init()
        for value in values { append(value) }
    }
}

extension InlineList: Equatable {
    public static func == (a: Self, b: Self) -> Bool {
        a.count == b.count && a.indices.allSatisfy { a[$0] == b[$0] }
    }
}
