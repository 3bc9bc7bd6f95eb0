"""Writes evidence.json beside this file: what decides whether an alert is raised, by independent libraries.

    pip install numpy scipy statsmodels mpmath && python3 make_evidence_fixtures.py

Everything is drawn from a seed. Holm and e-BH are statsmodels' multipletests (e-BH is Benjamini and
Hochberg's procedure on the inverted e-values); the calibrator is integrated by mpmath; the ledger is its
recursion in mpmath's 50 digits; homogeneity and beta-binomial tails are scipy's; permutation tails are
scipy's permutation_test where all splits can be listed, else counted exactly with whole numbers.
"""

import json
import pathlib

import mpmath
import numpy as np
import scipy
import statsmodels
from scipy import optimize, special, stats
from statsmodels.stats.multitest import multipletests

rng = np.random.default_rng(20261129)
mpmath.mp.dps = 50


def holm():
    cases = []
    for ps in [
        rng.uniform(0, 0.02, 6), np.concatenate([rng.uniform(0, 1, 40), rng.uniform(0, 2e-3, 12)]),
        np.concatenate([[1e-12, 1e-12, 0.0, 1.0], rng.uniform(0, 1, 200) ** 8]),
    ]:
        for alpha in (1e-4, 0.01, 0.05):
            cases.append({"p": ps.tolist(), "alpha": alpha, "rejected": multipletests(ps, alpha, method="holm")[0].tolist()})
    return cases


def e_bh():
    cases = []
    for n, strong in [(10, 3), (200, 25), (1000, 4)]:
        logs = np.concatenate([rng.normal(-1, 1, n - strong), rng.uniform(3, 14, strong)])
        for level in (0.01, 0.1):
            inverse = np.minimum(1, np.exp(-logs))
            cases.append({"log_e": logs.tolist(), "level": level, "believed": multipletests(inverse, level, method="fdr_bh")[0].tolist()})
    return cases


def log_calibrator(p):
    """ln of the integral of k p^(k-1) over k in 0...1"""
    p = mpmath.mpf(p)
    return mpmath.log(mpmath.quad(lambda k: k * p ** (k - 1), [0, 0.01, 0.1, 1]))


def ledger():
    """Two runs, each anew every seven days, half a span apart; M' = (7 M / 8 + 1/8) e."""
    share = mpmath.mpf(1) / 8
    least = share / (1 + share)
    ps = [float(p) for p in np.round(rng.uniform(1e-6, 2e-2, 24), 8)]
    wealth, run, logs = [None, None], [None, None], []
    for day, p in enumerate(ps):
        step = mpmath.exp(log_calibrator(p))
        for index, offset in enumerate((0, 7)):
            number = (2 * (day + 1) * 24 - 1 + offset * 24) // (14 * 24)
            before = wealth[index] if run[index] == number else least
            wealth[index], run[index] = ((1 - share) * before + share) * step, number
        logs.append(float(mpmath.log((wealth[0] + wealth[1]) / 2)))
    return {"p": ps, "log_e": logs}


def pooled(a, b, least):
    """Neighbouring bins together until the smaller group expects so many in each."""
    smaller = min(a.sum(), b.sum()) / (a.sum() + b.sum())
    rows, now = [], np.zeros(2)
    for pair in zip(a, b):
        now = now + pair
        if now.sum() * smaller >= least:
            rows.append(now)
            now = np.zeros(2)
    rows[-1] = rows[-1] + now
    return np.array(rows).T


def homogeneity():
    cases = []
    for n, m, bins, tilt in [(800, 600, 10, 0), (5000, 300, 20, 0.1), (90, 4000, 12, 0.3), (40_000, 25_000, 10, 0.2), (60, 60, 20, 0)]:
        shares = rng.dirichlet(np.full(bins, 0.6))
        other = shares * np.exp(tilt * rng.normal(size=bins))
        a, b = rng.multinomial(n, shares), rng.multinomial(m, other / other.sum())
        g = stats.chi2_contingency(pooled(a, b, 5), correction=False, lambda_="log-likelihood")
        cases.append({"reference": a.tolist(), "current": b.tolist(), "g": float(g.statistic), "p": float(g.pvalue)})
    return cases


