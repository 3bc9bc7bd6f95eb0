/// Everything that is watched of one model, and the cases that follow from it.
package final class ProbingWatch {
    /// Evidence from which on a source of evidence belongs to the case of a request that it shares.
    private static let linkedAt = 3.0
    /// The same for hubs: of so many, some are always a little conspicuous.
    private static let linkedHubAt = 8.0

    let rule: ProbingRule
    let model: ProbingModel
    var fanOut: FanOut
    var boundary: BoundaryPressure
    var amounts: SmallAmounts
    private(set) var slices = WatchedSlices()
    var book = CaseBook()

    package init(rule: ProbingRule, features: Int, entityKinds: Int, salt: UInt64) {
        self.rule = rule
        model = ProbingModel(rule: rule, features: features, entityKinds: entityKinds, salt: salt)
        fanOut = FanOut(kinds: entityKinds, rule: rule)
        boundary = BoundaryPressure(limit: rule.minBoundaryEvidence)
        amounts = SmallAmounts(limit: rule.minSmallAmountEvidence)
    }

    /// - Parameters:
    ///   - row: the model's features, NaN where missing.
    ///   - entities: keyed digests per kind, 0 where missing.
    ///   - values: interned value per slice dimension, 0 where missing.
    ///   - name: of a dimension's value in this request.
    ///   - sample: the request's text.
    ///   - word: the text of a feature's category; empty for other features.
    package func observe(
        _ request: ProbingRequest, row: UnsafeBufferPointer<Float>, entities: UnsafeBufferPointer<UInt64>, values: DecisionRow.Values,
        name: (Int) -> SliceName, sample: () -> String, word: (Int) -> String = { _ in "" }
    ) {
        let place = model.observe(request, row: row, entities: entities, sample: sample, word: word)
        fanOut.observe(request, entities: entities, sample: sample)
        slices.look(up: values, name: name)
        boundary.observe(request, slices: slices.found, sample: sample)
        amounts.observe(request, slices: slices.found, sample: sample)
        if place >= 0 || !fanOut.hits.isEmpty || amounts.isHit { link(request, entities, campaign: place, sample) }
    }

    // MARK: Cases

    private func link(_ request: ProbingRequest, _ entities: UnsafeBufferPointer<UInt64>, campaign place: Int, _ sample: () -> String) {
        for (a, b) in model.campaigns.takeJoined() { book.join(a, b) }
        let campaign = place >= 0 ? model.campaigns[place] : nil
        let near = fanOut.hits.filter { $0 >= 0 && fanOut.hub(Int($0)).peak >= Self.linkedHubAt }
        let pairs = fanOut.hits.filter { $0 < 0 && fanOut.hub(Int($0)).isReported }
        let isStrong = campaign.map { $0.peak >= Self.linkedAt || $0.isReported } ?? false
        if campaign?.isReported == true { fanOut.suspectNewest(entities) }
        var id = isStrong ? book.root(campaign?.caseID ?? 0) : 0
        if id == 0 { id = near.lazy.map { self.book.root(self.fanOut.hub(Int($0)).caseID) }.first { $0 != 0 } ?? 0 }
        let hubs = near.filter { belongs(Int($0), to: id) }
        for hub in hubs {
            let other = book.root(fanOut.hub(Int(hub)).caseID)
            if other != 0, other != book.root(id) { book.join(id, other) }
        }
        id = joinAmounts(to: book.root(id))
        let isHomeless = campaign.map { $0.isReported && book.root($0.caseID) == 0 } ?? false
        if isHomeless || campaign?.isReported == true && !model.linked.isEmpty { id = relative(of: id, entities, at: request.time) }
        if let campaign, campaign.isReported { id = tell(of: campaign, at: place, in: id, request) }
        if id != 0 {
            if isStrong { model.campaigns.update(place) { $0.caseID = id } }
            add(request, entities, hubs + pairs, to: id, campaign: isStrong ? campaign?.serial ?? 0 : 0, sample)
            if isStrong, let campaign { book.update(id) { $0.peak = max($0.peak, campaign.peak, campaign.slowPeak) } }
        }
        openAlone(request, entities, near + pairs, id, sample)
    }

    /// A campaign that has just been found is news in a case that stands, or opens one; so is what is used at scale from now on.
    private func tell(of campaign: Campaign, at place: Int, in id: Int64, _ request: ProbingRequest) -> Int64 {
        let isScaling = campaign.isScaling(rule)
        let isNew = !campaign.isTold || book.root(campaign.caseID) == 0
        guard isNew || id == 0 || isScaling && !campaign.isScaleTold else { return id }
        var id = id
        if id == 0 {
            id = book.open(campaign.isTrajectory ? .trajectory : .fingerprint, startedAt: campaign.startedAt, at: request.time)
        } else {
            book.update(id) { $0.tell(CaseNews(kind: isNew ? .campaign : .scale, at: request.time, campaign: campaign.serial)) }
        }
        model.campaigns.update(place) { ($0.isTold, $0.isScaleTold) = (true, isScaling) }
        return id
    }

    /// What suffices by itself and belongs to no case so far is one.
    private func openAlone(
        _ request: ProbingRequest, _ entities: UnsafeBufferPointer<UInt64>, _ hubs: [Int32], _ id: Int64, _ sample: () -> String
    ) {
        if id == 0, amounts.suffices, book.root(amounts.caseID) == 0 {
            amounts.caseID = book.open(.smallAmounts, startedAt: amounts.burst.startedAt, at: request.time)
            add(request, entities, [], to: amounts.caseID, campaign: 0, sample)
        }
        let alone = hubs.filter { fanOut.hub(Int($0)).isReported && book.root(fanOut.hub(Int($0)).caseID) == 0 }
        guard let first = alone.first else { return }
        let own = book.open(.fanOut, startedAt: fanOut.hub(Int(first)).startedAt, at: request.time)
        add(request, entities, id == 0 ? hubs : alone, to: own, campaign: 0, sample)
    }

    /// A burst of small amounts that shares a second request with a case is part of it. Returns the request's case.
    private func joinAmounts(to id: Int64) -> Int64 {
        guard amounts.isHit else { return id }
        let own = book.root(amounts.caseID)
        if id == 0 || own == id { return own }
        guard book.root(amounts.acquaintance) == id else {
            amounts.acquaintance = id
            return id
        }
        if own == 0 { amounts.caseID = id } else { book.join(own, id) }
        return book.root(id)
    }

    /// Whether a request that a case and a hub share makes the hub part of the case: the second one does, or where
    /// there is no case yet.
    private func belongs(_ hub: Int, to id: Int64) -> Bool {
        let known = fanOut.hub(hub)
        if id == 0 || book.root(known.caseID) == id || book.root(known.acquaintance) == id { return true }
        fanOut.setAcquaintance(id, of: hub)
        return false
    }

    /// - Parameter campaign: serial of the request's, 0 for none.
    private func add(
        _ request: ProbingRequest, _ entities: UnsafeBufferPointer<UInt64>, _ hubs: [Int32], to id: Int64, campaign: Int64, _ sample: () -> String
    ) {
        for hub in hubs where book.root(fanOut.hub(Int(hub)).caseID) == 0 {
            fanOut.setCase(id, of: Int(hub))
            book.update(id) { $0.add(hub: hub) }
        }
        let own = hubs.filter { book.root(fanOut.hub(Int($0)).caseID) == id }
        let peak = own.reduce(0) { max($0, fanOut.hub(Int($1)).peak) }
        let small = amounts.isHit && book.root(amounts.caseID) == id ? amounts.evidence : 0
        book.update(id) {
            $0.peak = max($0.peak, peak, small)
            $0.seenAt = max($0.seenAt, request.effective)
            $0.add(request: request.time, entities: entities, campaign: campaign, hub: own.first ?? .min, sample: sample())
        }
    }

    /// The case of a campaign near by, of the same sender, or of this very hour: a search that moved on is still the same search.
    private func relative(of id: Int64, _ entities: UnsafeBufferPointer<UInt64>, at time: Int64) -> Int64 {
        var root = id
        for other in model.linked {
            let known = model.campaigns[other].map { $0.isReported ? book.root($0.caseID) : 0 } ?? 0
            guard known != 0, known != root else { continue }
            if root == 0 { root = known } else { book.join(root, known) }
            root = book.root(root)
        }
        if root == 0, let known = book.cases.first(where: { $0.into == 0 && $0.knows(entities) }) { root = known.id }
        return root != 0 ? root : book.current(at: time, since: fanOut.firstAt)
    }

    /// Cases that stand.
    package var openCases: Int { book.cases.filter { $0.into == 0 }.count }

    /// Tries that each campaign took until its evidence sufficed, in the order of the table.
    package var triesAtDetection: [Int64] { model.campaigns.places.compactMap { $0.flatMap { $0.isReported ? $0.triesAtDetection : nil } } }

    /// The campaigns of a case, the newest first.
    func campaigns(of id: Int64) -> [Campaign] {
        let places = model.campaigns.places
        return places.indices.filter {
            guard let own = places[$0]?.caseID, own != 0 else { return false }
            return own == id || book.root(own) == id
        }.compactMap { places[$0] }.sorted { ($1.lastAt, $1.serial) < ($0.lastAt, $0.serial) }
    }

    /// Hubs that are still the case's own, the strongest first; a place may have been taken by another entity since.
    func hubs(of entry: ProbingCase) -> [Int] {
        let root = book.root(entry.id)
        return entry.hubs.map(Int.init).filter { book.root(fanOut.hub($0).caseID) == root }
            .sorted { (fanOut.hub($1).peak, $0) < (fanOut.hub($0).peak, $1) }
    }

    /// The case is over; what belonged to it starts anew.
    func close(_ id: Int64) {
        for place in model.campaigns.places.indices {
            guard let campaign = model.campaigns[place], campaign.caseID != 0, book.root(campaign.caseID) == id else { continue }
            model.forget(place)
            model.campaigns.close(place)
        }
        for entry in book.cases where book.root(entry.id) == id {
            for hub in entry.hubs where fanOut.hub(Int(hub)).caseID == entry.id || fanOut.hub(Int(hub)).caseID == id { fanOut.close(Int(hub)) }
        }
        if amounts.caseID != 0, book.root(amounts.caseID) == id { amounts.close() }
        for entry in book.cases where entry.id != id && book.root(entry.id) == id { book.remove(entry.id) }
        book.remove(id)
    }

    // MARK: Snapshot

    package func encode(into writer: inout ByteWriter) {
        model.encode(into: &writer)
        fanOut.encode(into: &writer)
        slices.encode(into: &writer)
        boundary.encode(into: &writer)
        amounts.encode(into: &writer)
        book.encode(into: &writer)
    }

    package func restore(from reader: inout ByteReader) throws {
        try model.restore(from: &reader)
        try fanOut.restore(from: &reader)
        try slices.restore(from: &reader)
        try boundary.restore(from: &reader, slices: slices.count)
        try amounts.restore(from: &reader, slices: slices.count)
        try book.restore(from: &reader) { fanOut.has($0) }
    }
}
