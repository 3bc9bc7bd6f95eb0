/// A model's slice with all its versions: what `version: "*"` is made of.
struct Family: Equatable {
    var model: UInt16
    var slice: Int32
    /// In order of first appearance.
    var versions: [UInt16]
}

/// Families in order of first appearance, which is the order of output.
///
/// Without those of versions and slices that are in use no more: it is made anew from the series when some go, and so
/// after a restart, or the order would not be the same.
struct FamilyTable {
    private(set) var families: ContiguousArray<Family> = []
    private var index: [UInt64: Int] = [:]

    mutating func add(_ key: SeriesKey) {
        let place = UInt64(key.model) << 32 | UInt64(UInt32(bitPattern: key.slice))
        if let known = index[place] {
            families[known].versions.append(key.version)
        } else {
            index[place] = families.count
            families.append(Family(model: key.model, slice: key.slice, versions: [key.version]))
        }
    }

    func find(model: UInt16, slice: Int32) -> Family? {
        index[UInt64(model) << 32 | UInt64(UInt32(bitPattern: slice))].map { families[$0] }
    }
}
