"""A large model from a folder or the Hub, run here by torch. It is shown the pictures."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Queue
from threading import Event, Lock, Thread
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from quibble.backends.checkpoints import Checkpoint, Composed, open_checkpoint
from quibble.backends.language import GREEDY, Sampling
from quibble.errors import ArgumentError, ModelError
from quibble.geometry import Mask
from quibble.text.conversation import Conversation

#: What a decoder gives for a character that has not ended yet.
_OPEN: Final = "\ufffd"


def open_torch(where: str, *, bits: int = 16, max_tokens: int = 1024) -> TorchBackend:
    """A TorchBackend, or a MaskingTorchBackend for a model that was trained to write masks."""
    checkpoint = open_checkpoint(where, bits=bits)
    own = checkpoint.stored.name if isinstance(checkpoint, Composed) else ""
    name = own or (Path(where).name if Path(where).is_dir() else where)
    if isinstance(checkpoint, Composed) and checkpoint.stored.model.segmentation is not None:
        return MaskingTorchBackend(name, checkpoint, max_tokens=max_tokens)
    return TorchBackend(name, checkpoint, max_tokens=max_tokens)


class TorchBackend:
    """A SeeingBackend in this process. May be shared by threads, which then take turns.

    name: what it is called. max_tokens: of an answer.
    """

    def __init__(self, name: str, checkpoint: Checkpoint, *, max_tokens: int = 1024) -> None:
        if max_tokens < 1:
            raise ArgumentError(f"answers have at least one token, found max_tokens={max_tokens}")
        self._checkpoint, self._max_tokens = checkpoint, max_tokens
        self._name = name
        self._lock = Lock()

    @property
    def name(self) -> str:
        """See SeeingBackend."""
        return self._name

    @property
    def concurrency(self) -> int:
        """See SeeingBackend."""
        return 1

    def write(self, conversation: Conversation, *, sampling: Sampling = GREEDY, opening: str = "") -> Iterator[str]:
        """See SeeingBackend. The opening is held to."""
        if opening:
            yield opening
        written = ""
        tokens: list[int] = []
        for token in self._tokens(conversation, sampling, opening):
            tokens.append(token)
            text = self._text(tokens, opening)
            if len(text) > len(written) and not text.endswith(_OPEN):
                yield text[len(written) :]
                written = text

    def weigh(self, conversation: Conversation, words: Sequence[str]) -> list[float]:
        """See LanguageBackend. A word counts with and without a capital; its probability is that of all its tokens,
        or of the first where those tell the words apart. Source: Q-Align.
        """
        with self._lock, torch.inference_mode():
            inputs, told = self._checkpoint.prepare(conversation, "")
            forms = self._forms(told, words)
            # Of a form that others go on from, its last token is left to be weighed.
            shared = min(_common([ids for _, ids in forms]), min(len(ids) for _, ids in forms) - 1)
            if shared:
                inputs = self._checkpoint.extend(inputs, forms[0][1][:shared])
            rest = [(number, ids[shared:]) for number, ids in forms]
            scores = self._scores(inputs, rest)
        each = [
            np.logaddexp.reduce([s for (n, _), s in zip(rest, scores, strict=True) if n == i])
            for i in range(len(words))
        ]
        shares = np.exp(np.array(each) - np.logaddexp.reduce(each))
        return [float(share) for share in shares]

    def _forms(self, told: str, words: Sequence[str]) -> list[tuple[int, list[int]]]:
        """(number of the word, tokens that it goes on with) for each way of writing each word."""
        tokenizer = self._checkpoint.tokenizer
        before = list(tokenizer(told)["input_ids"])
        lead = "" if not told or told[-1].isspace() or told[-1] == ">" else " "
        forms: list[tuple[int, list[int]]] = []
        for number, word in enumerate(words):
            for form in dict.fromkeys((word, word[:1].upper() + word[1:])):
                after = list(tokenizer(f"{told}{lead}{form}")["input_ids"])
                same = _common([before, after])
                if same < len(before):
                    raise ModelError(f"the tokenizer of {self.name} joins '{form}' to what comes before it")
                forms.append((number, after[same:]))
        return forms

    def _scores(self, inputs: dict[str, Any], forms: Sequence[tuple[int, list[int]]]) -> list[float]:
        """Log-probability of each form."""
        first = self._log_probabilities(inputs)[-1]
        owners: dict[int, set[int]] = {}
        for number, ids in forms:
            owners.setdefault(ids[0], set()).add(number)
        if all(len(numbers) == 1 for numbers in owners.values()):
            # Forms that begin with the same token are one.
            firsts = [ids[0] for _, ids in forms]
            return [float(first[t]) if firsts.index(t) == i else -np.inf for i, t in enumerate(firsts)]
        scores = []
        for _, ids in forms:
            rows = (
                self._log_probabilities(self._checkpoint.extend(inputs, ids[:-1]), len(ids)) if ids[1:] else first[None]
            )
            scores.append(float(sum(row[token] for row, token in zip(rows, ids, strict=True))))
        return scores

    def _log_probabilities(self, inputs: dict[str, Any], rows: int = 1) -> Tensor:
        """Of the token after each of the last `rows` places. (rows, vocabulary)"""
        logits: Tensor = self._checkpoint.model(**inputs, use_cache=False).logits
        return logits[0, -rows:].float().log_softmax(-1).cpu()

    def _text(self, tokens: Sequence[int], opening: str) -> str:
        text = str(self._checkpoint.tokenizer.decode(list(tokens), skip_special_tokens=True))
        return text if opening else text.lstrip()

    def _tokens(self, conversation: Conversation, sampling: Sampling, opening: str) -> Iterator[int]:
        """The answer's tokens as they are chosen, without the one that ends it."""
        with self._lock:
            with torch.inference_mode():
                inputs, _ = self._checkpoint.prepare(conversation, opening)
            ends = self._ends()
            settings = self._settings(sampling, ends, self._room(inputs))
            with _generating(self._checkpoint.model, inputs, settings, sampling.seed) as tokens:
                for token in tokens:
                    if token not in ends:
                        yield token

    def _ends(self) -> list[int]:
        """Numbers of the tokens that end an answer."""
        said = self._checkpoint.model.generation_config.eos_token_id
        ends = [self._checkpoint.tokenizer.eos_token_id, *(said if isinstance(said, list) else [said])]
        size = self._checkpoint.model.get_input_embeddings().num_embeddings
        return sorted({int(end) for end in ends if end is not None and end < size})

    def _room(self, inputs: dict[str, Any]) -> int:
        """How many tokens an answer may have. Raises ArgumentError if the conversation leaves none."""
        read = int(inputs["attention_mask"].shape[1])
        context = int(self._checkpoint.model.config.get_text_config().max_position_embeddings)
        if read >= context:
            raise ArgumentError(
                f"the conversation has {read} tokens, {self.name} reads {context}: begin a new one or ask about fewer "
                "pictures"
            )
        return min(self._max_tokens, context - read)

    def _settings(self, sampling: Sampling, ends: list[int], room: int) -> dict[str, Any]:
        settings: dict[str, Any] = {"max_new_tokens": room, "eos_token_id": ends, "pad_token_id": ends[0]}
        if self._checkpoint.unspoken:
            settings["suppress_tokens"] = self._checkpoint.unspoken
        if sampling.temperature == 0:
            return settings | {"do_sample": False, "temperature": None, "top_p": None, "top_k": None}
        return settings | {
            "do_sample": True,
            "temperature": sampling.temperature,
            "top_p": sampling.top_p,
            "top_k": 0,
        }


