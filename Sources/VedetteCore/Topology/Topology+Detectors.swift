/// The stream detectors: fed with every record in the one order, heard at every boundary.
extension Topology {
    func observe(_ decision: DecisionRow, _ batch: DecisionBatch, _ index: Int, _ entry: SequencedRow) {
        guard !detectors.isEmpty else { return }
        let observed = ObservedDecision(row: decision, batch: batch, index: index, id: entry.id, hash: hash, effective: entry.effective)
        for place in detectors.indices { detectors[place].observe(observed) }
    }

    func observe(_ label: ObservedLabel) {
        for place in labelDetectors { detectors[place].observe(label) }
    }

    func observe(orphan: PendingLabel, at time: Int64) {
        for place in labelDetectors { detectors[place].observe(orphan: orphan, at: time) }
    }

    func closeDetectors(at boundary: Int64) {
        for place in detectors.indices {
            for report in detectors[place].close(at: boundary) {
                if case .open = report.phase, isSilenced(report, at: boundary) { continue }
                if let event = incidents.take(report, at: boundary) { publish(event, at: boundary) }
            }
        }
    }

    /// Silenced incidents are not opened, nor do they grow aloud; they are when the silence is over, if they still are reported.
    private func isSilenced(_ report: IncidentReport, at boundary: Int64) -> Bool {
        let target = Silence.Target(
            monitorID: configuration.detectors[report.detector].id, monitor: report.monitor, model: configuration.models[report.model].name,
            slice: report.slice, subject: report.subject)
        return judge.silences.find(target, at: boundary) != nil
    }

    // MARK: Snapshot

    /// Each detector's bytes under its id, so that a configuration with other detectors still reads the rest.
    func encodeDetectors(into writer: inout ByteWriter) {
        writer.write(count: detectors.count)
        for (spec, detector) in zip(configuration.detectors, detectors) {
            var own = ByteWriter()
            detector.encode(into: &own)
            writer.write(string: spec.id)
            writer.write(blob: own.bytes)
        }
        incidents.encode(into: &writer)
    }

    func restoreDetectors(from reader: inout ByteReader) throws {
        for _ in 0..<(try reader.readCount(minimumSize: 2)) {
            let id = try reader.readString()
            let bytes = try reader.readBlob()
            guard let place = configuration.detectors.firstIndex(where: { $0.id == id }) else { continue }
            var own = ByteReader(bytes)
            try detectors[place].restore(from: &own)
        }
        incidents = try IncidentBook(configuration: configuration, from: &reader)
    }
}
