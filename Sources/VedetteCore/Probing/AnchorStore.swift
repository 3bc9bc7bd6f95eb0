/// When an anchor came and how it was decided.
struct AnchorOrigin: Equatable {
    /// The model's request counter.
    var request: Int64
    /// Event time, ms.
    var time: Int64
    /// Raw ``Decision``.
    var decision: UInt8
}

/// A request of a campaign that a new one is near to.
struct NearCampaign {
    let campaign: Int
    /// Adjusted, nats.
    let similarity: Double
}

/// A fixed number of past requests that new ones are compared with: values, ranks and the campaign of each.
///
/// `anchors` are places in a ring. Similarity of two requests is S = -Σ ln r, where r is the share of ordinary
/// traffic that lies between their two values of a feature, ends included: a coincidence in a rare value counts
/// for much, in a popular one for little, and a feature that was moved far for nothing.
struct AnchorStore {
    /// Only requests that share two fingerprints or more are compared, and so many that share one.
    private static let maxLoners = 6
    /// Campaigns that a request is near to are one when they are no further apart than this, nats.
    static let mergeSpan = 3.0

    let features: Int
    let capacity: Int
    private var values: ContiguousArray<Float>
    private var low: ContiguousArray<UInt16>
    private var high: ContiguousArray<UInt16>
    /// Campaign + 1; 0 for none.
    private var campaigns: ContiguousArray<UInt32>
    /// Running number of the store's insertion, so that age can be told; 0 is an empty place.
    private var orders: ContiguousArray<UInt64>
    private var origins: ContiguousArray<AnchorOrigin>
    /// Places that are taken.
    private(set) var live = 0
    /// Running number of the newest insertion.
    private(set) var newest: UInt64 = 0

    init(features: Int, capacity: Int) {
        self.features = features
        self.capacity = capacity
        values = []
        low = []
        high = []
        campaigns = []
        orders = []
        origins = []
    }

    /// Places that exist: the store grows to its capacity and no further.
    var count: Int { orders.count }

    /// Makes places up to `place` exist.
    mutating func reach(_ place: Int) {
        guard place >= orders.count else { return }
        let extra = place + 1 - orders.count
        values.append(contentsOf: repeatElement(0, count: extra * features))
        low.append(contentsOf: repeatElement(0, count: extra * features))
        high.append(contentsOf: repeatElement(0, count: extra * features))
        campaigns.append(contentsOf: repeatElement(0, count: extra))
        orders.append(contentsOf: repeatElement(0, count: extra))
        origins.append(contentsOf: repeatElement(AnchorOrigin(request: 0, time: 0, decision: 0), count: extra))
    }

    mutating func set(
        _ place: Int, values row: UnsafePointer<Float>, low lows: UnsafePointer<UInt16>, high highs: UnsafePointer<UInt16>,
        campaign: Int, origin: AnchorOrigin
    ) {
        reach(place)
        if orders[place] == 0 { live += 1 }
        newest += 1
        let (features, base) = (features, place * features)
        values.withUnsafeMutableBufferPointer { ($0.baseAddress! + base).update(from: row, count: features) }
        low.withUnsafeMutableBufferPointer { ($0.baseAddress! + base).update(from: lows, count: features) }
        high.withUnsafeMutableBufferPointer { ($0.baseAddress! + base).update(from: highs, count: features) }
        campaigns[place] = UInt32(campaign + 1)
        orders[place] = newest
        origins[place] = origin
    }

    func campaign(of place: Int) -> Int { Int(campaigns[place]) - 1 }
    mutating func setCampaign(_ campaign: Int, of place: Int) { campaigns[place] = UInt32(campaign + 1) }
    func origin(of place: Int) -> AnchorOrigin { origins[place] }
    func value(_ feature: Int, of place: Int) -> Float { values[place * features + feature] }
    mutating func relabel(_ old: Int, as new: Int) {
        let (from, to) = (UInt32(old + 1), UInt32(new + 1))
        for place in campaigns.indices where campaigns[place] == from { campaigns[place] = to }
    }

    mutating func clear(_ place: Int) {
        if orders[place] != 0 { live -= 1 }
        orders[place] = 0
    }

    /// The anchor most similar to a request, less what the number of candidates is worth; -1 and 0 where none is above 0.
    ///
    /// - Parameter near: receives those of a campaign that lie within ``mergeSpan`` of the best.
    /// O(candidates · features). `mutating` so that nothing is copied; it changes nothing.
    mutating func nearest(
        _ candidates: CandidateSet, _ request: RankedRequest, near: inout ContiguousArray<NearCampaign>?
    ) -> (place: Int, adjusted: Double) {
        let (lows, highs, size, between) = (request.low, request.high, request.size, request.between)
        var best = (place: -1, adjusted: 0.0)
        var loners = 0
        let (features, newest, limit) = (features, newest, UInt64(capacity))
        let whole = Int16(truncatingIfNeeded: size + 1)
        let all = Double(features) * RealFunctions.log(Double(whole))
        let wantsNear = near != nil
        let places = orders.count
        Self.penalties.withUnsafeBufferPointer { penalties in
            for index in 0..<candidates.count {
                let place = candidates.number(index)
                if candidates.coincidences(index) < 2 {
                    if place >= 0 { loners += 1 }
                    if loners > Self.maxLoners { continue }
                }
                guard place >= 0, place < places, orders[place] != 0 else { continue }
                let penalty = penalties[Int(min(min(newest &- orders[place], limit), UInt64(penalties.count - 1)))]
                let campaign = Int(campaigns[place]) - 1
                let isNear = wantsNear && campaign >= 0
                let least = isNear ? max(best.adjusted - Self.mergeSpan, 0) : best.adjusted
                compare(place, lows, highs, whole, between)
                // Most candidates are out of the running without the exact product, and of the others most without a logarithm.
                guard features > 63 || all - Self.lnBelow(Self.roughProduct(between, features)) - penalty > least else { continue }
                let (sum, product) = Self.product(between, features)
                guard all - sum - Self.lnBelow(product) - penalty > least else { continue }
                let adjusted = all - sum - RealFunctions.log(product) - penalty
                if isNear { near?.append(NearCampaign(campaign: campaign, similarity: adjusted)) }
                if adjusted > best.adjusted { best = (place, adjusted) }
            }
        }
        return best
    }

