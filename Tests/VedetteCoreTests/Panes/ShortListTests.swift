import Testing
import VedetteCore

@Suite("Short lists")
struct ShortListTests {
    @Test("A short list is an array, whether its values have memory of their own or not", arguments: UInt64(0)..<20)
    func array(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        var list = ShortList<2, Int>(filler: -1)
        var oracle: [Int] = []
        for step in 0..<400 {
            // It grows and shrinks in turns, each time across the border.
            if oracle.isEmpty || random.below(10) < (step / 20 % 2 == 0 ? 6 : 2) {
                let place = random.below(oracle.count + 1)
                list.insert(step, at: place)
                oracle.insert(step, at: place)
            } else {
                let place = random.below(oracle.count)
                if random.below(3) == 0 {
                    list[place] = -step
                    oracle[place] = -step
                } else {
                    list.remove(at: place)
                    oracle.remove(at: place)
                }
            }
            #expect(list.indices.map { list[$0] } == oracle && list.isEmpty == oracle.isEmpty)
            // However it came about: equal to one that only grew.
            var grown = ShortList<2, Int>(filler: -1)
            for value in oracle { grown.insert(value, at: grown.count) }
            #expect(list == grown)
        }
    }
}
