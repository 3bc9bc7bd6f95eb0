#!/usr/bin/env python3
"""Truth table of the reference consumer of breaker records. Run: python3 docker/test_breaker_client.py"""

import copy
import json
import pathlib
import unittest

from breaker_client import HOLD_SECONDS, BreakerView, seconds

EXAMPLES = json.loads((pathlib.Path(__file__).resolve().parents[1] / "schemas/breaker.schema.json").read_text())["examples"]
NOW = seconds("2026-01-06T03:01:00.000Z")
EXPIRES = seconds(EXAMPLES[0]["expires_at"])
EXPECTED = {EXAMPLES[0]["breaker"]: {"instead_of": "allow", "do": "challenge"}}
NEW, OLD = {"account_age": "new"}, {"account_age": "old"}


def record(**changes):
    value = copy.deepcopy(EXAMPLES[0])
    value.update(changes)
    return value


def view(*records, **options):
    result = BreakerView(**options)
    for one in records:
        result.feed(one)
    return result


def decide(of, decision="allow", slices=NEW, now=NOW, request="r-1", model="payments-gbm"):
    return of.apply(decision, model, slices, request, now)[0]


class Table(unittest.TestCase):
    def test_states(self):
        self.assertEqual(decide(view()), "allow")
        self.assertEqual(decide(view(record())), "challenge")
        self.assertEqual(decide(view(record(state="closed", reliance_share=1))), "allow")
        self.assertEqual(decide(view(record()), decision="block"), "block")
        self.assertEqual(decide(view(record()), slices=OLD), "allow")
        self.assertEqual(decide(view(record()), model="other"), "allow")
        self.assertEqual(decide(view(record(slice={})), slices=OLD), "challenge")

    def test_replays_and_other_breakers_do_not_count(self):
        self.assertEqual(decide(view(record(mode="replay"))), "allow")
        self.assertEqual(decide(view(record(), breakers=["other"])), "allow")

    def test_an_older_sequence_is_dropped(self):
        closed = record(state="closed", reliance_share=1, sequence=2)
        self.assertEqual(decide(view(closed, record(sequence=1))), "allow")
        self.assertEqual(decide(view(record(sequence=1), closed)), "allow")

    def test_a_key_that_nobody_guards_any_more_is_closed_for_good(self):
        of = view(*EXAMPLES)
        self.assertTrue(EXAMPLES[2]["retired"])
        for fail_safe in ("hold", "open", "closed"):
            of.fail_safe = fail_safe
            self.assertEqual(decide(of, now=NOW + 10 * 365 * 86400, slices=OLD), "allow" if fail_safe == "closed" else "challenge", "all traffic is still guarded")
            alone = view(EXAMPLES[0], EXAMPLES[2], fail_safe=fail_safe)
            self.assertEqual(decide(alone, now=NOW + 10 * 365 * 86400), "allow")
        self.assertEqual(decide(view(EXAMPLES[2], record(sequence=EXAMPLES[2]["sequence"] + 9))), "challenge", "it may come back")
        self.assertEqual(decide(view(EXAMPLES[2], EXAMPLES[0])), "allow", "an older record")

    def test_a_slice_that_was_lost_follows_all_traffic(self):
        everything = record(slice={}, state="closed", reliance_share=1, sequence=9, expires_at="2026-01-07T00:00:00.000Z")
        for changed_at, expected in [("2026-01-06T03:04:59.999Z", "challenge"), ("2026-01-06T03:05:00.000Z", "allow")]:
            everything["changed_at"] = changed_at
            self.assertEqual(decide(view(record(), everything), now=EXPIRES + 60), expected)
            self.assertEqual(decide(view(record(), dict(everything, breaker="other")), now=EXPIRES + 60), "challenge")
            self.assertEqual(decide(view(record(), dict(everything, model="other")), now=EXPIRES + 60), "challenge")

    def test_what_cannot_be_read_is_dropped_and_changes_nothing(self):
        broken = [None, [], "x", {}, record(expires_at="soon"), record(expires_at=None), record(reliance_share=None), record(policy={}), record(slice=[]), record(sequence="9")]
        for field in ("mode", "breaker", "model", "slice", "sequence", "changed_at", "expires_at", "reliance_share", "policy", "summary", "state"):
            broken.append({name: value for name, value in record().items() if name != field})
        for one in broken:
            of = BreakerView()
            self.assertFalse(of.feed(one), one)
            self.assertEqual(decide(of), "allow")

    def test_what_cannot_be_a_key_is_dropped(self):
        odd = [[], {}, [1], {"a": 1}]
        for value in odd:
            for one in (record(breaker=value), record(model=value), record(slice={"account_age": value}), record(state=value, reliance_share=value)):
                for of in (view(), view(breakers=["x"]), view(expected=EXPECTED)):
                    self.assertFalse(of.feed(one), one)
        for share in (-0.1, 1.1, float("nan"), "1"):
            self.assertFalse(view().feed(record(reliance_share=share)))
        self.assertFalse(view().feed(record(policy={"instead_of": "allow", "do": "shrug"})))

    def test_what_is_expected_and_has_no_record_follows_the_fail_safe_policy(self):
        breaker = EXAMPLES[0]["breaker"]
        closed = record(slice={}, state="closed", reliance_share=1)
        for fail_safe, expected in [("hold", "challenge"), ("open", "challenge"), ("closed", "allow")]:
            def of(*records, **options):
                return view(*records, fail_safe=fail_safe, expected=options.get("expected", EXPECTED), breakers=options.get("breakers"))

            self.assertEqual(decide(of()), expected)
            self.assertEqual(decide(of(), decision="block"), "block")
            self.assertEqual(decide(of(closed)), "allow")
            self.assertEqual(decide(of(record(state="closed", reliance_share=1))), expected, "a slice is not all traffic")
            self.assertEqual(decide(of(dict(closed, expires_at="soon"))), expected, "a record that cannot be read is none")
            self.assertEqual(decide(of(dict(closed, mode="replay"))), expected)
            self.assertEqual(decide(of(dict(closed, breaker="other"))), expected)
            self.assertEqual(decide(of(dict(closed, model="other"))), expected)
            self.assertEqual(decide(of(closed, breakers=["other"])), "allow", "what is expected is followed")
            self.assertEqual(decide(of(EXAMPLES[2], dict(closed, retired=True))), "allow")
            self.assertEqual(decide(of(expected={breaker: dict(EXPECTED[breaker], models=["other"])})), "allow")
            self.assertEqual(decide(of(expected={breaker: {"instead_of": "allow", "do": "block"}})), "block" if fail_safe != "closed" else "allow")

    def test_the_strictest_policy_counts_whatever_the_order(self):
        actions = ["allow", "log", "challenge", "escalate", "block"]
        for first in actions:
            for second in actions:
                a = record(slice={}, breaker="a", policy={"instead_of": "allow", "do": first}, reliance_share=0)
                b = record(slice={}, breaker="b", policy={"instead_of": "allow", "do": second}, reliance_share=0)
                strictest = max(first, second, key=actions.index)
                self.assertEqual(decide(view(a, b)), strictest)
                self.assertEqual(decide(view(b, a)), strictest)
        # One that relies on the model for half: the other half meets the stricter of the two.
        half = record(slice={}, breaker="b", policy={"instead_of": "allow", "do": "block"}, state="half_open", reliance_share=0.5)
        for of in (view(record(), half), view(half, record())):
            answers = [decide(of, request=f"r-{n}") for n in range(4000)]
            self.assertEqual(set(answers), {"challenge", "block"})
            self.assertAlmostEqual(answers.count("block") / 4000, 0.5, delta=0.03)

    def test_any_request_id_is_decided(self):
        for request in (None, 7, "", "\ud800", b"x"):
            self.assertEqual(decide(view(record()), request=request), "challenge")

    def test_expiry_is_exact(self):
        for late, fail_safe, expected in [(-0.001, "open", "allow"), (0, "open", "challenge"), (HOLD_SECONDS - 0.001, "hold", "allow"), (HOLD_SECONDS, "hold", "challenge")]:
            of = view(record(state="closed", reliance_share=1), fail_safe=fail_safe)
            self.assertEqual(decide(of, now=EXPIRES + late), expected, (late, fail_safe))

    def test_the_least_trusting_counts(self):
        closed = record(slice={}, state="closed", reliance_share=1)
        self.assertEqual(decide(view(closed, record())), "challenge")

    def test_silence(self):
        closed = record(state="closed", reliance_share=1)
        for fail_safe, state, late, expected in [
            ("hold", closed, 0, "allow"), ("hold", closed, HOLD_SECONDS, "challenge"), ("hold", record(), 0, "challenge"),
            ("open", closed, 0, "challenge"), ("closed", record(), 0, "allow"), ("open", closed, -1, "allow"),
        ]:
            self.assertEqual(decide(view(state, fail_safe=fail_safe), now=EXPIRES + late), expected, (fail_safe, late))

    def test_half_open_is_a_share_and_the_same_for_a_retry(self):
        half = view(record(state="half_open", reliance_share=0.25))
        answers = [decide(half, request=f"r-{n}") for n in range(4000)]
        self.assertAlmostEqual(answers.count("allow") / 4000, 0.25, delta=0.03)
        self.assertEqual(answers, [decide(half, request=f"r-{n}") for n in range(4000)])


if __name__ == "__main__":
    unittest.main()
