/// The mapped paths of a stream, merged: what the matcher is compiled from.
struct PathTrie {
    /// An object, an array or a value that some mapped path goes through or ends at.
    struct Entry {
        var path: FieldPath
        var children: [(key: String, entry: Int)] = []
        /// Mapped fields that take the value here.
        var targets: [Int] = []
        /// Whether this must be an object (or null, or absent) even if no field is inside.
        var isContainer = false
        /// Whether this is the features object, whose members are limited and counted.
        var isFeatures = false
    }

    /// Entry 0 is the record itself.
    private(set) var entries = [Entry(path: .root)]
    /// The entry of each target, by target.
    private(set) var entryOfTarget: [Int: Int] = [:]

    mutating func insert(_ path: FieldPath, target: Int) {
        let entry = find(path)
        entries[entry].targets.append(target)
        entryOfTarget[target] = entry
    }

    mutating func insertContainer(_ path: FieldPath, isFeatures: Bool) {
        let entry = find(path)
        entries[entry].isContainer = true
        if isFeatures { entries[entry].isFeatures = true }
    }

    /// Index of the entry at `path`, made if need be.
    private mutating func find(_ path: FieldPath) -> Int {
        var current = 0
        for segment in path.segments {
            if let known = entries[current].children.first(where: { $0.key == segment }) {
                current = known.entry
            } else {
                entries.append(Entry(path: entries[current].path.appending(segment)))
                entries[current].children.append((segment, entries.count - 1))
                current = entries.count - 1
            }
        }
        return current
    }

    /// Paths that are asked to be both a value and something with members.
    func conflicts(key: String) -> [MappingProblem] {
        entries.filter { !$0.targets.isEmpty && ($0.isContainer || !$0.children.isEmpty) }.map {
            MappingProblem(key: key, message: "\($0.path) is mapped as a value, and also as an object with mapped members")
        }
    }
}
