import VedetteCore

/// `label_canary` beside the metric that it guards: who moves first when merchants turn borderline fraud legit.
///
/// 1,000 merchants label one borderline decision a day each, half of them fraud, and disagree with the desk on 6 % of them either way
/// (merchants differ; all wander by 0.1 on the log-odds a year, and so does the fraud itself). The desk labels some decisions a day: of
/// those that merchants labelled too, or of others. From day 180 on some merchants turn a part of their borderline fraud legit, growing
/// over 90 days. The metric is the fraud rate of borderline decisions over 30 days, where the desk's word goes first.
struct CanaryMeasurement {
    private static let day: Int64 = 86_400_000
    private static let base = [0.85, 0.75, 0.6, 0.45, 0.3, 0.2]
    private static let merchants = 1_000
    private static let start = 180
    private static let days = 545
    private static let rampDays = 90.0
    private static let disagreement = 0.06
    private let seeds: Int

    init(_ options: MeasureOptions) { seeds = options.seeds ?? (options.isFull ? 20 : 4) }

    private struct Case {
        var trusted: Int
        /// One merchant in so many turns; 0 for none.
        var turning: Int
        /// Share of its borderline fraud that it turns.
        var turned: Double
        /// The desk looks at decisions that merchants labelled too.
        var isPaired: Bool
    }

    private struct Run {
        var spoke: Int?
        /// When it spoke: relative change of the metric, and in standard deviations of its own 30 days before.
        var moved = 0.0
        var sigmas = 0.0
        var isEarly = false
        var metricLeftItsRange: Int?
        var metricTenthLower: Int?
    }

    func run() {
        print("label_canary: \(Self.merchants) borderline labels of low trust a day, \(seeds) runs each; days after the first merchant turns, growing over 90 days")
        print("trusted  on the same  turning      turns   canary speaks   metric then  (its sigmas)  metric below all    metric 10 %  bound: pairs,")
        print("a day    decisions    merchants    fraud   median, runs    moved by %                 30 days before it   lower        classes, metric")
        for trusted in [60, 200] {
            for isPaired in [true, false] {
                for (turning, turned) in [(10, 0.42), (10, 1), (3, 0.42), (3, 1)] { report(Case(trusted: trusted, turning: turning, turned: turned, isPaired: isPaired)) }
            }
        }
        control()
    }

    private func report(_ one: Case) {
        let runs = (1...seeds).map { simulate(seed: UInt64(5_000 + $0), one) }
        let spoke = runs.filter { $0.spoke != nil && !$0.isEarly }
        let first = runs.count { run in run.spoke.map { spoke in run.metricLeftItsRange.map { spoke < $0 } ?? true } ?? false }
        let columns = [
            "\(one.trusted)".padding(9), (one.isPaired ? "yes" : "no").padding(13), "1 in \(one.turning)".padding(13), "\(Int((100 * one.turned).rounded())) %".padding(8),
            "\(Self.median(runs.map(\.spoke))), \(spoke.count)/\(runs.count)".padding(16),
            Self.number(Self.middle(spoke.map { 100 * $0.moved })).padding(13), "(\(Self.number(Self.middle(spoke.map(\.sigmas)))))".padding(14),
            "\(Self.median(runs.map(\.metricLeftItsRange))) (later in \(first))".padding(20), Self.median(runs.map(\.metricTenthLower)).padding(13), bounds(one),
        ]
        print(columns.joined() + (runs.contains(where: \.isEarly) ? "  \(runs.count(where: \.isEarly)) too early" : ""))
    }

    /// Nobody turns.
    private func control() {
        for isPaired in [true, false] {
            let runs = (1...seeds * 2).map { simulate(seed: UInt64(9_000 + $0), Case(trusted: 200, turning: 0, turned: 0, isPaired: isPaired)) }
            let years = Double(runs.count * Self.days) / 365
            print(
                "nobody turns, the desk on \(isPaired ? "the same" : "other") decisions: \(runs.count { $0.spoke != nil }) alerts in "
                    + "\(Self.number(years)) years; the metric left its range in \(runs.count { $0.metricLeftItsRange != nil }) of \(runs.count) runs")
        }
    }

    // MARK: One population

    private struct Word {
        var stratum: Int
        var isTrulyLegit: Bool
        var isLegit: Bool
    }

    private func simulate(seed: UInt64, _ one: Case) -> Run {
        var random = MeasureRandom(seed: seed)
        var offsets = (0..<Self.merchants).map { _ in 0.3 * random.normal() }
        var level = 0.0
        var canary = LabelCanary(rule: LabelPeerRule(), tiers: [1, 3])
        var run = Run()
        var metric = RollingRate(days: 30)
        for day in 0..<Self.days {
            let time = Int64(day) * Self.day
            level += 0.1 / 365.0.squareRoot() * random.normal()
            var words: [Word] = []
            for merchant in 0..<Self.merchants {
                offsets[merchant] += 0.1 / 365.0.squareRoot() * random.normal()
                let share = one.turning > 0 && merchant % one.turning == 0 ? one.turned * Self.grown(day) : 0
                for _ in 0..<random.poisson(1) { words.append(word(level, offsets[merchant], turned: share, &random)) }
            }
            words.shuffle(using: &random)
            for word in words { canary.observe(stratum: word.stratum, isLow: true, isLegit: word.isLegit, at: time) }
            var legit = words.count(where: \.isLegit), all = words.count
            for place in 0..<min(one.trusted, words.count) {
                let word = one.isPaired ? words[place] : self.word(level, 0, turned: 0, &random)
                canary.observe(stratum: word.stratum, isLow: false, isLegit: word.isTrulyLegit, at: time)
                if one.isPaired {
                    if word.isLegit { canary.observe(pairOf: 1, stratum: word.stratum, isUpheld: word.isTrulyLegit, at: time) }
                    legit += (word.isTrulyLegit ? 1 : 0) - (word.isLegit ? 1 : 0)
                } else {
                    all += 1
                    if word.isTrulyLegit { legit += 1 }
                }
            }
            metric.add(fraud: all - legit, of: all)
            canary.pass(to: time + Self.day)
            note(&run, canary, metric, day)
        }
        return run
    }

