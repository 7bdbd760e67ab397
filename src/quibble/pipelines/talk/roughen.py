"""Questions as people type them: politely, with words around them, in lower case, with short forms and slips."""

from __future__ import annotations

import re
from typing import Final

import numpy as np

_SHORT_FORMS: Final = (
    (r"\bpicture\b", "pic"),
    (r"\bphotograph\b", "photo"),
    (r"\bplease\b", "pls"),
    (r"\byou\b", "u"),
    (r"\bare\b", "r"),
    (r"\bwhat is\b", "whats"),
    (r"\bwhat's\b", "whats"),
    (r"\bis not\b", "isnt"),
    (r"\bisn't\b", "isnt"),
    (r"\bdo not\b", "dont"),
    (r"\bquality\b", "qualty"),
    (r"\bcolor", "colour"),
    (r"\band\b", "&"),
    (r"\bnoisy\b", "noisey"),
    (r"\bblurry\b", "blury"),
    (r"\bpixelated\b", "pixellated"),
    (r"\bartifact", "artefact"),
    (r"\bimage\b", "img"),
    (r"\bsomething\b", "sth"),
    (r"\bwith\b", "w/"),
)
_NEIGHBOURS: Final = {
    "a": "s", "b": "v", "c": "x", "d": "s", "e": "r", "f": "g", "g": "f", "h": "j", "i": "o", "j": "h", "k": "l",
    "l": "k", "m": "n", "n": "m", "o": "i", "p": "o", "r": "t", "s": "a", "t": "r", "u": "i", "v": "b", "w": "e",
    "x": "z", "y": "u", "z": "x",
}  # fmt: skip

_OPENINGS: Final = (
    "Hey,", "Hi,", "Hello,", "Hi there,", "Ok,", "OK,", "So,", "Well,", "Now,", "Hm,", "Hmm,", "Please,", "Also,",
    "Quick question:", "One more question:", "A question:", "Just curious:", "I wonder:", "Question:", "Tell me:",
    "Honestly,", "Seriously,", "In your opinion,", "As an expert,", "As a photographer,", "Technically,", "And",
    "From a technical point of view,", "Good morning,", "Thanks. Now", "I took this yesterday.", "This is my photo.",
    "I am not an expert.", "Be honest:", "Say,", "Look:", "Dear quibble,", "Listen,", "I need to know:", "Sorry,",
    "First of all,", "Next question:", "To begin with,", "For my work:", "My boss asks:", "My friend asks:",
)  # fmt: skip
_CLOSINGS: Final = (
    ", please?", " please", ", in your opinion?", ", do you think?", ", honestly?", " then?", " exactly?", " now?",
    ", would you say?", ", technically?", ", thanks", " for me?", ", I wonder?", "? I need to know.", "? Be honest.",
    "? Thanks!", "? Thank you.", "? Please be precise.",
)  # fmt: skip

#: What a request begins with.
_REQUEST: Final = re.compile(
    r"(?:please )?((?:show|tell|say|find|locate|point|mark|segment|highlight|outline|circle|identify|detect|pinpoint|"
    r"describe|give|explain|judge|rate|assess|evaluate|analyze|list|name|comment|review|check|examine|inspect|sum up|"
    r"compare|pick|choose|look|put|draw|mask|select|answer)\b[^.?!]*)[.?!]?",
    re.IGNORECASE,
)
#: Ways to ask for it politely.
_POLITELY: Final = (
    "Can you {}?", "Can you please {}?", "Can you {}, please?", "Could you {}?", "Could you please {}?",
    "Would you {}?", "Would you please {}?", "Will you {}?", "Please {}.", "Kindly {}.", "I would like you to {}.",
    "I want you to {}.", "I'd like you to {}.", "Would you be so kind as to {}?", "Are you able to {}?",
    "Is it possible to {}?", "Try to {}.", "Can I ask you to {}?", "May I ask you to {}?", "I need you to {}.",
    "Help me and {}.", "Go ahead and {}.", "Do me a favor and {}.", "Would it be possible to {}?",
    "Be so good as to {}.", "You may {} now.", "Just {}.",
)  # fmt: skip
#: A wording that is held out already says this.
_HELD_OUT: Final = re.compile("could you (please )?point", re.IGNORECASE)


def polite(rng: np.random.Generator, question: str) -> str:
    """A request as a polite question that means the same and is not one for a yes or a no; other questions as they are.

    Only its first sentence changes: "Can you mark the noise? As a box, please."
    """
    request = _REQUEST.match(question)
    if request is None or "\n" in request[0]:
        return question
    asked = request[1][:1].lower() + request[1][1:]
    framed = _POLITELY[int(rng.integers(len(_POLITELY)))].format(asked)
    return question if _HELD_OUT.search(framed) else framed + question[request.end() :]


def roughen(rng: np.random.Generator, question: str) -> str:
    """A question with some of the marks of quick typing; options and capital letters that name a picture stay."""
    head, line, options = question.partition("\n")
    text = head
    for pattern, short in _SHORT_FORMS:
        if rng.random() < 0.35:
            text = re.sub(pattern, short, text, flags=re.IGNORECASE)
    if rng.random() < 0.6:
        text = re.sub(r"\b(?!A\b|B\b|C\b|D\b)\w+", lambda found: found[0].lower(), text)
    if not options and rng.random() < 0.5:
        text = re.sub(r"[?.!,']", "", text)
    for _ in range(int(rng.choice([0, 1, 2], p=[0.4, 0.4, 0.2]))):
        text = _slip(rng, text)
    return f"{text}{line}{options}"


def chatter(rng: np.random.Generator, question: str) -> str:
    """A question with words around it that change nothing."""
    head, line, options = question.partition("\n")
    if rng.random() < 0.75:
        opening = _OPENINGS[int(rng.integers(len(_OPENINGS)))]
        # "A" may be a picture's name, and "I" is I.
        lower = head if re.match(r"(I|[A-D])\b", head) else head[:1].lower() + head[1:]
        head = f"{opening} {lower}"
    else:
        head = f"{head.rstrip('.?')}{_CLOSINGS[int(rng.integers(len(_CLOSINGS)))]}"
    return f"{head}{line}{options}"


def _slip(rng: np.random.Generator, text: str) -> str:
    """One letter of a longer word doubled, dropped, swapped with the next or hit beside."""
    words = list(re.finditer(r"[a-z]{5,}", text))
    if not words:
        return text
    word = words[int(rng.integers(len(words)))]
    at = word.start() + int(rng.integers(1, len(word[0]) - 1))
    letter, after = text[at], text[at + 1]
    way = int(rng.integers(4))
    if way == 0:
        return text[:at] + letter * 2 + text[at + 1 :]
    if way == 1:
        return text[:at] + text[at + 1 :]
    if way == 2:
        return text[:at] + after + letter + text[at + 2 :]
    return text[:at] + _NEIGHBOURS.get(letter, letter) + text[at + 1 :]
