import VedetteKafka

extension Mailbox {
    /// What became of a record.
    package enum Fate: String, Sendable, CaseIterable {
        /// It waits to be delivered.
        case queued
        /// It took the place of an older revision that was still waiting.
        case coalesced
        case unmatched
        /// Made by a replay.
        case replay
        /// This revision, or a newer one, has been seen.
        case repeated
        /// Too old to open anything at the first start.
        case stale
        /// Delivered before the start: it only tells what is open.
        case history
        case broken
        case tombstone
    }

    package struct Entry: Sendable, Equatable {
        package var record: AlertRecord
        package var partition: TopicPartition
        package var offset: Int64
        /// Wall clock when it was read, ms.
        package var readAt: Int64
        /// Tries that have failed.
        package internal(set) var failures = 0
        var order: Int
        /// Monotonic, ms.
        var notBefore: Int64 = .min
    }

    /// The newest record that the destination has of an alert.
    package struct Known: Sendable {
        package var record: AlertRecord
        var partition: TopicPartition
        /// Monotonic, ms; nil where it was before the start.
        var toldAt: Int64?
    }

    /// The newest record that was read of a fingerprint.
    struct Seen: Sendable {
        var episode: Int64
        var revision: Int64
        var emittedAt: Int64
        var partition: TopicPartition

        /// A record that was read before, or an older revision on top of a newer one, as a writer without transactions may
        /// leave behind. Not told by the numbers alone: a deployment that has lost its state counts from 1 again.
        func covers(_ record: AlertRecord) -> Bool {
            record.episode == episode && record.revision <= revision && record.emittedAt <= emittedAt
        }
    }
}
