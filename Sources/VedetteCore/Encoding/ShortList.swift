/// A list of plain values of which the first few need no memory of their own.
///
/// For what nearly always has one or two entries and is found by a pointer: memory of its own would be one more cache miss for each look at
/// it. Beyond `capacity` all of them are in an array, and what becomes few again comes back, so the same values always lie in the same place.
package struct ShortList<let capacity: Int, Element: BitwiseCopyable & Sendable>: Sendable {
    private var few: InlineArray<capacity, Element>
    /// All of them, where they are more than `capacity`; else empty.
    private var many: ContiguousArray<Element> = []
    package private(set) var count = 0

    /// - Parameter filler: stands where there is nothing; never seen.
    package init(filler: Element) { few = InlineArray(repeating: filler) }

    package var isEmpty: Bool { count == 0 }
    package var indices: Range<Int> { 0..<count }

    /// Where the values are that have memory of their own, to be asked for early and not to be read; nil where none have.
    @inline(__always)
    var address: UnsafeRawPointer? { mutating get { count > capacity ? many.withUnsafeBytes { $0.baseAddress } : nil } }

    @inline(__always)
    package subscript(index: Int) -> Element {
        get {
            precondition(index >= 0 && index < count, "no such value")
            return count <= capacity ? few[index] : many[index]
        }
        set {
            precondition(index >= 0 && index < count, "no such value")
            if count <= capacity { few[index] = newValue } else { many[index] = newValue }
        }
    }

    /// O(count).
    package mutating func insert(_ value: Element, at index: Int) {
        precondition(index >= 0 && index <= count, "no such place")
        if count >= capacity {
            if count == capacity { spill() }
            many.insert(value, at: index)
        } else {
            var place = count
            while place > index {
                few[place] = few[place - 1]
                place -= 1
            }
            few[index] = value
        }
        count += 1
    }

    private mutating func spill() {
        many.reserveCapacity(2 * capacity)
        for place in 0..<count { many.append(few[place]) }
    }

    /// O(count).
    package mutating func remove(at index: Int) {
        precondition(index >= 0 && index < count, "no such value")
        if count > capacity {
            many.remove(at: index)
            if many.count == capacity {
                for place in 0..<capacity { few[place] = many[place] }
                many = []
            }
        } else {
            for place in index..<count - 1 { few[place] = few[place + 1] }
        }
        count -= 1
    }
}

extension ShortList: Equatable where Element: Equatable {
    package static func == (a: Self, b: Self) -> Bool { a.count == b.count && a.indices.allSatisfy { a[$0] == b[$0] } }
}
