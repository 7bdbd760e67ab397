"""A language model of rules, so that every pipeline runs where no language model is: named as such in every record."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from quibble.assessor import Assessor
from quibble.data import Maker
from quibble.errors import ReplyError
from quibble.experts.language_model import Reply, Request
from quibble.experts.schema import check
from quibble.results import Report
from quibble.text.grammar import Writer

NAME: Final = "stand-in/rules-1"


@dataclass(kw_only=True)
class Means:
    """What a rule may use: a writer with random numbers of its own, and quibble's own model to look at a picture."""

    writer: Writer
    assess: Callable[[Path | bytes], Report]
    looked: set[str] = field(default_factory=set)

    def look(self, picture: Path | bytes) -> Report:
        """What the bundled model finds in a picture."""
        report = self.assess(picture)
        self.looked.add(report.model)
        return report


#: Does a task from a request's facts: text, or what its schema describes. Raises ReplyError if the facts do not do.
Rule = Callable[[Request, Means], Any]


class StandIn:
    """Answers the tasks that it has rules for; each pipeline that asks brings its own (`RULES` in its module `rules`).

    The same request always has the same reply. A reply is held against its request's schema, as everybody's is.
    """

    concurrency = 1

    def __init__(self, rules: Mapping[str, Rule]) -> None:
        self._rules = dict(rules)
        self._assess = lru_cache(maxsize=8)(lambda picture: self._assessor.assess(picture))

    @cached_property
    def _assessor(self) -> Assessor:
        return Assessor()

    @property
    def name(self) -> str:
        return NAME

    def answer(self, request: Request) -> Reply:
        """Raises ReplyError "no rule" for an unknown task, and what a rule raises."""
        digest = request.sha256()
        writer = Writer(np.random.default_rng([request.seed, int(digest[:12], 16)]))
        means = Means(writer=writer, assess=self._assess)
        rule = self._rules.get(request.task)
        if rule is None:
            raise ReplyError("no rule", f"the stand-in knows {', '.join(sorted(self._rules))}, not {request.task}")
        try:
            made = rule(request, means)
            if request.schema is not None:
                check(made, request.schema)
        except ReplyError as error:
            raise ReplyError(error.reason, error.detail, who=self._who(request, digest, means)) from None
        text = made if isinstance(made, str) else json.dumps(made, ensure_ascii=False)
        return Reply(text=text, data=None if request.schema is None else made, who=self._who(request, digest, means))

    def _who(self, request: Request, digest: str, means: Means) -> Maker:
        name = " with ".join([NAME, *sorted(means.looked)])
        return Maker(part=request.task, model=name, prompt_sha=digest, seed=request.seed)
