"""Writes sequential.json beside this file: forecasts of labels, and evidence that grows label by label.

    pip install numpy scipy && python3 make_sequential_fixtures.py

- Forecast: a cohort's rate is gamma about its neighbourhood's, its labels are Poisson. What is still to come, given
  those that came, is integrated over the rate by scipy's quad. What uncertain delays add is the variance of that
  expectation over log-normal errors of the share that has arrived and of the neighbourhood's rate, by Gauss-Hermite.
- Rate watch: day by day, scipy's negative binomial predictions with and without the rise; predictive variances likewise.
- Peer test: Bayes' rule for an actor's offset on a grid of 4,001 points, label by label, where the program keeps two
  Gaussians; contradictions by scipy's negative binomial predictions.
"""

import json
import pathlib

import numpy as np
import scipy
from scipy import integrate, special, stats

rng = np.random.default_rng(20261130)


# --- forecasts ----------------------------------------------------------------------------


def to_come(known, decisions, arrived, rate, dispersion):
    """Mean, variance and chance of none of the labels to come, given those known."""
    shape = 1 / dispersion

    def log_density(x):
        return stats.gamma.logpdf(x, shape, scale=rate / shape) + stats.poisson.logpmf(known, x * decisions * arrived)

    def integral(log_of, centre):
        """ln of the integral, looked for around a rate."""
        width = centre / np.sqrt(shape + known)
        low, high = max(centre * 1e-12, centre - 12 * width), centre + 40 * width
        top = log_density(centre) + log_of(centre * decisions * (1 - arrived))
        value = lambda x: np.exp(log_density(x) + log_of(x * decisions * (1 - arrived)) - top)
        return top + np.log(integrate.quad(value, low, high, points=[centre, centre + 4 * width], epsabs=0, epsrel=1e-12, limit=400)[0])

    centre = (shape + known) / (shape / rate + decisions * arrived)
    whole = integral(lambda m: 0.0, centre)
    mean = np.exp(integral(np.log, centre) - whole)
    square = np.exp(integral(lambda m: np.log(m + m * m), centre) - whole)
    none = integral(lambda m: -m, (shape + known) / (shape / rate + decisions)) - whole
    return float(mean), float(square - mean * mean), float(none)


def forecasts():
    cases = []
    for known, decisions, arrived, rate, dispersion in [
        (0, 400, 0.1, 0.02, 0.3), (7, 1900, 0.35, 0.01, 0.2), (60, 20_000, 0.8, 0.004, 0.05), (3, 50, 0.95, 0.05, 1.0), (900, 40_000, 0.5, 0.04, 0.01),
    ]:
        mean, variance, none = to_come(known, decisions, arrived, rate, dispersion)
        cases.append({"input": [known, decisions, arrived, rate, dispersion], "mean": mean, "variance": variance, "log_none": none})
    return cases


