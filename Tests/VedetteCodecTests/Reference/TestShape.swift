import VedetteCodec
import VedetteCore

/// The schema that the tests decode for: every kind of feature, two of everything else.
package let testSchema = EventSchema(
    models: ["cards-gbm", "other-model"],
    features: [
        EventSchema.Feature(name: "amount", kind: .number),
        EventSchema.Feature(name: "is_weekend", kind: .boolean),
        EventSchema.Feature(name: "mcc", kind: .category),
        EventSchema.Feature(name: "terminal_risk_over_30d", kind: .number),
    ],
    dimensions: ["country", "channel"],
    entities: ["user", "device"],
    signals: ["model", "otp"])

package let testHash = KeyedHash(secret: "test")

/// A valid decision with every mapped field.
package let wholeDecision = """
    {"request_id":"r-1","time":"2018-06-11T00:04:52.454Z","model":{"name":"cards-gbm","version":"2018.06.1"},\
    "score":0.25,"decision":"challenge","threshold":{"challenge":0.0311,"block":0.6334},\
    "features":{"amount":27.5,"is_weekend":true,"mcc":"5411","terminal_risk_over_30d":3},\
    "entities":{"user":"c2968","device":"da62"},"slices":{"country":"FR","channel":"app"},\
    "latency_ms":12.614,"amount":27.5,"signals":["model"],"cost":0.002,"status":"timeout",\
    "exploration_probability":0.05,"action":"password_reset","override":"analyst-7"}
    """

/// A valid label with every mapped field.
package let wholeLabel = """
    {"request_id":"r-1","time":"2018-06-12T03:11:39.585Z","outcome":"fraud","kind":"chargeback",\
    "source":{"pipeline":"issuer","actor":"batch","conditions":"guideline 4, blind"},"decision_time":1528675492454,"sampling_weight":5}
    """

package func digest(_ text: String) -> UInt64 { Array(text.utf8).withUnsafeBytes { testHash.hash64($0) } }
package func identity(_ text: String) -> RequestID { Array(text.utf8).withUnsafeBytes { testHash.hash128($0) } }
