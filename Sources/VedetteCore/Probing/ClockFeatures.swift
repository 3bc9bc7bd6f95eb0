/// Features that tell the time and not the request: the hour of the day, whatever is switched for everybody at once.
///
/// Requests of one moment agree in them whoever sent them, so where the requests that a new one is compared with are
/// all of its own moment, agreement says nothing of a common sender. The stream shows it: ordinary requests as far
/// apart as half the memory of ordinary ones agree in such a feature far more, in the lower quartile of -ln r (see
/// ``AnchorStore``), than a request and a row of the sample do. In thin traffic, whose memory reaches back for days,
/// the hour is a feature like any. The lower quartile, and rows of many hours, so that an attacker who wants a feature
/// disregarded must be a third of the traffic for half a day.
struct ClockFeatures: Equatable {
    /// Ordinary requests, in order, no closer to each other than this, in requests and in ms of event time.
    static let rows = 256
    private static let spacing = 512
    private static let spacingMs: Int64 = 300_000
    /// Rows from which on they are looked at.
    private static let leastRows = 128
    /// Excess of agreement, nats, from which on a feature is a clock. Chance makes a tenth (standard deviation).
    private static let limit: Float = 0.5
    /// In which an excess loses two thirds, ms of event time: in the middle of an hour the hour stands still, and a
    /// weekend comes once a week.
    private static let memoryMs = 7.0 * 86_400_000

    private let features: Int
    /// The newest rows, row-major, a ring.
    private var recent: ContiguousArray<Float> = []
    private var cursor = 0
    private var excess: ContiguousArray<Float>
    private var lookedAt: Int64 = 0
    private var newestAt: Int64 = 0
    private var passed = 0

    init(features: Int) {
        self.features = features
        excess = ContiguousArray(repeating: 0, count: features)
    }

    func isClock(_ feature: Int) -> Bool { excess[feature] >= Self.limit }

    @inline(__always)
    mutating func add(_ row: UnsafeBufferPointer<Float>, at time: Int64) {
        passed += 1
        guard passed >= Self.spacing, time - newestAt >= Self.spacingMs else { return }
        (newestAt, passed) = (time, 0)
        if recent.count < Self.rows * features { return recent.append(contentsOf: row) }
        for feature in 0..<features { recent[cursor * features + feature] = row[feature] }
        cursor = cursor + 1 == Self.rows ? 0 : cursor + 1
    }

    /// - Parameters:
    ///   - time: event time, ms.
    ///   - sample: the value of a feature in some row of the sample, by a number.
    ///   - share: of ordinary traffic between two values of a feature.
    /// O(rows · features · log rows).
    mutating func look(at time: Int64, sample: (_ feature: Int, _ number: Int) -> Float, share: (_ feature: Int, Float, Float) -> Double) {
        let rows = features == 0 ? 0 : recent.count / features
        guard rows >= Self.leastRows else { return }
        let decay = Float(RealFunctions.exp(-Double(max(0, time - lookedAt)) / Self.memoryMs))
        lookedAt = max(lookedAt, time)
        var (near, far) = (ContiguousArray<Double>(), ContiguousArray<Double>())
        for feature in 0..<features {
            near.removeAll(keepingCapacity: true)
            far.removeAll(keepingCapacity: true)
            for row in 1..<rows {
                let (one, next) = (value(feature, row - 1, of: rows), value(feature, row, of: rows))
                near.append(Self.agreement(one, next) { share(feature, $0, $1) })
                far.append(Self.agreement(one, sample(feature, row)) { share(feature, $0, $1) })
            }
            excess[feature] = max(decay * excess[feature], Float(Self.lowerQuartile(&near) - Self.lowerQuartile(&far)))
        }
    }

    /// In the order of arrival.
    private func value(_ feature: Int, _ row: Int, of rows: Int) -> Float { recent[(cursor + row) % rows * features + feature] }

    private static func agreement(_ a: Float, _ b: Float, _ share: (Float, Float) -> Double) -> Double {
        guard !a.isNaN, !b.isNaN else { return 0 }
        return -RealFunctions.log(share(min(a, b), max(a, b)))
    }

    private static func lowerQuartile(_ values: inout ContiguousArray<Double>) -> Double {
        values.sort()
        return values[values.count / 4]
    }
}

extension ClockFeatures: Snapshottable {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: features)
        writer.write(floats: recent)
        writer.write(count: cursor)
        writer.write(floats: excess)
        writer.write(signed: lookedAt)
        writer.write(signed: newestAt)
        writer.write(count: passed)
    }

    init(from reader: inout ByteReader) throws {
        features = try reader.readCount(minimumSize: 0)
        recent = try reader.readFloats()
        cursor = Int(clamping: try reader.readVarint())
        excess = try reader.readFloats()
        lookedAt = try reader.readSigned()
        newestAt = try reader.readSigned()
        passed = Int(clamping: try reader.readVarint())
        guard excess.count == features, recent.count <= Self.rows * features, cursor < Self.rows, features == 0 || recent.count % features == 0 else {
            throw CorruptBytes(offset: reader.offset, expected: "\(Self.rows) rows of \(features) features")
        }
    }
}
