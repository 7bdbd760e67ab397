"""Networks as transformers saves them, from a folder or its hub; errors in words."""

from __future__ import annotations

import os
from functools import cache
from typing import Any, Final

import numpy as np

from quibble.errors import MissingExtraError, ModelError

#: Mean and standard deviation of ImageNet's channels in 0..1: what SAM, SAM 2 and Grounding DINO take off.
IMAGENET_MEAN: Final = np.array((0.485, 0.456, 0.406), np.float32)
IMAGENET_STD: Final = np.array((0.229, 0.224, 0.225), np.float32)


@cache
def torch() -> Any:
    """The package. Raises MissingExtraError if it is not installed."""
    try:
        import torch as package
    except ImportError as error:
        raise MissingExtraError("torch", "train") from error
    return package


@cache
def transformers() -> Any:
    """The package. Raises MissingExtraError if it or torch is not installed."""
    torch()
    try:
        import transformers as package
    except ImportError as error:
        raise MissingExtraError("transformers", "train") from error
    return package


def load_config(model: str | os.PathLike[str]) -> Any:
    """A model's configuration. Raises ModelError if there is none."""
    return _load(transformers().AutoConfig, model)


def load_weights(kind: str, model: str | os.PathLike[str], *, device: str) -> Any:
    """A network of one of transformers' classes, ready to answer. Raises ModelError if it cannot be loaded."""
    if not hasattr(transformers(), kind):
        raise ModelError(
            f"{model} needs {kind}, which transformers {transformers().__version__} lacks; install a newer"
        )
    return _load(getattr(transformers(), kind), model).to(device).eval()


def load_tokenizer(model: str | os.PathLike[str]) -> Any:
    """The tokenizer beside a model's weights. Raises ModelError if there is none."""
    return _load(transformers().AutoTokenizer, model)


def _load(kind: Any, model: str | os.PathLike[str]) -> Any:
    try:
        return kind.from_pretrained(str(model))
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        first = (str(error).strip().splitlines() or ["no reason given"])[0]
        raise ModelError(
            f"{model} cannot be loaded as {kind.__name__} ({first}); give a folder that save_pretrained wrote, or the "
            "id of a model on the hub that can be reached"
        ) from error
