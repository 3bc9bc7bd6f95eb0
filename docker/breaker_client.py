#!/usr/bin/env python3
"""How a decision service applies circuit-breaker records: a reference, small enough to copy.

    breaker_client.py --decision allow --model payments-gbm \
        --slice country=FR --request r-1 [--now 2026-01-06T03:01:00Z] RECORDS.jsonl

RECORDS is the compacted topic (`outputs.breakers`) as JSON lines, in order; `-` is standard
input. A service keeps one BreakerView per process, feeds it from a consumer that starts at the
beginning of the topic, and calls `apply` for each decision. Nothing here blocks or fails: without
a usable record the fail-safe policy counts.

The rules:
  1. Only records with mode "live" count, and only those of breakers that this service follows.
  2. Per key (breaker, model, slice) the record with the highest sequence counts; an older one that
     comes later (a rewind, a second reader) is dropped. A sequence never goes back, even where
     Vedette lost its state. A record that cannot be read is dropped.
  3. A record counts until expires_at. Then Vedette is silent, and FAIL_SAFE counts: "hold" keeps
     the last known state for HOLD_SECONDS more and then opens; "open" opens at once; "closed"
     relies on the model. The default is hold: an attacker who can silence the watcher must not
     gain by it, and a restart of the watcher must not challenge everybody.
  4. A slice without a record follows all traffic ({}). The least trusting of all that match counts.
     A key that nobody guards any more ends with a closed record that does not expire (retired).
     A slice's record that expired while all traffic of its breaker was told of later is no silence:
     Vedette lost the state of that slice, which follows all traffic again.
  5. Half open: a request relies on the model for reliance_share of the traffic, chosen by a keyed
     hash of its id, so that a retry meets the same answer and nobody outside can choose it.
"""

import argparse
import datetime
import hashlib
import hmac
import json
import sys

HOLD_SECONDS = 900


def seconds(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


class BreakerView:
    def __init__(self, key=b"change me", fail_safe="hold", breakers=None):
        self.records = {}
        self.key, self.fail_safe, self.breakers = key, fail_safe, breakers

    def feed(self, record):
        """Takes one record of the topic in. Returns whether it changed anything."""
        try:
            if record["mode"] != "live" or (self.breakers and record["breaker"] not in self.breakers):
                return False
            name = (record["breaker"], record["model"], tuple(sorted(record["slice"].items(), key=str)))
            sequence = record["sequence"] + 0
            # What apply needs, read once: a broken record must fail here, not in a decision.
            seconds(record["changed_at"]), seconds(record["expires_at"]), record["reliance_share"] + 0.0, record["summary"], record["state"]
            record["policy"]["instead_of"], record["policy"]["do"]
        except (KeyError, TypeError, ValueError, AttributeError):
            return False
        known = self.records.get(name)
        if known and known["sequence"] >= sequence:
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
        best = None
        for (breaker, of_model, parts), record in self.records.items():
            everything = self.records.get((breaker, model, ()))
            if parts and everything and seconds(everything["changed_at"]) >= seconds(record["expires_at"]):
                continue
            if of_model != model or any(slices.get(k) != v for k, v in record["slice"].items()):
                continue
            share, why = self.reliance(record, now)
            if record["policy"]["instead_of"] == decision and (best is None or share < best[0]):
                best = (share, why, record)
        if best is None or best[0] >= 1:
            return decision, None
        digest = hmac.new(self.key, request_id.encode(), hashlib.sha256).digest()
        if int.from_bytes(digest[:8], "big") / 2**64 < best[0]:
            return decision, None
        return best[2]["policy"]["do"], best[1]


def main():
    parser = argparse.ArgumentParser(description="Apply breaker records to one decision.")
    for name in ("decision", "model", "request"):
        parser.add_argument("--" + name, required=True)
    parser.add_argument("--slice", action="append", default=[], metavar="DIMENSION=VALUE")
    parser.add_argument("--now", help="default: the present")
    parser.add_argument("--fail-safe", choices=["hold", "open", "closed"], default="hold")
    parser.add_argument("--breaker", action="append", help="breakers to follow (default: all)")
    parser.add_argument("records", metavar="RECORDS")
    arguments = parser.parse_args()
    view = BreakerView(fail_safe=arguments.fail_safe, breakers=arguments.breaker)
    with sys.stdin if arguments.records == "-" else open(arguments.records, encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                view.feed(json.loads(line))
    now = seconds(arguments.now) if arguments.now else datetime.datetime.now().timestamp()
    slices = dict(item.split("=", 1) for item in arguments.slice)
    decision, why = view.apply(arguments.decision, arguments.model, slices, arguments.request, now)
    print(json.dumps({"decision": decision, "changed": why is not None, "why": why}))


if __name__ == "__main__":
    main()
