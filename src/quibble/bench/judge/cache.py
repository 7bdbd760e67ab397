"""Replies kept on disk, so that a run can be stopped, gone on with and checked later."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from quibble.errors import RecordError


class ReplyCache:
    """A file of JSON lines, one a reply, with everything that the reply depends on. Several threads may share it.

    A last line that was cut off when a run was killed is dropped; any other damaged line raises RecordError.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path, self._lock = Path(path), Lock()
        self._replies: dict[str, str] = {}
        if self._path.is_file():
            self._load()

    def get(self, request: Mapping[str, Any]) -> str | None:
        """The reply to exactly this request, if there was one."""
        return self._replies.get(_key(request))

    def put(self, request: Mapping[str, Any], reply: str) -> None:
        """Keep a reply; it is on the disk when this returns."""
        key = _key(request)
        line = json.dumps({"key": key, **request, "reply": reply}, ensure_ascii=False)
        with self._lock:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("a", encoding="utf-8") as file:
                file.write(f"{line}\n")
                file.flush()
                os.fsync(file.fileno())
            self._replies[key] = reply

    def __len__(self) -> int:
        return len(self._replies)

    def _load(self) -> None:
        lines = self._path.read_bytes().splitlines(keepends=True)
        for number, line in enumerate(lines, start=1):
            try:
                entry = json.loads(line)
                self._replies[entry["key"]] = entry["reply"]
            except (ValueError, KeyError, TypeError) as error:
                if number == len(lines) and not line.endswith(b"\n"):
                    os.truncate(self._path, sum(map(len, lines[:-1])))
                    return
                raise RecordError(
                    "expected a kept reply; move the file away to start anew", file=str(self._path), line=number
                ) from error


def _key(request: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(request, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
