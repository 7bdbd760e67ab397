"""What joins pictures and words: features to visual tokens, and segmentation tokens back to a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from quibble.backends.base import FEATURES
from quibble.backends.weights import open_session
from quibble.errors import ModelError
from quibble.text.conversation import Features

Numbers = NDArray[np.float32]
#: The graphs: the abstractor, the pool of a region's features, and the decoder of masks.
PARTS: Final = ("abstractor", "region", "segmentation")


class OnnxVisual:
    """The parts beside a language model that were trained with it, from its folder and manifest.

    Raises ModelError if files are missing or damaged, and wherever features come from other weights than these parts
    were trained on.
    """

    def __init__(self, folder: Path, manifest: dict[str, Any], *, threads: int = 0) -> None:
        missing = set(PARTS) - set(manifest["parts"])
        if missing or "eyes" not in manifest:
            raise ModelError(f"{folder / 'manifest.json'} lacks {', '.join(sorted(missing) or ['eyes'])}")
        sessions = (open_session(folder, manifest["parts"][part], threads=threads) for part in PARTS)
        self._abstractor, self._region, self._segmentation = sessions
        self._eyes, self._name = str(manifest["eyes"]), str(manifest["name"])
        self._scales = len(self._segmentation.get_inputs()) - 1

    def tokens(self, features: Features) -> Numbers:
        """Visual tokens of a picture. (visual_tokens, D)"""
        out: Numbers = self._abstractor.run(None, self._inputs(features, len(FEATURES)))[0][0]
        return out

    def region(self, features: Features, inside: Numbers) -> Numbers:
        """The visual token of a region, (1, D). inside: (h, w), how much of each place of a picture lies in it."""
        out: Numbers = self._region.run(None, self._inputs(features, len(FEATURES)) | {"inside": inside[None]})[0]
        return out

    def mask(self, features: Features, hidden: Numbers) -> Numbers:
        """Logits at the size of the finest features, (h, w). hidden: (tokens, D), states of segmentation tokens."""
        inputs = self._inputs(features, self._scales) | {"hidden": hidden[None]}
        out: Numbers = self._segmentation.run(None, inputs)[0][0]
        return out

    def _inputs(self, features: Features, scales: int) -> dict[str, Numbers]:
        if features.eyes != self._eyes:
            raise ModelError(
                f"{self._name} was trained on the features of another perception than the one that looked at the "
                "picture; take both from one release, or train it again"
            )
        return {name: scale[None] for name, scale in zip(FEATURES[:scales], features.maps, strict=False)}
