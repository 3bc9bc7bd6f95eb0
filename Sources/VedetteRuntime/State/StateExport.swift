import VedetteCodec
import VedetteCore
import VedetteStore

extension LabelExport {
    /// Writes the provenance of every labelled request in the newest checkpoint of the state directory.
    ///
    /// Holds the directory's lock meanwhile, so no instance may; changes nothing of the state. What is not there: decisions older than
    /// `join.retention`, labels after the checkpoint, labels that wait for their decision. Memory: one segment's labels, and the topology.
    ///
    /// - Returns: labelled requests.
    /// - Throws: `StoreError` (locked, no state, another configuration, corrupt), ``OutputError``, `SecretError`.
    public static func writeState(of configuration: VedetteConfiguration, to path: String) throws -> Int {
        let directory = configuration.state.directory
        func nothing(_ message: String) -> StoreError {
            StoreError(
                kind: .notAStateDirectory, path: directory, message: message,
                remedy: "name the state directory of a stopped instance under state.directory, or files with --decisions and --labels")
        }
        guard try StateStore.exists(in: directory) else { throw nothing("there is no state to export") }
        let hash = try configuration.secrets.keyedHash()
        let checkpoints = try CheckpointStore(configuration, hash: hash)
        let nowhere = OutputCollector(configuration, mode: .replay, wanted: [])
        let topology = Topology(configuration: configuration.topology, hash: hash, store: checkpoints.rows, sink: nowhere)
        guard try checkpoints.restore(topology) != nil else { throw nothing("there is no checkpoint to export yet") }
        let export = LabelExport(configuration)
        let sink = try OutputError.wrapping { () throws(FileError) in try FileSink(path: path) }
        // Segments are stretches of decision time, so each can be written as soon as it is sorted.
        for segment in checkpoints.segments {
            try Task.checkCancellation()
            try checkpoints.scanLabels(segment) { key, decision, labels in
                for word in try topology.provenance(key: key, segment: segment, decision: decision, labels: labels) { export.add(word) }
            }
            try OutputError.wrapping { () throws(FileError) in try export.write(to: sink, isSuspected: topology.isSuspected) }
        }
        try OutputError.wrapping { () throws(FileError) in try sink.close() }
        return export.count
    }
}
