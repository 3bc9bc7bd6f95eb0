/// When an anchor came and how it was decided.
struct AnchorOrigin: Equatable {
    /// The model's request counter.
    var request: Int64
    /// Event time, ms.
    var time: Int64
    /// Raw ``Decision``.
    var decision: UInt8
}

/// A fixed number of past requests that new ones are compared with: values, ranks and the campaign of each.
///
/// `anchors` are places in a ring. Similarity of two requests is S = -Σ ln r, where r is the share of ordinary
/// traffic that lies between their two values of a feature, ends included: a coincidence in a rare value counts
/// for much, in a popular one for little, and a feature that was moved far for nothing.
struct AnchorStore: Equatable {
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
        let base = place * features
        for feature in 0..<features {
            values[base + feature] = row[feature]
            low[base + feature] = lows[feature]
            high[base + feature] = highs[feature]
        }
        campaigns[place] = UInt32(campaign + 1)
        orders[place] = newest
        origins[place] = origin
    }

    func campaign(of place: Int) -> Int { Int(campaigns[place]) - 1 }
    mutating func setCampaign(_ campaign: Int, of place: Int) { campaigns[place] = UInt32(campaign + 1) }
    func origin(of place: Int) -> AnchorOrigin { origins[place] }
    func isEmpty(_ place: Int) -> Bool { orders[place] == 0 }
    func value(_ feature: Int, of place: Int) -> Float { values[place * features + feature] }
    mutating func relabel(_ old: Int, as new: Int) {
        let (from, to) = (UInt32(old + 1), UInt32(new + 1))
        for place in campaigns.indices where campaigns[place] == from { campaigns[place] = to }
    }

    mutating func clear(_ place: Int) {
        if orders[place] != 0 { live -= 1 }
        orders[place] = 0
    }

    /// How many newer ones there are: a match among many candidates is worth less.
    func age(of place: Int) -> UInt64 { min(newest - orders[place], UInt64(capacity)) }

    /// Similarity, nats. O(features).
    @inline(__always)
    func similarity(_ place: Int, low lows: UnsafePointer<UInt16>, high highs: UnsafePointer<UInt16>, size: Int) -> Double {
        let base = place * features
        let whole = Int32(size + 1)
        var product = 1.0
        var sum = 0.0
        low.withUnsafeBufferPointer { low in
            high.withUnsafeBufferPointer { high in
                for feature in 0..<features {
                    let between = Int32(max(high[base + feature], highs[feature])) - Int32(min(low[base + feature], lows[feature])) + 1
                    product *= Double(min(between, whole))
                    // 1,025 to the 64th is far from overflow.
                    if feature & 63 == 63 {
                        sum += RealFunctions.log(product)
                        product = 1
                    }
                }
            }
        }
        return Double(features) * RealFunctions.log(Double(whole)) - sum - RealFunctions.log(product)
    }

    /// Ranks of all anchors anew, after the reference was sorted.
    mutating func rank(with reference: FeatureReference) {
        let stride = features
        values.withUnsafeBufferPointer { values in
            low.withUnsafeMutableBufferPointer { low in
                high.withUnsafeMutableBufferPointer { high in
                    guard let values = values.baseAddress, let low = low.baseAddress, let high = high.baseAddress else { return }
                    for place in 0..<orders.count where orders[place] != 0 {
                        let base = place * stride
                        reference.rank(UnsafeBufferPointer(start: values + base, count: stride), low: low + base, high: high + base)
                    }
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
