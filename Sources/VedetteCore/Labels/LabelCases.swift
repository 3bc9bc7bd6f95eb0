/// What is said of somebody under suspicion beside its trial.
struct LabelCase: Equatable {
    static let maxSamples = 10

    var name: String
    var samples: [String] = []

    /// - Parameter name: that somebody else chose.
    init(name: String, sample: String) {
        self.name = ShownName.of(name)
        samples = [sample]
    }

    fileprivate init(shown name: String, samples: [String]) {
        self.name = name
        self.samples = samples
    }
}

/// Those of a ``LabelPeerTest`` whose evidence has begun to grow: by place of their trial, in order of first suspicion.
///
/// Evidence grows with a "legit" word at once, and with contradictions when their day is over. Whoever is contradicted may say nothing any more, so
/// it is noted with its name until then. Bounded by the trials, and by how few of them are ever suspicious.
struct LabelCases {
    private struct Followed: Equatable {
        var place: Int
        var key: UInt64
        var detail: LabelCase
    }

    private var cases: [Followed] = []
    /// Contradicted on ``notedDay``, each once, and their places in the list by key.
    private var noted: [Followed] = []
    private var notedKeys = HashIndex()
    private var notedDay: Int64 = .min

    var isEmpty: Bool { cases.isEmpty }

    /// Whether somebody of a pool is accused; this one, where a key is given.
    func hasAccused(_ test: LabelPeerTest, pool: Int, key: UInt64? = nil) -> Bool {
        cases.contains { test.trials[$0.place].isAccused && test.trials[$0.place].pool == pool && (key == nil || $0.key == key) }
    }

    /// Who is accused.
    func accused(_ test: LabelPeerTest) -> [(trial: ActorTrial, key: UInt64)] {
        cases.compactMap { test.trials[$0.place].isAccused ? (test.trials[$0.place], $0.key) : nil }
    }

    /// Keeps the name and some requests of one whose evidence has begun to grow; to be told of its "legit" words.
    mutating func follow(_ test: LabelPeerTest, _ place: Int, _ key: UInt64, request: String, name: () -> String) {
        if addSample(request, place, key) { return }
        guard isSuspicious(test, place) else { return }
        cases.append(Followed(place: place, key: key, detail: LabelCase(name: name(), sample: request)))
    }

    /// Keeps the name of one that a more trusted label has contradicted until the day is over; O(1).
    mutating func note(_ test: LabelPeerTest, _ place: Int, _ key: UInt64, request: String, name: String) {
        settle(test)
        notedDay = test.day
        guard !addSample(request, place, key), notedKeys.find(key) == nil else { return }
        notedKeys.set(key, to: noted.count)
        noted.append(Followed(place: place, key: key, detail: LabelCase(name: name, sample: request)))
    }

    /// Once the test has ended the day: follows those of the noted whose evidence has begun to grow by it.
    private mutating func settle(_ test: LabelPeerTest) {
        guard !noted.isEmpty, test.day > notedDay else { return }
        for one in noted where test.trials[one.place].key == one.key && isSuspicious(test, one.place) && !isFollowed(one.place, one.key) { cases.append(one) }
        noted = []
        notedKeys = HashIndex()
    }

    private func isSuspicious(_ test: LabelPeerTest, _ place: Int) -> Bool { test.trials[place].logEvidence >= test.limit / 2 }

    /// Forgets whoever had its place before.
    private mutating func isFollowed(_ place: Int, _ key: UInt64) -> Bool {
        cases.removeAll { $0.place == place && $0.key != key }
        return cases.contains { $0.place == place }
    }

    /// False where it is not followed.
    private mutating func addSample(_ request: String, _ place: Int, _ key: UInt64) -> Bool {
        guard isFollowed(place, key), let index = cases.firstIndex(where: { $0.place == place }) else { return false }
        if cases[index].detail.samples.count < LabelCase.maxSamples { cases[index].detail.samples.append(request) }
        return true
    }

    /// Accuses whom the evidence suffices against, lets go whom nothing is left against, and answers a report for each accused.
    mutating func close(
        _ test: inout LabelPeerTest, at boundary: Int64, isOver reason: String, report: (ActorTrial, LabelCase) -> IncidentReport
    ) -> [IncidentReport] {
        test.pass(to: boundary)
        settle(test)
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
        writer.write(signed: notedDay)
        for list in [cases, noted] {
            writer.write(count: list.count)
            for one in list {
                writer.write(count: one.place)
                writer.write(fixed64: one.key)
                writer.write(string: one.detail.name)
                writer.write(count: one.detail.samples.count)
                for sample in one.detail.samples { writer.write(string: sample) }
            }
        }
    }

    /// After its test was restored.
    mutating func restore(_ test: LabelPeerTest, from reader: inout ByteReader) throws {
        self = LabelCases()
        notedDay = try reader.readSigned()
        cases = try Self.read(test, from: &reader)
        noted = try Self.read(test, from: &reader)
        for (place, one) in noted.enumerated() { notedKeys.set(one.key, to: place) }
    }

    private static func read(_ test: LabelPeerTest, from reader: inout ByteReader) throws -> [Followed] {
        try (0..<(try reader.readCount(minimumSize: 11))).map { _ in
            let place = Int(truncatingIfNeeded: try reader.readVarint()), key = try reader.readFixed64(), name = try reader.readString()
            let samples = try (0..<(try reader.readCount())).map { _ in try reader.readString() }
            guard place < test.trials.count else { throw CorruptBytes(offset: reader.offset, expected: "a case that is followed") }
            return Followed(place: place, key: key, detail: LabelCase(shown: name, samples: samples))
        }
    }
}
