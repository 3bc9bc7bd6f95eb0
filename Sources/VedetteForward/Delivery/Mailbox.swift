import VedetteKafka
import VedetteRuntime

/// What one destination still has to be told, and what it knows to be open. No I/O and no clock.
///
/// Of each episode only the newest revision waits: what a destination that was down is told is how things are, not how
/// they came to be so. Episodes of one fingerprint go out in order; else the order is that of the topic, except that
/// what has failed lets others go first. An offset may be committed when everything below it is delivered, refused, or
/// none of this destination's business.
package struct Mailbox: Sendable {
    /// Alerts that may wait before the topic is paused.
    package static let capacity = 10_000
    /// Fingerprints whose newest revision is remembered; beyond it all of them are forgotten at once.
    package static let maxRemembered = 200_000

    /// A partition, and how far it has got.
    private struct Place {
        /// Below it everything was delivered before.
        var position: Int64
        /// End of the records that were there at the first start of all.
        var historyEnd: Int64?
        var next: Int64
        var isCatchingUp = true
    }

    private let destination: ForwardDestination
    private let maxAgeMs: Int64
    private var places: [TopicPartition: Place] = [:]
    /// By fingerprint, in order.
    private var waiting: [String: [Entry]] = [:]
    package private(set) var count = 0
    private var nextOrder = 0
    /// Alerts that are open at the destination, by fingerprint.
    package private(set) var known: [String: Known] = [:]
    private var newest: [String: Seen] = [:]
    package private(set) var fates: [Fate: Int64] = [:]

    package init(_ destination: ForwardDestination, maxAgeMs: Int64) {
        self.destination = destination
        self.maxAgeMs = maxAgeMs
    }

    // MARK: - Partitions

    /// - Parameters:
    ///   - position: below it, everything was delivered before.
    ///   - first: where reading begins: at the position, or before it to learn what is open.
    ///   - historyEnd: at the first start of all, the end of the records that are there already.
    package mutating func assign(_ partition: TopicPartition, position: Int64, first: Int64, historyEnd: Int64? = nil) {
        places[partition] = Place(position: position, historyEnd: historyEnd, next: first)
    }

    /// Forgets everything of a partition: whoever has it now reads it anew.
    package mutating func revoke(_ partition: TopicPartition) {
        places[partition] = nil
        known = known.filter { $0.value.partition != partition }
        newest = newest.filter { $0.value.partition != partition }
        waiting = waiting.mapValues { $0.filter { $0.partition != partition } }.filter { !$0.value.isEmpty }
        count = waiting.values.reduce(0) { $0 + $1.count }
    }

    package mutating func reachedEnd(_ partition: TopicPartition, next: Int64) {
        places[partition]?.next = next
        places[partition]?.isCatchingUp = false
    }

    package var partitions: [TopicPartition] { Array(places.keys) }
    package var isFull: Bool { count >= Self.capacity }
    package var hasRoomAgain: Bool { count <= Self.capacity / 2 }
    /// Nothing is delivered before the topic has been read to its end, so that what is over by now is not told; but what
    /// fills the mailbox has to go.
    package var isOpenForDelivery: Bool { isFull || !places.values.contains { $0.isCatchingUp } }
    package var isCatchingUp: Bool { places.values.contains { $0.isCatchingUp } }

    /// Per partition the offset that may be committed.
    package var commits: [TopicPartition: Int64] {
        var least: [TopicPartition: Int64] = [:]
        for entry in waiting.values.joined() { least[entry.partition] = min(least[entry.partition] ?? .max, entry.offset) }
        return places.reduce(into: [:]) { commits, place in
            // Or a crash would make a first start into another one, which knows no age.
            if place.value.historyEnd != nil, place.value.isCatchingUp { return }
            commits[place.key] = least[place.key] ?? max(place.value.position, place.value.next)
        }
    }

    // MARK: - Reading

    /// Notes a record that is no alert.
    package mutating func skip(_ fate: Fate, _ partition: TopicPartition, offset: Int64) {
        places[partition]?.next = offset + 1
        fates[fate, default: 0] += 1
    }

    /// - Parameter now: wall clock, ms.
    @discardableResult
    package mutating func take(_ record: AlertRecord, _ partition: TopicPartition, offset: Int64, now: Int64) -> Fate {
        let fate = fate(of: record, partition, offset, now)
        skip(fate, partition, offset: offset)
        if fate == .queued || fate == .coalesced { enqueue(record, partition, offset, now) }
        return fate
    }

    /// A tombstone: somebody deleted the alert's record. What is open at a destination is a function of the topic, and once
    /// that is compacted no start would know of the alert any more. So it ends here, as it does where a record says so.
    ///
    /// What was read of its revisions stays known: the same ones again, from a writer that repeats itself, open nothing.
    ///
    /// - Parameters:
    ///   - fingerprint: the record's key.
    ///   - now: wall clock, ms.
    package mutating func takeTombstone(_ fingerprint: String?, _ partition: TopicPartition, offset: Int64, now: Int64) {
        let isHistory = offset < places[partition]?.position ?? 0
        skip(.tombstone, partition, offset: offset)
        guard let fingerprint, let open = openRecord(fingerprint, in: partition) else { return }
        guard isHistory || !destination.tellsEnds else { return enqueue(open.deleted, partition, offset, now) }
        remove(fingerprint) { $0.record.episode == open.episode }
        known[fingerprint] = nil
    }

    /// The newest record of an alert that is open, or will be once what waits is delivered. Keys are unique within a
    /// partition only, as compaction sees them.
    private func openRecord(_ fingerprint: String, in partition: TopicPartition) -> AlertRecord? {
        let waits = waiting[fingerprint]?.last, told = known[fingerprint]
        guard (waits?.partition ?? told?.partition) == partition, let record = waits?.record ?? told?.record else { return nil }
        return record.isOpen ? record : nil
    }

    private mutating func fate(of record: AlertRecord, _ partition: TopicPartition, _ offset: Int64, _ now: Int64) -> Fate {
        guard !record.isReplay else { return .replay }
        if newest[record.fingerprint]?.covers(record) == true { return .repeated }
        if newest.count >= Self.maxRemembered { newest.removeAll(keepingCapacity: true) }
        newest[record.fingerprint] = Seen(episode: record.episode, revision: record.revision, emittedAt: record.emittedAt, partition: partition)
        if !record.isOpen, !destination.tellsEnds {
            // Nobody needs to be told any more of what is over.
            remove(record.fingerprint) { $0.record.episode == record.episode }
            known[record.fingerprint] = nil
            return .unmatched
        }
        guard concerns(record) else { return .unmatched }
        let place = places[partition]
        if offset < place?.position ?? 0 {
            known[record.fingerprint] = record.isOpen ? Known(record: record, partition: partition, toldAt: nil) : nil
            return .history
        }
        if record.isOpen, let end = place?.historyEnd, offset < end, now - record.emittedAt > maxAgeMs {
            // An older revision that was young enough is overtaken: it must not be told either.
            remove(record.fingerprint) { $0.record.episode == record.episode }
            return .stale
        }
        return waiting[record.fingerprint]?.last?.record.episode == record.episode ? .coalesced : .queued
    }

    /// Severities decide what is opened here; what was, is followed to its end. Whether an ended episode was opened is not
    /// known after a restart, so every end is told: where nothing is open it changes nothing.
    private func concerns(_ record: AlertRecord) -> Bool {
        let match = destination.match
        guard match.models.isEmpty || match.models.contains(record.model),
            match.monitors.isEmpty || match.monitors.contains(record.monitor) || match.monitors.contains(record.monitorID),
            match.teams.isEmpty || match.teams.contains(record.owner.team) || match.teams.contains(record.security.team)
        else { return false }
        return !record.isOpen || match.severities.isEmpty || match.severities.contains(record.severity) || isOpened(record)
    }

    private func isOpened(_ record: AlertRecord) -> Bool {
        known[record.fingerprint]?.record.episode == record.episode
            || waiting[record.fingerprint]?.contains { $0.record.episode == record.episode } == true
    }

    private mutating func enqueue(_ record: AlertRecord, _ partition: TopicPartition, _ offset: Int64, _ now: Int64) {
        var entries = waiting[record.fingerprint] ?? []
        if let last = entries.indices.last, entries[last].record.episode == record.episode {
            entries[last].record = record
            entries[last].offset = offset
        } else {
            entries.append(Entry(record: record, partition: partition, offset: offset, readAt: now, order: nextOrder))
            nextOrder += 1
            count += 1
        }
        waiting[record.fingerprint] = entries
    }

    // MARK: - Delivering

    /// The next alert to deliver; nil where none waits, or all have to wait longer. O(n).
    ///
    /// - Parameter monotonicMs: now.
    package func next(monotonicMs: Int64) -> Entry? {
        var best: Entry?
        for entries in waiting.values {
            guard let entry = entries.first, entry.notBefore <= monotonicMs else { continue }
            if let other = best, (other.failures, other.order) < (entry.failures, entry.order) { continue }
            best = entry
        }
        return best
    }

    /// - Parameter monotonicMs: now.
    package mutating func accepted(_ entry: Entry, monotonicMs: Int64) {
        remove(entry.record.fingerprint) { $0.order == entry.order }
        known[entry.record.fingerprint] = entry.record.isOpen ? Known(record: entry.record, partition: entry.partition, toldAt: monotonicMs) : nil
    }

    package mutating func refused(_ entry: Entry) { remove(entry.record.fingerprint) { $0.order == entry.order } }

    /// - Parameter notBefore: monotonic, ms.
    package mutating func failed(_ entry: Entry, notBefore: Int64) {
        guard let index = waiting[entry.record.fingerprint]?.firstIndex(where: { $0.order == entry.order }) else { return }
        waiting[entry.record.fingerprint]?[index].failures += 1
        waiting[entry.record.fingerprint]?[index].notBefore = notBefore
    }

    /// Wall clock when the oldest that waits was read, ms.
    package var oldestReadAt: Int64? { waiting.values.joined().map(\.readAt).min() }

    /// Forgets what was silent for too long.
    ///
    /// - Parameter now: wall clock, ms.
    package mutating func forget(now: Int64) {
        known = known.filter { now - $0.value.record.emittedAt <= destination.forgetAfterMs }
    }

    /// What is open and was told too long ago; what waits to be told anew is not among it.
    package func toResend(monotonicMs: Int64) -> [AlertRecord] {
        known.filter { entry in
            waiting[entry.key] == nil && entry.value.toldAt.map { monotonicMs - $0 >= destination.resendMs } ?? true
        }.map(\.value.record).sorted { $0.fingerprint < $1.fingerprint }
    }

    package mutating func resent(_ records: some Sequence<AlertRecord>, monotonicMs: Int64) {
        for record in records { known[record.fingerprint]?.toldAt = monotonicMs }
    }

    private mutating func remove(_ fingerprint: String, where isGone: (Entry) -> Bool) {
        guard let entries = waiting[fingerprint] else { return }
        let left = entries.filter { !isGone($0) }
        count -= entries.count - left.count
        waiting[fingerprint] = left.isEmpty ? nil : left
    }
}
