#!/usr/bin/env python3
"""How a decision service applies circuit-breaker records: a reference, small enough to copy.

    breaker_client.py --decision allow --model payments-gbm \
        --slice country=FR --request r-1 [--now 2026-01-06T03:01:00Z] RECORDS.jsonl

RECORDS is the compacted topic (`outputs.breakers`) as JSON lines, in order; `-` is standard
input. A service keeps one BreakerView per process, feeds it from a consumer that starts at the
beginning of the topic, decides once that has reached the end, and calls `apply` for each decision.
Nothing here blocks or fails.

The rules:
  1. Only records with mode "live" count, and only those of breakers that this service follows.
  2. Per key (breaker, model, slice) the record with the highest sequence counts; an older one that
     comes later (a rewind, a second reader) is dropped. A sequence never goes back, even where
     Vedette lost its state. A record that cannot be read is dropped.
  3. A record counts until expires_at. Then Vedette is silent, and FAIL_SAFE counts: "hold" keeps
     the last known state for HOLD_SECONDS more and then opens; "open" opens at once; "closed"
     relies on the model. The default is hold: an attacker who can silence the watcher must not
     gain by it, and a restart of the watcher must not challenge everybody.
  4. A service says which breakers it expects, and by which policy. One without a record of all
     traffic of the model (a wrong topic, an empty one, records that cannot be read) has no state
     to hold: it is open, unless FAIL_SAFE is "closed". What is not expected and has no record
     changes nothing.
  5. A slice without a record follows all traffic ({}). Of all records that match, each decides for
     itself whether it relies on the model for this request; of those that do not, the strictest
     policy counts, whatever their order.
     A key that nobody guards any more ends with a closed record that does not expire (retired).
     A slice's record that expired while all traffic of its breaker was told of later is no silence:
     Vedette lost the state of that slice, which follows all traffic again.
  6. Half open: a request relies on the model for reliance_share of the traffic, chosen by a keyed
     hash of its id, so that a retry meets the same answer and nobody outside can choose it.
"""

import argparse
import datetime
import hashlib
import hmac
import json
import sys

HOLD_SECONDS = 900
# What a policy may do, the strictest last.
STRICTNESS = {"allow": 0, "log": 1, "challenge": 2, "escalate": 3, "block": 4}


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class BreakerView:
    """What a decision service knows of the breakers.

    expected: by breaker, the policy that counts without a record of it, as
        {"instead_of": "allow", "do": "challenge"}; with "models" only for these.
    breakers: those to follow (None: all); what is expected is followed.
    """

    def __init__(self, key=b"change me", fail_safe="hold", expected=None, breakers=None):
        self.records = {}
        self.key, self.fail_safe, self.expected = key, fail_safe, dict(expected or {})
        self.breakers = None if breakers is None else set(breakers) | set(self.expected)
        for policy in self.expected.values():
            policy["instead_of"], STRICTNESS[policy["do"]]

    def feed(self, record):
        """Takes one record of the topic in. Returns whether it changed anything."""
        try:
            if record["mode"] != "live" or (self.breakers is not None and record["breaker"] not in self.breakers):
                return False
            name = (record["breaker"], record["model"], tuple(sorted(record["slice"].items(), key=str)))
            sequence = record["sequence"] + 0
            # What apply needs, read once: a broken record must fail here, not in a decision.
            hash(name), seconds(record["changed_at"]), seconds(record["expires_at"]), record["summary"], record["state"]
            record["policy"]["instead_of"], STRICTNESS[record["policy"]["do"]]
            if not 0 <= record["reliance_share"] <= 1:
                return False
            known = self.records.get(name)
            if known and known["sequence"] >= sequence:
                return False
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
            return False
        self.records[name] = record
        return True

    def reliance(self, record, now):
        """Share of the traffic that may rely on the model by this record, and why."""
        late = now - seconds(record["expires_at"])
        if late < 0:
            return record["reliance_share"], record["summary"]
        if self.fail_safe == "closed":
            return 1.0, "stale: relying on the model (fail-safe closed)"
        if self.fail_safe == "hold" and late < HOLD_SECONDS:
            return record["reliance_share"], "stale: holding " + record["state"]
        return 0.0, "stale: Vedette is silent, open"

    def apply(self, decision, model, slices, request_id, now):
        """The decision to carry out, and why it differs from the model's (None where it does not)."""
        digest = hmac.new(self.key, str(request_id).encode("utf-8", "replace"), hashlib.sha256).digest()
        place = int.from_bytes(digest[:8], "big") / 2**64
        strictest = None
        for policy, share, why in self.words(model, slices, now):
            if policy["instead_of"] != decision or place < share:
                continue
            if strictest is None or STRICTNESS[policy["do"]] > STRICTNESS[strictest[0]]:
                strictest = (policy["do"], why)
        return strictest or (decision, None)

    def words(self, model, slices, now):
        """Policy, share of the traffic that relies on the model, and why, of everything that is about these slices of a model."""
        for (breaker, of_model, parts), record in self.records.items():
            everything = self.records.get((breaker, model, ()))
            if parts and everything and seconds(everything["changed_at"]) >= seconds(record["expires_at"]):
                continue
            if of_model == model and all(slices.get(k) == v for k, v in parts):
                yield (record["policy"], *self.reliance(record, now))
        for breaker, policy in self.expected.items():
            if model in policy.get("models", [model]) and (breaker, model, ()) not in self.records:
                share = 1.0 if self.fail_safe == "closed" else 0.0
                yield policy, share, f"no record of {breaker}: open"


def main():
    parser = argparse.ArgumentParser(description="Apply breaker records to one decision.")
    for name in ("decision", "model", "request"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--slice", action="append", default=[], metavar="DIMENSION=VALUE")
    parser.add_argument("--now", help="default: the present")
    parser.add_argument("--fail-safe", choices=["hold", "open", "closed"], default="hold")
    parser.add_argument("--breaker", action="append", help="breakers to follow (default: all)")
    parser.add_argument("--expect", action="append", default=[], metavar="BREAKER", help="breakers that must have a record")
    parser.add_argument("--instead-of", default="allow", help="policy of an expected breaker without a record")
    parser.add_argument("--do", choices=list(STRICTNESS), default="challenge")
    parser.add_argument("records", metavar="RECORDS")
    arguments = parser.parse_args()
    policy = {"instead_of": arguments.instead_of, "do": arguments.do}
    expected = {name: policy for name in arguments.expect}
    view = BreakerView(fail_safe=arguments.fail_safe, expected=expected, breakers=arguments.breaker)
    with sys.stdin if arguments.records == "-" else open(arguments.records, encoding="utf-8") as lines:
        for line in lines:
            try:
                view.feed(json.loads(line))
            except ValueError:
                continue
    now = seconds(arguments.now) if arguments.now else datetime.datetime.now().timestamp()
    slices = dict(item.split("=", 1) for item in arguments.slice)
    decision, why = view.apply(arguments.decision, arguments.model, slices, arguments.request, now)
    print(json.dumps({"decision": decision, "changed": why is not None, "why": why}))


if __name__ == "__main__":
    main()
