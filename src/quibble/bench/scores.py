"""Predicted scores against people's, and how they are joined from anybody's files."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.bench.metrics.correlation import fit_logistic, krcc, logistic, plcc, plcc_fitted, rmse, srcc
from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap, bootstrap_mean
from quibble.bench.objects import NAMES, Object, need_number, number, pick, read_objects
from quibble.errors import ArgumentError, RecordError

Vector = NDArray[np.float64]
Indices = NDArray[np.intp]

#: What a picture's predicted and its true score are called in the files of the field; the first one counts.
PREDICTED: Final = ("predicted", "prediction", "pred", "pred_score", "predicted_score", "score", "value")
TRUE: Final = (
    "mos",
    "MOS",
    "gt_score",
    "gt",
    "truth",
    "label",
    "MOS_zscore",
    "mos_quality",
    "dmos",
    "DMOS",
    "score",
    "value",
)


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A picture with people's score and a prediction. predicted: None where it could not be read or was refused.

    part: of the database, such as the versions of one original; see `measure`.
    """

    name: str
    predicted: float | None
    truth: float
    refused: bool = False
    part: str = ""


@dataclass(frozen=True, kw_only=True)
class ScoreResult:
    """How predictions follow people's scores. A correlation is None where it is undefined: see `undefined`.

    n: all pictures; read: those with a readable prediction, which the figures are of. rmse: of predictions as they are,
    only where both are on one scale; plcc_fitted, rmse_fitted: after the 4-parameter logistic, only where asked for.
    """

    n: int
    unreadable: int
    refused: int
    srcc: Estimate | None
    plcc: Estimate | None
    krcc: Estimate | None
    rmse: Estimate | None = None
    plcc_fitted: Estimate | None = None
    rmse_fitted: Estimate | None = None
    undefined: str | None = None

    def figures(self) -> dict[str, Estimate | None]:
        """The figures by name; of those that are optional, only what was measured."""
        always: dict[str, Estimate | None] = {"srcc": self.srcc, "plcc": self.plcc, "krcc": self.krcc}
        asked = {"rmse": self.rmse, "plcc_fitted": self.plcc_fitted, "rmse_fitted": self.rmse_fitted}
        return always | {name: figure for name, figure in asked.items() if figure is not None}

    def to_dict(self) -> dict[str, Any]:
        figures = {name: figure.to_dict() if figure else None for name, figure in self.figures().items()}
        counts = {"n": self.n, "unreadable": self.unreadable, "refused": self.refused}
        return {**figures, **counts, **({"undefined": self.undefined} if self.undefined else {})}


