/// Decisions of one entity within the last hour.
struct Velocity: BaselineMethod {
    private static let spanMs: Int64 = 3_600_000

    let entity: Int
    let name: String
    private var times: [String: [Int64]] = [:]

    init(entity: Int, name: String) {
        self.entity = entity
        self.name = name
    }

    mutating func score(_ record: StreamRecord, row: [Double]) -> (subject: String, value: Double) {
        guard let subject = record.entities[entity] else { return ("", 0) }
        let recent = (times[subject] ?? []).filter { $0 > record.time - Self.spanMs } + [record.time]
        times[subject] = recent
        return (subject, Double(recent.count))
    }
}
