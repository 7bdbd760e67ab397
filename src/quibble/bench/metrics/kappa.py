"""Cohen's kappa: how far two people give the same answers, beyond what chance would have them agree on."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import numpy as np

from quibble.errors import ArgumentError


def kappa(
    first: Sequence[Hashable],
    second: Sequence[Hashable],
    *,
    order: Sequence[Hashable] | None = None,
    quadratic: bool = False,
) -> float | None:
    """Cohen's kappa of two people's answers to the same questions: 1 for the same, 0 for chance, below 0 for worse.

    order: all answers there are, in their order; by default those that occur. quadratic: weigh a disagreement by the
    square of its distance in the order, so that neighbors half agree. None where both always give one and the same
    answer, so that chance alone would have them agree. Source: Cohen 1960, and 1968 for weights. Raises ArgumentError
    for no answers, lists of two lengths, an answer that is not in the order, or weights without an order.
    """
    if not first or len(first) != len(second):
        raise ArgumentError(
            f"kappa needs as many answers of both, and one at least; found {len(first)} and {len(second)}"
        )
    if quadratic and order is None:
        raise ArgumentError("a quadratic kappa needs the order of the answers")
    names = list(dict.fromkeys([*first, *second])) if order is None else list(order)
    place = {name: n for n, name in enumerate(names)}
    if unknown := [name for name in [*first, *second] if name not in place]:
        raise ArgumentError(f"expected answers among {names}, found {unknown[0]!r}")
    counts = np.zeros((len(names), len(names)))
    for a, b in zip(first, second, strict=True):
        counts[place[a], place[b]] += 1
    shares = counts / counts.sum()
    chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    steps = np.arange(len(names))
    far = np.subtract.outer(steps, steps).astype(float) ** 2 if quadratic else 1.0 - np.eye(len(names))
    expected = float((far * chance).sum())
    return None if expected == 0 else 1.0 - float((far * shares).sum()) / expected
