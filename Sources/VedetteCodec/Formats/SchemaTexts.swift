/// The JSON of a schema's names is written once, one behind the other, and copied into records from there.
extension [UInt8] {
    /// Adds `"name":` of a field.
    /// - Returns: where it stands.
    mutating func append(key name: String) -> Range<Int> {
        let place = append(word: name)
        append(UInt8(ascii: ":"))
        return place.lowerBound..<count
    }

    /// Adds `"SYMBOL"` of an enumeration.
    /// - Returns: where it stands.
    mutating func append(word: String) -> Range<Int> {
        var json = JSONWriter()
        json.value(word)
        let start = count
        self += json.bytes
        return start..<count
    }
}
