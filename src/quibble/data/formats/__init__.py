"""The formats that people use: each module has `read(path)` and `write(records, path)`."""

from __future__ import annotations

from quibble.data.formats import coco, depictqa, llava, swift

__all__ = ["coco", "depictqa", "llava", "swift"]
