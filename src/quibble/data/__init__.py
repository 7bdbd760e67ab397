"""Data sets: the record, its readers and writers, the formats that people use, checks and statistics."""

from __future__ import annotations

from quibble.data.jsonl import read_jsonl, write_jsonl
from quibble.data.record import ImageEntry, Record, RegionEntry, Role, Turn

__all__ = [
    "ImageEntry",
    "Record",
    "RegionEntry",
    "Role",
    "Turn",
    "read_jsonl",
    "write_jsonl",
]