def delayed():
    """Relative deviations of the share arrived and of the rate, and their correlation; slower delays lower both."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()
    cases = []
    for known, decisions, arrived, rate, dispersion, a, b, correlation in [
        (20, 4000, 0.4, 0.01, 0.2, 0.1, 0, 0), (20, 4000, 0.4, 0.01, 0.2, 0.1, 0.08, 1), (2, 300, 0.15, 0.01, 0.1, 0.15, 0.1, 0.6),
        (150, 9000, 0.7, 0.025, 0.05, 0.05, 0.05, 0.9),
    ]:
        shape = 1 / dispersion

        def expected(x, y):
            share = arrived * np.exp(-x)
            return (shape + known) * decisions * (1 - share) / (shape / (rate * np.exp(y)) + decisions * share)

        x = a * nodes[:, None]
        y = b * (correlation * nodes[:, None] + np.sqrt(1 - correlation**2) * nodes[None, :])
        values, mass = expected(x, y) + 0 * y, weights[:, None] * weights[None, :]
        mean = (mass * values).sum()
        cases.append({
            "input": [known, decisions, arrived, rate, dispersion, a * a, b * b, correlation * a * b],
            "added": float((mass * (values - mean) ** 2).sum())})
    return cases


# --- rate watch ---------------------------------------------------------------------------


def rate_watch():
    """Three streams: quiet, risen on day 90 in both strata, and one whose days scatter more than Poisson."""
    factors, half_life, max_bets = [2, 5, 20], 60.0, 8
    cases = []
    for strata, rates, rise, scatter in [(1, [0.05], 1, 0), (2, [0.02, 0.2], 2.5, 0), (1, [0.1], 3, 0.6)]:
        days, at, evidence, begun = [], [], [], []
        past = np.zeros((strata, 2))
        bets, squares, looked = [], 0.0, 0.0

        def wealth(bet):
            """ln of the mean over the factors of the tempered product of predictions."""
            return special.logsumexp([sum(bet["log"][f]) / bet["dispersion"] for f in range(len(factors))]) - np.log(len(factors))

        for day in range(150):
            if day > 0:
                past *= 0.5 ** (1 / half_life)
                squares, looked = squares * 0.5 ** (1 / half_life), looked * 0.5 ** (1 / half_life)
                if day >= 14 and (not bets or day - bets[-1]["day"] >= 7):
                    if len(bets) == max_bets:
                        bets.pop(int(np.argmin([wealth(bet) for bet in bets])))
                    bets.append({
                        "day": day, "belief": past + [0.5, 1.0], "dispersion": max(1.0, squares / looked),
                        "now": [np.array(past + [0.5, 1.0]) for _ in factors], "then": np.array(past + [0.5, 1.0]), "log": [[] for _ in factors]})
            if day % 10 == 0:
                at.append(day)
                evidence.append(special.logsumexp([wealth(bet) for bet in bets]) if bets else 0.0)
                begun.append(max(bets, key=lambda bet: (wealth(bet), -bet["day"]))["day"] if bets else -1)
            trials = rng.poisson(30, strata)
            level = np.array(rates) * (rise if day >= 90 else 1) * (rng.gamma(1 / scatter, scatter) if scatter else 1)
            hits = np.minimum(trials, rng.poisson(trials * level))
            days.append([[int(h), int(n)] for h, n in zip(hits, trials)])
            belief = past + [0.5, 1.0]
            law = stats.nbinom(belief[:, 0], belief[:, 1] / (belief[:, 1] + np.maximum(trials, 1e-300)))
            if trials.sum():
                squares += (hits.sum() - law.mean().sum()) ** 2 / max(law.var().sum(), 0.1)
                looked += 1
            for bet in bets:
                for place, factor in enumerate(factors):
                    # What each hypothesis predicted of this day, having learned from the days since the bet.
                    for stratum in range(strata):
                        if trials[stratum] == 0:
                            continue
                        (a, b), n, h = bet["now"][place][stratum], trials[stratum], hits[stratum]
                        risen = stats.nbinom.logpmf(h, a, b / (b + factor * n))
                        (a, b) = bet["then"][stratum]
                        bet["log"][place].append(risen - stats.nbinom.logpmf(h, a, b / (b + n)))
                    bet["now"][place] += np.stack([hits, factor * trials], axis=1)
                bet["then"] += np.stack([hits, trials], axis=1)
            past += np.stack([hits, trials], axis=1)
        cases.append({"strata": strata, "days": days, "at": at, "evidence": list(map(float, evidence)), "begun": begun})
    return cases


# --- peer test ----------------------------------------------------------------------------

STRATA, TURNED, RISKS = 6, [0.08, 0.2, 0.45, 0.9], [(1, 0.5), (3, 0.25), (10, 0.25)]
GRID = np.linspace(-8, 8, 4001)


def logistic(x):
    return 1 / (1 + np.exp(-x))


def learned(density, chance, legit, share):
    density = density * np.where(legit, chance, 1 - chance) ** share
    return density / density.sum()


def spread_of(actors, prior):
    """Variance of effects from residuals whose squares are v + s v^2, the most extreme fiftieth left out, drawn to the prior."""
    if not actors:
        return prior
    actors = sorted(actors, key=lambda one: (one[0] / np.sqrt(one[1]), one[0]))
    actors = actors[: len(actors) - len(actors) // 50]
    residual, variance = np.array(actors).T
    weight = 1 / (1 + prior * variance) ** 2
    raw = max(0.0, (weight * (residual**2 - variance)).sum() / (weight * variance**2).sum())
    return (raw * len(actors) + prior * 8) / (len(actors) + 8)


class Actor:
    def __init__(self, deviation):
        self.density = 0.95 * stats.norm.pdf(GRID, 0, deviation) + 0.05 * stats.norm.pdf(GRID, 0, 3 * deviation)
        self.density /= self.density.sum()
        self.own = np.zeros((STRATA, 2))
        self.bets = []
        self.legit = self.expected = self.variance = self.contradicted = self.exposure = self.today = 0.0

    def judge(self, legit, peers, share, spread, day):
        if not self.bets or day - self.bets[-1]["day"] >= 30:
            shape = np.array([1 / spread + self.contradicted, 1 / spread + self.exposure])
            self.bets.append({
                "day": day, "turned": [self.density] * len(TURNED), "log": np.zeros(len(TURNED)), "then": shape.copy(),
                "now": [shape.copy() for _ in RISKS], "risk": np.zeros(len(RISKS))})
        chance = logistic(np.log(peers / (1 - peers)) + GRID)
        honest = (self.density * chance).sum()
        for bet in self.bets:
            for place, turned in enumerate(TURNED):
                other = chance + (1 - chance) * turned
                p = (bet["turned"][place] * other).sum()
                bet["log"][place] += share * np.log(p / honest if legit else (1 - p) / (1 - honest))
                bet["turned"][place] = learned(bet["turned"][place], other, legit, share)
        self.density = learned(self.density, chance, legit, share)
        self.legit += legit
        self.expected += peers
        self.variance += peers * (1 - peers)

    def settle(self, exposure):
        if self.today == 0 and exposure == 0:
            return
        for bet in self.bets:
            a, b = bet["then"]
            before = stats.nbinom.logpmf(self.today, a, b / (b + exposure))
            for place, (factor, _) in enumerate(RISKS):
                a, b = bet["now"][place]
                bet["risk"][place] += stats.nbinom.logpmf(self.today, a, b / (b + factor * exposure)) - before
                bet["now"][place] += [self.today, factor * exposure]
            bet["then"] += [self.today, exposure]
        self.contradicted += self.today
        self.exposure += exposure
        self.today = 0

    def evidence(self):
        weights = np.log([weight for _, weight in RISKS])
        return special.logsumexp([
            special.logsumexp(bet["log"]) - np.log(len(TURNED)) + special.logsumexp(bet["risk"] + weights) for bet in self.bets]) if self.bets else 0.0


def peer_test():
    """Actor 0 calls a share of its fraud legit from a day on; the others are honest, each with an offset of its own.

    A day's events are a text of three digits for each label: actor, stratum, and 1 for legit, 3 for legit and contradicted.
    """
    cases = []
    for flips, start, contradictions in [(0.0, 0, 0.0), (0.5, 100, 0.0), (0.9, 60, 0.0), (0.3, 80, 0.6)]:
        base = np.array([0.85, 0.75, 0.6, 0.45, 0.3, 0.2])
        offsets = np.concatenate([[0.2], rng.normal(0, 0.35, 9)])
        actors, order = {}, {}
        pool, contradicted = np.zeros((STRATA, 2)), np.zeros(STRATA)
        deviation, spread = 0.4, 0.25
        events, at, evidence, deviations = [], [], [], []
        for day in range(180):
            if day > 0:
                for actor in actors.values():
                    legit = np.where(pool[:, 0] > 0, pool[:, 0], 1)
                    actor.settle(float(np.where((contradicted > 0) & (pool[:, 0] > 0), contradicted * actor.own[:, 0] / legit, 0).sum()))
                contradicted[:] = 0
                fade = 0.5 ** (1 / 30)
                pool *= fade
                for actor in actors.values():
                    actor.own *= fade
            known = list(actors.values())
            deviation = np.sqrt(spread_of([(one.legit - one.expected, one.variance) for one in known if one.variance >= 0.5], 0.16))
            spread = max(0.02, spread_of([(one.contradicted - one.exposure, one.exposure) for one in known if one.exposure >= 0.5], 0.25))
            labels = []
            events.append("")
            for key in range(len(offsets)):
                for _ in range(rng.poisson(2)):
                    stratum = int(rng.integers(STRATA))
                    legit = bool(rng.random() < logistic(special.logit(base[stratum]) + offsets[key]))
                    wrong = key == 0 and day >= start and not legit and rng.random() < flips
                    labels.append((key, stratum, legit or wrong, wrong))
            for key, stratum, legit, wrong in labels:
                if key not in actors:
                    actors[key] = Actor(deviation)
                one = actors[key]
                peers = pool[stratum, 1] - one.own[stratum, 1]
                if peers >= 25:
                    rate = (pool[stratum, 0] - one.own[stratum, 0] + 0.5) / (peers + 1)
                    one.judge(legit, rate, peers / (peers + one.own[stratum, 1] + 1), spread, day)
                one.own[stratum] += [legit, 1]
                pool[stratum] += [legit, 1]
                told = legit and rng.random() < contradictions * (1.0 if wrong else 0.1)
                if told:
                    contradicted[stratum] += 1
                    one.today += 1
                events[-1] += f"{key}{stratum}{int(legit) + 2 * int(told)}"
            if day % 20 == 19:
                at.append(day)
                evidence.append([float(actors[key].evidence()) for key in range(len(offsets))])
                deviations.append(float(deviation))
        cases.append({"events": events, "at": at, "evidence": evidence, "deviations": deviations})
    return cases


def chances():
    """The chance of "legit" over a Gaussian offset, by quadrature."""
    cases = []
    for logit in (-3, -0.8, 0, 1.5):
        for mean, deviation in [(0, 0.2), (0.3, 0.4), (-0.5, 1.2)]:
            value = integrate.quad(lambda x: logistic(logit + x) * stats.norm.pdf(x, mean, deviation), mean - 12 * deviation, mean + 12 * deviation)[0]
            cases.append([logit, mean, deviation * deviation, value])
    return cases


result = {
    "versions": {module.__name__: module.__version__ for module in (np, scipy)},
    "forecasts": forecasts(), "delayed": delayed(), "rate_watch": rate_watch(), "chances": chances(), "peer_test": peer_test(),
}
path = pathlib.Path(__file__).with_name("sequential.json")
path.write_text(json.dumps(result, separators=(",", ":"), allow_nan=False).replace("},{", "},\n{") + "\n")
print(path, len(path.read_bytes()), "bytes")
