/// What is said of somebody under suspicion beside its trial.
struct LabelCase: Equatable {
    /// Bytes of a name that somebody else chose.
    static let maxNameBytes = 80
    static let maxSamples = 10

    var name: String
    var samples: [String] = []

    init(name: String) { self.name = String(decoding: name.utf8.prefix(Self.maxNameBytes), as: UTF8.self) }
}

/// Those of a ``LabelPeerTest`` whose evidence has begun to grow: by place of their trial, in order of first suspicion.
///
/// Bounded by the trials, and by how few of them are ever suspicious.
struct LabelCases {
    private var cases: [(place: Int, key: UInt64, detail: LabelCase)] = []

    var isEmpty: Bool { cases.isEmpty }

    /// Whether somebody of a pool is accused; this one, where a key is given.
    func hasAccused(_ test: LabelPeerTest, pool: Int, key: UInt64? = nil) -> Bool {
        cases.contains { test.trials[$0.place].isAccused && test.trials[$0.place].pool == pool && (key == nil || $0.key == key) }
    }

    /// Keeps the name and some requests of one whose evidence has begun to grow; to be told of its "legit" words.
    mutating func follow(_ test: LabelPeerTest, _ place: Int, _ key: UInt64, request: String, name: () -> String) {
        cases.removeAll { $0.place == place && $0.key != key }
        if let index = cases.firstIndex(where: { $0.place == place }) {
            if cases[index].detail.samples.count < LabelCase.maxSamples { cases[index].detail.samples.append(request) }
            return
        }
        guard test.trials[place].logEvidence >= test.limit / 2 else { return }
        var detail = LabelCase(name: name())
        detail.samples.append(request)
        cases.append((place, key, detail))
    }

    /// Accuses whom the evidence suffices against, lets go whom nothing is left against, and answers a report for each accused.
    mutating func close(_ test: inout LabelPeerTest, isOver reason: String, report: (ActorTrial, LabelCase) -> IncidentReport) -> [IncidentReport] {
        var reports: [IncidentReport] = []
        var over: [Int] = []
        for one in cases {
            if test.isProven(one.place) { test.setAccused(one.place, true) }
            let trial = test.trials[one.place], isCold = test.isCold(one.place)
            if isCold { over.append(one.place) }
            guard trial.isAccused else { continue }
            var report = report(trial, one.detail)
            if isCold {
                report.phase = .closed(reason: reason)
                test.setAccused(one.place, false)
            }
            reports.append(report)
        }
        cases.removeAll { over.contains($0.place) }
        return reports
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(count: cases.count)
        for one in cases {
            writer.write(count: one.place)
            writer.write(fixed64: one.key)
            writer.write(string: one.detail.name)
            writer.write(count: one.detail.samples.count)
            for sample in one.detail.samples { writer.write(string: sample) }
        }
    }

    /// After its test was restored.
    mutating func restore(_ test: LabelPeerTest, from reader: inout ByteReader) throws {
        cases = []
        for _ in 0..<(try reader.readCount(minimumSize: 11)) {
            let place = Int(truncatingIfNeeded: try reader.readVarint())
            let key = try reader.readFixed64()
            var detail = LabelCase(name: try reader.readString())
            for _ in 0..<(try reader.readCount()) { detail.samples.append(try reader.readString()) }
            guard place < test.trials.count else { throw CorruptBytes(offset: reader.offset, expected: "a case that is followed") }
            cases.append((place, key, detail))
        }
    }
}
