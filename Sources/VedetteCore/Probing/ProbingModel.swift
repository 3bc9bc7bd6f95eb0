/// Probing as seen in the decisions of one model: fingerprints find earlier requests in the same place, their
/// similarity is judged against ordinary traffic, and evidence gathers per campaign.
///
/// Nothing here looks at who sent a request, so identities that rotate change nothing.
final class ProbingModel {
    /// Evidence of one hit above which a request belongs to its nearest earlier one.
    private static let joinAt = 2.5
    /// Two campaigns that one request is near to are one campaign when the hit is stronger than this.
    private static let mergeAt = 4.0
    /// Evidence above which a campaign's requests no longer count as ordinary traffic.
    private static let excludedAt = 3.0

    let rule: ProbingRule
    let features: Int
    private let entityKinds: Int
    private(set) var requests: Int64 = 0
    var campaigns: CampaignTable
    private(set) var reference: FeatureReference
    private let fingerprints: Fingerprints
    private var random: SplitMix

    private var memory: AnchorMemory

    private var ordinaryTail = TailEstimate()
    private var suspiciousTail = TailEstimate()
    private var suspiciousSeen: Int64 = 0
    private var repeats = SuspiciousTail()
    private var delayed: DelayedRows

    // Reused for every request.
    private let low: UnsafeMutablePointer<UInt16>
    private let high: UnsafeMutablePointer<UInt16>
    private let hashes = UnsafeMutablePointer<UInt64>.allocate(capacity: Fingerprints.count)
    /// ``RankedRequest/most``, and the size that it is of.
    private var mostSimilar = 0.0
    private var mostSimilarOf = 0
    /// Other campaigns that the newest request is near to, though not as near as to its own.
    private(set) var linked: [Int] = []

    init(rule: ProbingRule, features: Int, entityKinds: Int, salt: UInt64) {
        self.rule = rule
        self.features = features
        self.entityKinds = entityKinds
        campaigns = CampaignTable(capacity: rule.maxCampaigns)
        reference = FeatureReference(features: features)
        fingerprints = Fingerprints(features: features, salt: salt)
        random = SplitMix(seed: salt &+ 1)
        memory = AnchorMemory(rule: rule, features: features)
        delayed = DelayedRows(features: features)
        let width = RankedRequest.width(features)
        low = .allocate(capacity: max(1, width))
        high = .allocate(capacity: max(1, width))
        low.initialize(repeating: 0, count: width)
        high.initialize(repeating: 0, count: width)
        hashes.initialize(repeating: 0, count: Fingerprints.count)
    }

    deinit {
        low.deallocate()
        high.deallocate()
        hashes.deallocate()
    }

    // MARK: Observing

    /// - Parameter sample: the request's text, made only when it is kept.
    /// - Returns: the place of the campaign that it belongs to, -1 for none.
    func observe(
        _ request: ProbingRequest, row: UnsafeBufferPointer<Float>, entities: UnsafeBufferPointer<UInt64>, sample: () -> String,
        word: (Int) -> String
    ) -> Int {
        requests += 1
        if !linked.isEmpty { linked.removeAll(keepingCapacity: true) }
        var place = -1
        var entry = DelayedRow(
            serial: 0, place: 0, isSuspicious: request.isSuspicious, ordinary: 0, suspicious: 0, hasSuspicious: false, draw: random.next())
        if reference.isReady {
            rank(row)
            memory.expect(ranked)
            let plain = memory.bestOrdinary(ranked)
            let flagged = memory.bestSuspicious(ranked)
            entry.ordinary = Float(plain.adjusted)
            entry.suspicious = Float(flagged.adjusted)
            entry.hasSuspicious = memory.hasSuspicious
            if request.isSuspicious { repeats.count() }
            place = join(request, row, entities, plain, flagged, sample, word)
            if request.isSuspicious, flagged.place >= 0, place < 0 || campaigns[place]!.slow.since == repeats.requests { repeats.vote(flagged.adjusted) }
            if place >= 0 { (entry.serial, entry.place) = (campaigns[place]!.serial, Int32(place)) }
            remember(request, row, campaign: place)
        }
        delayed.append(entry, row)
        let length = requests < rule.warmUp ? 0 : DelayedRows.length(after: requests)
        while delayed.count > length { learn(at: request.time) }
        if reference.isDue { sortReference(at: request.time) }
        return place
    }

