"""Data sets: the record, its readers and writers, the formats that people use, checks and statistics."""

from __future__ import annotations

from quibble.data import formats
from quibble.data.check import Problem, check
from quibble.data.convert import Form, convert, recognise
from quibble.data.dataset import Indexed, Sample, record_files, samples
from quibble.data.jsonl import read_jsonl, write_jsonl
from quibble.data.maker import Maker
from quibble.data.mix import mix, read_factors
from quibble.data.parquet import read_parquet, write_parquet
from quibble.data.record import ImageEntry, Record, RegionEntry, Role, Turn
from quibble.data.sheet import sheet
from quibble.data.stats import Stats, Words, count, stats

__all__ = [
    "Form",
    "ImageEntry",
    "Indexed",
    "Maker",
    "Problem",
    "Record",
    "RegionEntry",
    "Role",
    "Sample",
    "Stats",
    "Turn",
    "Words",
    "check",
    "convert",
    "count",
    "formats",
    "mix",
    "read_factors",
    "read_jsonl",
    "read_parquet",
    "recognise",
    "record_files",
    "samples",
    "sheet",
    "stats",
    "write_jsonl",
    "write_parquet",
]