class MaskingTorchBackend(TorchBackend):
    """One that also draws what it speaks of: Q-Ground's kind."""

    def segment(self, conversation: Conversation, *, sampling: Sampling = GREEDY) -> tuple[str, tuple[Mask, ...]]:
        """See MaskingBackend."""
        checkpoint = self._checkpoint
        assert isinstance(checkpoint, Composed)
        tokens = list(self._tokens(conversation, sampling, ""))
        with self._lock, torch.inference_mode():
            told = checkpoint.prepare(conversation, "").told
            masks = checkpoint.masks(conversation, told, tokens)
        return self._text(tokens, ""), masks


@contextmanager
def _generating(model: Any, inputs: dict[str, Any], settings: dict[str, Any], seed: int) -> Iterator[Iterator[int]]:
    """Tokens while they are generated by another thread, which ends with this context."""
    queue: Queue[int | BaseException | None] = Queue()
    stopped = Event()

    class Streamer:
        """What generate() tells of its tokens; the first call is about the prompt."""

        def __init__(self) -> None:
            self.begun = False

        def put(self, value: Tensor) -> None:
            if self.begun:
                queue.put(int(value.reshape(-1)[-1]))
            self.begun = True

        def end(self) -> None:
            pass

    def stop(*_: Any, **__: Any) -> bool:
        return stopped.is_set()

    thread = Thread(target=_generate, args=(model, inputs, settings, seed, Streamer(), stop, queue), daemon=True)
    thread.start()
    try:
        yield _drain(queue)
    finally:
        stopped.set()
        thread.join()


def _generate(
    model: Any,
    inputs: dict[str, Any],
    settings: dict[str, Any],
    seed: int,
    streamer: Any,
    stop: Callable[..., bool],
    queue: Queue[int | BaseException | None],
) -> None:
    from transformers import StoppingCriteriaList

    try:
        # generate() draws from the process's generator: it gets a state of its own and its old one back.
        devices = [model.device] if model.device.type == "cuda" else []
        with torch.random.fork_rng(devices), torch.inference_mode():
            torch.manual_seed(seed)
            criteria: Any = StoppingCriteriaList([stop])
            model.generate(**inputs, **settings, streamer=streamer, stopping_criteria=criteria)
        queue.put(None)
    except BaseException as error:
        queue.put(error)


def _drain(queue: Queue[int | BaseException | None]) -> Iterator[int]:
    while (item := queue.get()) is not None:
        if isinstance(item, BaseException):
            raise item
        yield item


def _common(sequences: Sequence[Sequence[int]]) -> int:
    """How many tokens all begin with in common."""
    shortest = min(len(sequence) for sequence in sequences)
    for number in range(shortest):
        if len({sequence[number] for sequence in sequences}) > 1:
            return number
    return shortest
