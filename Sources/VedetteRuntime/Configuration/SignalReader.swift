import VedetteCore

/// The signals of decisions that are told apart, the model's own first.
enum SignalReader {
    static func read(_ root: SectionReader, modelSignal: String) -> [String] {
        var signals = [modelSignal]
        let listed = root.texts("signals", expecting: "a signal's name") { $0.isEmpty ? nil : $0 } ?? []
        for (index, name) in listed.enumerated() {
            if signals.dropFirst().contains(name) {
                root.sink.add("signals[\(index)]", at: root.sink.position(of: "signals[\(index)]"), expected: "each signal once", found: "\(name) again")
            } else if signals.count == EventSchema.maxSignals {
                root.sink.add("signals", at: root.sink.position(of: "signals"), expected: "at most \(EventSchema.maxSignals - 1) signals", found: "\(listed.count)")
                return signals
            } else if name != modelSignal {
                signals.append(name)
            }
        }
        return signals
    }
}
