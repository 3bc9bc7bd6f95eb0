import CProcessor

/// A table of a fixed number of places, which nobody else can hold: nothing is counted and nothing is copied when a place is
/// changed, and places that will be needed can be asked for early. It begins at a cache line, a large one at a large page.
struct FixedTable<Element>: ~Copyable {
    private static var line: Int { 64 }

    let count: Int
    private let base: UnsafeMutablePointer<Element>

    init(repeating element: Element, count: Int) {
        self.count = count
        let size = count * MemoryLayout<Element>.stride
        let alignment = size >= LargePages.size ? LargePages.size : Self.line
        let memory = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: alignment)
        LargePages.wish(for: UnsafeMutableRawBufferPointer(start: memory, count: size))
        base = memory.bindMemory(to: Element.self, capacity: count)
        base.initialize(repeating: element, count: count)
    }

    deinit {
        base.deinitialize(count: count)
        base.deallocate()
    }

    var indices: Range<Int> { 0..<count }

    subscript(place: Int) -> Element {
        @inline(__always)
        _read {
            precondition(place >= 0 && place < count, "no such place")
            yield base[place]
        }
        @inline(__always)
        _modify {
            precondition(place >= 0 && place < count, "no such place")
            yield &base[place]
        }
    }

    /// Asks for the cache line that a place begins in. It need not exist: nothing is read.
    @inline(__always)
    func prefetch(_ place: Int) { vedette_prefetch(UnsafeRawPointer(base) + place &* MemoryLayout<Element>.stride) }

    /// Asks for the memory of some places, `places.count * stride` bytes. They need not exist: nothing is read.
    @inline(__always)
    func prefetch(_ places: Range<Int>) {
        let start = UnsafeRawPointer(base) + places.lowerBound &* MemoryLayout<Element>.stride
        var offset = 0
        while offset < places.count &* MemoryLayout<Element>.stride {
            vedette_prefetch(start + offset)
            offset &+= Self.line
        }
    }
}

extension FixedTable<UInt64> {
    /// Eight places at once.
    @inline(__always)
    func eight(from place: Int) -> SIMD8<Int64> {
        precondition(place >= 0 && place <= count - 8, "no such places")
        // Safe: the places exist, and any bits are an integer.
        return UnsafeRawPointer(base + place).loadUnaligned(as: SIMD8<Int64>.self)
    }
}
