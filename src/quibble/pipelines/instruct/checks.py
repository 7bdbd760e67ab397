"""Whether what a language model wrote does: its form, and whether the feedback that it was given supports it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from quibble.errors import ReplyError
from quibble.experts.reading import Reading, level_of, read
from quibble.taxonomy import SEVERITIES_5, Category, Level
from quibble.text.vocabulary import categories_named

#: Words that give away that somebody was given notes.
_TOLD: Final = re.compile(
    r"\b(notes?|observers?|feedbacks?|description|descriptions|annotat\w+|according to|mentioned|as "
    r"stated)\b",
    re.IGNORECASE,
)
#: In a question, these turn a defect's name round or ask for its degree.
_TURNED: Final = re.compile(r"\b(free (of|from)|without|no|not|lack\w*|only|merely|just)\b", re.IGNORECASE)
_MOST_WORDS: Final = {"question": 40, "answer": 6, "turn": 150}


@dataclass(frozen=True, kw_only=True)
class Question:
    """A question that does. kind: "what", "how" or "yes_no". wrong: options beside the answer."""

    kind: str
    text: str
    answer: str
    wrong: tuple[str, ...]
    context: bool

    @property
    def concern(self) -> str:
        """What it is about, as Q-Bench sorts its questions: "distortion" or "other"."""
        return "distortion" if categories_named(f"{self.text} {self.answer}") else "other"


class Feedback:
    """A feedback and what can be read in it by rules; what cannot be read there is not held against an answer."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.reading: Reading = read(text)
        self.bad = frozenset(r.category for r in self.reading.remarks if not r.good and r.category is not None)

    @property
    def denied(self) -> frozenset[Category]:
        """What is said not to be there, as far as it is not said to be there as well."""
        return frozenset(r.category for r in self.reading.remarks if r.good and r.category is not None) - self.bad


def check_what_how(item: dict[str, Any], feedback: Feedback) -> Question:
    """Raises ReplyError with why a question on what or how does not do."""
    question = Question(
        kind=item["kind"],
        text=_question(item["question"]),
        answer=_answer(item["answer"]),
        wrong=tuple(_answer(option) for option in item["wrong"]),
        context=item["context"],
    )
    options = [question.answer.lower(), *(option.lower() for option in question.wrong)]
    if len(set(options)) != len(options):
        raise ReplyError("an option is given twice", ", ".join(options))
    named = categories_named(question.answer)
    if not named <= feedback.reading.named or (named and named <= feedback.denied):
        raise ReplyError("the feedback does not say so", f"{question.text} {question.answer}")
    for option in question.wrong:
        wrong = categories_named(option)
        if wrong & (named or feedback.bad) and option.lower() not in SEVERITIES_5:
            raise ReplyError("a wrong option is right", f"{question.text} {question.answer}, not {option}")
    about_all = "quality" in question.text.lower() and not question.context and not named
    if about_all and feedback.reading.level is not None and question.answer in set(Level) - {feedback.reading.level}:
        raise ReplyError("the feedback says otherwise", f"{question.text} {question.answer}")
    return question


def check_yes_no(item: dict[str, Any], feedback: Feedback) -> Question:
    """Raises ReplyError with why a question for yes or no does not do."""
    text = _question(item["question"])
    if re.match(r"(what|how|which|where|why|who)\b", text, re.IGNORECASE):
        raise ReplyError("not a question for yes or no", text)
    named = categories_named(text)
    if named and not _TURNED.search(text):
        if item["answer"] == "yes" and not (named <= feedback.reading.named and not named <= feedback.denied):
            raise ReplyError("the feedback does not say so", f"{text} yes")
        whole = {r.category for r in feedback.reading.remarks if not r.good and not r.partial}
        graded = any(word in text.lower() for word in SEVERITIES_5)
        if item["answer"] == "no" and not item["context"] and not graded and named & whole:
            raise ReplyError("the feedback says otherwise", f"{text} no")
    other = "no" if item["answer"] == "yes" else "yes"
    return Question(kind="yes_no", text=text, answer=item["answer"], wrong=(other,), context=item["context"])


def check_turns(turns: list[dict[str, Any]]) -> list[tuple[str, str, str]]:
    """(topic, question, answer) of a conversation. Raises ReplyError if it is too short, or one of its turns is no "
    "good."""
    topics = [turn["topic"] for turn in turns]
    if len(turns) < 2 or len(set(topics)) != len(topics):
        raise ReplyError("not a conversation", f"its topics are {', '.join(topics) or 'none'}")
    for turn in turns:
        _plain(turn["question"], most=_MOST_WORDS["question"])
        _plain(turn["answer"], most=_MOST_WORDS["turn"])
    return [(turn["topic"], turn["question"].strip(), turn["answer"].strip()) for turn in turns]


def check_feedback(data: dict[str, Any]) -> str:
    """Description and conclusion as one text. Raises ReplyError if the conclusion gives no verdict, or it is too "
    "short."""
    text = f"{data['description'].strip()} {data['conclusion'].strip()}"
    if len(data["description"].split()) < 6:
        raise ReplyError("too short a feedback", text)
    if level_of(data["conclusion"]) is None:
        raise ReplyError("a conclusion without a verdict", data["conclusion"])
    return text


def _question(text: str) -> str:
    text = _plain(text, most=_MOST_WORDS["question"])
    if not text.endswith("?") or len(text.split()) < 3:
        raise ReplyError("not a question", text)
    return text[:1].upper() + text[1:]


def _answer(text: str) -> str:
    return _plain(text, most=_MOST_WORDS["answer"]).rstrip(".")


def _plain(text: str, *, most: int) -> str:
    """A text of one paragraph that does not speak of notes. Raises ReplyError."""
    text = text.strip()
    if "\n" in text or len(text.split()) > most:
        raise ReplyError("too long a text", text)
    if found := _TOLD.search(text):
        raise ReplyError("speaks of what it was told", f"{found[0]!r} in {text}")
    return text
