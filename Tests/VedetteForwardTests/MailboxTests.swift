import Testing
import VedetteCore
import VedetteForward
import VedetteKafka
import VedetteRuntime

/// What waits, in which order it goes, and what may be committed.
@Suite struct MailboxTests {
    private func mailbox(_ destination: ForwardDestination = destination(), maxAgeMs: Int64 = 3_600_000, position: Int64 = 0, historyEnd: Int64? = nil) -> Mailbox {
        var mailbox = Mailbox(destination, maxAgeMs: maxAgeMs)
        mailbox.assign(partition, position: position, first: 0, historyEnd: historyEnd)
        return mailbox
    }

    /// Takes records at offsets from 0 on, and reaches the end.
    private func filled(_ mailbox: Mailbox, _ records: [AlertRecord]) -> (mailbox: Mailbox, fates: [Mailbox.Fate]) {
        var mailbox = mailbox
        let fates = records.enumerated().map { mailbox.take($0.element, partition, offset: Int64($0.offset), now: noon) }
        mailbox.reachedEnd(partition, next: Int64(records.count))
        return (mailbox, fates)
    }

    @Test func onlyTheNewestRevisionOfAnEpisodeWaits() throws {
        var (mailbox, fates) = filled(mailbox(), [
            try alertRecord(), try alertRecord(revision: 1, status: "updated"), try alertRecord("b"), try alertRecord(revision: 2, status: "resolved"),
        ])
        #expect(fates == [.queued, .coalesced, .queued, .coalesced])
        #expect(mailbox.count == 2)
        // The first waits longest, and it is the newest of its revisions that goes.
        let first = try #require(mailbox.next(monotonicMs: 0))
        #expect(first.record.id == "a-1-2" && first.offset == 3)
        mailbox.accepted(first, monotonicMs: 0)
        let second = try #require(mailbox.next(monotonicMs: 0))
        #expect(second.record.id == "b-1-0")
        mailbox.accepted(second, monotonicMs: 0)
        #expect(mailbox.next(monotonicMs: 0) == nil && mailbox.count == 0)
    }

