import CProcessor

/// Memory that is entered at random is found through a page table, which the processor remembers a part of: few large pages fit, many
/// small ones do not.
enum LargePages {
    /// Bytes of one, where the system has them at all.
    static let size = 1 << 21
    private static let smallPage = 1 << 12

    /// Before memory is written for the first time. Changes nothing where it is smaller than a page, or the system has none.
    static func wish(for memory: UnsafeMutableRawBufferPointer) {
        guard let start = memory.baseAddress, memory.count >= size else { return }
        let first = start.alignedUp(toMultipleOf: smallPage)
        vedette_wish_large_pages(first, memory.count - (first - start))
    }
}
