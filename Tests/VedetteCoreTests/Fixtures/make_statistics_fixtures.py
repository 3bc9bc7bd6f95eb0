"""Writes statistics.json beside this file: numbers of numpy and scipy that the tests compare with.

Run by hand: python3 make_statistics_fixtures.py (made with numpy 2.4.6, scipy 1.17.1).
"""

import json
import pathlib

import numpy as np
from scipy import special, stats
from scipy.spatial.distance import jensenshannon

rng = np.random.default_rng(20260101)
out = {"versions": {"numpy": np.__version__, "scipy": __import__("scipy").__version__}}


def rows(function, cases):
    """Each row: the arguments, then the value."""
    return [[*map(float, case), float(function(*case))] for case in cases]


# --- special functions -------------------------------------------------------------------
gammas = [(a, x) for a in (0.5, 1, 2.5, 10, 137.3, 1e4, 1e7) for x in (a * 0.1, a * 0.9, a, a * 1.01, a * 1.5)]
out["upper_gamma"] = rows(special.gammaincc, [c for c in gammas if special.gammaincc(*c) > 1e-280])
betas = [(a, b, x) for a in (0.5, 3, 47.5, 2e3) for b in (0.5, 2, 300, 1e6) for x in (1e-6, 0.01, 0.3, 0.7, 0.999)]
out["lower_beta"] = rows(special.betainc, [c for c in betas if special.betainc(*c) > 1e-280])
out["upper_beta"] = rows(special.betaincc, [c for c in betas if special.betaincc(*c) > 1e-280])
out["beta_quantile"] = rows(
    special.betaincinv, [(a, b, p) for a in (0.5, 3, 40) for b in (0.5, 2, 1000) for p in (1e-6, 0.025, 0.5, 0.975)])
zs = [(z,) for z in (-37, -8.5, -3, -1.96, -0.1, 0, 0.3, 1, 2.5758, 5)]
out["normal_cdf"] = rows(special.ndtr, zs)
out["normal_survival"] = rows(stats.norm.sf, zs)
out["normal_quantile"] = rows(special.ndtri, [(p,) for p in (1e-300, 1e-20, 1e-8, 0.001, 0.025, 0.4, 0.5, 0.9, 0.975, 1 - 1e-9)])
chis = [(x, d) for d in (1, 3, 9, 19, 100) for x in (0.1, 1, d, 3 * d, 200)]
out["chi_square_survival"] = rows(stats.chi2.sf, chis)

# --- counting distributions -------------------------------------------------------------
binomials = [(k, n, p) for n, p in ((10, 0.3), (1000, 0.01), (1_000_000, 2e-5)) for k in (0, 1, 3, 9, 15, 40) if k <= n]
out["binomial_cdf"] = rows(stats.binom.cdf, binomials)
out["binomial_upper_tail"] = rows(lambda k, n, p: stats.binom.sf(k - 1, n, p), binomials)
# --- rates ------------------------------------------------------------------------------
shares = [(0, 10), (1, 10), (5, 10), (10, 10), (3, 1000), (999, 1000), (42, 1_000_000), (65_432, 100_000)]


def interval(method, confidence):
    result = []
    for k, n in shares:
        ci = stats.binomtest(k, n).proportion_ci(confidence, method=method)
        result.append([k, n, confidence, float(ci.low), float(ci.high)])
    return result


def exact_interval(k, n, confidence):
    """By beta quantiles: binomtest's own root finder stops at 1e-12 absolute."""
    tail = (1 - confidence) / 2
    low = special.betaincinv(k, n - k + 1, tail) if k else 0.0
    high = special.betainccinv(k + 1, n - k, tail) if k < n else 1.0
    return [k, n, confidence, float(low), float(high)]


out["wilson"] = interval("wilson", 0.95) + interval("wilson", 0.999)
out["clopper_pearson"] = [exact_interval(k, n, c) for c in (0.95, 0.999) for k, n in shares]

tables = [(3, 10, 1, 12), (0, 20, 6, 30), (7, 7, 2, 9), (12, 400, 30, 3000), (1, 5, 0, 5), (250, 1000, 180, 1000), (30, 90_000, 11, 88_000)]
sides = {"twoSided": "two-sided", "greater": "greater", "less": "less"}
out["fisher"] = []
out["likelihood_ratio"] = []
for k, n, l, m in tables:
    table = [[k, n - k], [l, m - l]]
    row = {"counts": [k, n, l, m]}
    for name, side in sides.items():
        row[name] = float(stats.fisher_exact(table, side).pvalue)
    out["fisher"].append(row)
    g = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood")
    out["likelihood_ratio"].append({"counts": [k, n, l, m], "g": float(g.statistic), "p": float(g.pvalue)})

