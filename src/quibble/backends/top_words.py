"""From the likeliest tokens at each place of a reply to probabilities of the words that it could have given.

Source: Q-Align (levels read from the probabilities of their words, softmax over these alone), for servers whose
tokens are known only by their text.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import accumulate

#: What stands around words in replies: blanks, quotes, markup, and the signs that some servers write for blanks.
_AROUND = " \t\r\n\"'`*_()[]{}<>.,:;!#-\u2581\u0120\u010a"
_DENIAL = re.compile(r"\b(?:not|no|nor|neither|never|hardly|isn't|cannot|can't)\b", re.IGNORECASE)


def shares(tokens: Sequence[str], top: Sequence[Mapping[str, float]], words: Sequence[str]) -> list[float] | None:
    """How the reply's first of `words` is shared out among all of them, summing to 1. None if it says none of them.

    tokens: of the reply. top: log-probabilities of the likeliest at each place. Single letters count only as capitals
    that stand alone. A token counts for the word that it begins if it is one; a word without a token among the
    likeliest has a share of 0.
    """
    place = _place(tokens, words)
    if place is None:
        return None
    found = [0.0] * len(words)
    for token, logarithm in top[place].items():
        meant = _meant(token, words)
        if meant is not None:
            found[meant] += math.exp(logarithm)
    total = sum(found)
    return [share / total for share in found] if total > 0 else None


def _place(tokens: Sequence[str], words: Sequence[str]) -> int | None:
    """Number of the token in which the first of the words begins."""
    text = "".join(tokens)
    if all(len(word) == 1 for word in words):
        # An article is a capital letter too, but goes on with a word.
        pattern = re.compile(rf"(?<![\w'])(?:{'|'.join(words)})(?![\w'])(?! +[a-z])")
    else:
        pattern = re.compile(rf"(?<![^\W_])(?:{'|'.join(map(re.escape, words))})(?![^\W_])", re.IGNORECASE)
    said = pattern.search(text)
    if said is None or _DENIAL.search(text[: said.start()]):
        return None
    ends = accumulate(map(len, tokens))
    return next(number for number, end in enumerate(ends) if end > said.start())


def _meant(token: str, words: Sequence[str]) -> int | None:
    piece = token.strip(_AROUND)
    if all(len(word) == 1 for word in words):
        return words.index(piece) if piece in words else None
    piece = piece.lower()
    begun = [number for number, word in enumerate(words) if piece and word.lower().startswith(piece)]
    exact = [number for number in begun if words[number].lower() == piece]
    return (exact or begun)[0] if len(exact or begun) == 1 else None
