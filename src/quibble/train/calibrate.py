"""From raw figures to ones that hold: thresholds, confidences and intervals, fitted on validation pictures."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from quibble.findings import CATEGORIES, Judged, chosen
from quibble.results import Finding
from quibble.taxonomy import LEVEL_SCORES
from quibble.train.validation import Looker, Truth

#: Thresholds that are tried, low to high.
CANDIDATES = (0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.93, 0.96)
#: A finding is right when at least this share of its mask has the category.
RIGHT_SHARE = 0.5


def fit_thresholds(
    look: Looker, clean: Iterable[NDArray[np.uint8]], truths: Iterable[Truth], *, false_findings: float
) -> tuple[float, ...]:
    """Per category, the presence from which a region is a finding.

    Those that bring the most right findings, less the wrong ones, on damaged pictures among those that keep false
    alarms rare. clean: photographs without defects. false_findings: how many a clean photograph may have on average,
    over all categories: alarms cost the same in each, and as much as keeps to this.
    """
    alarms = np.mean([_counted(look, picture, None) for picture in clean], axis=0)[0]
    right, wrong = np.sum([_counted(look, truth.rgb, truth) for truth in truths], axis=0)
    worth, category = right - wrong, np.arange(len(CATEGORIES))
    best = np.full(len(CATEGORIES), len(CANDIDATES) - 1)
    for price in np.geomspace(1e6, 1e-3, 300):
        # Of equal ones the highest threshold: alarms that were never seen are rarer there too.
        value = (worth - price * alarms)[:, ::-1]
        tried = len(CANDIDATES) - 1 - value.argmax(axis=1)
        if alarms[category, tried].sum() > false_findings:
            break
        best = tried
    return tuple(CANDIDATES[k] for k in best)


def _counted(look: Looker, rgb: NDArray[np.uint8], truth: Truth | None) -> NDArray[np.float64]:
    """Right and wrong findings by category and candidate threshold, (2, 12, candidates). Without a truth all are
    counted as right."""
    height, width = rgb.shape[:2]
    regions = Judged.of(look(rgb), width=width, height=height)
    out = np.zeros((2, len(CATEGORIES), len(CANDIDATES)))
    for c in range(len(CATEGORIES)):
        for k, threshold in enumerate(CANDIDATES):
            for which in chosen(regions, c, threshold):
                mistaken = truth is not None and _share(regions.regions[which], truth.category == c) < RIGHT_SHARE
                out[int(mistaken), c, k] += 1
    return out


def _share(region: NDArray[np.bool_], there: NDArray[np.bool_]) -> float:
    """What share of a region, (h, w), is there, (H, W) at four times the size."""
    rows = np.minimum(np.arange(region.shape[0]) * 4 + 2, there.shape[0] - 1)
    columns = np.minimum(np.arange(region.shape[1]) * 4 + 2, there.shape[1] - 1)
    return float(there[rows][:, columns][region].mean())


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
