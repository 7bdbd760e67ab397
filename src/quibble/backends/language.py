"""The language half of nano in numpy: ONNX Runtime does one step, everything around it is here.

Tokens in, tokens out; words are the tokenizer's business. What was read is kept as an immutable `Heard`, so that a
picture and its evidence are read once and any number of questions, options or turns go on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import Final

import numpy as np
from numpy.typing import NDArray

from quibble.backends.weights import NANO, open_session, read_manifest
from quibble.errors import ArgumentError, ModelError

Numbers = NDArray[np.float32]
_INPUTS: Final = ("ids", "visual", "past", "rows")
_OUTPUTS: Final = ("logits", "hidden", "added")


class _Tape:
    """Keys and values of the tokens read, (tokens, layers, 2, heads, size), with room to grow: only appended to.

    Threads may share one: of those that go on from the same place, one writes on and the others copy.
    """

    def __init__(self, shape: tuple[int, ...], room: int) -> None:
        self.values = np.zeros((room, *shape), np.float32)
        self.filled = 0
        self._lock = Lock()

    def append(self, length: int, added: Numbers) -> _Tape:
        """The tape with `added` after the first `length` tokens: this one, or a copy if others went on from there."""
        tape, end = self, length + len(added)
        with self._lock:
            if length != self.filled or end > len(self.values):
                tape = _Tape(self.values.shape[1:], max(2 * end, len(self.values)))
                tape.values[:length] = self.values[:length]
            tape.values[length:end] = added
            tape.filled = end
        return tape


@dataclass(frozen=True, kw_only=True, eq=False)
class Heard:
    """A conversation so far. logits: (vocabulary,), of the next token. hidden: (D,), of the last token."""

    length: int
    logits: Numbers
    hidden: Numbers
    tape: _Tape

    def probabilities(self, tokens: Sequence[int]) -> Numbers:
        """How the next token is shared out among these alone: a softmax over their logits. Source: Q-Align."""
        return softmax(self.logits[list(tokens)])

    def beginning(self, length: int) -> Heard:
        """The first tokens of it, to read on from: logits and hidden are still those of the whole."""
        return replace(self, length=min(length, self.length))


@dataclass(frozen=True, kw_only=True)
class Sampling:
    """How a token is drawn. temperature 0: always the likeliest. top_p: of the likeliest that share this much."""

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def __post_init__(self) -> None:
        if not self.temperature >= 0:
            raise ArgumentError(f"temperature is 0 or more, found {self.temperature}")
        if not 0 < self.top_p <= 1:
            raise ArgumentError(f"top_p lies above 0 and at most at 1, found {self.top_p}")

    def draw(self, logits: Numbers, rng: np.random.Generator) -> int:
        """Number of a token. logits: (vocabulary,)"""
        if self.temperature == 0:
            return int(logits.argmax())
        probability = softmax(logits / self.temperature).astype(np.float64)
        order = np.argsort(-probability, kind="stable")
        kept = order[: int(np.searchsorted(probability[order].cumsum(), self.top_p)) + 1]
        return int(rng.choice(kept, p=probability[kept] / probability[kept].sum()))


GREEDY: Final = Sampling()
#: The tokens of an answer so far -> those that it may go on with; None: any.
Allow = Callable[[Sequence[int]], Collection[int] | None]


def _only(logits: Numbers, tokens: Collection[int]) -> Numbers:
    """The same logits for these tokens, and none of the others can be drawn."""
    out = np.full_like(logits, -np.inf)
    chosen = list(tokens)
    out[chosen] = logits[chosen]
    return out


class Reply(Iterator[int]):
    """An answer as it is written, token by token. The token that ends it is not handed out.

    ending: that token; None while it goes on, and if it ended because limit or context were reached. before: what was
    heard when each token was chosen. heard: with all tokens that were handed out, to go on from.
    """

    def __init__(
        self,
        language: OnnxLanguage,
        heard: Heard,
        *,
        stop: Collection[int],
        limit: int,
        sampling: Sampling,
        allow: Allow,
    ) -> None:
        self._language, self._start, self._stop, self._limit, self._sampling = language, heard, stop, limit, sampling
        self._allow = allow
        self._rng = np.random.default_rng(sampling.seed)
        self._unread: int | None = None
        self._heard = heard
        self.tokens: list[int] = []
        self.before: list[Heard] = []
        self.ending: int | None = None

    @property
    def finished(self) -> bool:
        """Whether it ended by itself."""
        return self.ending is not None

    @property
    def heard(self) -> Heard:
        if self._unread is not None:
            self._heard = self._language.read([self._unread], after=self._heard)
            self._unread = None
        return self._heard

    def __next__(self) -> int:
        room = min(self._limit, self._language.context - self._start.length)
        if self.finished or len(self.tokens) >= room:
            raise StopIteration
        heard = self.heard
        allowed = self._allow(self.tokens)
        token = self._sampling.draw(heard.logits if allowed is None else _only(heard.logits, allowed), self._rng)
        if token in self._stop:
            self.ending = token
            raise StopIteration
        self._unread = token
        self.tokens.append(token)
        self.before.append(heard)
        return token


class OnnxLanguage:
    """A decoder exported by train.export_language, from a folder with model and manifest.

    threads: 0 lets ONNX Runtime take all cores. Raises ModelError if files are missing, damaged or of another form.
    """

    def __init__(self, folder: Path = NANO / "language", *, threads: int = 0) -> None:
        self.manifest = read_manifest(folder, {"context", "visual_tokens"})
        self._session = open_session(folder, self.manifest, threads=threads)
        inputs = {i.name: i.shape for i in self._session.get_inputs()}
        if set(inputs) != set(_INPUTS):
            raise ModelError(f"{folder} holds no language model: its inputs are {', '.join(sorted(inputs))}")
        self.context = int(self.manifest["context"])
        self.visual_tokens = int(self.manifest["visual_tokens"])
        self.width = int(inputs["visual"][1])
        self._nothing = _Tape(tuple(int(n) for n in inputs["past"][1:]), room=0)

    @property
    def name(self) -> str:
        return str(self.manifest["name"])

    def read(self, ids: Sequence[int], *, visual: Numbers | None = None, after: Heard | None = None) -> Heard:
        """Read tokens, at the beginning or after others. Prefixes stay usable.

        visual: (N, width), one row for each image token in ids; None: the pictures were not looked at. Raises
        ArgumentError if there is nothing to read or the context is full.
        """
        logits, hidden, tape, length = self._run(ids, [len(ids) - 1], visual, after)
        return Heard(length=length, logits=logits[0], hidden=hidden[0], tape=tape)

    def states(self, ids: Sequence[int], *, after: Heard) -> Numbers:
        """Hidden states of tokens that are read after others. (len(ids), width)"""
        return self._run(ids, range(len(ids)), None, after)[1]

    def reply(
        self,
        heard: Heard,
        *,
        stop: Collection[int],
        limit: int = 400,
        sampling: Sampling = GREEDY,
        allow: Allow = lambda tokens: None,
    ) -> Reply:
        """Go on from what was heard until a token of `stop`, at most `limit` tokens or to the end of the context."""
        return Reply(self, heard, stop=stop, limit=limit, sampling=sampling, allow=allow)

    def score(self, heard: Heard, options: Sequence[Sequence[int]]) -> Numbers:
        """Log-probability of each continuation, (len(options),). End each with the stop token: else prefixes win."""
        scores = []
        for option in options:
            if not option:
                raise ArgumentError("an option to score is empty")
            total = log_softmax(heard.logits)[option[0]]
            if len(option) > 1:
                logits, *_ = self._run(option[:-1], range(len(option) - 1), None, heard)
                total += log_softmax(logits)[np.arange(len(option) - 1), list(option[1:])].sum()
            scores.append(total)
        return np.array(scores, np.float32)

    def _run(
        self, ids: Sequence[int], rows: Sequence[int], visual: Numbers | None, after: Heard | None
    ) -> tuple[Numbers, Numbers, _Tape, int]:
        start, tape = (after.length, after.tape) if after is not None else (0, self._nothing)
        if not ids:
            raise ArgumentError("there are no tokens to read")
        if start + len(ids) > self.context:
            raise ArgumentError(
                f"the conversation has {start + len(ids)} tokens, the model reads {self.context}: "
                "begin a new one or ask about fewer pictures"
            )
        values = (
            np.array(ids, np.int64),
            np.zeros((0, self.width), np.float32) if visual is None else visual,
            tape.values[:start],
            np.array(rows, np.int64),
        )
        logits, hidden, added = self._session.run(list(_OUTPUTS), dict(zip(_INPUTS, values, strict=True)))
        return logits, hidden, tape.append(start, added), start + len(ids)


def log_softmax(x: Numbers) -> Numbers:
    """Over the last axis."""
    shifted = x - x.max(axis=-1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True)), dtype=np.float32)


def softmax(x: Numbers) -> Numbers:
    """Over the last axis."""
    return np.exp(log_softmax(x))
