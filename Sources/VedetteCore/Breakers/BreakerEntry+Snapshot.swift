extension BreakerEntry {
    func encode(into writer: inout ByteWriter) {
        writer.write(count: model)
        slice.encode(into: &writer)
        machine.encode(into: &writer)
        writer.write(count: alerts.count)
        for alert in alerts { alert.encode(into: &writer) }
        writer.write(count: others.count)
        for fingerprint in others.sorted() { writer.write(string: fingerprint) }
        writer.write(bool: attempts != nil)
        if let attempts { writer.write(double: attempts) }
        for (state, since) in zip(metrics, metricsSince) {
            writer.write(byte: state.map { $0 ? 2 : 1 } ?? 0)
            writer.write(signed: since)
        }
        writer.write(bool: forced != nil)
        forced?.encode(into: &writer)
        for value in [heldSince, sequence, publishedAt, detectMs] { writer.write(signed: value) }
        writer.write(bool: countsAnew)
        writer.write(bool: calm != nil)
        calm?.encode(into: &writer)
    }

    /// - Parameter triggers: how many the breaker had when it was saved.
    init(triggers: Int, from reader: inout ByteReader) throws {
        model = Int(truncatingIfNeeded: try reader.readVarint())
        slice = try SliceName(from: &reader)
        machine = try BreakerMachine(from: &reader)
        for _ in 0..<(try reader.readCount()) { alerts.append(try BreakerCause(from: &reader)) }
        for _ in 0..<(try reader.readCount()) { others.insert(try reader.readString()) }
        attempts = try reader.readBool() ? try reader.readDouble() : nil
        metrics = []
        metricsSince = []
        for _ in 0..<triggers {
            let state = try reader.readByte()
            metrics.append(state == 0 ? nil : state == 2)
            metricsSince.append(try reader.readSigned())
        }
        forced = try reader.readBool() ? try BreakerOrder(from: &reader) : nil
        heldSince = try reader.readSigned()
        sequence = try reader.readSigned()
        publishedAt = try reader.readSigned()
        detectMs = try reader.readSigned()
        countsAnew = try reader.readBool()
        calm = try reader.readBool() ? try BreakerTraffic(from: &reader) : nil
    }

    /// Puts what is known of each metric in its place among other triggers; what was not among them is unknown.
    mutating func fit(names saved: [String], to current: [String]) {
        let (known, since) = (metrics, metricsSince)
        metrics = Array(repeating: nil, count: current.count)
        metricsSince = Array(repeating: 0, count: current.count)
        for (number, name) in current.enumerated() where !name.isEmpty {
            // The same metric of the same window may be there more than once.
            let before = current[..<number].count { $0 == name }
            guard let place = saved.indices.filter({ saved[$0] == name }).dropFirst(before).first else { continue }
            metrics[number] = known[place]
            metricsSince[number] = since[place]
        }
    }
}

extension BreakerTraffic: Snapshottable {
    package func encode(into writer: inout ByteWriter) {
        for count in [model, slice, touched] { writer.write(signed: count) }
        for number in [amount, fraudShare] {
            writer.write(bool: number != nil)
            if let number { writer.write(double: number) }
        }
    }

    package init(from reader: inout ByteReader) throws {
        func number() throws -> Double? { try reader.readBool() ? try reader.readDouble() : nil }
        self.init(
            model: try reader.readSigned(), slice: try reader.readSigned(), touched: try reader.readSigned(), amount: try number(),
            fraudShare: try number())
    }
}

extension BreakerCause: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        for text in [alertID, fingerprint, severity?.rawValue, monitorID] {
            writer.write(bool: text != nil)
            if let text { writer.write(string: text) }
        }
        writer.write(string: name)
        writer.write(signed: startedAt)
    }

    public init(from reader: inout ByteReader) throws {
        var texts: [String?] = []
        for _ in 0..<4 { texts.append(try reader.readBool() ? try reader.readString() : nil) }
        self.init(
            alertID: texts[0], fingerprint: texts[1], name: try reader.readString(), severity: texts[2].flatMap(Severity.init(rawValue:)),
            startedAt: try reader.readSigned(), monitorID: texts[3])
    }
}

extension BreakerOrder: Snapshottable {
    public func encode(into writer: inout ByteWriter) {
        for text in [breaker, model, author, reason] { writer.write(string: text) }
        slice.encode(into: &writer)
        writer.write(byte: state.map { $0.rawValue + 1 } ?? 0)
        writer.write(bool: until != nil)
        if let until { writer.write(signed: until) }
    }

    public init(from reader: inout ByteReader) throws {
        let texts = [try reader.readString(), try reader.readString(), try reader.readString(), try reader.readString()]
        let slice = try SliceName(from: &reader)
        let raw = try reader.readByte()
        guard raw <= BreakerState.allCases.count else { throw CorruptBytes(offset: reader.offset, expected: "a breaker's state") }
        self.init(
            breaker: texts[0], model: texts[1], slice: slice, state: raw == 0 ? nil : BreakerState(rawValue: raw - 1), author: texts[2], reason: texts[3],
            until: try reader.readBool() ? try reader.readSigned() : nil)
    }
}
