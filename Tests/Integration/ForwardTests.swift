import Foundation
import Testing
import VedetteForward
import VedetteKafka
import VedetteRuntime

/// From the alert topic to those who are called: what arrives there, whatever happens on the way.
@Suite(.serialized) struct ForwardTests {
    let site: ForwardSite
    var receiver: Receiver { site.receiver }

    init() throws { site = try ForwardSite() }

    private func ids(_ path: String) -> [String] { receiver.requests(path).compactMap { $0.object["id"] as? String }.map { String($0.prefix(1) + $0.dropFirst(32)) } }

    @Test("Every step of an alert reaches all three kinds of destination")
    func everyStep() throws {
        setenv("VEDETTE_TEST_ROUTING_KEY", "r0uting-key", 1)
        let forward = try site.start(site.yaml([
            "{name: duty, type: pagerduty, url: \"\(receiver.url("/duty"))\", routing_key: {env: VEDETTE_TEST_ROUTING_KEY}}",
            "{name: manager, type: alertmanager, url: \"\(receiver.url(""))\", resend: 1h}", site.hook(),
        ]))
        let steps = [
            try alert("a"), try alert("a", revision: 1, "updated", severity: "P0"), try alert("a", revision: 2, "resolved", severity: "P0"),
            try alert("a", episode: 2), try alert("a", episode: 2, revision: 1, "withdrawn"),
        ]
        for (index, step) in steps.enumerated() {
            try site.say([step])
            for path in ["/duty", "/api/v2/alerts", "/hook"] { try site.waitFor(path, count: index + 1, forward) }
        }
        try forward.stop()
        let duty = receiver.requests("/duty").map(\.object)
        #expect(duty.map { $0["event_action"] as? String } == ["trigger", "trigger", "resolve", "trigger", "resolve"])
        let keys = duty.compactMap { $0["dedup_key"] as? String }
        #expect(Set(keys[..<3]).count == 1 && Set(keys[3...]).count == 1 && keys[0] != keys[3])
        #expect(duty.allSatisfy { $0["routing_key"] as? String == "r0uting-key" })

        let now = Date()
        let alerts = receiver.requests("/api/v2/alerts").map { $0.list.map { ("\(($0["labels"] as? [String: String])?["severity"] ?? "")", "\($0["endsAt"] ?? "")") } }
        let open = alerts.map { $0.map { "\($0.0) \(Self.time($0.1) > now ? "open" : "over")" } }
        #expect(open == [["P1 open"], ["P0 open", "P1 over"], ["P0 over"], ["P1 open"], ["P1 over"]])

        let hooks = receiver.requests("/hook")
        #expect(hooks.map(\.body) == steps)
        #expect(hooks.map { $0.headers["idempotency-key"] } == hooks.map { $0.object["id"] as? String })
        #expect(hooks.allSatisfy { $0.headers["content-type"] == "application/json" })
        for name in ["duty", "manager", "hook"] { #expect(try site.committed(name) == 5) }
    }

    private static func time(_ text: String) -> Date { (try? Date(text, strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))) ?? .distantPast }

    @Test("A destination that is down holds up no other, loses nothing, and is told how things are when it is back")
    func oneIsDown() throws {
        receiver.answer { $0.path == "/down" ? .init(status: 503, headers: ["Retry-After": "0"]) : .init() }
        let forward = try site.start(site.yaml([site.hook(), site.hook("down")]))
        try site.say([try alert("a"), try alert("b")])
        try site.waitFor("/hook", count: 2, forward)
        try site.waitFor("/down", count: 3, forward)
        try site.say([try alert("a", revision: 1, "updated"), try alert("b", revision: 1, "resolved"), try alert("c")])
        try site.waitFor("/hook", count: 5, forward)
        try wait("all to wait") { forward.status("down")?.waiting == 3 }
        #expect(try site.committed("down") ?? 0 <= 2 && forward.status("down")?.failingSince != nil)
        receiver.answer { _ in .init() }
        try wait("all to be delivered") { forward.status("down")?.waiting == 0 }
        try forward.stop()
        #expect(ids("/down").suffix(3).sorted() == ["a-1-1", "b-1-1", "c-1-0"])
        #expect(ids("/hook") == ["a-1-0", "b-1-0", "a-1-1", "b-1-1", "c-1-0"])
        #expect(forward.status("down")?.deliveries[.accepted] == 3 && forward.status("hook")?.deliveries == [.accepted: 5])
        #expect(try site.committed("down") == 5)
    }

