"""Byte-level BPE: any text in and out, a digit a token, special tokens only where the package puts them."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Final

from quibble.errors import ModelError
from quibble.text.special import SEGMENT, SPECIAL

NANO: Final = Path(__file__).parent.parent / "weights" / "nano" / "tokenizer.json"
PIECES: Final = 4096
#: Words with the blank before them, underscores within; each digit alone; marks together; line ends and other blanks.
_PATTERN: Final = r" ?[\p{L}_]+| ?\p{N}| ?[^\s\p{L}\p{N}_]+|\s"


class Tokenizer:
    """Text to token ids and back. Raises ModelError if the file is missing or of another form."""

    def __init__(self, file: Path = NANO) -> None:
        # Here, and not above: who asks for no words need not wait for it.
        import tokenizers

        try:
            self._inner = tokenizers.Tokenizer.from_str(file.read_text(encoding="utf-8"))
        except Exception as error:  # the library raises bare Exception for a file it cannot read
            raise ModelError(f"cannot read the tokenizer {file} ({error}); reinstall quibble") from error
        self._special = {token: number for number, token in enumerate(SPECIAL)}
        if [self._inner.token_to_id(token) for token in SPECIAL] != list(range(len(SPECIAL))):
            raise ModelError(
                f"the tokenizer {file} has other special tokens than this version of quibble; reinstall it"
            )
        # What a person types is text, even if it reads like a special token.
        self._inner.encode_special_tokens = True

    @property
    def size(self) -> int:
        """Number of pieces."""
        return int(self._inner.get_vocab_size())

    def special(self, token: str) -> int:
        """The id of a special token."""
        return self._special[token]

    def encode(self, text: str) -> list[int]:
        """Ids of a text without any special token."""
        return list(self._inner.encode(text, add_special_tokens=False).ids)

    def encode_answer(self, text: str) -> list[int]:
        """Ids of one of our own answers, whose segmentation tokens at the end are special tokens."""
        ids: list[int] = []
        words, mark, _ = text.partition(SEGMENT[0])
        ids += self.encode(words)
        return [*ids, *(self._special[token] for token in SEGMENT)] if mark else ids

    def decode(self, ids: Sequence[int]) -> str:
        """The text of ids, special tokens left out."""
        return str(self._inner.decode(list(ids), skip_special_tokens=True))

    def pieces(self, ids: Iterable[int]) -> Iterator[str]:
        """The text of ids as they come, special tokens left out: whole characters only.

        A character may have several tokens: it comes with its last. Bytes that make no character are left out.
        """
        decoder = codecs.getincrementaldecoder("utf-8")("ignore")
        for number in ids:
            text = decoder.decode(self._bytes[number])
            if text:
                yield text

    @cached_property
    def _bytes(self) -> list[bytes]:
        """Of each piece, by its number; none of special tokens."""
        # Byte-level BPE writes a byte as the character of its number where that is visible, and as one beyond 255 else.
        visible = [*range(33, 127), *range(161, 173), *range(174, 256)]
        others = [byte for byte in range(256) if byte not in visible]
        byte_of = {chr(byte): byte for byte in visible} | {chr(256 + n): byte for n, byte in enumerate(others)}
        pieces = {number: piece for piece, number in self._inner.get_vocab().items() if piece not in self._special}
        return [bytes(byte_of[c] for c in pieces.get(number, "")) for number in range(self.size)]


@cache
def nano() -> Tokenizer:
    """The tokenizer in the package."""
    return Tokenizer()


def train(texts: Iterable[str], file: Path, *, pieces: int = PIECES) -> None:
    """Learn a tokenizer from texts and write it as JSON. The same texts give the same file."""
    from tokenizers import Regex, decoders, models, pre_tokenizers, trainers
    from tokenizers import Tokenizer as Inner

    inner = Inner(models.BPE())
    inner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_PATTERN), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    inner.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=pieces,
        special_tokens=list(SPECIAL),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    inner.train_from_iterator(texts, trainer)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(inner.to_str(pretty=False), encoding="utf-8")
