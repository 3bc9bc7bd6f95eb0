/// A pinned baseline: per model and slice, the pane of the history that it was built from.
public struct Baseline {
    public struct Entry {
        public var model: String
        public var slice: SliceName
        public var pane: Pane
        public init(model: String, slice: SliceName, pane: Pane) {
            self.model = model
            self.slice = slice
            self.pane = pane
        }
    }

    public var name: String
    private var entries: [String: [SliceName: Pane]] = [:]

    public init(name: String, entries: [Entry]) {
        self.name = name
        for entry in entries { self.entries[entry.model, default: [:]][entry.slice] = entry.pane }
    }

    public func pane(model: String, slice: SliceName) -> Pane? { entries[model]?[slice] }
}
