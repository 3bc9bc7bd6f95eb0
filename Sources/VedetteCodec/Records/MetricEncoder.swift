import VedetteCore

/// Writes window results as metric records (`schemas/metric.schema.json`), one JSON object each.
public struct MetricEncoder: Sendable {
    /// Confidence of the fraud rate's interval.
    public static let confidence = 0.95
    /// `limits.metric_bytes`, in bytes.
    public static let recordBytesRange = (64 << 10)...(16 << 20)
    public static let defaultRecordBytes = 900 << 10
    /// Of values that are too many to count each, so many are told with what is known of their counts.
    static let mostTopValues = 20

    /// Longest record, its model and version apart, in bytes. Features come from the configuration and their categories from
    /// whoever sends requests: without a limit a record may be more than Kafka takes, which would end the run.
    let recordBytes: Int

    public init(recordBytes: Int = Self.defaultRecordBytes) { self.recordBytes = recordBytes }

    /// The record's key, as UTF-8: equal for all revisions of one window.
    public func key(_ result: WindowResult) -> [UInt8] {
        let slice = result.slice.text
        var key: [UInt8] = []
        key.reserveCapacity(result.model.utf8.count + result.version.utf8.count + slice.utf8.count + result.window.name.utf8.count + RFC3339.length + 4)
        for text in [result.model, result.version, slice, result.window.name] {
            key.append(contentsOf: text.utf8)
            key.append(0x7C)
        }
        key.appendRFC3339(result.start)
        return key
    }

    /// What a later record may take over from one that has been written.
    public struct Written {
        /// Place in the writer's bytes where the body begins; see ``MetricEncoder/encode(_:repeating:into:)``.
        public fileprivate(set) var bodyStart: Int
        /// Places of what the pane alone says; empty where not all of it was written.
        fileprivate var ofPane: [Range<Int>] = []
        fileprivate let pane: Pane
    }

    /// Appends one object, without a newline.
    ///
    /// - Parameter previous: a record, of which is taken over what the pane says where that is the same object. Windows at the end of
    ///   a replay often hold the same panes as their neighbours. What has been put out does not change any more.
    @discardableResult
    public func encode(_ result: WindowResult, previous: (written: Written, bytes: [UInt8])? = nil, into json: inout JSONWriter) -> Written {
        head(result, into: &json)
        var written = Written(bodyStart: json.count, pane: result.pane)
        var known: [ArraySlice<UInt8>] = []
        if let previous, previous.written.pane === result.pane { known = previous.written.ofPane.map { previous.bytes[$0] } }
        var detail = Detail.all
        written.ofPane = body(result, detail, known, into: &json)
        while json.count - written.bodyStart > recordBytes, let less = detail.less(features: result.featureNames.count) {
            detail = less
            json.removeMembers(from: written.bodyStart)
            _ = body(result, detail, [], into: &json)
            written.ofPane = []
        }
        return written
    }

    /// What a record says about features. Less of it is written where all of it would be too long.
    struct Detail {
        /// Whether the counts of each category are written.
        var hasValues: Bool
        /// How many features are written, in the order of the schema.
        var features: Int

        static let all = Detail(hasValues: true, features: .max)

        /// First without categories, then with half as many features; nil where nothing is left to leave out.
        func less(features count: Int) -> Detail? {
            if hasValues { return Detail(hasValues: false, features: count) }
            return features > 0 ? Detail(hasValues: false, features: features / 2) : nil
        }
    }

    /// Appends the object of a result that is the same as the one before but for its version.
    ///
    /// - Parameter body: the bytes of that one from ``Written/bodyStart`` on.
    public func encode(_ result: WindowResult, repeating body: ArraySlice<UInt8>, into json: inout JSONWriter) {
        head(result, into: &json)
        json.endObject(repeating: body)
    }

    private func head(_ result: WindowResult, into json: inout JSONWriter) {
        json.beginObject()
        json.field("model", result.model)
        json.field("version", result.version)
    }

    /// - Parameter known: of each part that the pane alone says, its bytes where a record before had them; else empty.
    /// - Returns: the places of these parts.
    private func body(_ result: WindowResult, _ detail: Detail, _ known: [ArraySlice<UInt8>], into json: inout JSONWriter) -> [Range<Int>] {
        let pane = result.pane
        var places: [Range<Int>] = []
        func ofPane(_ write: (inout JSONWriter) -> Void) {
            let start = json.count
            if places.count < known.count { json.members(repeating: known[places.count]) } else { write(&json) }
            places.append(start..<json.count)
        }
        json.key("slice")
        json.slice(result.slice)
        json.field("window", result.window.name)
        json.field("start", time: result.start)
        json.field("end", time: result.end)
        json.field("final", result.isFinal)
        json.field("revision", result.revision)
        ofPane {
            volume(pane, into: &$0)
            score(result, into: &$0)
        }
        labels(result, into: &json)
        ofPane {
            outcomes(pane, into: &$0)
            calibration(pane, into: &$0)
            money(pane, into: &$0)
            operations(pane, into: &$0)
        }
        nowcast(result, into: &json)
        ofPane {
            latency(pane, into: &$0)
            features(result, detail, into: &$0)
        }
        drift(result, detail, into: &json)
        if !detail.hasValues { leftOut(result, detail, into: &json) }
        json.endObject()
        return places
    }