def measure(
    items: Sequence[Scored],
    *,
    fit: bool = False,
    same_scale: bool = False,
    of_parts: bool = False,
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> ScoreResult:
    """SRCC, PLCC and KRCC of the readable predictions, each with its interval over pictures.

    With several parts, figures are the means of those of the parts. fit: also PLCC and RMSE after the logistic, fitted
    once to all pictures and once to each resample. same_scale: also the plain RMSE. of_parts: parts are what is
    resampled and not pictures; those in which a figure is undefined are left out of it. Raises ArgumentError for no
    pictures.
    """
    if not items:
        raise ArgumentError("there are no pictures to measure on")
    read = [item for item in items if item.predicted is not None]
    refused = sum(item.refused for item in items)
    x = np.array([item.predicted for item in read], np.float64)
    y = np.array([item.truth for item in read], np.float64)
    parts = np.unique(np.array([item.part for item in read], np.str_), return_inverse=True)[1]
    metrics: dict[str, Callable[[Vector, Vector], float]] = {"srcc": srcc, "plcc": plcc, "krcc": krcc}
    if same_scale:
        metrics["rmse"] = rmse
    if fit:
        metrics |= {"plcc_fitted": plcc_fitted, "rmse_fitted": _rmse_fitted}
    found: dict[str, Estimate | None] = dict.fromkeys(metrics)
    why = None
    for name, metric in metrics.items():
        try:
            if of_parts:
                found[name], left_out = _mean_of_parts(metric, x, y, parts, resamples, seed)
                why = left_out or why
                continue
            found[name] = bootstrap(partial(_chosen, metric, x, y, parts), len(read), resamples=resamples, seed=seed)
        except ArgumentError as error:
            why = str(error)
    return ScoreResult(
        n=len(items),
        unreadable=len(items) - len(read) - refused,
        refused=refused,
        srcc=found["srcc"],
        plcc=found["plcc"],
        krcc=found["krcc"],
        rmse=found.get("rmse"),
        plcc_fitted=found.get("plcc_fitted"),
        rmse_fitted=found.get("rmse_fitted"),
        undefined=why,
    )


@dataclass(frozen=True, kw_only=True)
class Joined:
    """Predictions joined to truth. unknown: predictions for pictures without a true score, which are left out.

    undecided: comparisons without a readable winner, which are left out too.
    """

    items: tuple[Scored, ...]
    missing: int
    unknown: int
    undecided: int = 0


def join_scores(predictions: str | os.PathLike[str], truth: str | os.PathLike[str]) -> Joined:
    """Two files by the pictures' names, or by the names alone of their files if no path is in both.

    A prediction that is no number, or that is missing, makes its picture unreadable. Raises RecordError for a name
    that stands twice in a file, or no name in common.
    """
    said = _by_name(read_objects(predictions), PREDICTED, str(predictions))
    return join(said, str(predictions), str(truth))


def join(said: Mapping[str, object], predictions: str, file: str) -> Joined:
    """Predictions by name, from the file `predictions`, with the true scores of `file`; see join_scores."""
    true: Mapping[str, object] = _by_name(read_objects(file), TRUE, file)
    if not said.keys() & true.keys():
        said, true = _by_file(said, predictions), _by_file(true, file)
    if not said.keys() & true.keys():
        example = f"{next(iter(said), '')!r} and {next(iter(true), '')!r}"
        raise RecordError(f"expected the same names as in {file}; the first ones are {example}", file=predictions)
    items = tuple(
        Scored(
            name=name,
            predicted=number(said.get(name)),
            truth=need_number(value, f"the true score of {name!r}", file=file, index=index),
        )
        for index, (name, value) in enumerate(true.items())
    )
    return Joined(items=items, missing=len(true.keys() - said.keys()), unknown=len(said.keys() - true.keys()))


def _chosen(metric: Callable[[Vector, Vector], float], x: Vector, y: Vector, parts: Indices, chosen: Indices) -> float:
    """The figure of the chosen pictures, or the mean over their parts."""
    numbers = np.unique(parts)
    if numbers.size == 1:
        return metric(x[chosen], y[chosen])
    inside = [chosen[parts[chosen] == number] for number in numbers]
    return sum(metric(x[part], y[part]) for part in inside) / numbers.size


def _mean_of_parts(
    metric: Callable[[Vector, Vector], float], x: Vector, y: Vector, parts: Indices, resamples: int, seed: int
) -> tuple[Estimate, str | None]:
    """The mean over parts, and what was left out of it. Raises ArgumentError if that is everything."""
    values, why = [], None
    numbers = np.unique(parts)
    for part in numbers:
        try:
            values.append(metric(x[parts == part], y[parts == part]))
        except ArgumentError as error:
            why = str(error)
    if not values:
        raise ArgumentError(why or "there are no readable predictions")
    missed = len(numbers) - len(values)
    left_out = f"{missed} of {len(numbers)} parts are left out of a figure: {why}" if missed else None
    return bootstrap_mean(values, resamples=resamples, seed=seed), left_out


def _by_name(items: Sequence[Object], fields: Sequence[str], file: str) -> dict[str, object]:
    out: dict[str, object] = {}
    for index, item in enumerate(items):
        name = str(pick(item, NAMES, file=file, index=index))
        if name in out:
            raise RecordError(f"{name!r} stands twice, as item {index} again", file=file)
        out[name] = pick(item, [field for field in fields if field not in NAMES], file=file, index=index)
    return out


def _by_file(values: Mapping[str, object], file: str) -> dict[str, object]:
    out: dict[str, object] = {}
    for name, value in values.items():
        short = name.replace("\\", "/").rpartition("/")[2]
        if short in out:
            raise RecordError(
                f"two pictures are called {short!r}, so their folders are needed to match them", file=file
            )
        out[short] = value
    return out


def _rmse_fitted(x: Vector, y: Vector) -> float:
    return rmse(logistic(x, *fit_logistic(x, y)), y)
