"""Makes stratified.json: stratified two-by-two tables by scipy and numpy.

For each case: the exact chance of at least so many events given all margins (a convolution of
scipy.stats.hypergeom over the strata), the binomial bound on it by Hoeffding (scipy.stats.binom),
and the Mantel-Haenszel odds ratio with half a label of each kind added to the reference.
"""

import json
import numpy as np
from scipy import stats

random = np.random.default_rng(20)
cases = []
for strata, now, before, share, odds in [
    (1, 30, 400, 0.1, 1), (1, 9, 420, 0.05, 300), (5, 20, 200, 0.3, 4), (12, 6, 30, 0.2, 6), (30, 3, 90, 0.5, 2), (8, 50, 50, 0.05, 8),
    (20, 2, 3, 0.4, 5),
]:
    rows = []
    for _ in range(strata):
        p = random.beta(8 * share, 8 * (1 - share))
        q = p * odds / (1 - p + p * odds)
        n, m = 1 + random.poisson(now), random.poisson(before)
        rows.append([int(random.binomial(n, q)), int(n), int(random.binomial(m, p)), int(m)])
    used = [row for row in rows if row[1] > 0 and row[3] > 0]
    law, events, mean, trials, above, below = np.ones(1), 0, 0.0, 0, 0.0, 0.0
    total = sum(row[1] for row in used)
    for x, n, k, m in used:
        law = np.convolve(law, stats.hypergeom(n + m, x + k, n).pmf(np.arange(n + 1)))
        events, mean, trials = events + x, mean + n * (x + k) / (n + m), trials + min(n, x + k)
        above += x * (m - k) / (n + m) + 0.5 * x / total
        below += (n - x) * k / (n + m) + 0.5 * (n - x) / total
    cases.append({
        "rows": rows, "exact": float(law[events:].sum()), "bound": float(stats.binom.sf(events - 1, trials, mean / max(trials, 1))),
        "events": events, "expected": mean, "odds": above / below,
    })
with open(__file__.replace("make_stratified_fixtures.py", "stratified.json"), "w") as file:
    json.dump(cases, file, indent=1)
