/// The campaigns of one model that are followed at once: a fixed number of places.
///
/// When all are taken, the one with the least evidence goes; incidents go last. An attacker who opens many
/// campaigns therefore pushes out his weakest, not a strong one.
struct CampaignTable {
    let capacity: Int
    private(set) var places: ContiguousArray<Campaign?> = []
    private var free: ContiguousArray<Int32> = []
    private var serials: Int64 = 0
    /// Pairs of cases that turned out to be one when their campaigns merged, still to be joined.
    private var joined: [(Int64, Int64)] = []

    init(capacity: Int) { self.capacity = capacity }

    subscript(place: Int) -> Campaign? { places[place] }

    func has(_ place: Int) -> Bool { places.indices.contains(place) }
    /// Campaigns opened so far.
    var opened: Int64 { serials }
    var count: Int { places.count - free.count }

    /// Opens a campaign. Returns its place, and whether another had to go from there.
    mutating func open(since: Int64, now: Int64, time: Int64, features: Int, entityKinds: Int) -> (place: Int, evicted: Bool) {
        serials += 1
        let campaign = Campaign(serial: serials, since: since, time: time, features: features, entityKinds: entityKinds)
        if let place = free.popLast() {
            places[Int(place)] = campaign
            return (Int(place), false)
        }
        if places.count < capacity {
            places.append(campaign)
            return (places.count - 1, false)
        }
        let victim = weakest(at: now)
        places[victim] = campaign
        return (victim, true)
    }

    private func weakest(at now: Int64) -> Int {
        var weakest = 0
        var least = (rank: 2, evidence: Double.infinity)
        for place in places.indices {
            // Field by field: a copy of a campaign is a dozen reference counts.
            guard let isReported = places[place]?.isReported, let evidence = places[place]?.evidence, let slow = places[place]?.slowPeak else { continue }
            let key = (rank: isReported ? 1 : 0, evidence: max(evidence.value(at: now), slow))
            if key.rank < least.rank || key.rank == least.rank && key.evidence < least.evidence { (weakest, least) = (place, key) }
        }
        return weakest
    }

    mutating func update(_ place: Int, _ change: (inout Campaign) -> Void) {
        guard places[place] != nil else { return }
        change(&places[place]!)
    }

    /// `loser` was part of `winner` all along.
    mutating func merge(_ loser: Int, into winner: Int) {
        guard let other = places[loser], let target = places[winner] else { return }
        update(winner) { $0.absorb(other) }
        if target.caseID != 0, other.caseID != 0, target.caseID != other.caseID { joined.append((target.caseID, other.caseID)) }
        if target.caseID == 0 { update(winner) { $0.caseID = other.caseID } }
        places[loser] = nil
        free.append(Int32(loser))
    }

    mutating func close(_ place: Int) {
        guard places[place] != nil else { return }
        places[place] = nil
        free.append(Int32(place))
    }

    mutating func takeJoined() -> [(Int64, Int64)] {
        let taken = joined
        joined.removeAll()
        return taken
    }
}

extension CampaignTable {
    func encode(into writer: inout ByteWriter) {
        writer.write(signed: serials)
        writer.write(count: places.count)
        for campaign in places {
            writer.write(bool: campaign != nil)
            campaign?.encode(into: &writer)
        }
        writer.write(small: ContiguousArray(free.map { UInt32($0) }))
    }

    mutating func restore(from reader: inout ByteReader) throws {
        serials = try reader.readSigned()
        places = []
        for _ in 0..<(try reader.readCount()) { places.append(try reader.readBool() ? try Campaign(from: &reader) : nil) }
        free = ContiguousArray(try reader.readSmall().map { Int32(bitPattern: $0) })
        guard places.count <= capacity, free.allSatisfy({ places.indices.contains(Int($0)) }) else {
            throw CorruptBytes(offset: reader.offset, expected: "at most \(capacity) campaigns")
        }
    }
}