    @Test("A request that fails is made again under the same key; one that is refused is not", arguments: [429, 500, 502, 401, 307])
    func again(_ status: Int) throws {
        let site = site
        receiver.answer { request in
            let nth = site.receiver.requests(request.path).count
            if nth == 1 { return .init(status: 400, body: "no such thing") }
            return nth <= 4 ? .init(status: status, headers: ["Retry-After": "0", "Location": site.receiver.url("/elsewhere")]) : .init(status: 200)
        }
        let forward = try site.start(site.yaml([site.hook()]))
        try site.say([try alert("a")])
        try site.waitFor("/hook", count: 1, forward)
        try site.say([try alert("b")])
        try site.waitFor("/hook", count: 5, forward)
        try wait("delivery") { forward.status()?.deliveries == [.refused: 1, .failed: 3, .accepted: 1] }
        try forward.stop()
        #expect(ids("/hook") == ["a-1-0", "b-1-0", "b-1-0", "b-1-0", "b-1-0"] && receiver.requests("/elsewhere").isEmpty)
        #expect(try site.committed() == 2)
    }

    @Test("What a replay made, what is no alert, tombstones and what does not match are passed over and counted")
    func passedOver() throws {
        let forward = try site.start(site.yaml([site.hook("hook", ", match: {severities: [P0]}")]), once: true)
        let delivered = try alert("c", severity: "P0")
        try site.say([
            try alert("a", severity: "P0", more: ["mode": "replay"]), Array("{\"not\": ".utf8), nil, try alert("b", severity: "P2"), delivered,
            Array("[]".utf8), delivered,
        ])
        try forward.waitForEnd()
        let again = try site.start(site.yaml([site.hook("hook", ", match: {severities: [P0]}")]), once: true)
        try again.waitForEnd()
        #expect(ids("/hook") == ["c-1-0"])
        let counts = ["replay", "broken", "tombstone", "unmatched", "queued", "repeated"].map { max(forward.records($0), again.records($0)) }
        #expect(counts == [1, 2, 1, 1, 1, 1])
        #expect(try site.committed() == 7)
    }

