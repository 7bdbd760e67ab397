"""Replies on disk."""

from __future__ import annotations

import hashlib
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from quibble.endpoint.messages import DATA, Completion
from quibble.errors import EndpointError


class Cache:
    """Replies on disk by their requests, in SQLite; pictures are kept as their hashes. Threads and processes share it.

    Raises EndpointError if the file is something else.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        self._run("CREATE TABLE IF NOT EXISTS replies (key TEXT PRIMARY KEY, request TEXT, reply TEXT)")

    def get(self, body: Mapping[str, Any]) -> Completion | None:
        rows = self._run("SELECT reply FROM replies WHERE key = ?", _key(_without_pictures(body)))
        if not rows:
            return None
        reply = json.loads(rows[0][0])
        completion = Completion(**{**reply, "tokens": tuple(reply["tokens"]), "top": tuple(reply["top"])})
        return replace(completion, cached=True)

    def put(self, body: Mapping[str, Any], completion: Completion) -> None:
        request = _without_pictures(body)
        reply = json.dumps(asdict(completion), ensure_ascii=False)
        self._run("INSERT OR REPLACE INTO replies VALUES (?, ?, ?)", _key(request), request, reply)

    def _run(self, statement: str, *values: str) -> list[tuple[Any, ...]]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as connection, connection:
                return connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise EndpointError(
                f"the cache of replies {self._path} cannot be used ({error}); move it away, or name another file"
            ) from error


def _key(request: str) -> str:
    return hashlib.sha256(request.encode()).hexdigest()


def _without_pictures(body: Mapping[str, Any]) -> str:
    """A request as JSON, sorted, each picture only as its hash."""

    def small(value: Any) -> Any:
        if isinstance(value, Mapping):
            return {name: small(part) for name, part in value.items()}
        if isinstance(value, list | tuple):
            return [small(part) for part in value]
        if isinstance(value, str) and value.startswith(DATA):
            return f"sha256:{hashlib.sha256(value.encode()).hexdigest()}"
        return value

    return json.dumps(small(body), sort_keys=True, ensure_ascii=False)
