/// A name that somebody else chose, as alerts and their fingerprints have it: of bounded length, and another for every name.
enum ShownName {
    /// Bytes of the longest.
    static let maxBytes = 80

    /// A name below ``maxBytes`` as it is. A longer one as its beginning and a hash of all of it, of ``maxBytes`` together, so that neither two
    /// long names nor a long and a short one look alike.
    static func of(_ name: String) -> String {
        guard name.utf8.count >= maxBytes else { return name }
        let digest = Fingerprint.text(of: name)
        var kept = ""
        for character in name.unicodeScalars {
            guard kept.utf8.count + String(character).utf8.count + digest.utf8.count < maxBytes else { break }
            kept.unicodeScalars.append(character)
        }
        return kept + String(repeating: "~", count: maxBytes - kept.utf8.count - digest.utf8.count) + digest
    }
}