    private func note(_ run: inout Run, _ canary: LabelCanary, _ metric: RollingRate, _ day: Int) {
        let before = metric.rates(60..<Self.start)
        if run.spoke == nil, canary.isProven {
            run.spoke = day - Self.start
            run.isEarly = day < Self.start
            if let now = metric.rate, !run.isEarly, let mean = before.mean {
                run.moved = now / mean - 1
                run.sigmas = (now - mean) / max(1e-9, before.deviation)
            }
        }
        guard day >= Self.start, let now = metric.rate, let mean = before.mean, let least = before.least else { return }
        if run.metricLeftItsRange == nil, now < least { run.metricLeftItsRange = day - Self.start }
        if run.metricTenthLower == nil, now < 0.9 * mean { run.metricTenthLower = day - Self.start }
    }

    /// The truth as the desk sees it, and what the merchant says.
    private func word(_ level: Double, _ offset: Double, turned: Double, _ random: inout MeasureRandom) -> Word {
        let stratum = random.below(6)
        let odds = Self.base[stratum] / (1 - Self.base[stratum]) * RealFunctions.exp(level)
        let isTrulyLegit = random.uniform() < odds / (1 + odds)
        // Merchants differ in which side they err on.
        let slip = Self.disagreement * RealFunctions.exp(isTrulyLegit ? -offset : offset)
        var isLegit = random.uniform() < slip ? !isTrulyLegit : isTrulyLegit
        if !isLegit, !isTrulyLegit, random.uniform() < turned { isLegit = true }
        return Word(stratum: stratum, isTrulyLegit: isTrulyLegit, isLegit: isLegit)
    }

    private static func grown(_ day: Int) -> Double { day < start ? 0 : min(1, Double(day - start) / rampDays) }

    // MARK: Bounds

    /// Days until the labels can tell it at all, everything else known exactly: by pairs, by two classes of labels whose common level may
    /// change, and by the metric alone if its level could not change.
    private func bounds(_ one: Case) -> String {
        let legit = Self.base.reduce(0, +) / 6, fraud = 1 - legit, n = Double(Self.merchants), m = Double(one.trusted)
        let said = legit * (1 - Self.disagreement) + fraud * Self.disagreement
        let contradicted = fraud * Self.disagreement / said
        var pairs = 0.0, classes = 0.0, alone = 0.0
        var reached: [Int?] = [nil, nil, nil]
        for day in Self.start..<Self.days {
            let shift = fraud * (1 - Self.disagreement) * one.turned * Self.grown(day) / Double(one.turning)
            let q = (contradicted * said + shift) / (said + shift)
            if one.isPaired { pairs += InformationBound(rows: m * (said + shift), share: contradicted, becomes: q).perDay }
            classes += n * m / (n + m) * shift * shift / (2 * said * (1 - said))
            alone += n * shift * shift / (2 * said * (1 - said))
            for (place, sum) in [pairs, classes, alone].enumerated() where reached[place] == nil && sum >= -RealFunctions.log(LabelCanary.alpha) {
                reached[place] = day - Self.start
            }
        }
        return reached.map { $0.map { "\($0)" } ?? "-" }.joined(separator: ", ")
    }

    // MARK: Words

    private static func median(_ days: [Int?]) -> String {
        let sorted = days.map { $0 ?? .max }.sorted()
        let middle = sorted[sorted.count / 2]
        return middle == .max ? "never" : "\(middle)"
    }

    private static func middle(_ values: [Double]) -> Double { values.isEmpty ? .nan : values.sorted()[values.count / 2] }
    private static func number(_ value: Double) -> String { value.isNaN ? "-" : String((value * 10).rounded() / 10) }
}

/// A rate over the last days, and what it was.
private struct RollingRate {
    let days: Int
    private var counts: [(fraud: Int, all: Int)] = []
    private var history: [Double] = []

    init(days: Int) { self.days = days }

    var rate: Double? { history.last }

    mutating func add(fraud: Int, of all: Int) {
        counts.append((fraud, all))
        let sum = counts.suffix(days).reduce((0, 0)) { ($0.0 + $1.fraud, $0.1 + $1.all) }
        history.append(Double(sum.0) / Double(max(1, sum.1)))
    }

    struct Past {
        var mean: Double?
        var least: Double?
        var deviation = 0.0
    }

    func rates(_ range: Range<Int>) -> Past {
        guard history.count >= range.upperBound else { return Past() }
        let past = history[range], mean = past.reduce(0, +) / Double(past.count)
        return Past(mean: mean, least: past.min(), deviation: (past.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(past.count)).squareRoot())
    }
}