    @Test("A tombstone ends what is open at every kind of destination, once, and says so; after it nothing is said again")
    func tombstone() throws {
        setenv("VEDETTE_TEST_ROUTING_KEY", "r0uting-key", 1)
        let yaml = site.yaml([
            "{name: duty, type: pagerduty, url: \"\(receiver.url("/duty"))\", routing_key: {env: VEDETTE_TEST_ROUTING_KEY}}",
            "{name: manager, type: alertmanager, url: \"\(receiver.url(""))\", resend: 1h}", site.hook(),
        ])
        try site.say([try alert("a"), try alert("b"), try alert("b", revision: 1, "resolved")])
        try site.start(yaml, once: true).waitForEnd()
        // What is open is known from the topic, and nobody is told of what is over already.
        for key in ["a", "b", "c"] { try site.bury(key) }
        for _ in 1...2 { try site.start(yaml, once: true).waitForEnd() }
        let duty = receiver.requests("/duty").map(\.object).filter { ($0["dedup_key"] as? String)?.hasPrefix("a") == true }
        #expect(duty.map { $0["event_action"] as? String } == ["trigger", "resolve"] && Set(duty.map { $0["dedup_key"] as? String }).count == 1)
        #expect(((duty.last?["payload"] as? [String: Any])?["summary"] as? String)?.contains("deleted from the alert topic") == true)
        #expect(ids("/hook").sorted() == ["a-1-0", "a-1-1-deleted", "b-1-1"])
        let ends = receiver.requests("/api/v2/alerts").flatMap(\.list).filter { ($0["labels"] as? [String: String])?["fingerprint"]?.first == "a" }
        #expect(Self.time(ends.last?["endsAt"] as? String ?? "") <= Date())
        for name in ["duty", "manager", "hook"] { #expect(try site.committed(name) == 6) }
    }

    @Test("A new destination begins with what is said from now on, or with what is open and young enough")
    func firstStart() throws {
        let old = "2020-01-01T00:00:00.000Z"
        try site.say([try alert("a", more: ["emitted_at": old]), try alert("b"), try alert("c"), try alert("c", revision: 1, "resolved")])
        let early = site.yaml([site.hook("early")]), late = site.yaml([site.hook("late")], start: "latest")
        for yaml in [early, late] { try site.start(yaml, once: true).waitForEnd() }
        #expect(ids("/early").sorted() == ["b-1-0", "c-1-1"] && ids("/late").isEmpty)
        #expect(try site.committed("early") == 4 && site.committed("late") == 4)
        try site.say([try alert("d")])
        for yaml in [early, late] { try site.start(yaml, once: true).waitForEnd() }
        #expect(ids("/early").sorted() == ["b-1-0", "c-1-1", "d-1-0"] && ids("/late") == ["d-1-0"])
    }

    @Test("A restarted forwarder says again to an Alertmanager what fires, and to nobody else")
    func resend() throws {
        let yaml = site.yaml(["{name: manager, type: alertmanager, url: \"\(receiver.url(""))\", resend: 1s}", site.hook()])
        try site.say([try alert("a"), try alert("b"), try alert("b", revision: 1, "resolved"), try alert("c", more: ["mode": "replay"])])
        try site.start(yaml, once: true).waitForEnd()
        let before = receiver.requests("/api/v2/alerts").count
        let forward = try site.start(yaml)
        try site.waitFor("/api/v2/alerts", count: before + 2, forward)
        try forward.stop()
        for request in receiver.requests("/api/v2/alerts").dropFirst(before) {
            #expect(request.list.map { ($0["labels"] as? [String: String])?["fingerprint"]?.prefix(1) } == ["a"])
            #expect(Self.time(request.list.first?["endsAt"] as? String ?? "") > Date(timeIntervalSinceNow: -60))
        }
        #expect(ids("/hook").sorted() == ["a-1-0", "b-1-1"])
    }

    @Test("With --once a destination that takes nothing ends it with an error, and nothing is lost")
    func onceAgainstNobody() throws {
        receiver.answer { _ in .init(status: 503) }
        try site.say([try alert("a")])
        let forward = try site.start(site.yaml([site.hook()]), once: true)
        #expect(throws: UndeliveredError.self) { try forward.waitForEnd() }
        #expect(receiver.requests("/hook").count == 5)
        receiver.answer { _ in .init() }
        try site.start(site.yaml([site.hook()]), once: true).waitForEnd()
        #expect(receiver.requests("/hook").count == 6 && Set(ids("/hook")) == ["a-1-0"])
    }

    @Test("Brokers that go away are waited for, and nothing is delivered twice by it that was committed")
    func brokersAway() throws {
        let forward = try site.start(site.yaml([site.hook()]))
        try site.say([try alert("a")])
        try site.waitFor("/hook", count: 1, forward)
        try wait("the commit") { try site.committed() == 1 }
        try site.cluster.setDown()
        Thread.sleep(forTimeInterval: 0.5)
        try site.cluster.setUp()
        try site.say([try alert("b")])
        try site.waitFor("/hook", count: 2, forward)
        try forward.stop()
        #expect(ids("/hook") == ["a-1-0", "b-1-0"])
    }

    @Test("A broker that hangs with its connections open is told of within seconds, and read on from when it answers")
    func brokerHangs() throws {
        let forward = try site.start(site.yaml([site.hook()]))
        func reason() -> String? { forward.forwarder.status.notReadyReason(now: ProcessInfo.processInfo.systemUptime) }
        try site.say([try alert("a")])
        try site.waitFor("/hook", count: 1, forward)
        try wait("readiness") { reason() == nil }
        try site.cluster.setRoundTripMs(3_600_000)
        // The client itself takes a fetch for lost after a minute.
        try wait("the reason", seconds: 40) { reason() != nil }
        #expect(forward.forwarder.status.deadReason(now: ProcessInfo.processInfo.systemUptime) == nil)
        try site.cluster.setRoundTripMs(0)
        try wait("readiness") { reason() == nil }
        try site.say([try alert("b")])
        try site.waitFor("/hook", count: 2, forward)
        try forward.stop()
        #expect(ids("/hook") == ["a-1-0", "b-1-0"])
    }

    @Test("A right that is missing ends it, and says which", arguments: [
        (MockCluster.Request.findCoordinator, KafkaErrorCode.groupAuthorizationFailed, "group "), (.fetch, .topicAuthorizationFailed, "topic "),
    ])
    func forbidden(_ request: MockCluster.Request, _ code: KafkaErrorCode, _ word: String) throws {
        site.cluster.failNext(request, with: Array(repeating: code, count: 20))
        let forward = try site.start(site.yaml([site.hook()]))
        let error = try #require(throws: SetupError.self) { try forward.waitForEnd() }
        #expect(error.what.contains(word) && error.remedy.contains("ACLs"), "\(error)")
    }

    @Test("Of two forwarders one has the partition; when it stops, the other goes on from there, and knows what is open")
    func takeover() throws {
        let yaml = site.yaml([site.hook(), "{name: am, type: alertmanager, url: \"\(receiver.url(""))\", resend: 1s}"])
        let first = try site.start(yaml)
        try site.say([try alert("a")])
        for path in ["/hook", "/api/v2/alerts"] { try site.waitFor(path, count: 1, first) }
        try wait("the commits") { try site.committed() == 1 && site.committed("am") == 1 }
        let second = try site.start(yaml)
        try wait("the second to be a member") { second.status()?.isStarted == true && second.status("am")?.isStarted == true }
        try first.stop()
        try site.say([try alert("b")])
        try site.waitFor("/hook", count: 2, second)
        try wait("what is open to be known") { second.status("am")?.open == 2 }
        try second.stop()
        #expect(ids("/hook") == ["a-1-0", "b-1-0"])
    }
}
