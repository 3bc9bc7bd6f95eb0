/// What the allowed tries of a campaign have in common in each feature, and on which side of the stopped ones they lie.
///
/// Missing values have no side and no range of their own: they are counted. A category is a number here (its keyed
/// hash), of which nothing but equality means anything; its text is kept while all allowed tries have the same.
/// O(features) in space.
package struct PassingValues: Equatable {
    private struct Feature: Equatable {
        /// Tries with a value.
        var allowed: UInt32 = 0
        var stopped: UInt32 = 0
        /// Sums of their ranks in ordinary traffic.
        var allowedRanks: Float = 0
        var stoppedRanks: Float = 0
        /// Range of the allowed ones; NaN while there is none.
        var low = Float.nan
        var high = Float.nan
        var word = ""
    }

    private var features: ContiguousArray<Feature>
    /// Tries counted, with a value or without.
    private var allowed: UInt32 = 0
    private var stopped: UInt32 = 0

    package init(features count: Int) { features = ContiguousArray(repeating: Feature(), count: count) }

    /// - Parameter word: the text of a category; empty for other features. Asked once for a value that all allowed tries share.
    package mutating func count(_ row: UnsafeBufferPointer<Float>, ranks: UnsafePointer<UInt16>, isAllowed: Bool, word: (Int) -> String) {
        if isAllowed { allowed += 1 } else { stopped += 1 }
        for index in row.indices where !row[index].isNaN {
            let (value, rank) = (row[index], Float(ranks[index]))
            if isAllowed {
                features[index].allowed += 1
                features[index].allowedRanks += rank
                widen(index, to: value, word: word)
            } else {
                features[index].stopped += 1
                features[index].stoppedRanks += rank
            }
        }
    }

    private mutating func widen(_ index: Int, to value: Float, word: (Int) -> String) {
        if features[index].low.isNaN {
            (features[index].low, features[index].high) = (value, value)
            features[index].word = CategoryCounts.shortened(word(index))
        } else if value < features[index].low || value > features[index].high {
            (features[index].low, features[index].high) = (min(features[index].low, value), max(features[index].high, value))
            features[index].word = ""
        }
    }

    package mutating func absorb(_ other: PassingValues) {
        allowed += other.allowed
        stopped += other.stopped
        for (index, added) in other.features.enumerated() {
            features[index].allowed += added.allowed
            features[index].stopped += added.stopped
            features[index].allowedRanks += added.allowedRanks
            features[index].stoppedRanks += added.stoppedRanks
            guard added.allowed > 0 else { continue }
            widen(index, to: added.low) { _ in added.word }
            widen(index, to: added.high) { _ in "" }
        }
    }
}

// MARK: - Reading

extension PassingValues {
    /// Of the allowed tries: nil where none has a value, or where some have none.
    package func range(_ feature: Int) -> ClosedRange<Float>? {
        let entry = features[feature]
        return entry.allowed > 0 && entry.allowed == allowed ? entry.low...entry.high : nil
    }

    /// The category that all allowed tries have; empty where there is no such.
    package func word(_ feature: Int) -> String { features[feature].word }

    /// Whether no allowed try has a value, and most stopped ones have.
    package func passesWithout(_ feature: Int) -> Bool {
        let entry = features[feature]
        return allowed > 1 && entry.allowed == 0 && entry.stopped > stopped / 2
    }

    /// Mean rank of allowed tries less that of stopped ones, as a share of the sample of `size`; nil where one kind is missing.
    package func shift(_ feature: Int, size: Int) -> Double? {
        let entry = features[feature]
        guard entry.allowed > 1, entry.stopped > 1, size > 0 else { return nil }
        return Double(entry.allowedRanks / Float(entry.allowed) - entry.stoppedRanks / Float(entry.stopped)) / Double(size)
    }
}

extension PassingValues: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        writer.write(varint: UInt64(allowed))
        writer.write(varint: UInt64(stopped))
        writer.write(count: features.count)
        for feature in features {
            writer.write(varint: UInt64(feature.allowed))
            writer.write(varint: UInt64(feature.stopped))
            for number in [feature.allowedRanks, feature.stoppedRanks, feature.low, feature.high] { writer.write(fixed32: number.bitPattern) }
            writer.write(string: feature.word)
        }
    }

    package init(from reader: inout ByteReader) throws {
        self.init(features: 0)
        allowed = UInt32(truncatingIfNeeded: try reader.readVarint())
        stopped = UInt32(truncatingIfNeeded: try reader.readVarint())
        for _ in 0..<(try reader.readCount(minimumSize: 19)) {
            var feature = Feature()
            feature.allowed = UInt32(truncatingIfNeeded: try reader.readVarint())
            feature.stopped = UInt32(truncatingIfNeeded: try reader.readVarint())
            feature.allowedRanks = Float(bitPattern: try reader.readFixed32())
            feature.stoppedRanks = Float(bitPattern: try reader.readFixed32())
            feature.low = Float(bitPattern: try reader.readFixed32())
            feature.high = Float(bitPattern: try reader.readFixed32())
            feature.word = try reader.readString()
            features.append(feature)
        }
    }
}
