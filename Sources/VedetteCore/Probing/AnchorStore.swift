import CProcessor

/// When an anchor came and how it was decided.
package struct AnchorOrigin: Equatable {
    /// The model's request counter.
    var request: Int64
    /// Event time, ms.
    var time: Int64
    /// Raw ``Decision``.
    var decision: UInt8

    package init(request: Int64, time: Int64, decision: UInt8) { (self.request, self.time, self.decision) = (request, time, decision) }
}

/// A request of a campaign that a new one is near to.
package struct NearCampaign {
    package let campaign: Int
    /// Adjusted, nats.
    package let similarity: Double
}

/// A fixed number of past requests that new ones are compared with: values, ranks and the campaign of each.
///
/// `anchors` are places in a ring. Similarity of two requests is S = -Σ ln r, where r is the share of ordinary
/// traffic that lies between their two values of a feature, ends included: a coincidence in a rare value counts
/// for much, in a popular one for little, and a feature that was moved far for nothing.
package struct AnchorStore: ~Copyable {
    /// Only requests that share two fingerprints or more are compared, and so many that share one.
    package static let maxLoners = 6
    /// Campaigns that a request is near to are one when they are no further apart than this, nats.
    package static let mergeSpan = 3.0

    /// A place of the ring.
    private struct Slot {
        /// Running number of the store's insertion, so that age can be told; 0 is an empty place.
        var order: UInt64 = 0
        /// Campaign + 1; 0 for none.
        var campaign: UInt32 = 0
    }

    package let features: Int
    let capacity: Int
    /// Numbers that a row of ranks has: ``RankedRequest/width(_:)`` of the features.
    private let width: Int
    private var values: ContiguousArray<Float> = []
    /// Of each place its row of lower ranks and then its row of upper ones, so that both come from memory at once.
    private var ranks = RankRows()
    private var slots: ContiguousArray<Slot> = []
    private var origins: ContiguousArray<AnchorOrigin> = []
    /// Places that are taken.
    private(set) var live = 0
    /// Running number of the newest insertion.
    private(set) var newest: UInt64 = 0

    package init(features: Int, capacity: Int) {
        self.features = features
        self.capacity = capacity
        width = RankedRequest.width(features)
    }

    /// Places that exist: the store grows to its capacity and no further.
    var count: Int { slots.count }

    /// Makes places up to `place` exist.
    mutating func reach(_ place: Int) {
        guard place >= slots.count else { return }
        let extra = place + 1 - slots.count
        values.append(contentsOf: repeatElement(0, count: extra * features))
        ranks.grow(to: (place + 1) * 2 * width)
        slots.append(contentsOf: repeatElement(Slot(), count: extra))
        origins.append(contentsOf: repeatElement(AnchorOrigin(request: 0, time: 0, decision: 0), count: extra))
    }

    package mutating func set(
        _ place: Int, values row: UnsafePointer<Float>, low lows: UnsafePointer<UInt16>, high highs: UnsafePointer<UInt16>,
        campaign: Int, origin: AnchorOrigin
    ) {
        reach(place)
        if slots[place].order == 0 { live += 1 }
        newest += 1
        let (features, width) = (features, width)
        values.withUnsafeMutableBufferPointer { ($0.baseAddress! + place * features).update(from: row, count: features) }
        // Safe: the place exists, and has two rows.
        let own = ranks.base + place * 2 * width
        own.update(from: lows, count: width)
        (own + width).update(from: highs, count: width)
        slots[place] = Slot(order: newest, campaign: UInt32(campaign + 1))
        origins[place] = origin
    }

    func campaign(of place: Int) -> Int { Int(slots[place].campaign) - 1 }
    mutating func setCampaign(_ campaign: Int, of place: Int) { slots[place].campaign = UInt32(campaign + 1) }
    func origin(of place: Int) -> AnchorOrigin { origins[place] }
    func value(_ feature: Int, of place: Int) -> Float { values[place * features + feature] }
    mutating func relabel(_ old: Int, as new: Int) {
        let (from, to) = (UInt32(old + 1), UInt32(new + 1))
        for place in slots.indices where slots[place].campaign == from { slots[place].campaign = to }
    }

    package mutating func clear(_ place: Int) {
        if slots[place].order != 0 { live -= 1 }
        slots[place].order = 0
    }

    /// The anchor most similar to a request, less what the number of candidates is worth; -1 and 0 where none is above 0.
    ///
    /// - Parameter near: receives those of a campaign that lie within ``mergeSpan`` of the best.
    /// O(candidates · features).
    package func nearest(
        _ candidates: CandidateSet, _ request: RankedRequest, near: inout ContiguousArray<NearCampaign>?
    ) -> (place: Int, adjusted: Double) {
        var best = (place: -1, adjusted: 0.0)
        let (newest, width, all) = (newest, width, request.most)
        let oldest = UInt64(min(capacity, Self.penalties.count - 1))
        let wantsNear = near != nil
        let own = ComparedRanks(request)
        let chosen = candidates.select(loners: Self.maxLoners)
        withRows { penalties, slots, ranks in
            for place in chosen where Int(place) < slots.count {
                vedette_prefetch(ranks + Int(place) &* 2 &* width)
                if let slots = slots.baseAddress { vedette_prefetch(slots + Int(place)) }
            }
            for place in chosen {
                let place = Int(place)
                guard place < slots.count, slots[place].order != 0 else { continue }
                let penalty = penalties[Int(truncatingIfNeeded: min(newest &- slots[place].order, oldest))]
                let campaign = Int(slots[place].campaign) - 1
                let isNear = wantsNear && campaign >= 0
                let least = isNear ? max(best.adjusted - Self.mergeSpan, 0) : best.adjusted
                // Safe: each place has two rows of ranks.
                let (sum, product) = own.product(UnsafePointer(ranks + place &* 2 &* width), width)
                // Most candidates are out of the running without a logarithm.
                guard all - sum - Self.lnBelow(product) - penalty > least else { continue }
                let adjusted = all - sum - RealFunctions.log(product) - penalty
                if isNear { near?.append(NearCampaign(campaign: campaign, similarity: adjusted)) }
                if adjusted > best.adjusted { best = (place, adjusted) }
            }
        }
        return best
    }

    @inline(__always)
    private func withRows(_ body: (UnsafePointer<Double>, UnsafeBufferPointer<Slot>, UnsafePointer<UInt16>) -> Void) {
        Self.penalties.withUnsafeBufferPointer { penalties in
            slots.withUnsafeBufferPointer { slots in
                if let penalties = penalties.baseAddress { body(penalties, slots, ranks.base) }
            }
        }
    }

    /// At most ln of a positive number, and less than 0.06 below it: the chord between two powers of 2, which the logarithm lies above.
    ///
    /// The bits of a number, read as an integer, are just that: its exponent, and how far it is on the way to the next power. The constant
    /// is less than ln 2 by more than all roundings.
    @inline(__always)
    private static func lnBelow(_ product: Double) -> Double {
        Double(Int64(bitPattern: product.bitPattern) &- 1_023 &<< 52) * (0.693147 * 0x1p-52)
    }

    /// ln of the inverse weight of the `age`th newest among all earlier requests; the weights 1 / ((a+2) ln e(a+2)) fall slowly.
    private static let penalties: ContiguousArray<Double> = ContiguousArray(
        (0..<32_768).map { age in
            let log = RealFunctions.log(Double(age) + 2)
            return log + RealFunctions.log(log + 1)
        })

    /// Ranks of all anchors anew, after the reference was sorted.
    mutating func rank(with reference: FeatureReference) {
        let width = width
        values.withUnsafeBufferPointer { values in
            slots.withUnsafeBufferPointer { slots in
                guard let values = values.baseAddress else { return }
                reference.rank(rows: slots.count, values, low: ranks.base, high: ranks.base + width, stride: 2 * width) { slots[$0].order != 0 }
            }
        }
    }
}