out["rate_ratio"] = []
for k, e, l, f in [(12, 100.0, 5, 110.0), (0, 10.0, 4, 10.0), (300, 24.0, 250, 24.0), (7, 1.0, 90, 30.0)]:
    ci = stats.binomtest(k, k + l).proportion_ci(0.95, method="exact")
    out["rate_ratio"].append({
        "input": [k, e, l, f], "interval": [float(ci.low / (1 - ci.low) * f / e), float(ci.high / (1 - ci.high) * f / e)]})

# --- moments ----------------------------------------------------------------------------
out["moments"] = []
for n, shift, scale in [(5, 0.5, 2), (60, 0.3, 1), (40, 3, 0.2)]:
    x = np.round(rng.normal(shift, scale, n), 6)
    out["moments"].append({"values": x.tolist(), "mean": float(x.mean()), "variance": float(x.var(ddof=1)), "min": float(x.min()), "max": float(x.max())})

# --- distances between scores -----------------------------------------------------------


def units(kind, n):
    """Scores as whole millionths."""
    if kind == "beta":
        x = rng.beta(0.7, 6, n)
    elif kind == "shifted":
        x = rng.beta(0.9, 5, n)
    elif kind == "ties":
        x = rng.integers(0, 21, n) / 20 * 0.999
    elif kind == "edges":
        x = rng.choice([0, 1, 0.5, 0.049999, 0.05, 0.949999, 0.95], n)
    else:
        x = np.full(n, 0.25)
    return np.clip(np.round(x * 1e6), 0, 1_000_000).astype(int)


def psi(reference, current):
    r, c = np.maximum(reference / reference.sum(), 1e-4), np.maximum(current / current.sum(), 1e-4)
    return float(((c - r) * np.log(c / r)).sum())


out["distances"] = []
for a, n, b, m in [("beta", 700, "shifted", 500), ("beta", 400, "beta", 900), ("ties", 300, "ties", 200), ("ties", 150, "beta", 250),
                   ("edges", 200, "beta", 100), ("constant", 50, "beta", 80), ("constant", 20, "constant", 30), ("beta", 12, "shifted", 7)]:
    u, v = units(a, n), units(b, m)
    x, y = u / 1e6, v / 1e6
    edges = np.unique(np.quantile(x, np.linspace(0.1, 0.9, 9)))
    deciles = [np.bincount(np.searchsorted(edges, s, side="right"), minlength=len(edges) + 1) for s in (x, y)]
    h, g = (np.bincount(np.minimum(w // 50_000, 19), minlength=20) for w in (u, v))
    ks = stats.ks_2samp(x, y, method="asymp")
    auc = stats.mannwhitneyu(y, x).statistic / n / m
    placed_current = np.array([(np.sum(x < s) + np.sum(x == s) / 2) / n for s in y])
    placed_reference = np.array([(np.sum(y > s) + np.sum(y == s) / 2) / m for s in x])
    out["distances"].append({
        "reference": u.tolist(), "current": v.tolist(), "edges": edges.tolist(), "histogram": h.tolist(),
        "quantiles": np.quantile(x, [0, 0.01, 0.123, 0.5, 0.77, 0.99, 1]).tolist(),
        "psi_deciles": psi(*deciles), "psi_equal_width": psi(h, g), "js": float(jensenshannon(h, g) ** 2) if (h != g).any() else 0.0,
        "ks": float(ks.statistic), "wasserstein": float(stats.wasserstein_distance(x, y)),
        "auc": float(auc), "auc_se": float(np.sqrt(placed_current.var(ddof=1) / m + placed_reference.var(ddof=1) / n))})

# --- e-values ---------------------------------------------------------------------------
out["bernoulli_e"] = []
for p0, s, f in [(0.01, 3, 50), (0.01, 30, 970), (0.2, 5, 95), (0.5, 600, 400), (1e-4, 12, 9988), (0.02, 0, 400)]:
    a, b = 0.5, 0.5 * (1 - p0) / p0
    both = special.betaln(a + s, b + f) - special.betaln(a, b) - s * np.log(p0) - f * np.log1p(-p0)
    out["bernoulli_e"].append({
        "input": [p0, s, f], "twoSided": float(both),
        "greater": float(both + stats.beta.logsf(p0, a + s, b + f) - stats.beta.logsf(p0, a, b)),
        "less": float(both + stats.beta.logcdf(p0, a + s, b + f) - stats.beta.logcdf(p0, a, b))})

text = json.dumps(out, indent=None, separators=(",", ":"), allow_nan=False).replace('],"', '],\n"').replace('},{', '},\n{')
pathlib.Path(__file__).with_name("statistics.json").write_text(text + "\n")
