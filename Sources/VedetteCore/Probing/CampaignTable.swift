/// The campaigns of one model that are followed at once: a fixed number of places.
///
/// When all are taken, the one with the least evidence goes; incidents go last. An attacker who opens many
/// campaigns therefore pushes out his weakest, not a strong one.
struct CampaignTable: Equatable {
    let capacity: Int
    private(set) var places: ContiguousArray<Campaign?> = []
    private var free: ContiguousArray<Int32> = []
    private var serials: Int64 = 0
    /// Places that changed since the last ``takeTouched()``, in order of first change.
    private var touched: ContiguousArray<Int32> = []
    private var isTouched: ContiguousArray<Bool> = []
    /// Reported campaigns that ended by joining another or by eviction, still to be said.
    private(set) var ended: [(campaign: Campaign, reason: String)] = []

    init(capacity: Int) { self.capacity = capacity }

    static func == (a: CampaignTable, b: CampaignTable) -> Bool {
        a.places == b.places && a.free == b.free && a.serials == b.serials && a.touched == b.touched
    }

    subscript(place: Int) -> Campaign? { places[place] }

    func has(_ place: Int) -> Bool { places.indices.contains(place) }
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
            isTouched.append(false)
            return (places.count - 1, false)
        }
        let victim = weakest(at: now)
        end(victim, "made room for stronger ones")
        places[victim] = campaign
        return (victim, true)
    }

    private func weakest(at now: Int64) -> Int {
        var weakest = 0
        var least = (rank: 2, evidence: Double.infinity)
        for (place, campaign) in places.enumerated() {
            guard let campaign else { continue }
            let key = (rank: campaign.isReported ? 1 : 0, evidence: campaign.evidence.value(at: now))
            if key.rank < least.rank || key.rank == least.rank && key.evidence < least.evidence { (weakest, least) = (place, key) }
        }
        return weakest
    }

    private mutating func end(_ place: Int, _ reason: String) {
        guard let campaign = places[place] else { return }
        if campaign.isReported { ended.append((campaign, reason)) }
        places[place] = nil
    }

    mutating func update(_ place: Int, _ change: (inout Campaign) -> Void) {
        guard places[place] != nil else { return }
        change(&places[place]!)
        guard !isTouched[place] else { return }
        isTouched[place] = true
        touched.append(Int32(place))
    }

    /// `loser` was part of `winner` all along.
    mutating func merge(_ loser: Int, into winner: Int) {
        guard let other = places[loser], let target = places[winner] else { return }
        update(winner) { $0.absorb(other) }
        end(loser, "part of campaign \(target.serial)")
        free.append(Int32(loser))
    }

    mutating func close(_ place: Int) {
        guard places[place] != nil else { return }
        places[place] = nil
        free.append(Int32(place))
    }

    mutating func takeTouched() -> ContiguousArray<Int32> {
        let taken = touched
        for place in taken { isTouched[Int(place)] = false }
        touched.removeAll(keepingCapacity: true)
        return taken
    }

    mutating func takeEnded() -> [(campaign: Campaign, reason: String)] {
        let taken = ended
        ended.removeAll()
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
        writer.write(small: ContiguousArray(touched.map { UInt32($0) }))
        writer.write(count: ended.count)
        for entry in ended {
            entry.campaign.encode(into: &writer)
            writer.write(string: entry.reason)
        }
    }

    mutating func restore(from reader: inout ByteReader) throws {
        serials = try reader.readSigned()
        places = []
        for _ in 0..<(try reader.readCount()) { places.append(try reader.readBool() ? try Campaign(from: &reader) : nil) }
        free = ContiguousArray(try reader.readSmall().map { Int32(bitPattern: $0) })
        touched = ContiguousArray(try reader.readSmall().map { Int32(bitPattern: $0) })
        guard places.count <= capacity, (free + touched).allSatisfy({ places.indices.contains(Int($0)) }) else {
            throw CorruptBytes(offset: reader.offset, expected: "at most \(capacity) campaigns")
        }
        isTouched = ContiguousArray(repeating: false, count: places.count)
        for place in touched { isTouched[Int(place)] = true }
        ended = []
        for _ in 0..<(try reader.readCount()) { ended.append((try Campaign(from: &reader), try reader.readString())) }
    }
}
