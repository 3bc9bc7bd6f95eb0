/// How likely is it that a hub's next request brings a partner that it has not met in two days? Learned from hubs of
/// like age and volume.
///
/// The state of a hub is (class of its past, partners so far, repeats so far), each in bins. Were a hub's requests
/// exchangeable, as of a hub with a rate of its own, partners and repeats would be sufficient, and the shares learned
/// here the exact predictive probabilities, whatever the mixture of homes and gateways. A state that was hardly ever
/// visited borrows from the one with fewer partners (a gateway's first visit to forty looks like all gateways' at
/// thirty), so the first hub that gets far is no news, and one that gets far where none ever did is.
struct NoveltyTable: Equatable {
    static let classes = 10
    private static let partners = 20
    private static let repeats = 12
    /// Requests in a state that its neighbour's share stands for.
    private static let weight: Float = 8
    /// Requests from which on a state needs no neighbour.
    private static let ample: Float = 400
    /// Counts are halved here, so that what is ordinary may change.
    private static let ceiling: Float = 65_536

    /// Requests in a state.
    private struct Visits: Equatable {
        var tried: Float = 0
        /// Of which brought a new partner.
        var new: Float = 0
    }

    private var visits = ContiguousArray(repeating: Visits(), count: classes * partners * repeats)

    /// 0 without a past, else by partners a day on active days: 1 for at most 1.5, then doubling.
    static func pastClass(_ usual: Float) -> UInt8 {
        var (result, edge): (UInt8, Float) = (1, 1.5)
        while usual > edge, Int(result) < classes - 1 { (result, edge) = (result + 1, edge * 2) }
        return result
    }

    /// 1 to 6 each by itself, then four bins a doubling, up to 128.
    private static let partnerBins: ContiguousArray<UInt8> = ContiguousArray(
        (0...128).map { set in
            guard set > 6 else { return UInt8(max(0, set - 1)) }
            return UInt8(min(partners - 1, 6 + Int(3 * RealFunctions.log(Double(set) / 7) / RealFunctions.log(2))))
        })

    /// 0 to 3 each by itself, then doublings.
    @inline(__always)
    private static func repeatBin(_ count: Int) -> Int {
        count < 4 ? count : min(repeats - 1, 2 + (Int.bitWidth - 1 - count.leadingZeroBitCount))
    }

    /// - Parameters:
    ///   - set: bits of the hub's partners, 1 to 128.
    ///   - repeats: requests that brought none.
    @inline(__always)
    static func state(pastClass: UInt8, set: Int, repeats count: Int) -> Int {
        (Int(pastClass) * repeats + repeatBin(count)) * partners + Int(partnerBins[set])
    }

    @inline(__always)
    mutating func learn(_ state: Int, isNew: Bool) {
        var seen = visits[state]
        seen.tried += 1
        if isNew { seen.new += 1 }
        if seen.tried > Self.ceiling { (seen.tried, seen.new) = (seen.tried / 2, seen.new / 2) }
        visits[state] = seen
    }

    /// P(the next partner is new), within (0, 1). O(bins of partners).
    func share(_ state: Int) -> Double {
        let first = state - state % Self.partners
        var from = state
        while from > first, visits[from].tried < Self.ample { from -= 1 }
        var share = (visits[from].new + 0.5) / (visits[from].tried + 1)
        while from < state {
            from += 1
            share = (visits[from].new + Self.weight * share) / (visits[from].tried + Self.weight)
        }
        return Double(share)
    }
}

extension NoveltyTable: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        for seen in visits {
            writer.write(fixed32: seen.tried.bitPattern)
            writer.write(fixed32: seen.new.bitPattern)
        }
    }

    init(from reader: inout ByteReader) throws {
        for state in visits.indices {
            visits[state].tried = Float(bitPattern: try reader.readFixed32())
            visits[state].new = Float(bitPattern: try reader.readFixed32())
        }
    }
}
