import Testing
import VedetteForward
import VedetteRuntime

/// Requests, and the secrets in them.
@Suite struct EndpointTests {
    @Test func aWebhookGetsTheRecordAsItIs() throws {
        let hook = destination { ($0.headers, $0.signingKey) = (["Authorization": .env("TOKEN")], .env("KEY")) }
        let endpoint = try Endpoint(hook, environment: ["TOKEN": "Bearer t0ken", "KEY": "Jefe"])
        let record = try alertRecord()
        let request = endpoint.request(for: record, known: nil, now: noon)
        #expect(request.body == record.bytes && request.url == "https://example.com/hook")
        let headers = Dictionary(uniqueKeysWithValues: request.headers.map { ($0.name, $0.value) })
        #expect(headers["Idempotency-Key"] == record.id && headers["Authorization"] == "Bearer t0ken" && headers["Content-Type"] == "application/json")
        #expect(headers["Vedette-Signature"] == WebhookSignature.value(record.bytes, key: "Jefe", seconds: noon / 1_000))
    }

    /// HMAC-SHA256 by Python's hmac module: hmac.new(b"Jefe", b"1767668400.what do ya want for nothing?", "sha256").
    @Test func theSignatureIsWhatOthersCompute() {
        let value = WebhookSignature.value(Array("what do ya want for nothing?".utf8), key: "Jefe", seconds: 1_767_668_400)
        #expect(value == "t=1767668400,v1=eb57e7180b94d82f33dca7d48c38a99f5af1592470708361e71992cc9cc5d029")
    }

    @Test func anAlertmanagersPathIsAdded() throws {
        for (url, wanted) in [
            ("http://am:9093", "http://am:9093/api/v2/alerts"), ("http://am:9093/", "http://am:9093/api/v2/alerts"),
            ("https://am/prefix", "https://am/prefix/api/v2/alerts"), ("https://am/api/v2/alerts", "https://am/api/v2/alerts"),
        ] {
            let endpoint = try Endpoint(destination(.alertmanager) { $0.url = .env("U") }, environment: ["U": url])
            #expect(endpoint.request(for: try alertRecord(), known: nil, now: noon).url == wanted)
        }
    }

    @Test(arguments: ["ftp://h/x", "https://", "https://user:hunter2@h/", "https://h/ x", "h", "https://h/#hunter2"])
    func anUnusableURLIsToldWithoutQuotingIt(_ url: String) {
        let error = #expect(throws: DestinationError.self) { try Endpoint(destination { $0.url = .env("U") }, environment: ["U": url]) }
        #expect(error?.description.contains("there") == true && error?.description.contains("hunter2") == false)
    }

    @Test func aHeaderOfTwoLinesIsRefusedWithoutQuotingIt() {
        let error = #expect(throws: DestinationError.self) {
            try Endpoint(destination { $0.headers = ["X": .env("T")] }, environment: ["T": "hunter2\r\nY: z"])
        }
        #expect(error?.description.contains("header X") == true && error?.description.contains("hunter2") == false)
    }

    @Test func aWrongKeyOfPagerDutyIsFoundBeforeItIsNeeded() throws {
        let duty = ForwardDestination(name: "there", kind: .pagerduty, url: .literal(ForwardDestination.pagerDutyURL))
        var keyed = duty
        keyed.routingKey = .env("K")
        #expect(throws: DestinationError.self) { try Endpoint(keyed, environment: ["K": "hunter2"]) }
        #expect(throws: SecretError.self) { try Endpoint(keyed, environment: [:]) }
        #expect(try Endpoint(keyed, environment: ["K": String(repeating: "a", count: 32)]).host == "events.pagerduty.com")
    }

    @Test func nothingShowsASecret() throws {
        let hook = destination {
            $0.url = .env("U")
            ($0.headers, $0.signingKey) = (["Authorization": .env("T")], .env("K"))
        }
        let endpoint = try Endpoint(hook, environment: ["U": "https://example.com/hunter2", "T": "Bearer hunter2", "K": "hunter2"])
        var dumped = ""
        dump(endpoint, to: &dumped)
        for text in ["\(endpoint)", String(reflecting: endpoint), dumped, endpoint.redacted("no such token: Bearer hunter2\nat https://example.com/hunter2, hunter2")] {
            #expect(!text.isEmpty && !text.contains("hunter2"))
        }
        #expect(endpoint.redacted("a\r\nb\nc") == "a b c")
        let slack = try Endpoint(destination { $0.url = .env("U") }, environment: ["U": "https://h/services/T0001/B0002/s3cretpiece?token=s3cretvalue"])
        for piece in ["s3cretpiece", "s3cretvalue", "T0001/B0002/s3cretpiece?token=s3cretvalue"] {
            let shown = slack.redacted("no such hook: /services/T0001/B0002/s3cretpiece?token=s3cretvalue, \(piece)")
            #expect(!shown.contains("s3cret"), "\(shown)")
        }
        #expect(slack.redacted(String(repeating: "x", count: 501)).utf16.count == 500)
        // Reads no secret at all: the environment has none of them.
        let masked = Endpoint.masked(hook).request(for: try alertRecord(), known: nil, now: noon)
        #expect(masked.url == "env(U)" && masked.headers.contains { $0.name == "Authorization" && $0.value == "(set)" })
        #expect(masked.headers.contains { $0.name == "Vedette-Signature" && $0.value == "(set)" })
        let duty = Endpoint.masked(destination(.pagerduty) { $0.routingKey = .env("K") })
        #expect(try object(duty.request(for: try alertRecord(), known: nil, now: noon).body)["routing_key"] as? String == "(set)")
    }
}