    func volume(_ pane: Pane, into json: inout JSONWriter) {
        json.key("volume")
        json.beginObject()
        json.field("total", pane.total)
        json.field("allow", pane.decisions.allow)
        json.field("challenge", pane.decisions.challenge)
        json.field("block", pane.decisions.block)
        json.field("escalate", pane.decisions.escalate)
        json.field("log", pane.decisions.log)
        json.field("model_only", pane.modelOnly)
        json.field("signals_known", pane.signalsKnown)
        json.field("late", pane.late)
        json.field("duplicates", pane.duplicates)
        json.field("conflicts", pane.conflicts)
        json.endObject()
    }

    func score(_ result: WindowResult, into json: inout JSONWriter) {
        let pane = result.pane
        json.key("score")
        json.beginObject()
        json.field("count", pane.score.count)
        json.moments(pane.score)
        let quantiles = pane.scores.quantiles([0.5, 0.9, 0.99])
        json.field("p50", quantiles?[0])
        json.field("p90", quantiles?[1])
        json.field("p99", quantiles?[2])
        json.field("resolution", pane.scores.resolution)
        json.key("histogram")
        json.beginArray()
        for count in pane.scores.histogram20 { json.value(count) }
        json.endArray()
        nearThreshold(result, into: &json)
        json.endObject()
    }

    func labels(_ result: WindowResult, into json: inout JSONWriter) {
        let pane = result.pane
        // Here and below: read in its box, since ``Pane/outcomes`` copies all of it.
        let labels = pane.boxedOutcomes
        json.key("labels")
        json.beginObject()
        json.field("labelled", pane.labelled)
        json.field("fraud", labels?.outcomes.fraud.total ?? 0)
        json.field("legit", labels?.outcomes.legit.total ?? 0)
        json.field("unmatched", result.unmatched)
        json.field("coverage", pane.total > 0 ? Double(pane.labelled) / Double(pane.total) : nil)
        json.key("arrived")
        json.beginObject()
        json.field("labelled", pane.arrived)
        json.field("fraud", pane.arrivedFraud)
        json.field("legit", pane.arrivedLegit)
        json.endObject()
        breakdown(labels, result.labelNames, into: &json)
        delays(result, into: &json)
        json.endObject()
    }

    func outcomes(_ pane: Pane, into json: inout JSONWriter) {
        let labels = pane.boxedOutcomes
        let fraud = labels?.outcomes.fraud.total ?? 0
        let labelled = pane.labelled
        let interval = WilsonInterval(successes: fraud, n: labelled, confidence: Self.confidence)?.interval
        json.key("fraud_rate")
        json.beginObject()
        json.field("value", labelled > 0 ? Double(fraud) / Double(labelled) : nil)
        json.field("low", interval?.lower)
        json.field("high", interval?.upper)
        weightedRate(labels?.outcomes.weighted, into: &json)
        json.endObject()
        json.key("confusion")
        json.beginObject()
        let none = Confusion(tp: 0, fp: 0, fn: 0, tn: 0)
        confusion("block", labels?.outcomes.atBlock ?? none, into: &json)
        confusion("challenge_or_block", labels?.outcomes.atIntervention ?? none, into: &json)
        json.endObject()
        json.field("auc", labels.flatMap { AreaUnderCurve(fraud: $0.outcomes.fraudScores, legit: $0.outcomes.legitScores)?.value })
    }

    func confusion(_ name: String, _ counts: Confusion, into json: inout JSONWriter) {
        json.key(name)
        json.beginObject()
        json.field("tp", counts.tp)
        json.field("fp", counts.fp)
        json.field("fn", counts.fn)
        json.field("tn", counts.tn)
        json.field("precision", counts.precision)
        json.field("recall", counts.recall)
        json.field("false_positive_rate", counts.falsePositiveRate)
        json.endObject()
    }

    func latency(_ pane: Pane, into json: inout JSONWriter) {
        json.key("latency_ms")
        json.beginObject()
        json.field("count", pane.latency.count)
        json.field("mean", pane.latency.mean)
        json.field("max", pane.latency.max)
        let quantiles = pane.latencies.quantiles([0.5, 0.95, 0.99])
        json.field("p50", quantiles?[0])
        json.field("p95", quantiles?[1])
        json.field("p99", quantiles?[2])
        json.endObject()
    }

    func features(_ result: WindowResult, _ detail: Detail, into json: inout JSONWriter) {
        json.key("features")
        json.beginObject()
        for (index, feature) in result.pane.features.prefix(detail.features).enumerated() where feature.total > 0 {
            json.key(result.featureNames[index])
            json.beginObject()
            json.field("count", feature.total)
            json.field("missing", feature.missing)
            json.field("null", feature.null)
            json.field("wrong_type", feature.wrongType)
            if feature.moments.count > 0 {
                json.moments(feature.moments)
                quantiles(feature, into: &json)
            }
            if feature.categories.total > 0 { categories(feature, detail, into: &json) }
            json.endObject()
        }
        json.endObject()
    }

