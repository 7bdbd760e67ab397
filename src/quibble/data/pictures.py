"""The pictures that foreign files name: their size without decoding them, and their paths made relative."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from PIL import Image

from quibble.data.fields import Node
from quibble.data.record import Role, check_path
from quibble.errors import ImageError, RecordError

_ORIENTATION: Final = 0x0112
_TRANSPOSED: Final = (5, 6, 7, 8)


@lru_cache(maxsize=1 << 16)
def picture_size(path: Path) -> tuple[int, int]:
    """(width, height) in pixels after EXIF orientation, from the header alone. Raises ImageError."""
    try:
        with Image.open(path) as picture:
            width, height = picture.size
            turned = picture.getexif().get(_ORIENTATION) in _TRANSPOSED
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise ImageError(f"expected a picture at {path}, found none that can be opened: {error}") from error
    return (height, width) if turned else (width, height)


def adopt_picture(node: Node, role: Role, *, root: Path) -> dict[str, Any]:
    """A picture's path in a foreign file as a record's entry; the size is read from the picture below `root`.

    Raises Faults if the path leads out of `root` or there is no picture.
    """
    text = node.text()
    if os.path.isabs(text):
        try:
            text = Path(text).relative_to(root.absolute()).as_posix()
        except ValueError:
            raise node.expected(f"a path below the folder of pictures, {root.absolute()}") from None
    text = text.removeprefix("./")
    try:
        check_path(text, "")
        width, height = picture_size(root / text)
    except RecordError as error:
        raise node.fault(error.reason) from error
    except ImageError as error:
        raise node.fault(f"{error}; sizes come from the pictures, so name the folder that paths start from") from error
    return {"role": role.value, "file": text, "width": width, "height": height}