    /// The newest request.
    private var ranked: RankedRequest {
        RankedRequest(low: low, high: high, hashes: hashes, size: reference.size, most: mostSimilar)
    }

    private func rank(_ row: UnsafeBufferPointer<Float>) {
        if reference.size != mostSimilarOf {
            (mostSimilar, mostSimilarOf) = (Double(features) * RealFunctions.log(Double(reference.size + 1)), reference.size)
        }
        reference.follow(row, number: requests, low: low, high: high)
        fingerprints.compute(low: low, size: reference.size, into: hashes)
    }

    /// The oldest held-back request becomes part of what is ordinary, unless its campaign turned out to be one.
    private func learn(at time: Int64) {
        delayed.takeFirst { row, values in
            if row.serial > 0, let campaign = campaigns[Int(row.place)], campaign.serial == row.serial, campaign.peak > Self.excludedAt { return }
            reference.add(values, at: time, draw: row.draw)
            ordinaryTail.add(Double(row.ordinary))
            guard row.hasSuspicious else { return }
            if row.isSuspicious { suspiciousSeen += 1 } else { suspiciousTail.add(Double(row.suspicious)) }
        }
    }

    private func sortReference(at time: Int64) {
        reference.sort(at: time)
        memory.rank(with: reference)
    }

    // MARK: Evidence

    /// ln of the e-value of a match with a suspicious request.
    private func logE(suspicious value: Double, isSuspicious: Bool) -> Double {
        let ordinary = ordinaryTail.logTail(value)
        if isSuspicious {
            let seen = Double(suspiciousTail.total)
            // Suspicious requests are rare and like each other: the root of the ordinary tail stands for their own,
            // which an attacker could teach.
            let share = min(0.05, Double(suspiciousSeen + 1) / (Double(suspiciousSeen) + seen + 50))
            return ScanEvidence.logE(logP: 0.5 * ordinary + RealFunctions.log(share)) - Self.ln2
        }
        return ScanEvidence.logE(logP: allowedTail(value, ordinary)) - Self.ln2
    }

    /// ln of the chance that an ordinary request resembles a suspicious one as much.
    private func allowedTail(_ value: Double, _ ordinary: Double) -> Double {
        let counted = (Double(suspiciousTail.count(atLeast: value)) + 200 * RealFunctions.exp(ordinary)) / (Double(suspiciousTail.total) + 200)
        return min(0.7 * ordinary, RealFunctions.log(counted))
    }

    /// ln of the chance that an ordinary request has such a match.
    private func logTail(_ match: AnchorMatch) -> Double {
        let ordinary = ordinaryTail.logTail(match.adjusted)
        switch match.store {
        case .ordinary: return ordinary
        case .singles, .members: return allowedTail(match.adjusted, ordinary)
        }
    }

    /// Two comparisons a request: each has half of the weight.
    private static let ln2 = 0.6931471805599453

    private func join(
        _ request: ProbingRequest, _ row: UnsafeBufferPointer<Float>, _ entities: UnsafeBufferPointer<UInt64>, _ plain: AnchorMatch,
        _ flagged: AnchorMatch, _ sample: () -> String, _ word: (Int) -> String
    ) -> Int {
        guard ordinaryTail.total >= rule.warmUp else { return -1 }
        let plainE = plain.place < 0 ? -1 : ScanEvidence.logE(logP: logTail(plain)) - Self.ln2
        let flaggedE = flagged.place < 0 ? -1 : logE(suspicious: flagged.adjusted, isSuspicious: request.isSuspicious)
        let (match, logE) = flaggedE >= plainE ? (flagged, flaggedE) : (plain, plainE)
        guard logE > Self.joinAt else { return -1 }
        var place = memory.campaign(of: match)
        if place < 0 { place = open(from: match, request) }
        if logE > Self.mergeAt { place = merge(into: place, above: flagged.adjusted - AnchorStore.mergeSpan) }
        for other in memory.near ?? [] where other.campaign != place {
            let otherE = self.logE(suspicious: other.similarity, isSuspicious: request.isSuspicious)
            if otherE > Self.joinAt { linked.append(other.campaign) }
        }
        let anchorDecision = memory.origin(of: match).decision
        let share = logShare(of: place, match)
        let placedE = logE - (1 - ScanEvidence.calibrator) * share
        let tests = RealFunctions.log(Double(campaigns.opened + 1))
        let isReturn = request.isSuspicious && match.isFlagged
        let surprise = isReturn
            ? repeats.surprise(match.adjusted, ordinary: ordinaryTail.logTail(match.adjusted), logShare: share)
            : -logTail(match) - SuspiciousTail.credit * share
        campaigns.update(place) { campaign in
            if isReturn {
                campaign.slow.add(surprise: surprise, at: repeats.requests)
            } else {
                campaign.slowAllowed.add(surprise: surprise, at: requests)
            }
            campaign.weighSlow(suspicious: repeats.requests, requests: requests)
            campaign.evidence.add(placedE, at: requests)
            campaign.step(from: { self.memory.value($0, of: match) }, decision: anchorDecision, to: row, request)
            campaign.count(request, row: row, ranked, sample: sample(), word: word)
            campaign.touch(entities: entities)
            campaign.peak = max(campaign.peak, campaign.evidence.value(at: requests) - tests)
            campaign.cross(rule, at: request.time)
        }
        return place
    }

