import Testing
import VedetteCore

/// A pane that nobody uses is kept as its bytes, so these must be the pane: to the last bit, and in all that is done with it later.
@Suite("A pane is its bytes")
struct PaneEncodingTests {
    /// With any of the parts that a pane may have, of a few decisions or of hundreds.
    private static func pane(_ random: inout SeededRandom) -> Pane {
        var configuration = PaneConfiguration()
        configuration.scoreEntries = random.bernoulli(0.3) ? 21 + random.below(30) : 1_024
        configuration.quantileBins = random.bernoulli(0.3) ? 16 + random.below(20) : 512
        let builder = Pane.Builder(configuration, features: random.bernoulli(0.5) ? 3 : 0)
        func some(_ share: Double, _ body: () -> Void) { if random.bernoulli(share) { body() } }
        let scale = random.bernoulli(0.5) ? 2 : 40
        for _ in 0..<random.below(scale) {
            let score = random.bernoulli(0.7) ? Double(random.below(1_000_001)) / 1e6 : random.uniform()
            let latency = random.bernoulli(0.3) ? nil : random.bernoulli(0.5) ? Double(random.below(5_000)) / 10 : random.uniform() * 1e5
            builder.addDecisions(1 + random.below(3), Decision.allCases[random.below(5)], score: score, latencyMs: latency)
            if random.bernoulli(0.5) { builder.addSample(request(&random), isFraud: random.bernoulli(0.3)) }
        }
        some(0.5) { builder.addSignals(modelOnly: Int64(random.below(3)), several: 4) }
        some(0.5) { builder.addOperations(ok: 3, timeouts: Int64(random.below(2)), errors: 1, costs: random.below(4), cost: random.uniform()) }
        for _ in 0..<(random.bernoulli(0.5) ? random.below(20) : 0) {
            let delay = Int64(random.below(90)) * 43_200_000
            let outcome: Outcome = random.bernoulli(0.5) ? .fraud : .legit
            builder.addOutcomes(
                1 + random.below(2), outcome, decision: Decision.allCases[random.below(5)], score: random.uniform(),
                amount: random.bernoulli(0.5) ? .nan : Double(random.below(1_000_000)) / 100, weight: random.bernoulli(0.1) ? 2.5 : 1, delayMs: delay)
            builder.addArrivals(1 + random.below(2), outcome, delayMs: delay)
        }
        some(0.3) {
            let row = DecisionRow(time: 0, model: 0, version: 0, score: 0.5, decision: .allow, amount: .none, exploration: 0.25, content: 1)
            builder.explore(LabelEntry(source: 1, time: 5, outcome: .fraud, tier: 2, weight: 2_000), row)
        }
        for index in builder.pane.features.indices {
            builder.addFeature(index, present: random.below(3), value: random.uniform() * 1e4, absent: random.below(2), null: random.below(2), wrongType: random.below(2))
            for _ in 0..<(random.bernoulli(0.3) ? random.below(100) : 0) { builder.addCategory(index, "category-\(random.below(90))") }
        }
        addFaulty(to: builder, &random)
        some(0.3) { builder.addUndeclared(UndeclaredField(place: UInt64(random.below(1_000)), name: "x", isNew: false, before: 0), count: 2) }
        return builder.pane
    }

    /// Requests with the faults that the pane has counted: a few of all that there are, or one for nearly every decision.
    private static func addFaulty(to builder: Pane.Builder, _ random: inout SeededRandom) {
        let pane = builder.pane
        let failures = (pane.operations?.timeouts ?? 0) + (pane.operations?.errors ?? 0)
        for _ in 0..<random.below(random.bernoulli(0.5) ? 3 : 20) {
            let missing = pane.features.indices.filter { pane.features[$0].missing > 0 && random.bernoulli(0.5) }
            let wrongType = pane.features.indices.filter { pane.features[$0].wrongType > 0 && random.bernoulli(0.5) }
            builder.addSample(request(&random), missing: missing, wrongType: wrongType, isFailure: failures > 0 && random.bernoulli(0.5))
        }
    }

    /// As systems write request IDs: digits of any kind and number, UUIDs, near misses of these, words.
    private static func request(_ random: inout SeededRandom) -> String {
        func digits(_ count: Int) -> String { String((0..<count).map { _ in Array("0123456789abcdef")[random.below(16)] }) }
        let uuid = [8, 4, 4, 4, 12].map(digits).joined(separator: "-")
        switch random.below(7) {
        case 0: return digits(16)
        case 1: return digits(1 + random.below(40))
        case 2: return uuid
        case 3: return uuid.uppercased()
        case 4: return String(uuid.dropLast()) + "-"
        case 5: return "request-\(random.below(1 << 30))"
        default: return "é\(digits(34))"
        }
    }

