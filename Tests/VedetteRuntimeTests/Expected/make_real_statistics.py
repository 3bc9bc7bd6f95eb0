"""Writes statistics.json beside this file: statistics of the real streams as independent libraries compute them.

    pip install numpy scipy scikit-learn statsmodels evidently nannyml rocauc-comparison "pandas<3"
    python3 make_real_statistics.py DIRECTORY      # with cards/ and ecommerce/, decisions.jsonl.zst and labels.jsonl.zst in each

What the data sets' own expected.json has (counts, moments, quantiles, confusion, AUC, distances of the
scores) is not repeated here. No row of the data is in the file.
"""

import importlib.metadata
import json
import pathlib
import subprocess
import sys

import numpy as np
import pandas as pd
from evidently.legacy.calculations.stattests import jensenshannon_stat_test, psi_stat_test
from nannyml.performance_estimation.confidence_based.metrics import estimate_precision, estimate_recall, estimate_roc_auc
from rocauc_comparison import delong_roc_variance
from scipy import optimize, special, stats
from scipy.spatial.distance import jensenshannon
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import brier_score_loss, roc_auc_score
from statsmodels.stats.proportion import proportion_confint

EPSILON = 0.02
TIERS = {"issuer-chargebacks": "high", "fraud-ops": "high", "review-queue": "medium", "settlement": "medium", "app-reports": "low"}


def read(path):
    text = subprocess.run(["zstd", "-dcq", path], check=True, capture_output=True).stdout
    return [json.loads(line) for line in text.splitlines()]


def frame(directory):
    decisions, labels = read(directory / "decisions.jsonl.zst"), read(directory / "labels.jsonl.zst")
    data = pd.DataFrame({
        "id": [d["request_id"] for d in decisions], "time": pd.to_datetime([d["time"] for d in decisions]), "score": [d["score"] for d in decisions],
        "decision": [d["decision"] for d in decisions], "challenge": [d["threshold"]["challenge"] for d in decisions],
        "block": [d["threshold"]["block"] for d in decisions],
    })
    features = pd.DataFrame([d["features"] for d in decisions])
    truth = pd.DataFrame({
        "id": [l["request_id"] for l in labels], "known": pd.to_datetime([l["time"] for l in labels]), "fraud": [l["outcome"] == "fraud" for l in labels],
        "kind": [l["kind"] for l in labels], "source": [l["source"]["pipeline"] for l in labels],
    })
    data = data.merge(truth, on="id", how="left")
    data["week"] = week(data["time"])
    data["arrived"] = week(data["known"])
    return data, features


def week(times):
    return (times.dt.floor("D") - pd.to_timedelta(times.dt.dayofweek, "D")).dt.strftime("%Y-%m-%d")


def moved(values, alpha=0.01):
    """What a DDSketch makes of each value: Masson, Rim and Lee 2019, with the cubic in place of the logarithm."""
    values = np.asarray(values, float)
    magnitude = np.abs(values)
    result = np.zeros_like(values)
    there = magnitude > 0
    a, b, c = 6 / 35, -3 / 5, 10 / 7
    multiplier = 1 / (np.log((1 + alpha) / (1 - alpha)) * c)
    significand, exponent = np.frexp(magnitude[there])
    s, e = 2 * significand - 1, exponent - 1.0
    target = np.floor((((a * s + b) * s + c) * s + e) * multiplier) / multiplier
    e, low, high = np.floor(target), np.zeros_like(s), np.ones_like(s)
    for _ in range(60):
        middle = (low + high) / 2
        below = ((a * middle + b) * middle + c) * middle + e < target
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    result[there] = (1 + high) * 2.0**e * (1 + alpha) * np.sign(values[there])
    return result


def histogram(values, edges):
    return np.bincount(np.searchsorted(edges, values, side="right"), minlength=len(edges) + 1)


def psi(a, b):
    p, q = np.maximum(a / a.sum(), 1e-4), np.maximum(b / b.sum(), 1e-4)
    return float(((q - p) * np.log(q / p)).sum())


