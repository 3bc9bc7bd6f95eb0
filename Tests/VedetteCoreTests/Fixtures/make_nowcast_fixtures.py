#!/usr/bin/env python3
"""Writes nowcast.json: numbers of scikit-learn, NannyML and numpy that the nowcast's statistics are held to.

    pip install numpy scikit-learn nannyml && python3 make_nowcast_fixtures.py

Isotonic regression is scikit-learn's; confidence-based estimates are NannyML's own functions for
two classes, on scikit-learn's calibrated scores. Reverse hazards and the linearised variance of
the ratio estimate are written out in numpy from their definitions.
"""

import json
import pathlib

import nannyml
import numpy as np
import sklearn
from nannyml.performance_estimation.confidence_based.metrics import estimate_precision, estimate_recall, estimate_roc_auc
from sklearn.isotonic import IsotonicRegression

random = np.random.default_rng(20240611)


def isotonic():
    score = np.round(random.beta(0.6, 3, 400), 6)
    label = (random.random(400) < score**1.4).astype(int)
    weight = np.where(label == 1, 1.0, 5.0)
    model = IsotonicRegression(out_of_bounds="clip", increasing=True).fit(score, label, sample_weight=weight)
    queries = np.round(np.concatenate([[0, 1], random.random(60)]), 6)
    return {
        "scores": score.tolist(), "labels": label.tolist(), "fraud_weight": 1.0, "legit_weight": 5.0,
        "queries": queries.tolist(), "values": model.predict(queries).tolist(),
    }, model


def confidence(model):
    score = np.round(random.beta(0.7, 3, 500), 6)
    calibrated = model.predict(score)
    action = np.where(score >= 0.6, 2, np.where(score >= 0.35, 1, 0))
    block = (action == 2).astype(int)
    both = (action >= 1).astype(int)
    return {
        "scores": score.tolist(), "actions": action.tolist(), "fraud_rate": float(calibrated.mean()),
        "recall_block": float(estimate_recall(block, calibrated)), "recall_both": float(estimate_recall(both, calibrated)),
        "precision_block": float(estimate_precision(block, calibrated)), "precision_both": float(estimate_precision(both, calibrated)),
        # NannyML rounds its cumulative counts to five digits.
        "auc": float(estimate_roc_auc(calibrated, score)),
    }


def delays():
    """Daily cohorts and the grid of a ten-day horizon."""
    edges = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    cohorts = 30
    now = cohorts
    half_life = 12.0
    cells = random.poisson(6, (cohorts, len(edges) - 1))
    for c in range(cohorts):
        for k in range(len(edges) - 1):
            if c + 1 + edges[k] > now:
                cells[c, k] = 0
    prior = np.array([0.0] + [e / 10 for e in edges[1:]])
    strength = 8.0
    in_bin = np.zeros(len(edges) - 1)
    up_to = np.zeros(len(edges) - 1)
    for c in range(cohorts):
        for k in range(len(edges) - 1):
            passed = c + 1 + edges[k + 1]
            if passed > now:
                continue
            weight = 0.5 ** ((now - passed) / half_life)
            in_bin[k] += weight * cells[c, k]
            up_to[k] += weight * cells[c, : k + 1].sum()
    share = np.diff(prior)
    a = in_bin + strength * share
    b = up_to - in_bin + strength * prior[:-1]
    arrived = np.ones(len(edges))
    for k in range(1, len(edges) - 1):
        arrived[k] = np.prod([b[j] / (a[j] + b[j]) for j in range(k, len(edges) - 1)])
    arrived[0] = 0
    return {"cells": cells.tolist(), "now": now, "half_life": half_life, "prior": prior.tolist(), "arrived": arrived.tolist()}


def weighted():
    n = 300
    fraud = random.random(n) < 0.3
    explored = random.random(n) < 0.1
    probability = np.where(explored, np.round(random.uniform(0.02, 0.5, n), 2), 0)
    sampling = np.where(fraud, 1.0, 5.0)
    # Thousandths, as they are kept.
    w = np.round(sampling / np.where(explored, np.float32(probability).astype(float), 1) * 1000) / 1000
    caught = explored
    rate = (w * fraud).sum() / w.sum()
    rate_se = np.sqrt((w**2 * (fraud - rate) ** 2).sum()) / w.sum()
    wf = w[fraud]
    cf = caught[fraud]
    recall = (wf * cf).sum() / wf.sum()
    recall_se = np.sqrt((wf**2 * (cf - recall) ** 2).sum()) / wf.sum()
    return {
        "fraud": fraud.tolist(), "probability": probability.tolist(), "sampling": sampling.tolist(), "rate": float(rate),
        "rate_se": float(rate_se), "recall": float(recall), "recall_se": float(recall_se),
        "effective": float(w.sum() ** 2 / (w**2).sum()),
    }


first, fitted = isotonic()
result = {
    "versions": {"numpy": np.__version__, "sklearn": sklearn.__version__, "nannyml": nannyml.__version__},
    "isotonic": first, "confidence": confidence(fitted), "delays": delays(), "weighted": weighted(),
}
path = pathlib.Path(__file__).with_name("nowcast.json")
path.write_text(json.dumps(result, separators=(",", ":")) + "\n")
print(path, len(path.read_bytes()), "bytes")
