/// "Did you mean …?": the nearest of the known words.
enum Suggestion {
    /// The candidate with the least edit distance, if that is at most a third of the word; for words of one
    /// or two letters only another spelling of the same, since everything is near to them.
    static func nearest(to word: String, among candidates: [String]) -> String? {
        let limit = word.count / 3
        let ranked = candidates
            .map { candidate in
                // An abbreviation of three letters or more is as good as one slip: `bool` for `boolean`.
                let isAbbreviation = word.count >= 3 && candidate.lowercased().hasPrefix(word.lowercased())
                return (word: candidate, distance: isAbbreviation ? 1 : distance(normal(word), normal(candidate)))
            }
            .filter { $0.distance <= limit }
        return ranked.min { ($0.distance, $0.word) < ($1.distance, $1.word) }?.word
    }

    /// ` (did you mean "x"?)` or nothing, to be put behind what was found.
    static func phrase(for word: String, among candidates: [String]) -> String {
        nearest(to: word, among: candidates).map { " (did you mean \"\($0)\"?)" } ?? ""
    }

    /// People mix up case, `-` and `_` more than they mistype letters.
    private static func normal(_ word: String) -> [Character] {
        word.lowercased().map { $0 == "-" || $0 == " " ? "_" : $0 }
    }

    /// Damerau-Levenshtein in its restricted form: insert, delete, replace, swap neighbours. O(n*m).
    private static func distance(_ a: [Character], _ b: [Character]) -> Int {
        var previous = [Int](repeating: 0, count: b.count + 1)
        var current = Array(0...b.count)
        for i in 0..<a.count {
            let next = [i + 1] + [Int](repeating: 0, count: b.count)
            let older = previous
            previous = current
            current = next
            for j in 0..<b.count {
                var best = min(previous[j + 1] + 1, current[j] + 1, previous[j] + (a[i] == b[j] ? 0 : 1))
                if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] { best = min(best, older[j - 1] + 1) }
                current[j + 1] = best
            }
        }
        return current[b.count]
    }
}
