/// A growable column of plain values, owned by one batch.
///
/// What a `ContiguousArray` costs beside it is reference counts: reading a column of a batch
/// while something else changes retains and releases the array, for every value read. A
/// column cannot be copied, so there is nothing to count.
public struct Column<Element: BitwiseCopyable>: ~Copyable {
    @usableFromInline var base: UnsafeMutablePointer<Element>
    @usableFromInline var capacity: Int
    @usableFromInline var used = 0

    /// - Parameter capacity: values that it holds before it grows.
    @inlinable
    public init(capacity: Int = 0) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    /// How many values it holds.
    @inlinable
    public var count: Int { used }

    @inlinable
    public var indices: Range<Int> { 0..<count }

    @inlinable
    public var last: Element? { count > 0 ? base[count - 1] : nil }

    @inlinable
    public subscript(index: Int) -> Element {
        precondition(index >= 0 && index < count, "no such row")
        return base[index]
    }

    /// Amortised O(1).
    @inlinable
    public mutating func append(_ value: Element) {
        if count == capacity { grow(to: count + 1) }
        (base + count).initialize(to: value)
        used += 1
    }

    /// Amortised O(values).
    @inlinable
    public mutating func append(contentsOf values: UnsafeBufferPointer<Element>) {
        guard let start = values.baseAddress else { return }
        if count + values.count > capacity { grow(to: count + values.count) }
        (base + count).initialize(from: start, count: values.count)
        used += values.count
    }

    /// Forgets the newest values.
    public mutating func removeLast(_ number: Int = 1) {
        precondition(number >= 0 && number <= count, "no such rows")
        used -= number
    }

    @usableFromInline
    mutating func grow(to needed: Int) {
        capacity = max(needed, capacity * 2, 16)
        let larger = UnsafeMutablePointer<Element>.allocate(capacity: capacity)
        larger.moveInitialize(from: base, count: count)
        base.deallocate()
        base = larger
    }

    /// Lends some of the values out.
    @inline(__always)
    func withValues<Result>(_ range: Range<Int>, _ body: (UnsafeBufferPointer<Element>) -> Result) -> Result {
        precondition(range.lowerBound >= 0 && range.upperBound <= count, "no such rows")
        return body(UnsafeBufferPointer(start: base + range.lowerBound, count: range.count))
    }

    /// A copy of the values. O(count).
    public var elements: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }
}

extension Column<UInt8> {
    /// The text behind a reference into this arena; empty for ``TextRef/none``.
    public func string(_ ref: TextRef) -> String {
        guard !ref.isNone else { return "" }
        return withText(ref) { String(decoding: $0, as: UTF8.self) }
    }

    /// Lends the bytes of a text out; it must not be ``TextRef/none``.
    @inline(__always)
    func withText<Result>(_ ref: TextRef, _ body: (UnsafeRawBufferPointer) -> Result) -> Result {
        let start = Int(ref.offset)
        precondition(start + Int(ref.length) <= count, "a text lies inside of its arena")
        return body(UnsafeRawBufferPointer(start: base + start, count: Int(ref.length)))
    }
}