def drift(reference, current):
    """One feature of a week against the first one."""
    if reference.dtype == bool:
        words = [series.map({True: "true", False: "false"}) for series in (reference, current)]
        return {
            "psi": float(psi_stat_test.func(words[0], words[1], "cat", 0.1)[0]),
            "js": float(jensenshannon_stat_test.func(words[0], words[1], "cat", 0.1)[0] ** 2),
        }
    x, y = reference.dropna().to_numpy(float), current.dropna().to_numpy(float)
    u, v = moved(x), moved(y)
    edges = np.unique(np.quantile(u, [k / 10 for k in range(1, 10)]))
    a, b = histogram(u, edges), histogram(v, edges)
    return {
        "psi": psi(a, b), "js": float(jensenshannon(a, b) ** 2) if (a * b.sum() != b * a.sum()).any() else 0.0, "ks": float(stats.ks_2samp(u, v).statistic),
        "wasserstein": float(stats.wasserstein_distance(u, v)), "wasserstein_raw": float(stats.wasserstein_distance(x, y)),
        "wasserstein_error": 0.01 * float(np.abs(x).mean() + np.abs(y).mean()), "mean_shift_sigmas": float((y.mean() - x.mean()) / x.std(ddof=1)),
    }


def calibration(labelled):
    score, fraud = labelled["score"].to_numpy(), labelled["fraud"].to_numpy(int)
    units = np.round(score * 1e6).astype(int)
    below = np.searchsorted(np.sort(units), units)
    result = {"brier": float(brier_score_loss(fraud, score)), "bias": float(score.mean() - fraud.mean())}
    for name, bins in [("ece", np.minimum(19, units // 50_000)), ("ece_groups", np.minimum(9, below * 10 // len(units)))]:
        result[name] = float(sum(abs(score[bins == one].sum() - fraud[bins == one].sum()) for one in np.unique(bins)) / len(score))
    return result


def delays(arrived):
    result = {}
    for (source, kind), rows in arrived.groupby(["source", "kind"]):
        hours = (rows["known"] - rows["time"]).dt.total_seconds().to_numpy() / 3_600
        result[f"{source} {kind}"] = [len(hours), *np.quantile(hours, [0.1, 0.5, 0.9, 0.99]).tolist()]
    return result


def weeks(data, features, reference):
    """By week; drift against the pinned one."""
    result = {}
    first = features.loc[data.index[data["week"] == reference]]
    for name, rows in data.groupby("week"):
        labelled = rows.dropna(subset="fraud")
        labelled = labelled.assign(fraud=labelled["fraud"].astype(bool), trust=labelled["source"].map(TIERS))
        own = features.loc[rows.index]
        counted = {key: labelled.groupby(key)["fraud"].agg(["sum", "size"]) for key in ("trust", "kind")}
        result[name] = {
            "wilson": list(map(float, proportion_confint(labelled["fraud"].sum(), len(labelled), method="wilson"))) if len(labelled) else None,
            "calibration": calibration(labelled) if len(labelled) else None, "delays": delays(data[data["arrived"] == name]),
            "near": {point: int(((rows["score"] < rows[point]) & (rows["score"] >= rows[point] - EPSILON)).sum()) for point in ("challenge", "block")},
            "by": {key: {one: [int(row["sum"]), int(row["size"] - row["sum"])] for one, row in table.iterrows()} for key, table in counted.items()},
            "entropy": {f: float(stats.entropy(own[f].value_counts())) for f in own if own[f].dtype == bool},
            "drift": {f: drift(first[f], own[f]) for f in own} if name > reference else {},
        }
    return result


def pooled(a, b, least=5):
    smaller, rows, now = min(a.sum(), b.sum()) / (a.sum() + b.sum()), [], np.zeros(2)
    for pair in zip(a, b):
        now = now + pair
        if now.sum() * smaller >= least:
            rows.append(now)
            now = np.zeros(2)
    rows[-1] = rows[-1] + now
    return np.array(rows).T


def betting(s, n, confidence=0.95):
    won = lambda p: float(special.betaln(0.5 + s, 0.5 + n - s) - special.betaln(0.5, 0.5) - special.xlogy(s, p) - special.xlog1py(n - s, -p)) + np.log1p(-confidence)
    return [optimize.brentq(won, 1e-300, s / n, xtol=1e-300, rtol=1e-14), optimize.brentq(won, s / n, 1 - 1e-15, xtol=1e-15, rtol=1e-14)]


def tests(data):
    """Each week against the one before: what monitors take as evidence."""
    result, before = {}, None
    for name, rows in data.groupby("week"):
        labelled = rows.dropna(subset="fraud")
        fraud = labelled["fraud"].to_numpy(int)
        area, variance = delong_roc_variance(fraud, labelled["score"].to_numpy())
        assert np.isclose(area, roc_auc_score(fraud, labelled["score"]))
        one = {"auc": float(area), "auc_se": float(np.sqrt(variance)), "betting": betting(int(fraud.sum()), len(fraud))}
        if before is not None:
            stopped = [int((part["decision"] != "allow").sum()) for part in (rows, before)]
            table = [[stopped[0], len(rows) - stopped[0]], [stopped[1], len(before) - stopped[1]]]
            edges = np.unique(np.quantile(before["score"], np.linspace(0.1, 0.9, 9)))
            g = stats.chi2_contingency(
                pooled(histogram(before["score"], edges), histogram(rows["score"], edges)), correction=False, lambda_="log-likelihood")
            one["fisher"] = [float(stats.fisher_exact(table, side).pvalue) for side in ("two-sided", "greater", "less")]
            one["g"] = [float(g.statistic), float(g.pvalue)]
            a, b = rows["score"].head(8).to_numpy(), before["score"].head(9).to_numpy()
            difference = lambda x, y, axis: np.mean(x, axis=axis) - np.mean(y, axis=axis)
            one["permutation"] = min(
                float(stats.permutation_test((a, b), difference, alternative=side, n_resamples=np.inf).pvalue) for side in ("greater", "less"))
        result[name], before = one, rows
    return result


def confidence(data):
    """NannyML's estimates of the later weeks on scores that the labels of the first eight calibrate; legit ones are a fifth."""
    names = sorted(data["week"].unique())
    learned = data[data["week"].isin(names[:8])].dropna(subset="fraud")
    fraud = learned["fraud"].to_numpy(int)
    model = IsotonicRegression(out_of_bounds="clip", increasing=True).fit(learned["score"], fraud, sample_weight=np.where(fraud == 1, 1.0, 5.0))
    result = {}
    for name in names[8:]:
        rows = data[data["week"] == name]
        p = model.predict(rows["score"])
        block, both = (rows["decision"] == "block").to_numpy(int), (rows["decision"] != "allow").to_numpy(int)
        result[name] = {
            "fraud_rate": float(p.mean()), "recall_block": float(estimate_recall(block, p)), "recall_both": float(estimate_recall(both, p)),
            "precision_block": float(estimate_precision(block, p)), "precision_both": float(estimate_precision(both, p)),
            "auc": float(estimate_roc_auc(pd.Series(p), rows["score"].reset_index(drop=True))),
        }
    return result


root = pathlib.Path(sys.argv[1])
packages = ["numpy", "scipy", "scikit-learn", "statsmodels", "evidently", "nannyml", "rocauc-comparison", "pandas"]
cards, card_features = frame(root / "cards")
shop, shop_features = frame(root / "ecommerce")
output = {
    "versions": {name: importlib.metadata.version(name) for name in packages},
    "cards": weeks(cards, card_features, "2018-06-11"), "ecommerce": weeks(shop, shop_features, "2015-01-12"), "tests": tests(cards), "confidence": confidence(cards),
}
path = pathlib.Path(__file__).with_name("statistics.json")
path.write_text(json.dumps(output, separators=(",", ":"), allow_nan=False).replace("},", "},\n") + "\n")
print(path, len(path.read_bytes()), "bytes")
