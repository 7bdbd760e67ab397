"""Boxes in answers are copied from the evidence, never made up: digits that lead to no box of it are not written."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from quibble.text.conversation import Conversation
from quibble.text.tokenizer import Tokenizer

_CODE: Final = re.compile(r"\((\d{3},\d{3})\)")
#: The beginning of a grid code: behind a phrase in brackets or another box, or first of all.
_BEGUN: Final = re.compile(r"(?:^\s*|[\])])\(([\d,]*)$")
#: So many tokens are looked back at; a code has nine.
_BACK: Final = 12


class Codes:
    """The grid codes of a conversation's evidence, as a limit to what an answer may go on with."""

    def __init__(self, conversation: Conversation, tokenizer: Tokenizer) -> None:
        evidence = [shown.evidence for shown in conversation.pictures] + [conversation.region or ""]
        self._codes = sorted({code for text in evidence for code in _CODE.findall(text)})
        self._tokenizer = tokenizer
        self._token = {sign: tokenizer.encode(sign) for sign in "0123456789,"}

    def allowed(self, tokens: Sequence[int]) -> Collection[int] | None:
        """Tokens that an answer may go on with; None: any, because no code is begun or there is none to copy."""
        if not self._codes:
            return None
        begun = _BEGUN.search(self._tokenizer.decode(tokens[-_BACK:]))
        if begun is None or (len(tokens) > _BACK and begun.start() == 0):
            return None
        written = begun[1]
        signs = {code[len(written)] for code in self._codes if code.startswith(written) and code != written}
        return {token for sign in signs for token in self._token[sign]} or None
