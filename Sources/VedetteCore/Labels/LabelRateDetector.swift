/// `label_orphans` and `label_conflicts`: a source's share of labels without a decision, or of words that more trusted labels
/// contradict, has risen against its own past (``RateWatch``).
///
/// Bad direction: up. Orphans: of all labels of a source, unlisted ones together; a label counts as an orphan on the day when its
/// waiting ended. Conflicts: of the words that a label of a higher tier settles. All models together: a label without a decision has none;
/// the alert stands under the first that the source may label (``LabelRights``). Memory: some 500 bytes per source.
struct LabelRateDetector: StreamDetector {
    enum Subject: Sendable, Equatable {
        case orphans, conflicts
    }

    static let maxSamples = 10

    struct Watched: Equatable {
        var rate = RateWatch()
        var samples: [String] = []
        var isFiring = false
        var lastAt: Int64 = 0
    }

    let detector: Int
    let rule: LabelIntegrityRule
    let subject: Subject
    let sources: [LabelSource]
    let models: [String]
    /// One per source of the registry, and one for all others.
    private(set) var watched: [Watched]

    init(detector: Int, rule: LabelIntegrityRule, subject: Subject, sources: [LabelSource], models: [String]) {
        self.detector = detector
        self.rule = rule
        self.subject = subject
        self.sources = sources
        self.models = models
        watched = Array(repeating: Watched(), count: sources.count + 1)
    }

    mutating func observe(_ label: borrowing ObservedLabel) {
        let day = floorDivide(label.effective, 86_400_000)
        switch subject {
        case .orphans: watched[place(label.source)].rate.add(isHit: false, on: day)
        case .conflicts:
            for word in label.verdicts {
                watched[place(word.source)].rate.add(isHit: !word.isUpheld, amount: label.decision.amount, on: day)
                if !word.isUpheld { note(label.words.request, place(word.source), label.effective) }
            }
        }
    }

    mutating func observe(orphan: PendingLabel, at time: Int64) {
        guard subject == .orphans else { return }
        let place = place(orphan.stated.row)
        watched[place].rate.add(isHit: true, on: floorDivide(time, 86_400_000))
        note(orphan.words.request, place, time)
    }

    private func place(_ source: Int) -> Int { source < 0 ? sources.count : source }

    /// The newest requests.
    private mutating func note(_ request: String, _ place: Int, _ time: Int64) {
        if watched[place].samples.count == Self.maxSamples { watched[place].samples.removeFirst() }
        watched[place].samples.append(request)
        watched[place].lastAt = time
    }

    mutating func close(at boundary: Int64) -> [IncidentReport] {
        // A day is judged when it is over.
        guard boundary % 86_400_000 == 0 else { return [] }
        var reports: [IncidentReport] = []
        for place in watched.indices {
            watched[place].rate.pass(to: floorDivide(boundary, 86_400_000))
            let one = watched[place]
            let isProven = one.rate.isProven(alpha: rule.peers.alpha, factor: rule.rateFactor)
            guard one.isFiring || isProven, let bet = one.rate.strongest else { continue }
            let isOver = one.rate.isCold(alpha: rule.peers.alpha)
            let source = place < sources.count ? sources[place] : nil
            var report = LabelReports.rate(
                one, bet, source?.pipeline, subject, rule, detector: detector, model: source?.rights.firstModel(of: models) ?? 0)
            if isOver { report.phase = .closed(reason: "its rate is back to what it was") }
            watched[place].isFiring = !isOver
            reports.append(report)
        }
        return reports
    }

    func stands(_ identity: AlertIdentity) -> Bool {
        watched.indices.contains { place in
            let source = place < sources.count ? sources[place] : nil
            return watched[place].isFiring && identity.subject == (source?.pipeline ?? "(unlisted)")
                && identity.model == (source?.rights.firstModel(of: models) ?? 0)
        }
    }

    func encode(into writer: inout ByteWriter) {
        for one in watched {
            one.rate.encode(into: &writer)
            writer.write(bool: one.isFiring)
            writer.write(signed: one.lastAt)
            writer.write(count: one.samples.count)
            for sample in one.samples { writer.write(string: sample) }
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        for place in watched.indices {
            var one = Watched()
            try one.rate.restore(from: &reader)
            one.isFiring = try reader.readBool()
            one.lastAt = try reader.readSigned()
            for _ in 0..<(try reader.readCount()) { one.samples.append(try reader.readString()) }
            watched[place] = one
        }
    }
}
