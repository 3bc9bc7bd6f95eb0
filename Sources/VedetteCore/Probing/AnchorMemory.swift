/// The earlier request that a new one resembles most.
struct AnchorMatch {
    enum Store { case ordinary, singles, members }

    var store = Store.ordinary
    var place = -1
    /// Similarity less what the number of candidates is worth.
    var adjusted = 0.0
    var isFlagged: Bool { store == .singles || store == .members }
}

/// The earlier requests of one model that new ones are compared with: ordinary ones, suspicious ones of no campaign,
/// and members of suspicious campaigns. Fixed memory: three rings and their buckets of fingerprints.
struct AnchorMemory: ~Copyable {
    static let perCampaign = 32

    private var ordinary: AnchorStore
    private var singles: AnchorStore
    private var members: AnchorStore
    private var ordinaryIndex = FingerprintIndex(log2Buckets: 13)
    private var singlesIndex = FingerprintIndex(log2Buckets: 14)
    private var membersIndex = FingerprintIndex(log2Buckets: 15)
    private var ordinaryCursor = 0
    private var singlesCursor = 0
    // Reused for every request.
    private let candidates: CandidateSet
    /// Campaigns that the newest request is near to.
    private(set) var near: ContiguousArray<NearCampaign>? = []

    init(rule: ProbingRule, features: Int) {
        ordinary = AnchorStore(features: features, capacity: rule.ordinaryMemory)
        singles = AnchorStore(features: features, capacity: rule.suspiciousMemory)
        members = AnchorStore(features: features, capacity: rule.maxCampaigns * Self.perCampaign)
        candidates = CandidateSet(numbers: max(ordinary.capacity, singles.capacity, members.capacity))
    }

    var hasSuspicious: Bool { singles.count + members.count > 0 }
    /// Requests remembered of the kind that a match is of.
    func known(like match: AnchorMatch) -> Int { match.isFlagged ? singles.live + members.live : ordinary.live }

    // MARK: Matching

    /// Asks for the memory that the next look for a match will read.
    func expect(_ request: RankedRequest) {
        ordinaryIndex.expect(request.hashes)
        singlesIndex.expect(request.hashes)
        if members.live > 0 { membersIndex.expect(request.hashes) }
    }

    func bestOrdinary(_ request: RankedRequest) -> AnchorMatch {
        ordinaryIndex.collect(request.hashes, into: candidates)
        var unwanted: ContiguousArray<NearCampaign>?
        let found = ordinary.nearest(candidates, request, near: &unwanted)
        return AnchorMatch(store: .ordinary, place: found.place, adjusted: found.adjusted)
    }

    /// Sets ``near``.
    mutating func bestSuspicious(_ request: RankedRequest) -> AnchorMatch {
        near?.removeAll(keepingCapacity: true)
        singlesIndex.collect(request.hashes, into: candidates)
        let single = singles.nearest(candidates, request, near: &near)
        guard members.live > 0 else { return AnchorMatch(store: .singles, place: single.place, adjusted: single.adjusted) }
        membersIndex.collect(request.hashes, into: candidates)
        let member = members.nearest(candidates, request, near: &near)
        // Where ranks can not tell the two apart, the try of a campaign is the newer one: a step is measured from there.
        return member.place >= 0 && member.adjusted >= single.adjusted
            ? AnchorMatch(store: .members, place: member.place, adjusted: member.adjusted)
            : AnchorMatch(store: .singles, place: single.place, adjusted: single.adjusted)
    }

    // MARK: Remembering

    enum Kind {
        case ordinary, suspicious
        /// Of a suspicious campaign, at a place of its ring.
        case member(Int)
    }

    mutating func remember(_ request: RankedRequest, _ values: UnsafePointer<Float>, as kind: Kind, campaign: Int, origin: AnchorOrigin) {
        switch kind {
        case .member(let cursor):
            Self.insert(campaign * Self.perCampaign + cursor, &members, &membersIndex, request, values, campaign, origin)
        case .suspicious:
            Self.insert(singlesCursor, &singles, &singlesIndex, request, values, campaign, origin)
            singlesCursor = (singlesCursor + 1) % singles.capacity
        case .ordinary:
            Self.insert(ordinaryCursor, &ordinary, &ordinaryIndex, request, values, campaign, origin)
            ordinaryCursor = (ordinaryCursor + 1) % ordinary.capacity
        }
    }

    private static func insert(
        _ place: Int, _ store: inout AnchorStore, _ index: inout FingerprintIndex, _ request: RankedRequest,
        _ values: UnsafePointer<Float>, _ campaign: Int, _ origin: AnchorOrigin
    ) {
        store.set(place, values: values, low: request.low, high: request.high, campaign: campaign, origin: origin)
        index.insert(place, at: request.hashes)
    }

    /// Ranks of all anchors anew, after the reference was sorted.
    mutating func rank(with reference: FeatureReference) {
        ordinary.rank(with: reference)
        singles.rank(with: reference)
        members.rank(with: reference)
    }

    // MARK: One anchor

    func campaign(of match: AnchorMatch) -> Int { read(match) { $0.campaign(of: $1) } }
    func origin(of match: AnchorMatch) -> AnchorOrigin { read(match) { $0.origin(of: $1) } }
    func value(_ feature: Int, of match: AnchorMatch) -> Float { read(match) { $0.value(feature, of: $1) } }

    @inline(__always)
    private func read<T>(_ match: AnchorMatch, _ body: (borrowing AnchorStore, Int) -> T) -> T {
        switch match.store {
        case .ordinary: body(ordinary, match.place)
        case .singles: body(singles, match.place)
        case .members: body(members, match.place)
        }
    }

    mutating func setCampaign(_ campaign: Int, of match: AnchorMatch) {
        switch match.store {
        case .ordinary: ordinary.setCampaign(campaign, of: match.place)
        case .singles: singles.setCampaign(campaign, of: match.place)
        case .members: members.setCampaign(campaign, of: match.place)
        }
    }

    // MARK: One campaign

    mutating func relabel(_ old: Int, as new: Int) {
        ordinary.relabel(old, as: new)
        singles.relabel(old, as: new)
        members.relabel(old, as: new)
    }

    /// A campaign is no longer followed; requests that were its own stand alone again.
    mutating func forget(_ campaign: Int) {
        relabel(campaign, as: -1)
        for anchor in campaign * Self.perCampaign..<(campaign + 1) * Self.perCampaign where anchor < members.count { members.clear(anchor) }
    }
}

extension AnchorMemory {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: ordinaryCursor)
        writer.write(count: singlesCursor)
        ordinary.encode(into: &writer)
        singles.encode(into: &writer)
        members.encode(into: &writer)
        ordinaryIndex.encode(into: &writer)
        singlesIndex.encode(into: &writer)
        membersIndex.encode(into: &writer)
    }

    mutating func restore(from reader: inout ByteReader) throws {
        ordinaryCursor = Int(clamping: try reader.readVarint()) % ordinary.capacity
        singlesCursor = Int(clamping: try reader.readVarint()) % singles.capacity
        try ordinary.restore(from: &reader)
        try singles.restore(from: &reader)
        try members.restore(from: &reader)
        try ordinaryIndex.restore(from: &reader, limit: ordinary.capacity)
        try singlesIndex.restore(from: &reader, limit: singles.capacity)
        try membersIndex.restore(from: &reader, limit: members.capacity)
    }
}