    /// What builders hash request IDs with, something else, nothing.
    private static let hashes = [KeyedHash(secret: "pane builder"), KeyedHash(secret: "another"), nil]

    private static func bytes(_ pane: Pane, _ hash: KeyedHash? = hashes[0]) -> [UInt8] {
        var writer = ByteWriter()
        pane.encode(into: &writer, hash: hash)
        return writer.bytes
    }

    private static func decoded(_ bytes: [UInt8], _ hash: KeyedHash? = hashes[0]) throws -> Pane {
        var reader = ByteReader(bytes)
        let pane = try Pane(from: &reader, hash: hash)
        #expect(reader.isAtEnd)
        return pane
    }

    @Test("what is read back is written the same, and merges the same, into panes and out of them")
    func mergesTheSame() throws {
        var random = SeededRandom(seed: 11)
        for round in 0..<300 {
            let parts = (0..<(1 + random.below(5))).map { _ in Self.pane(&random) }
            let hash = Self.hashes[round % 3]
            let copies = try parts.map { try Self.decoded(Self.bytes($0, hash), hash) }
            for (part, copy) in zip(parts, copies) {
                #expect(Self.bytes(copy) == Self.bytes(part), "round \(round)")
                #expect(copy.samples.texts == part.samples.texts && copy.fraudSamples.texts == part.fraudSamples.texts)
                #expect(copy.operations?.failedSamples == part.operations?.failedSamples)
                #expect(copy.features.map(\.missingSamples) == part.features.map(\.missingSamples))
                #expect(copy.features.map(\.wrongTypeSamples) == part.features.map(\.wrongTypeSamples))
                #expect(copy.total == part.total && copy.labelled == part.labelled && copy.arrived == part.arrived)
            }
            let (whole, other) = (Pane.Builder(features: 3), Pane.Builder(features: 3))
            for (part, copy) in zip(parts, copies) {
                whole.merge(part)
                other.merge(copy)
            }
            #expect(Self.bytes(whole.pane) == Self.bytes(other.pane), "round \(round)")
            // And as the pane that others are merged into.
            let again = Pane.Builder(features: 3)
            again.merge(try Self.decoded(Self.bytes(whole.pane)))
            again.merge(parts[0])
            whole.merge(copies[0])
            #expect(Self.bytes(whole.pane) == Self.bytes(again.pane), "round \(round)")
        }
    }

    @Test("bytes that are cut or damaged are refused or make another pane, and never trap")
    func damage() throws {
        var random = SeededRandom(seed: 12)
        for _ in 0..<20 {
            let whole = Self.bytes(Self.pane(&random))
            for length in stride(from: 0, to: whole.count, by: max(1, whole.count / 50)) {
                #expect(throws: CorruptBytes.self) { try Self.decoded(Array(whole[..<length])) }
            }
            for _ in 0..<50 {
                var damaged = whole
                damaged[random.below(damaged.count)] = UInt8(random.below(256))
                var reader = ByteReader(damaged)
                if let pane = try? Pane(from: &reader, hash: Self.hashes[0]) { _ = Self.bytes(pane) }
            }
        }
    }

    @Test("a pane of one decision is some ten bytes, not a kilobyte")
    func small() {
        let builder = Pane.Builder()
        builder.addDecisions(1, .allow, score: 0.123456, latencyMs: 12.5)
        builder.addSample("0123456789abcdef")
        #expect(Self.bytes(builder.pane).count < 50)
    }

    @Test("a fault takes a byte per feature while all of its requests are among the samples, and some of an ID each for the rest")
    func faults() {
        func size(decisions: Int, lacking: Range<Int>, features: Int = 16) -> Int {
            let builder = Pane.Builder(features: features)
            builder.addDecisions(decisions)
            for feature in 0..<features { builder.addFeature(feature, absent: decisions) }
            for request in 0..<decisions {
                let text = String(UInt64(request) &* 0x9E37_79B9_7F4A_7C15 | 1 << 63, radix: 16)
                builder.addSample(text, missing: lacking.contains(request) ? Array(0..<features) : [])
            }
            return Self.bytes(builder.pane).count
        }
        // The byte says which of the samples; that it is none, it says as well.
        #expect(size(decisions: 3, lacking: 0..<3) == size(decisions: 3, lacking: 0..<0))
        // A flood in which every decision lacks every feature.
        #expect(size(decisions: 5_000, lacking: 0..<5_000) == size(decisions: 5_000, lacking: 0..<0))
        // One in fifty does: five IDs of nine bytes, less those that happen to be among the samples, and their number.
        #expect(size(decisions: 5_000, lacking: 0..<100) <= size(decisions: 5_000, lacking: 0..<0) + 16 * 46)
    }
}
