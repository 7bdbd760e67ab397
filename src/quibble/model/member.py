"""The small network that ensembles are made of: opinions, readings of regions and their ranking."""

from __future__ import annotations

from torch import nn


def member(inputs: int, hidden: int, outputs: int, *, dropout: float) -> nn.Sequential:
    """Two layers of `hidden` units. (N, inputs) -> (N, outputs)"""
    return nn.Sequential(
        nn.Linear(inputs, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, hidden),
        nn.GELU(),
        nn.Dropout(dropout),
        nn.Linear(hidden, outputs),
    )