    private static let featureQuantiles: [(name: String, level: Double)] = [
        ("p05", 0.05), ("p25", 0.25), ("p50", 0.5), ("p75", 0.75), ("p95", 0.95), ("p99", 0.99),
    ]
    /// Quantiles are within 1 %: more digits would say nothing, and be most of a record.
    private static let quantileDigits = 5

    func quantiles(_ feature: FeatureAggregate, into json: inout JSONWriter) {
        guard let values = feature.quantiles.quantiles(Self.featureQuantiles.map(\.level)) else { return }
        for (one, value) in zip(Self.featureQuantiles, values) { json.field(one.name, value.rounded(digits: Self.quantileDigits)) }
    }

    func categories(_ feature: FeatureAggregate, _ detail: Detail, into json: inout JSONWriter) {
        let counts = feature.categories
        json.field("distinct", feature.distinct)
        json.field("entropy", feature.entropy)
        guard detail.hasValues else { return }
        json.key("values")
        json.beginObject()
        for (name, count) in Self.countsByName(counts.categories) { json.field(name, count) }
        json.endObject()
        json.field("other_values", counts.other)
        if counts.isTruncated { topValues(feature, into: &json) }
    }

    /// Of more values than are kept, those that occur most.
    private func topValues(_ feature: FeatureAggregate, into json: inout JSONWriter) {
        json.key("top_values")
        json.beginArray()
        for top in feature.topCategories(Self.mostTopValues) {
            json.beginObject()
            json.field("value", top.name)
            json.field("at_least", top.counts.lowerBound)
            json.field("at_most", top.counts.upperBound)
            json.endObject()
        }
        json.endArray()
    }

    /// Names are kept up to a length, so two categories may have the same: an object can not.
    package static func countsByName(_ categories: some Sequence<CategoryCounts.Category>) -> [(name: String, count: Int64)] {
        // Swift takes strings for equal that differ in bytes; JSON does not.
        let sorted = categories.sorted {
            $0.name < $1.name || ($0.name == $1.name && $0.name.utf8.lexicographicallyPrecedes($1.name.utf8))
        }
        var counts: [(name: String, count: Int64)] = []
        counts.reserveCapacity(sorted.count)
        for entry in sorted {
            if let last = counts.last, last.name.utf8.elementsEqual(entry.name.utf8) {
                counts[counts.count - 1].count += entry.count
            } else {
                counts.append((entry.name, entry.count))
            }
        }
        return counts
    }

    func leftOut(_ result: WindowResult, _ detail: Detail, into json: inout JSONWriter) {
        json.key("left_out")
        json.beginObject()
        json.field("category_values", true)
        json.field("features", max(0, result.featureNames.count - detail.features))
        json.endObject()
    }

    func drift(_ result: WindowResult, _ detail: Detail, into json: inout JSONWriter) {
        json.key("drift")
        json.beginObject()
        for drift in result.drift {
            json.key(drift.name)
            guard let distances = drift.distances else {
                json.null()
                continue
            }
            json.beginObject()
            json.field("psi_deciles", distances.psiDeciles)
            json.field("psi_equal_width_20", distances.psiEqualWidth)
            json.field("js_equal_width_20", distances.jensenShannon)
            json.field("ks", distances.kolmogorovSmirnov)
            json.field("wasserstein", distances.wasserstein)
            json.field("reference_count", drift.referenceCount)
            featureDrift(drift, result.featureNames, detail, into: &json)
            json.endObject()
        }
        json.endObject()
    }
}

extension Double {
    /// To so many significant decimal digits.
    func rounded(digits: Int) -> Double {
        guard isFinite, self != 0 else { return self }
        var (places, rest) = (digits - 1, magnitude)
        // By division rather than by a logarithm, whose last bits differ between C libraries.
        while rest >= 10 { (rest, places) = (rest / 10, places - 1) }
        while rest < 1, places <= 22 { (rest, places) = (rest * 10, places + 1) }
        // Powers of ten up to 10^22 are exact, so that one division gives the double nearest to the decimal number.
        guard (-22...22).contains(places) else { return self }
        let power = (0..<abs(places)).reduce(1.0) { product, _ in product * 10 }
        return places >= 0 ? (self * power).rounded() / power : (self / power).rounded() * power
    }
}

extension JSONWriter {
    /// `mean`, `variance` (sample), `min`, `max`.
    mutating func moments(_ moments: Moments) {
        field("mean", moments.mean)
        field("variance", moments.variance)
        field("min", moments.min)
        field("max", moments.max)
    }

    mutating func slice(_ slice: SliceName) {
        beginObject()
        for part in slice.parts { field(part.dimension, part.value) }
        endObject()
    }
}
