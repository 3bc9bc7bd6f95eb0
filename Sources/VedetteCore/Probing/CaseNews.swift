/// Something that became known of a case and deserves a record of its own: what it is about, and whose tries they are.
package struct CaseNews: Equatable {
    package enum Kind: UInt8 {
        /// Another campaign was found in it.
        case campaign
        /// Somebody who is new to it comes in earnest.
        case sender
        /// It was silent, and comes back in earnest.
        case comeback
        /// What passes is used at scale.
        case scale
    }

    /// Kept until the next boundary; more are told by their number only.
    static let capacity = 8

    let kind: Kind
    /// When it became known, ms.
    let at: Int64
    /// Serial of the campaign that it is about, 0 for none.
    var campaign: Int64 = 0
    /// Place of the fan-out table that it is about where there is no campaign; `Int32.min` for none.
    var hub = Int32.min
    /// A newcomer's tries, the newest last; empty where the campaign's or the hub's own say it.
    var samples: [String] = []

    package init(kind: Kind, at time: Int64, campaign: Int64 = 0, hub: Int32 = .min, samples: [String] = []) {
        self.kind = kind
        at = time
        self.campaign = campaign
        self.hub = hub
        self.samples = samples
    }

    /// What one record tells: news of one campaign or hub has the same numbers, and needs a record of its own only where it names
    /// requests of its own. In the order of the first of each.
    /// - Parameter samples: the requests that a record of its campaign or hub names.
    package static func records(of news: [CaseNews], samples: (CaseNews) -> [String]) -> [[CaseNews]] {
        var records: [[CaseNews]] = []
        for item in news {
            let named = samples(item)
            let place = records.firstIndex { record in
                record[0].campaign == item.campaign && record[0].hub == item.hub && (record + [item]).allSatisfy { $0.samples.allSatisfy(named.contains) }
            }
            if let place { records[place].append(item) } else { records.append([item]) }
        }
        return records
    }
}

/// Who takes part in a case: how many tries each account, device and address made, and whether he has been told of.
///
/// A case may be kept busy by one attacker while another one comes who has the same habits. Somebody who is new to it
/// is news once he comes in earnest: at ``earnest`` tries where nobody new was told of for an hour. Within an hour it
/// takes twice as many, and as many more for each who was, and only tries of which fewer than half of the entities belong
/// to somebody who has been told of: an attacker who rotates his accounts every few tries is not new with every account.
package struct CaseSenders: Equatable {
    package static let capacity = 32
    /// Tries of somebody who comes in earnest.
    package static let earnest: Int64 = 5
    /// Newest tries that are kept of each.
    package static let samples = 6
    private static let leastShared: Int64 = 3

    struct Sender: Equatable {
        /// Keyed digest of an entity of any kind.
        let digest: UInt64
        var tries: Int64 = 0
        /// Tries that came with somebody who has been told of: once is chance.
        var kinTries: Int64 = 0
        var isTold = false
        var samples: [String] = []

        /// Told of himself, or together with somebody who was.
        var isKnown: Bool { isTold || kinTries >= CaseSenders.earnest && kinTries * 2 >= tries }
    }

    /// The newest last.
    private(set) var senders: [Sender] = []

    package init() {}

    /// - Parameter recent: how often the case had somebody new, or another campaign, within the last hour.
    /// - Returns: a newcomer's newest tries where he is news, nil else.
    package mutating func add(_ digests: UnsafeBufferPointer<UInt64>, _ sample: String, recent: Int) -> [String]? {
        let first = take(digests, sample)
        let known = senders[first...].count(where: \.isKnown)
        if known * 2 >= senders.count - first { for place in first..<senders.count { senders[place].kinTries += 1 } }
        let limit = Self.earnest * Int64(2 + recent)
        let news = senders[first...].first {
            recent == 0 ? $0.tries == Self.earnest : !$0.isKnown && $0.tries - $0.kinTries >= limit
        }
        if news != nil { for place in first..<senders.count { senders[place].isTold = true } }
        return news?.samples
    }

    /// Who sent the newest request has been told of.
    package mutating func tell(_ digests: UnsafeBufferPointer<UInt64>) {
        for place in senders.indices where digests.contains(senders[place].digest) { senders[place].isTold = true }
    }

    /// Counts a try of each and moves them to the end. Returns where they begin.
    private mutating func take(_ digests: UnsafeBufferPointer<UInt64>, _ sample: String) -> Int {
        var taken = 0
        for digest in digests where digest != 0 {
            var sender = Sender(digest: digest)
            if let place = senders.firstIndex(where: { $0.digest == digest }) {
                // The same digest twice in a request is one sender.
                if place >= senders.count - taken { continue }
                sender = senders.remove(at: place)
            } else if senders.count == Self.capacity {
                senders.removeFirst()
            }
            sender.tries += 1
            if sender.samples.count == Self.samples { sender.samples.removeFirst() }
            sender.samples.append(sample)
            senders.append(sender)
            taken += 1
        }
        return senders.count - taken
    }

    /// Whether a request comes from somebody whose tries make up much of the case.
    /// - Parameter requests: the case's.
    func know(_ digests: UnsafeBufferPointer<UInt64>, of requests: Int64) -> Bool {
        senders.contains { $0.tries >= Self.leastShared && $0.tries * 4 >= requests && digests.contains($0.digest) }
    }
}

extension CaseNews: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(byte: kind.rawValue)
        for number in [at, campaign, Int64(hub)] { writer.write(signed: number) }
        writer.write(count: samples.count)
        for sample in samples { writer.write(string: sample) }
    }

    package init(from reader: inout ByteReader) throws {
        guard let kind = Kind(rawValue: try reader.readByte()) else { throw CorruptBytes(offset: reader.offset, expected: "a kind of news") }
        self.kind = kind
        at = try reader.readSigned()
        campaign = try reader.readSigned()
        hub = Int32(truncatingIfNeeded: try reader.readSigned())
        for _ in 0..<(try reader.readCount()) { samples.append(try reader.readString()) }
    }
}

extension CaseSenders: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(count: senders.count)
        for sender in senders {
            writer.write(fixed64: sender.digest)
            writer.write(signed: sender.tries)
            writer.write(signed: sender.kinTries)
            writer.write(bool: sender.isTold)
            writer.write(count: sender.samples.count)
            for sample in sender.samples { writer.write(string: sample) }
        }
    }

    package init(from reader: inout ByteReader) throws {
        senders = []
        for _ in 0..<(try reader.readCount(minimumSize: 12)) {
            var sender = Sender(digest: try reader.readFixed64())
            sender.tries = try reader.readSigned()
            sender.kinTries = try reader.readSigned()
            sender.isTold = try reader.readBool()
            for _ in 0..<(try reader.readCount()) { sender.samples.append(try reader.readString()) }
            senders.append(sender)
        }
        guard senders.count <= Self.capacity else { throw CorruptBytes(offset: reader.offset, expected: "at most \(Self.capacity) senders") }
    }
}
