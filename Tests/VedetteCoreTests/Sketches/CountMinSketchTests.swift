import Testing

import VedetteCore

/// Against the obvious reference: a dictionary of true counts.
@Suite struct CountMinSketchTests {
    @Test("Never below the truth, and seldom above the bound that it states")
    func bounds() {
        var random = SeededRandom(seed: 3)
        var sketch = CountMinSketch(width: 1_024)
        var truth: [UInt64: Int] = [:]
        for _ in 0..<30_000 {
            let key = UInt64(random.uniform() * random.uniform() * 5_000) &* 0x9E37_79B9_7F4A_7C15
            let count = 1 + Int(random.uniform() * 4)
            truth[key, default: 0] += count
            #expect(sketch.add(key, count: count) >= truth[key]!)
        }
        let total = truth.values.reduce(0, +)
        let high = truth.filter { sketch.count(of: $0.key) > $0.value + 3 * total / 1_024 }
        #expect(truth.allSatisfy { sketch.count(of: $0.key) >= $0.value })
        #expect(Double(high.count) <= 0.0183 * Double(truth.count))
    }

    @Test("Counts end at the largest number instead of wrapping, and halve")
    func edges() {
        var sketch = CountMinSketch(width: 1)
        sketch.add(7, count: Int(UInt32.max) - 1)
        #expect(sketch.add(7) == Int(UInt32.max))
        #expect(sketch.add(7, count: 5) == Int(UInt32.max))
        sketch.halve()
        #expect(sketch.count(of: 7) == Int(UInt32.max / 2))
    }

    @Test("A sketch goes on after a restart where it stood", arguments: [0, 500])
    func restored(count: Int) throws {
        var sketch = CountMinSketch(width: 256)
        for key in 0..<count { sketch.add(UInt64(key) &* 0xD134_2543_DE82_EF95) }
        var writer = ByteWriter()
        sketch.encode(into: &writer)
        var restored = CountMinSketch(width: 256)
        restored.add(99)
        var reader = ByteReader(writer.bytes)
        try restored.restore(from: &reader)
        #expect(restored == sketch)
    }
}
