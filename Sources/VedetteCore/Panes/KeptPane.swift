/// A pane as its series keeps it: an object while it is in use, its encoded bytes once nobody has used it for a while.
///
/// A pane of a small slice holds a handful of decisions, in some ten pieces of memory and a kilobyte or
/// two; encoded, it is one piece of a hundred bytes or two. Nothing that is computed can tell the two apart.
/// Four cases, one word of memory.
enum KeptPane {
    case ready(Pane)
    /// Packed, and the last checkpoint has it so.
    case saved([UInt8])
    /// Packed, and changed since a checkpoint took it.
    case changed([UInt8])
    /// Packed, and in no checkpoint.
    case unsaved([UInt8])

    /// What can be counted without unpacking it.
    var counts: Pane.Counts {
        switch self {
        case .ready(let pane): return Pane.Counts(total: pane.total, labelled: pane.labelled)
        case .saved(let bytes), .changed(let bytes), .unsaved(let bytes): return Pane.Counts(of: bytes)
        }
    }

    /// Whether a checkpoint may have it.
    var isSaved: Bool {
        switch self {
        case .ready(let pane): pane.isSaved
        case .saved, .changed: true
        case .unsaved: false
        }
    }
}

extension Pane {
    /// The two numbers that are asked for most.
    struct Counts {
        var total: Int64
        var labelled: Int64

        init(total: Int64, labelled: Int64) {
            self.total = total
            self.labelled = labelled
        }

        /// Of a pane that ``PanePacker`` has packed: they stand first.
        init(of bytes: [UInt8]) {
            do {
                var reader = ByteReader(bytes)
                labelled = try reader.readSigned()
                total = 0
                var numbers = try reader.readSparse(of: Pane.countsStated)
                for _ in Decision.allCases { total += try numbers.next(&reader) }
            } catch {
                preconditionFailure("a packed pane does not begin with its counts: \(error)")
            }
        }
    }
}
