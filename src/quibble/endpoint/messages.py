"""What is asked of a served model and what it replies, and pictures as parts of messages."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from quibble.filetype import kind_of
from quibble.image import load, require_rgb

Message = Mapping[str, Any]
Picture = NDArray[np.uint8] | bytes | Path

#: How a picture in a message begins.
DATA: Final = "data:image/"
#: Formats that servers read; others are sent as PNG.
_SENT_AS_THEY_ARE: Final = frozenset({"JPEG", "PNG", "WebP", "GIF"})


@dataclass(frozen=True, kw_only=True)
class Request:
    """What is asked of a model. top_p and seed go to servers that know them.

    schema: a JSON schema that the reply has to follow. top_logprobs: so many of the likeliest tokens at each place.
    """

    messages: Sequence[Message]
    max_tokens: int = 1024
    temperature: float = 0.0
    top_p: float = 1.0
    seed: int | None = None
    schema: Mapping[str, Any] | None = None
    top_logprobs: int | None = None

    def body(self, model: str) -> dict[str, Any]:
        """The request as the server gets it."""
        body: dict[str, Any] = {
            "model": model,
            "messages": list(self.messages),
            "max_tokens": self.max_tokens,
            "temperature": self.temperature,
        }
        if self.top_p < 1:
            body["top_p"] = self.top_p
        if self.seed is not None:
            body["seed"] = self.seed
        if self.schema is not None:
            form = {"name": "answer", "strict": True, "schema": dict(self.schema)}
            body["response_format"] = {"type": "json_schema", "json_schema": form}
        if self.top_logprobs is not None:
            body |= {"logprobs": True, "top_logprobs": self.top_logprobs}
        return body


@dataclass(frozen=True, kw_only=True)
class Completion:
    """A whole reply. finish: "stop", or why it ended otherwise, such as "length" or "content_filter".

    tokens, top: the reply's tokens, and at the place of each the log-probabilities of the likeliest, the token's own
    always among them; empty where they were not asked for or the server has none. input_tokens, output_tokens: as
    the server counts them, 0 where it does not. cached: from the disk, so nothing was spent.
    """

    text: str
    finish: str
    model: str
    input_tokens: int
    output_tokens: int
    cached: bool = False
    tokens: tuple[str, ...] = ()
    top: tuple[dict[str, float], ...] = ()


def user_message(text: str, pictures: Sequence[Picture] = ()) -> dict[str, Any]:
    """A message with pictures before its text. pictures: (H, W, 3) uint8, the bytes of a file, or its path."""
    return {"role": "user", "content": [*map(picture_part, pictures), text_part(text)]}


def text_part(text: str) -> dict[str, Any]:
    """Words, as a part of a message's content."""
    return {"type": "text", "text": text}


def picture_part(picture: Picture) -> dict[str, Any]:
    """A picture as a part of a message's content. Files travel as they are where servers can read them, else as PNG.

    Raises ImageError for what is no picture.
    """
    if isinstance(picture, np.ndarray):
        kind, data = "PNG", _png(picture)
    else:
        data = picture if isinstance(picture, bytes) else picture.read_bytes()
        kind = kind_of(data, "a picture" if isinstance(picture, bytes) else str(picture))
        if kind not in _SENT_AS_THEY_ARE:
            kind, data = "PNG", _png(load(data))
    return {"type": "image_url", "image_url": {"url": f"{DATA}{kind.lower()};base64,{b64encode(data).decode()}"}}


def _png(picture: NDArray[np.uint8]) -> bytes:
    require_rgb(picture, "a picture to send")
    stream = BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(stream, "PNG", compress_level=3)
    return stream.getvalue()