extension AnchorStore {
    func encode(into writer: inout ByteWriter) {
        writer.write(varint: newest)
        writer.write(words: ContiguousArray(slots.map(\.order)))
        writer.write(small: ContiguousArray(slots.map(\.campaign)))
        for origin in origins {
            writer.write(signed: origin.request)
            writer.write(signed: origin.time)
            writer.write(byte: origin.decision)
        }
        writer.write(floats: values)
        for row in 0..<2 { writer.write(small: rankRows(row)) }
    }

    /// The lower ranks of every place (row 0) or its upper ones (row 1), without what fills their rows up.
    private func rankRows(_ row: Int) -> ContiguousArray<UInt32> {
        var rows = ContiguousArray<UInt32>()
        rows.reserveCapacity(slots.count * features)
        for place in slots.indices {
            let start = (2 * place + row) * width
            for rank in start..<start + features { rows.append(UInt32(ranks[rank])) }
        }
        return rows
    }

    mutating func restore(from reader: inout ByteReader) throws {
        newest = try reader.readVarint()
        let orders = try reader.readWords()
        let campaigns = try reader.readSmall()
        origins = []
        for _ in orders {
            origins.append(
                AnchorOrigin(request: try reader.readSigned(), time: try reader.readSigned(), decision: try reader.readByte()))
        }
        values = try reader.readFloats()
        let low = try reader.readSmall()
        let high = try reader.readSmall()
        let places = orders.count
        guard places <= capacity, campaigns.count == places, values.count == places * features, low.count == values.count, high.count == values.count
        else { throw CorruptBytes(offset: reader.offset, expected: "at most \(capacity) anchors of \(features) features") }
        live = orders.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
        slots = ContiguousArray(zip(orders, campaigns).map { Slot(order: $0, campaign: $1) })
        ranks = RankRows()
        ranks.grow(to: places * 2 * width)
        for (index, (low, high)) in zip(low, high).enumerated() {
            let place = index / features * 2 * width + index % features
            (ranks[place], ranks[place + width]) = (UInt16(truncatingIfNeeded: low), UInt16(truncatingIfNeeded: high))
        }
    }
}
