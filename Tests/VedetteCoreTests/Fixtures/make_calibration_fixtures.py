#!/usr/bin/env python3
"""Exact tails of the frauds in score bins: writes calibration.json beside it.

The law of a sum of independent, unequal Bernoulli terms is convolved term by term, with no bound and no approximation,
in doubles that only add positive numbers. A label whose outcome was sampled is fraud with the chance that Bayes' rule gives.

    pip install numpy scipy
"""
import json
import pathlib

import numpy as np
import scipy
from scipy import stats

rng = np.random.default_rng(20261130)


def law(chances):
    """Chance of every number of frauds."""
    result = np.ones(1)
    for p in chances:
        result = np.convolve(result, [1 - p, p])
    return result


def exact(fraud, chances):
    """The smaller tail, the observed number included."""
    weights = law(chances)
    return min(weights[fraud:].sum(), weights[: fraud + 1].sum())


# Convolution itself, against scipy where all chances are equal.
assert np.isclose(exact(9, np.full(40, 0.05)), stats.binom.sf(8, 40, 0.05), rtol=1e-9)


def case(n, shape, truth, sampled):
    """Requests, of which frauds and legit get labels with these chances; a label stands for the inverse of its own."""
    score = np.clip(np.round(rng.beta(*shape, n), 6), 1e-6, 1 - 1e-6)
    fraud = rng.random(n) < truth(score)
    kept = rng.random(n) < np.where(fraud, *sampled)
    score, fraud = score[kept], fraud[kept]
    # Bayes: among requests with this score that have a label.
    chance = score * sampled[0] / (score * sampled[0] + (1 - score) * sampled[1])
    bins = np.minimum(9, (score * 10).astype(int))
    used = [b for b in range(10) if (bins == b).any()]
    tails = [exact(int(fraud[bins == b].sum()), chance[bins == b]) for b in used]
    if len(used) > 1:
        tails.append(exact(int(fraud.sum()), chance))
    weight = np.where(fraud, 1 / sampled[0], 1 / sampled[1])
    gaps = [(weight * (fraud - score))[bins == b].sum() for b in range(10)]
    return {
        "scores": score.tolist(), "fraud": fraud.astype(int).tolist(), "weights": [1 / sampled[0], 1 / sampled[1]],
        "error": float(np.abs(gaps).sum() / weight.sum()), "p": float(min(1, 2 * len(tails) * min(tails)))}


result = {
    "versions": {module.__name__: module.__version__ for module in (np, scipy)},
    "cases": [
        case(300, (0.1, 2), lambda p: p, (1, 1)), case(900, (0.7, 2), lambda p: p, (1, 1)), case(900, (0.7, 2), lambda p: p**1.6, (1, 0.2)),
        case(500, (0.8, 2), lambda p: np.minimum(1, 1.6 * p), (1, 1)), case(600, (0.1, 2), lambda p: np.minimum(1, p + 0.06), (0.5, 0.25)),
        case(400, (2, 2), lambda p: p**3, (1, 1)), case(1500, (0.5, 4), lambda p: np.minimum(1, 2 * p), (1, 0.05)),
    ],
}
path = pathlib.Path(__file__).with_name("calibration.json")
path.write_text(json.dumps(result, separators=(",", ":"), allow_nan=False).replace("},{", "},\n{") + "\n")
print(path, len(path.read_bytes()), "bytes", [case["p"] for case in result["cases"]])