    /// ln of the chance that a request that resembles some earlier one resembles this campaign: its part of what is
    /// remembered, as in a Chinese restaurant process. The number of campaigns is paid for once, not with every hit.
    private func logShare(of place: Int, _ match: AnchorMatch) -> Double {
        let known = memory.known(like: match)
        let own = !match.isFlagged ? campaigns[place]!.tries : min(campaigns[place]!.tries, Int64(AnchorMemory.perCampaign))
        return RealFunctions.log(min(1, Double(max(1, own)) / Double(max(known, 1))))
    }

    private func open(from match: AnchorMatch, _ request: ProbingRequest) -> Int {
        let origin = memory.origin(of: match)
        let (place, evicted) = campaigns.open(
            since: origin.request, now: requests, time: min(origin.time, request.time), features: features, entityKinds: entityKinds)
        if evicted { forget(place) }
        campaigns.update(place) { $0.begin(origin, isSuspicious: match.isFlagged) }
        memory.setCampaign(place, of: match)
        return place
    }

    private func merge(into place: Int, above limit: Double) -> Int {
        var target = place
        for other in memory.near ?? [] where other.campaign != target && other.similarity > max(limit, 0) {
            let other = other.campaign
            guard let a = campaigns[target], let b = campaigns[other] else { continue }
            let keepsTarget = a.isReported != b.isReported ? a.isReported : a.tries >= b.tries
            let (winner, loser) = keepsTarget ? (target, other) : (other, target)
            campaigns.merge(loser, into: winner)
            memory.relabel(loser, as: winner)
            target = winner
        }
        return target
    }

    // MARK: Memory

    private func remember(_ request: ProbingRequest, _ row: UnsafeBufferPointer<Float>, campaign: Int) {
        guard let values = row.baseAddress else { return }
        var kind = request.isSuspicious ? AnchorMemory.Kind.suspicious : .ordinary
        if campaign >= 0, campaigns[campaign]!.suspicious > 0 {
            campaigns.update(campaign) { campaign in
                kind = .member(Int(campaign.cursor))
                campaign.cursor = (campaign.cursor + 1) % UInt32(AnchorMemory.perCampaign)
            }
        }
        let origin = AnchorOrigin(request: requests, time: request.time, decision: request.decision.rawValue)
        memory.remember(ranked, values, as: kind, campaign: campaign, origin: origin)
    }

    /// A campaign is no longer followed; requests that were its own stand alone again.
    func forget(_ place: Int) { memory.forget(place) }
}

extension ProbingModel {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: requests)
        writer.write(fixed64: random.state)
        reference.encode(into: &writer)
        ordinaryTail.encode(into: &writer)
        suspiciousTail.encode(into: &writer)
        repeats.encode(into: &writer)
        writer.write(signed: suspiciousSeen)
        delayed.encode(into: &writer)
        campaigns.encode(into: &writer)
        memory.encode(into: &writer)
    }

    func restore(from reader: inout ByteReader) throws {
        requests = try reader.readSigned()
        random.state = try reader.readFixed64()
        reference = try FeatureReference(from: &reader)
        ordinaryTail = try TailEstimate(from: &reader)
        suspiciousTail = try TailEstimate(from: &reader)
        repeats = try SuspiciousTail(from: &reader)
        suspiciousSeen = try reader.readSigned()
        delayed = try DelayedRows(from: &reader)
        guard reference.features == features, delayed.features == features else {
            throw CorruptBytes(offset: reader.offset, expected: "\(features) features")
        }
        try campaigns.restore(from: &reader)
        try memory.restore(from: &reader)
    }
}
