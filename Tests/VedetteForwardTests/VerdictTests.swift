import Testing
import VedetteForward

@Suite struct VerdictTests {
    private func verdict(_ status: Int, _ retryAfter: String? = nil) -> Verdict { Verdict(.status(status, retryAfter: retryAfter, body: "why"), now: noon) }

    @Test(arguments: [200, 201, 202, 204]) func accepted(_ status: Int) { #expect(verdict(status) == .accepted) }

    @Test(arguments: [400, 406, 409, 413, 415, 422, 431]) func refused(_ status: Int) { #expect(verdict(status) == .refused("status \(status): why")) }

    /// Those that pass, and those that a person mends: an expired token must not lose a page.
    @Test(arguments: [401, 403, 404, 405, 408, 410, 425, 429, 500, 502, 503, 504, 599])
    func again(_ status: Int) { #expect(verdict(status) == .again("status \(status): why", afterMs: nil)) }

    @Test(arguments: [301, 302, 307, 308]) func redirectsAreNotFollowed(_ status: Int) {
        guard case .again(let reason, nil) = verdict(status) else { return #expect(Bool(false)) }
        #expect(reason.contains("redirects are not followed"))
    }

    @Test func aFailedConnectionIsTriedAgain() { #expect(Verdict(.failure("refused"), now: noon) == .again("refused", afterMs: nil)) }

    @Test(arguments: [
        ("0", 0), ("7", 7_000), ("3600", 3_600_000), ("3601", 3_600_000), ("9223372036854775807", 3_600_000), ("Tue, 06 Jan 2026 03:00:30 GMT", 30_000),
        ("Tue, 06 Jan 2026 02:00:00 GMT", 0), ("Tue, 06 Jan 2026 09:00:00 GMT", 3_600_000), ("-1", nil), ("soon", nil), ("1.5", nil), ("Tue, 06 Foo 2026 03:00:30 GMT", nil),
    ] as [(String, Int64?)])
    func retryAfter(_ text: String, _ wanted: Int64?) {
        for status in [429, 503] { #expect(verdict(status, text) == .again("status \(status): why", afterMs: wanted)) }
    }

    @Test func pausesDoubleUpToTheLongest() {
        let backoff = Backoff(minMs: 1_000, maxMs: 60_000)
        #expect((1...8).map { backoff.delayMs(failures: $0, lot: 1) } == [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000])
        #expect((1...8).map { backoff.delayMs(failures: $0, lot: 0) } == [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000])
        #expect(backoff.delayMs(failures: .max, lot: 0.5) == 45_000)
        #expect(Backoff(minMs: 3_600_000, maxMs: 3_600_000).delayMs(failures: 1_000, lot: 1) == 3_600_000)
    }
}
