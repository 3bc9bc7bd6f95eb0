/// Turns the panes of one topology into bytes and back.
///
/// A class, so that all series share its scratch memory. Used by the topology's thread only.
final class PanePacker {
    /// Of request IDs: with it, samples need no room for theirs.
    private let hash: KeyedHash
    private var writer = ByteWriter()

    init(hash: KeyedHash) { self.hash = hash }

    func pack(_ pane: Pane) -> KeptPane {
        let bytes = encode(pane)
        return !pane.isDirty ? .saved(bytes) : pane.isSaved ? .changed(bytes) : .unsaved(bytes)
    }

    func encode(_ pane: Pane) -> [UInt8] {
        writer.removeAll()
        pane.encode(into: &writer, hash: hash)
        // Of exactly this size: there are millions of them.
        return [UInt8](unsafeUninitializedCapacity: writer.bytes.count) { buffer, count in
            writer.bytes.withUnsafeBytes { UnsafeMutableRawBufferPointer(buffer).copyMemory(from: $0) }
            count = writer.bytes.count
        }
    }

    /// - Throws: ``CorruptBytes``.
    func decode(_ bytes: [UInt8]) throws -> Pane {
        var reader = ByteReader(bytes)
        return try Pane(from: &reader, hash: hash)
    }

    /// The pane itself: an object made anew where it was packed.
    func unpack(_ kept: KeptPane) -> Pane {
        switch kept {
        case .ready(let pane): return pane
        case .saved(let bytes): return unpack(bytes, isDirty: false, isSaved: true)
        case .changed(let bytes): return unpack(bytes, isDirty: true, isSaved: true)
        case .unsaved(let bytes): return unpack(bytes, isDirty: true, isSaved: false)
        }
    }

    /// The bytes are what ``encode(_:)`` made in this process, or what was read through once when it was restored.
    private func unpack(_ bytes: [UInt8], isDirty: Bool, isSaved: Bool) -> Pane {
        do {
            let pane = try decode(bytes)
            pane.isDirty = isDirty
            pane.isSaved = isSaved
            return pane
        } catch {
            preconditionFailure("a packed pane does not unpack: \(error)")
        }
    }
}