def beta_binomial():
    cases = []
    for count, others, windows, v in [
        (0, 900, 1, 0.0025), (120, 1600, 4, 0.0025), (2400, 4000, 4, 0.01), (30, 100, 2, 0.2), (7000, 3000, 1, 0.0025), (2, 4000, 4, 0.05),
    ]:
        # A surge is a drop of the others: scipy's own upper tail ends at 1e-16.
        drop = count * windows <= others
        law = stats.betabinom(count + others, *((1 / v, windows / v) if drop else (windows / v, 1 / v)))
        tail = law.cdf(count if drop else others)
        cases.append({"input": [count, others, windows, v], "tail": float(tail)})
    return cases


def exact_split(a, b):
    """Chance that a random split's first part has at least this sum: counts of subsets by size and sum, exact."""
    both = np.concatenate([a, b])
    ways = [[0] * (int(both.sum()) + 1) for _ in range(len(a) + 1)]
    ways[0][0] = 1
    for value in both:
        for size in range(len(a), 0, -1):
            row, before = ways[size], ways[size - 1]
            for total in range(len(row) - 1, int(value) - 1, -1):
                if before[total - value]:
                    row[total] += before[total - value]
    counted = ways[len(a)]
    upper, lower = sum(counted[int(a.sum()):]), sum(counted[: int(a.sum()) + 1])
    return min(upper, lower) / sum(counted)


def permutation():
    cases = []
    for n, m, shift in [(7, 9, 1.0), (8, 8, 2.5), (9, 8, 0.2)]:
        a, b = np.round(rng.lognormal(shift, 0.8, n), 2), np.round(rng.lognormal(0, 0.8, m), 2)
        difference = lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis)
        sides = [
            stats.permutation_test((a, b), difference, alternative=side, n_resamples=np.inf, vectorized=True).pvalue for side in ("greater", "less")]
        cases.append({"current": a.tolist(), "reference": b.tolist(), "p": float(min(sides))})
    for n, m, rate in [(20, 60, 1.0), (40, 80, 2.5), (25, 50, 4.0)]:
        a, b = rng.negative_binomial(1, 1 / (1 + rate), n), rng.negative_binomial(1, 0.6, m)
        cases.append({"current": a.tolist(), "reference": b.tolist(), "p": exact_split(a, b)})
    return cases


def betting():
    """Where the mixture over Beta(1/2, 1/2) has won 1/alpha, by root finding."""
    cases = []
    for s, n, confidence in [(0, 20, 0.95), (20, 20, 0.95), (3, 500, 0.95), (140, 2000, 0.99), (40_000, 1_000_000, 0.9)]:
        bound = -np.log1p(-confidence)
        won = lambda p: float(special.betaln(0.5 + s, 0.5 + n - s) - special.betaln(0.5, 0.5) - special.xlogy(s, p) - special.xlog1py(n - s, -p)) - bound
        low = optimize.brentq(won, 1e-300, s / n, xtol=1e-300, rtol=1e-14) if s else 0.0
        high = optimize.brentq(won, s / n, 1 - 1e-15, xtol=1e-15, rtol=1e-14) if s < n else 1.0
        cases.append([s, n, confidence, low, high])
    return cases


result = {
    "versions": {module.__name__: module.__version__ for module in (np, scipy, statsmodels, mpmath)},
    "holm": holm(), "e_bh": e_bh(),
    "calibrator": [[p, float(log_calibrator(p))] for p in (1.0, 0.999, 0.9, 0.5, 0.05, 1e-3, 1e-9, 1e-40)],
    "ledger": ledger(), "homogeneity": homogeneity(), "beta_binomial": beta_binomial(), "permutation": permutation(),
    "betting": betting(),
}
path = pathlib.Path(__file__).with_name("evidence.json")
path.write_text(json.dumps(result, separators=(",", ":"), allow_nan=False).replace("},{", "},\n{").replace('],"', '],\n"') + "\n")
print(path, len(path.read_bytes()), "bytes")
