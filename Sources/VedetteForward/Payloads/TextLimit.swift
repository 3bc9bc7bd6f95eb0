extension String {
    /// At most `limit` UTF-16 units, cut between characters and then ending in `…`. In UTF-16 a text is never shorter than
    /// in characters, however the reader counts them.
    func cut(to limit: Int) -> String {
        guard utf16.count > limit else { return self }
        var kept = "", count = 0
        for character in self {
            count += character.utf16.count
            guard count < limit else { break }
            kept.append(character)
        }
        return kept + "…"
    }

    /// Whether it is an address that a person can click.
    var isWebAddress: Bool { hasPrefix("https://") || hasPrefix("http://") }
}
