/// Mean distance to the k nearest of the account's earlier queries; small is suspicious.
///
/// Chen, Carlini and Wagner, "Stateful Detection of Black-Box Adversarial Attacks", 2019. There k = 50 over a
/// learned similarity of images; here k = 5 (the attacks have a dozen queries to some hundreds) over ranks.
struct NearestNeighbours: BaselineMethod {
    private static let k = 5
    private static let memory = 200

    let entity: Int?
    let name: String
    private var history: [String: [[Double]]] = [:]

    init(entity: Int?, name: String) {
        self.entity = entity
        self.name = name
    }

    mutating func score(_ record: StreamRecord, row: [Double]) -> (subject: String, value: Double) {
        let subject = entity.map { record.entities[$0] ?? "" } ?? "all"
        var rows = history[subject] ?? []
        var value = -Double.infinity
        if rows.count >= Self.k {
            let distances = rows.map { Distance.euclidean($0, row) }.sorted()
            value = -distances.prefix(Self.k).reduce(0, +) / Double(Self.k)
        }
        rows.append(row)
        if rows.count > Self.memory { rows.removeFirst() }
        history[subject] = rows
        // Globally, every decision is a subject of its own.
        return (entity == nil ? record.id : subject, value)
    }
}

enum Distance {
    static func euclidean(_ a: [Double], _ b: [Double]) -> Double {
        var sum = 0.0
        for index in a.indices { sum += (a[index] - b[index]) * (a[index] - b[index]) }
        return sum.squareRoot()
    }
}