    /// How many ordinary values lie between two requests, feature by feature.
    @inline(__always)
    private mutating func compare(
        _ place: Int, _ lows: UnsafePointer<UInt16>, _ highs: UnsafePointer<UInt16>, _ whole: Int16, _ between: UnsafeMutablePointer<Int16>
    ) {
        let (features, base) = (features, place * features)
        low.withUnsafeBufferPointer { low in
            high.withUnsafeBufferPointer { high in
                guard let low = low.baseAddress, let high = high.baseAddress else { return }
                let (ownLow, ownHigh) = (low + base, high + base)
                // Ranks are below 32,768: signed lanes, for which every machine has minimum and maximum.
                for feature in 0..<features {
                    let upper = max(Int16(bitPattern: ownHigh[feature]), Int16(bitPattern: highs[feature]))
                    let lower = min(Int16(bitPattern: ownLow[feature]), Int16(bitPattern: lows[feature]))
                    between[feature] = min(upper &- lower &+ 1, whole)
                }
            }
        }
    }

    /// At most ln of a positive number: that of its binary exponent.
    @inline(__always)
    private static func lnBelow(_ product: Double) -> Double { Double(Int64(bitPattern: product.bitPattern &>> 52) &- 1_023) * 0.693147 }

    /// Product of the numbers and the logarithm of what did not fit into it, one after the other.
    @inline(__always)
    private static func product(_ between: UnsafeMutablePointer<Int16>, _ features: Int) -> (sum: Double, product: Double) {
        var (sum, product) = (0.0, 1.0)
        for feature in 0..<features {
            product *= Double(between[feature])
            // 1,025 to the 64th is far from overflow.
            if feature & 63 == 63 {
                sum += RealFunctions.log(product)
                product = 1
            }
        }
        return (sum, product)
    }

    /// A little less than the product of up to 63 numbers, whatever the rounding: four at a time.
    @inline(__always)
    private static func roughProduct(_ between: UnsafeMutablePointer<Int16>, _ features: Int) -> Double {
        var lanes = SIMD4<Double>(repeating: 1)
        var feature = 0
        while feature + 4 <= features {
            lanes *= SIMD4<Double>(Double(between[feature]), Double(between[feature + 1]), Double(between[feature + 2]), Double(between[feature + 3]))
            feature += 4
        }
        var product = lanes[0] * lanes[1] * (lanes[2] * lanes[3])
        while feature < features {
            product *= Double(between[feature])
            feature += 1
        }
        return product * (1 - 0x1p-40)
    }

    /// ln of the inverse weight of the `age`th newest among all earlier requests; the weights 1 / ((a+2) ln e(a+2)) fall slowly.
    private static let penalties: ContiguousArray<Double> = ContiguousArray(
        (0..<32_768).map { age in
            let log = RealFunctions.log(Double(age) + 2)
            return log + RealFunctions.log(log + 1)
        })

    /// Ranks of all anchors anew, after the reference was sorted.
    mutating func rank(with reference: FeatureReference) {
        values.withUnsafeBufferPointer { values in
            low.withUnsafeMutableBufferPointer { low in
                high.withUnsafeMutableBufferPointer { high in
                    guard let values = values.baseAddress, let low = low.baseAddress, let high = high.baseAddress else { return }
                    reference.rank(rows: orders.count, values, low: low, high: high) { orders[$0] != 0 }
                }
            }
        }
    }
}

extension AnchorStore {
    func encode(into writer: inout ByteWriter) {
        writer.write(varint: newest)
        writer.write(words: orders)
        writer.write(small: campaigns)
        for origin in origins {
            writer.write(signed: origin.request)
            writer.write(signed: origin.time)
            writer.write(byte: origin.decision)
        }
        writer.write(floats: values)
        writer.write(small: ContiguousArray(low.map(UInt32.init)))
        writer.write(small: ContiguousArray(high.map(UInt32.init)))
    }

    mutating func restore(from reader: inout ByteReader) throws {
        newest = try reader.readVarint()
        orders = try reader.readWords()
        campaigns = try reader.readSmall()
        origins = []
        for _ in orders {
            origins.append(
                AnchorOrigin(request: try reader.readSigned(), time: try reader.readSigned(), decision: try reader.readByte()))
        }
        values = try reader.readFloats()
        low = ContiguousArray(try reader.readSmall().map { UInt16(truncatingIfNeeded: $0) })
        high = ContiguousArray(try reader.readSmall().map { UInt16(truncatingIfNeeded: $0) })
        let places = orders.count
        live = orders.reduce(0) { $0 + ($1 == 0 ? 0 : 1) }
        guard places <= capacity, campaigns.count == places, values.count == places * features, low.count == values.count, high.count == values.count
        else { throw CorruptBytes(offset: reader.offset, expected: "at most \(capacity) anchors of \(features) features") }
    }
}
