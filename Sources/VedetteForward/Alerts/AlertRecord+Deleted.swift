import VedetteCodec

extension AlertRecord {
    private static let deletion = "its record was deleted from the alert topic; whether the condition still holds is not known"

    /// The end of an alert whose record is no longer in the topic. Its id is none that a judge gives: a next revision may still
    /// come, and is news then.
    ///
    /// Not `withdrawn`, which says that the alert was wrong; and the summary does not let it pass for a recovery.
    package var deleted: AlertRecord {
        var end = self
        (end.id, end.revision, end.status, end.reason) = ("\(fingerprint)-\(episode)-\(revision + 1)-deleted", revision + 1, .resolved, Self.deletion)
        end.summary = "\(Self.deletion): \(summary)"
        end.bytes = end.rewritten(bytes)
        return end
    }

    /// The members of a record, those replaced that ``deleted`` changes.
    private func rewritten(_ bytes: [UInt8]) -> [UInt8] {
        var json = JSONWriter()
        json.beginObject()
        for (name, value) in JSONMembers.split(bytes) {
            switch name {
            case "id": json.field(name, id)
            case "revision": json.field(name, revision)
            case "status": json.field(name, status.rawValue)
            case "reason": json.field(name, reason)
            case "summary": json.field(name, summary)
            default:
                json.key(name)
                json.value(json: Array(value))
            }
        }
        json.endObject()
        return json.bytes
    }
}
