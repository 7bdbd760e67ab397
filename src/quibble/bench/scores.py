"""Predicted scores against people's: from anybody's files, and from Q-Bench's published outputs as they are."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.bench.metrics.correlation import fit_logistic, krcc, logistic, plcc, plcc_fitted, rmse, srcc
from quibble.bench.metrics.estimate import RESAMPLES, SEED, Estimate, bootstrap
from quibble.bench.metrics.levels import QBENCH_DIVISOR, good_poor, good_poor_published
from quibble.bench.metrics.pairs import Vote, count_votes
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


#: The beginnings of the names of CGIQA-6K's pictures.
_CGIQA_PARTS: Final = {"game", "movie"}


@dataclass(frozen=True, kw_only=True)
class Scored:
    """A picture with people's score and a prediction. predicted: None where it could not be read or was refused.

    part: of the database; with more than one, figures are the means of those of the parts.
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
    resamples: int = RESAMPLES,
    seed: int = SEED,
) -> ScoreResult:
    """SRCC, PLCC and KRCC of the readable predictions, each with its interval over pictures.

    fit: also PLCC and RMSE after the logistic, fitted once to all pictures and once to each resample. same_scale: also
    the plain RMSE. Raises ArgumentError for no pictures.
    """
    if not items:
        raise ArgumentError("there are no pictures to measure on")
    read = [item for item in items if item.predicted is not None]
    refused = sum(item.refused for item in items)
    x = np.array([item.predicted for item in read], np.float64)
    y = np.array([item.truth for item in read], np.float64)
    parts = np.unique([item.part for item in read], return_inverse=True)[1]
    metrics: dict[str, Callable[[Vector, Vector], float]] = {"srcc": srcc, "plcc": plcc, "krcc": krcc}
    if same_scale:
        metrics["rmse"] = rmse
    if fit:
        metrics |= {"plcc_fitted": plcc_fitted, "rmse_fitted": _rmse_fitted}
    found: dict[str, Estimate | None] = dict.fromkeys(metrics)
    why = None
    for name, metric in metrics.items():
        try:
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


def read_qbench_a3(
    path: str | os.PathLike[str], *, divisor: float = QBENCH_DIVISOR, keep_ties: bool = False
) -> list[Scored]:
    """Q-Bench's published outputs of task A3: {"img_path", "gt_score", "logit_good", "logit_poor"}, one after another.

    The score is the softmax over the two logits divided by `divisor`, in the arithmetic of the published figures unless
    keep_ties (see metrics.levels). CGIQA-6K, which is told by the names of its pictures, has two parts, games and
    movies, as published. A logit that is no number makes its picture unreadable. Raises RecordError for a missing field
    or a true score that is no number.
    """
    score = good_poor if keep_ties else good_poor_published
    items, file = [], str(path)
    for index, item in enumerate(read_objects(path)):
        good, poor = (number(pick(item, [field], file=file, index=index)) for field in ("logit_good", "logit_poor"))
        truth = need_number(pick(item, TRUE, file=file, index=index), "the true score", file=file, index=index)
        items.append(
            Scored(
                name=str(pick(item, NAMES, file=file, index=index)),
                predicted=float(score(good, poor, divisor=divisor)) if good is not None and poor is not None else None,
                truth=truth,
            )
        )
    kinds = [item.name.partition("_")[0] for item in items]
    if set(kinds) != _CGIQA_PARTS:
        return items
    return [replace(item, part=kind) for item, kind in zip(items, kinds, strict=True)]


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
    return _join(said, str(predictions), str(truth))


def join_votes(votes: str | os.PathLike[str], truth: str | os.PathLike[str]) -> Joined:
    """Comparisons of pairs joined to true scores: a picture's score is the share of its comparisons that it won.

    An item of `votes` has first, second (names) and winner: one of the two names, or "first", "second", "A" or "B";
    anything else is no readable winner. Source: DepictQA, section 5.1. Raises RecordError as join_scores.
    """
    file, found = str(votes), []
    for index, item in enumerate(read_objects(votes)):
        first, second, winner = (str(pick(item, [n], file=file, index=index)) for n in ("first", "second", "winner"))
        sides = {first: first, second: second, "first": first, "A": first, "second": second, "B": second}
        try:
            found.append(Vote(first=first, second=second, winner=sides.get(winner)))
        except ArgumentError as error:
            raise RecordError(f"item {index}: {error}", file=file) from error
    counted = count_votes(found)
    return replace(_join(dict(counted.scores), file, str(truth)), undecided=counted.unreadable)


def _join(said: Mapping[str, object], predictions: str, file: str) -> Joined:
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