    @Test func episodesOfAFingerprintGoInOrder() throws {
        var (mailbox, _) = filled(mailbox(), [try alertRecord(revision: 1, status: "resolved"), try alertRecord(episode: 2)])
        let end = try #require(mailbox.next(monotonicMs: 0))
        #expect(end.record.id == "a-1-1")
        mailbox.failed(end, notBefore: 100)
        #expect(mailbox.next(monotonicMs: 99) == nil, "the next episode waits for the end of the one before")
        mailbox.accepted(try #require(mailbox.next(monotonicMs: 100)), monotonicMs: 0)
        #expect(mailbox.next(monotonicMs: 100)?.record.id == "a-2-0")
    }

    @Test func whatFailsLetsOthersGoFirst() throws {
        var (mailbox, _) = filled(mailbox(), [try alertRecord("a"), try alertRecord("b"), try alertRecord("c")])
        let first = try #require(mailbox.next(monotonicMs: 0))
        mailbox.failed(first, notBefore: 0)
        #expect(mailbox.next(monotonicMs: 0)?.record.fingerprint == "b")
    }

    @Test func offsetsAreCommittedBelowWhatWaits() throws {
        var (mailbox, _) = filled(mailbox(), [try alertRecord("a"), try alertRecord("b"), try alertRecord("c")])
        #expect(mailbox.commits == [partition: 0])
        let entries = try ["a", "b", "c"].map { name in
            var copy = mailbox
            while let entry = copy.next(monotonicMs: 0), entry.record.fingerprint != name { copy.accepted(entry, monotonicMs: 0) }
            return try #require(copy.next(monotonicMs: 0))
        }
        mailbox.accepted(entries[1], monotonicMs: 0)
        #expect(mailbox.commits == [partition: 0])
        mailbox.refused(entries[0])
        #expect(mailbox.commits == [partition: 2])
        mailbox.accepted(entries[2], monotonicMs: 0)
        #expect(mailbox.commits == [partition: 3])
    }

    @Test func aReplayIsNeverDelivered() throws {
        let (mailbox, fates) = filled(mailbox(), [try alertRecord(more: ["mode": "replay"]), try alertRecord("b", revision: 1, status: "resolved", more: ["mode": "replay"])])
        #expect(fates == [.replay, .replay])
        #expect(mailbox.next(monotonicMs: 0) == nil && mailbox.commits == [partition: 2])
    }

    @Test func repeatsAndOlderRevisionsAreDropped() throws {
        let (mailbox, fates) = filled(mailbox(), [
            try alertRecord(revision: 1, status: "updated"), try alertRecord(revision: 1, status: "updated"), try alertRecord(), try alertRecord(episode: 2),
        ])
        #expect(fates == [.queued, .repeated, .repeated, .queued])
        #expect(mailbox.count == 2)
    }

    /// A deployment that has lost its state counts its episodes from 1 again: that is news.
    @Test func episodesMayBeginAnew() throws {
        let later = ["emitted_at": "2026-01-06T03:05:00.000Z"]
        let (mailbox, fates) = filled(mailbox(), [
            try alertRecord(episode: 7), try alertRecord(episode: 7, revision: 1, status: "resolved"), try alertRecord(episode: 1, more: later),
            try alertRecord(episode: 7, more: ["emitted_at": "2026-01-06T03:10:00.000Z"]),
        ])
        #expect(fates == [.queued, .coalesced, .queued, .queued])
        #expect(mailbox.count == 3)
    }

    @Test func severitiesOpenAndEndsAlwaysGo() throws {
        let narrow = destination { $0.match.severities = [.p0, .p1] }
        var (mailbox, fates) = filled(mailbox(narrow), [
            try alertRecord("a", severity: "P2"), try alertRecord("b", severity: "P1"), try alertRecord("b", revision: 1, status: "updated", severity: "P2"),
            try alertRecord("a", revision: 1, status: "resolved", severity: "P2"),
        ])
        #expect(fates == [.unmatched, .queued, .coalesced, .queued])
        // What was opened is followed, also once it has been delivered.
        while let entry = mailbox.next(monotonicMs: 0) { mailbox.accepted(entry, monotonicMs: 0) }
        #expect(mailbox.take(try alertRecord("b", revision: 2, status: "updated", severity: "P3"), partition, offset: 4, now: noon) == .queued)
        #expect(mailbox.take(try alertRecord("c", severity: "P3"), partition, offset: 5, now: noon) == .unmatched)
    }

    @Test(arguments: [("models", "risk"), ("monitors", "volume"), ("monitors", "volume_5m"), ("teams", "fraud"), ("teams", "sec")])
    func matching(_ key: String, _ value: String) throws {
        let record = try alertRecord(more: [
            "model": "risk", "monitor": "volume", "monitor_id": "volume_5m", "owner": ["team": "fraud"], "security": ["team": "sec"],
        ])
        for (word, fate) in [(value, Mailbox.Fate.queued), ("other", .unmatched)] {
            let there = destination {
                switch key {
                case "models": $0.match.models = [word]
                case "monitors": $0.match.monitors = [word]
                default: $0.match.teams = [word]
                }
            }
            #expect(filled(mailbox(there), [record]).fates == [fate])
        }
    }

    @Test func withoutEndsAnOpenAlertIsForgottenWhenItIsOver() throws {
        let (waiting, fates) = filled(mailbox(destination { $0.tellsEnds = false }), [try alertRecord(), try alertRecord(revision: 1, status: "resolved")])
        #expect(fates == [.queued, .unmatched])
        #expect(waiting.count == 0, "nobody is called for what is over")
    }

    @Test func historyTellsWhatIsOpenAndIsNotDelivered() throws {
        var (mailbox, fates) = filled(mailbox(position: 3), [
            try alertRecord("a"), try alertRecord("b"), try alertRecord("b", revision: 1, status: "resolved"), try alertRecord("c"),
        ])
        #expect(fates == [.history, .history, .history, .queued])
        #expect(mailbox.toResend(monotonicMs: 0).map(\.fingerprint) == ["a"])
        #expect(mailbox.commits == [partition: 3])
        mailbox.forget(now: noon + destination().forgetAfterMs)
        #expect(mailbox.known.count == 1)
        mailbox.forget(now: noon + destination().forgetAfterMs + 1)
        #expect(mailbox.known.isEmpty)
    }

    @Test func whatIsOpenIsToldAgainWhenItIsTime() throws {
        let there = destination(.alertmanager) { $0.resendMs = 1_000 }
        var (mailbox, _) = filled(mailbox(there), [try alertRecord("a"), try alertRecord("b"), try alertRecord("c", revision: 1, status: "resolved")])
        while let entry = mailbox.next(monotonicMs: 0) { mailbox.accepted(entry, monotonicMs: 500) }
        #expect(mailbox.toResend(monotonicMs: 1_499).isEmpty)
        #expect(mailbox.toResend(monotonicMs: 1_500).map(\.fingerprint) == ["a", "b"])
        mailbox.resent(mailbox.toResend(monotonicMs: 1_500).prefix(1), monotonicMs: 1_500)
        mailbox.take(try alertRecord("b", revision: 1, status: "updated"), partition, offset: 3, now: noon)
        #expect(mailbox.toResend(monotonicMs: 2_499).isEmpty, "what waits says it itself")
        #expect(mailbox.toResend(monotonicMs: 2_500).map(\.fingerprint) == ["a"])
    }

    @Test func ageCountsAtTheFirstStartOnly() throws {
        let old = ["emitted_at": "2026-01-06T01:59:59.999Z"], edge = ["emitted_at": "2026-01-06T02:00:00.000Z"]
        let records = [
            try alertRecord("a", more: old), try alertRecord("b", more: edge),
            try alertRecord("c", revision: 1, status: "resolved", more: old), try alertRecord("d", more: old),
        ]
        #expect(filled(mailbox(historyEnd: 3), records).fates == [.stale, .queued, .queued, .queued])
        #expect(filled(mailbox(), records).fates == [.queued, .queued, .queued, .queued])
    }

    @Test func theFirstStartCommitsWhenItHasReadEverything() throws {
        var mailbox = mailbox(historyEnd: 2)
        mailbox.take(try alertRecord(), partition, offset: 0, now: noon)
        #expect(mailbox.commits.isEmpty && !mailbox.isOpenForDelivery)
        mailbox.reachedEnd(partition, next: 2)
        #expect(mailbox.commits == [partition: 0] && mailbox.isOpenForDelivery)
    }

    @Test func aFullMailboxIsEmptiedBeforeTheEnd() throws {
        var mailbox = mailbox(), record = try alertRecord()
        for index in 0..<Mailbox.capacity - 1 {
            record.fingerprint = "f\(index)"
            mailbox.take(record, partition, offset: Int64(index), now: noon)
        }
        #expect(!mailbox.isFull && !mailbox.isOpenForDelivery)
        mailbox.take(try alertRecord("last"), partition, offset: Int64(Mailbox.capacity), now: noon)
        #expect(mailbox.isFull && mailbox.isOpenForDelivery && !mailbox.hasRoomAgain)
    }

    @Test func aRevokedPartitionTakesItsAlertsAlong() throws {
        let other = TopicPartition("alerts", 1)
        var mailbox = mailbox()
        mailbox.assign(other, position: 0, first: 0)
        mailbox.take(try alertRecord("a"), partition, offset: 0, now: noon)
        mailbox.take(try alertRecord("b"), other, offset: 0, now: noon)
        mailbox.revoke(partition)
        #expect(mailbox.count == 1 && mailbox.partitions == [other] && mailbox.commits == [other: 0])
        #expect(mailbox.next(monotonicMs: 0)?.record.fingerprint == "b")
        // Whoever gets it, perhaps again, reads it anew.
        mailbox.assign(partition, position: 0, first: 0)
        #expect(mailbox.take(try alertRecord("a"), partition, offset: 0, now: noon) == .queued && mailbox.count == 2)
    }

    @Test func aTombstoneEndsWhatIsOpen() throws {
        var (mailbox, _) = filled(mailbox(), [try alertRecord("a"), try alertRecord("b"), try alertRecord("c", revision: 1, status: "resolved")])
        while let entry = mailbox.next(monotonicMs: 0), entry.record.fingerprint != "b" { mailbox.accepted(entry, monotonicMs: 0) }
        // One that is open there, one that waits, one that is over, one that was never heard of, and none.
        for (place, key) in ["a", "b", "c", "d", nil].enumerated() { mailbox.takeTombstone(key, partition, offset: Int64(3 + place), now: noon) }
        var told: [String] = []
        while let entry = mailbox.next(monotonicMs: 0) {
            told.append("\(entry.record.id) \(entry.record.status)")
            mailbox.accepted(entry, monotonicMs: 0)
        }
        #expect(told.sorted() == ["a-1-1-deleted resolved", "b-1-1-deleted resolved", "c-1-1 resolved"])
        #expect(mailbox.known.isEmpty && mailbox.fates[.tombstone] == 5 && mailbox.commits == [partition: 8])
        // The same revision again is no news; the next one is, for the condition holds.
        #expect(mailbox.take(try alertRecord("a"), partition, offset: 8, now: noon) == .repeated)
        #expect(mailbox.take(try alertRecord("a", revision: 1, status: "updated"), partition, offset: 9, now: noon) == .queued)
    }

    @Test func aTombstoneOfThePastOrForNobodyEndsSilently() throws {
        var history = mailbox(position: 2)
        history.take(try alertRecord("a"), partition, offset: 0, now: noon)
        history.takeTombstone("a", partition, offset: 1, now: noon)
        #expect(history.known.isEmpty && history.count == 0)
        var (quiet, _) = filled(mailbox(destination { $0.tellsEnds = false }), [try alertRecord("a")])
        quiet.takeTombstone("a", partition, offset: 1, now: noon)
        #expect(quiet.count == 0 && quiet.commits == [partition: 2])
        var (elsewhere, _) = filled(mailbox(), [try alertRecord("a")])
        elsewhere.takeTombstone("a", TopicPartition("alerts", 1), offset: 0, now: noon)
        #expect(elsewhere.next(monotonicMs: 0)?.record.id == "a-1-0", "the record is still in its partition")
    }

    @Test func brokenRecordsAndTombstonesArePassed() {
        var mailbox = mailbox()
        mailbox.skip(.broken, partition, offset: 0)
        mailbox.skip(.tombstone, partition, offset: 1)
        #expect(mailbox.commits == [partition: 2] && mailbox.fates == [.broken: 1, .tombstone: 1])
    }
}
