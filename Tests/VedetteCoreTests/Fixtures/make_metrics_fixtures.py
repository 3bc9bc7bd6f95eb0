#!/usr/bin/env python3
"""Makes metrics.json: calibration, entropy and distances as independent libraries compute them.

    pip install numpy scipy scikit-learn && python make_metrics_fixtures.py > metrics.json
"""

import json

import numpy as np
from scipy import stats
from scipy.spatial.distance import jensenshannon
from sklearn.metrics import brier_score_loss

random = np.random.default_rng(20260105)


def ece(scores, truth, weights, bins):
    """sum over bins of n_b/n |mean score - fraud rate|"""
    total = 0.0
    for one in np.unique(bins):
        mask = bins == one
        w = weights[mask]
        total += w.sum() * abs(np.average(scores[mask], weights=w) - np.average(truth[mask], weights=w))
    return total / weights.sum()


def calibrated(n, shape, weighted):
    scores = np.round(random.beta(*shape, n), 6)
    # Ties, and the ends.
    scores[: n // 10] = np.round(scores[: n // 10], 2)
    scores[:3] = [0.0, 1.0, 0.05]
    truth = (random.random(n) < scores**1.3).astype(int)
    weights = np.where(truth == 1, 1.0, 4.5) if weighted else np.ones(n)
    below = np.array([weights[scores < s].sum() for s in scores])
    groups = np.minimum(9, np.floor(10 * np.round(below * 1000) / np.round(weights.sum() * 1000))).astype(int)
    widths = np.minimum(19, np.round(scores * 1e6).astype(int) // 50_000)
    result = {
        "scores": scores.tolist(), "truth": truth.tolist(),
        "brier": brier_score_loss(truth, scores, sample_weight=weights),
        "ece": ece(scores, truth, weights, widths), "ece_groups": ece(scores, truth, weights, groups),
        "bias": np.average(scores, weights=weights) - np.average(truth, weights=weights),
    }
    if weighted:
        result["weights"] = weights.tolist()
    return result


def categories(reference, current):
    names = sorted(set(reference) | set(current))
    r = np.array([reference.get(name, 0) for name in names], float)
    c = np.array([current.get(name, 0) for name in names], float)
    p, q = np.maximum(r / r.sum(), 1e-4), np.maximum(c / c.sum(), 1e-4)
    return {
        "reference": reference, "current": current,
        "entropy": stats.entropy([v for v in current.values()]),
        "psi": float(((q - p) * np.log(q / p)).sum()),
        "js": float(jensenshannon(r, c) ** 2),
        "unseen": sum(v for k, v in current.items() if k not in reference) / sum(current.values()),
    }


def numbers(n):
    reference = np.exp(random.normal(3, 0.8, n))
    current = np.exp(random.normal(3.2, 0.9, n))
    return {
        "reference": reference.tolist(), "current": current.tolist(),
        "ks": stats.ks_2samp(reference, current).statistic,
        "wasserstein": stats.wasserstein_distance(reference, current),
        "mean_shift": (current.mean() - reference.mean()) / reference.std(ddof=1),
    }


print(json.dumps({
    "calibration": [calibrated(400, (0.5, 3), False), calibrated(300, (2, 2), False), calibrated(400, (0.3, 6), True)],
    "categories": [
        categories({"5411": 700, "5812": 250, "4829": 50}, {"5411": 500, "5812": 260, "6011": 40}),
        categories({"a": 10, "b": 10}, {"a": 13, "b": 7}),
    ],
    "numbers": [numbers(500)],
}))
