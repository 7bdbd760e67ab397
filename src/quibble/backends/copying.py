"""Boxes in answers are copied from the evidence, never made up: digits that lead to no box of it are not written, nor
those of another defect's box than the one that is spoken of."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Final

from quibble.taxonomy import Category
from quibble.text.conversation import Conversation
from quibble.text.tokenizer import Tokenizer
from quibble.text.vocabulary import categories_named

#: What the evidence says of one thing, and its box. A finding begins with its category, a suspicion with a word more.
_NOTED: Final = re.compile(r"(?:hint )?(\w+)[^;]*?\((\d{3},\d{3})\)")
_CODE: Final = re.compile(r"\((\d{3},\d{3})\)")
#: The beginning of a grid code: behind a phrase in brackets or another box, or first of all.
_BEGUN: Final = re.compile(r"(?:^\s*|\[(?P<phrase>[^\[\]]*)\](?:\([\d,]*\))*|\))\((?P<written>[\d,]*)$")
#: So many tokens are looked back at: a phrase and some codes, which have nine each.
_BACK: Final = 64


class Codes:
    """The grid codes of a conversation's evidence, as a limit to what an answer may go on with."""

    def __init__(self, conversation: Conversation, tokenizer: Tokenizer) -> None:
        evidence = [shown.evidence for shown in conversation.pictures] + [conversation.region or ""]
        self._codes = sorted({code for text in evidence for code in _CODE.findall(text)})
        self._of: dict[Category, list[str]] = {}
        categories = frozenset(Category)
        for name, code in (noted for text in evidence for noted in _NOTED.findall(text)):
            if name in categories:
                self._of.setdefault(Category(name), []).append(code)
        self._asked = categories_named(conversation.turns[-1][0]) if conversation.turns else frozenset()
        self._tokenizer = tokenizer
        self._token = {sign: tokenizer.encode(sign) for sign in "0123456789,"}

    def allowed(self, tokens: Sequence[int]) -> Collection[int] | None:
        """Tokens that an answer may go on with; None: any, because no code is begun or there is none to copy."""
        if not self._codes:
            return None
        begun = _BEGUN.search(self._tokenizer.decode(tokens[-_BACK:]))
        if begun is None or (len(tokens) > _BACK and begun.start() == 0 and begun["phrase"] is None):
            return None
        written = begun["written"]
        codes = self._meant(begun["phrase"])
        signs = {code[len(written)] for code in codes if code.startswith(written) and code != written}
        return {token for sign in signs for token in self._token[sign]} or None

    def _meant(self, phrase: str | None) -> Collection[str]:
        """The codes of what a phrase names, or the question where there is none; all if neither names what has one."""
        named = categories_named(phrase) if phrase else self._asked
        return {code for category in named for code in self._of.get(category, ())} or self._codes
