"""From raw figures to ones that hold: thresholds, confidences and intervals, fitted on validation pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from quibble.backends.base import Evidence
from quibble.findings import CATEGORIES, regions_above, smooth
from quibble.results import Finding
from quibble.taxonomy import LEVEL_SCORES
from quibble.train.validation import Looker, Truth

#: Thresholds that are tried, low to high.
CANDIDATES = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9)
#: A finding is right when at least this share of its mask has the category.
RIGHT_SHARE = 0.5


def fit_thresholds(
    look: Looker, clean: Sequence[NDArray[np.uint8]], truths: Sequence[Truth], *, false_findings: float
) -> tuple[float, ...]:
    """Per category, the threshold with the best F1 of places among those that keep false alarms rare.

    clean: photographs that people rated well. false_findings: how many findings a clean photograph may have on average
    over all categories; each category gets its twelfth.
    """
    allowed = false_findings / len(CATEGORIES)
    alarms = np.zeros((len(CATEGORIES), len(CANDIDATES)))
    for picture in clean:
        alarms += _count_findings(look(picture))
    alarms /= max(1, len(clean))
    hits, guesses, true = (np.zeros((len(CATEGORIES), len(CANDIDATES))) for _ in range(3))
    for truth in truths:
        seen = look(truth.rgb)
        height, width = seen.categories.shape[1:]
        rows = np.minimum(np.arange(height) * 4 + 2, truth.category.shape[0] - 1)
        columns = np.minimum(np.arange(width) * 4 + 2, truth.category.shape[1] - 1)
        labels = truth.category[rows][:, columns]
        for c in range(len(CATEGORIES)):
            is_it = labels == c
            for k, threshold in enumerate(CANDIDATES):
                marked = seen.categories[c] >= threshold
                hits[c, k] += (marked & is_it).sum()
                guesses[c, k] += marked.sum()
                true[c, k] += is_it.sum()
    f1 = 2 * hits / np.maximum(guesses + true, 1)
    chosen = []
    for c in range(len(CATEGORIES)):
        fine = [k for k in range(len(CANDIDATES)) if alarms[c, k] <= allowed] or [len(CANDIDATES) - 1]
        chosen.append(CANDIDATES[max(fine, key=lambda k: f1[c, k])])
    return tuple(chosen)


def _count_findings(seen: Evidence) -> NDArray[np.float64]:
    """Number of findings by category and candidate threshold. (12, candidates)"""
    maps = [smooth(seen.categories[c]) for c in range(len(CATEGORIES))]
    return np.array([[len(regions_above(m, t)) for t in CANDIDATES] for m in maps], dtype=np.float64)


def judged(truth: Truth, findings: Iterable[Finding]) -> list[tuple[Finding, bool]]:
    """Findings with whether they are right: at least half of the mask has that category."""
    out = []
    for finding in findings:
        inside = finding.mask.to_array()
        right = (truth.category[inside] == CATEGORIES.index(finding.category)).mean() >= RIGHT_SHARE
        out.append((finding, bool(right)))
    return out


def fit_confidence(raw: Sequence[float], right: Sequence[bool]) -> tuple[float, float]:
    """Slope and offset of the logistic map from the logit of the raw confidence to the share that is right."""
    p = np.clip(np.asarray(raw, dtype=np.float64), 1e-6, 1 - 1e-6)
    x, y = np.log(p / (1 - p)), np.asarray(right, dtype=np.float64)

    def cost(parameters: NDArray[np.float64]) -> float:
        z = parameters[0] * x + parameters[1]
        return float(np.mean(np.logaddexp(0, z) - y * z) + 1e-3 * (parameters[0] - 1) ** 2)

    slope, offset = optimize.minimize(cost, np.array([1.0, 0.0]), bounds=[(0.05, 10), (-10, 10)]).x
    return float(slope), float(offset)


def fit_interval(look: Looker, rated: Iterable[tuple[NDArray[np.uint8], float]], *, cover: float = 0.8) -> float:
    """What the spread must be multiplied by so that the interval holds the mean opinion in `cover` of the cases."""
    ratios = []
    for picture, opinion in rated:
        seen = look(picture)
        mean = float(seen.levels @ np.array(list(LEVEL_SCORES.values())))
        ratios.append(abs(mean - opinion) / seen.spread)
    return float(np.quantile(ratios, cover))


def expected_calibration_error(confidence: Sequence[float], right: Sequence[bool], *, bins: int = 10) -> float:
    """Mean distance of confidence from the share that is right, over bins of equal width, weighted by size. 0..1."""
    p, y = np.asarray(confidence, dtype=np.float64), np.asarray(right, dtype=np.float64)
    which = np.minimum((p * bins).astype(int), bins - 1)
    gaps = [abs(p[which == b].mean() - y[which == b].mean()) * (which == b).mean() for b in np.unique(which)]
    return float(np.sum(gaps))


def to_manifest(threshold: Sequence[float], slope: float, offset: float, interval: float) -> dict[str, Any]:
    """The calibration as backends.onnx reads it."""
    return {
        "threshold": list(threshold),
        "slope": round(slope, 4),
        "offset": round(offset, 4),
        "interval": round(interval, 4),
    }
