"""Judges of answers in words: a language model behind an OpenAI-compatible endpoint, or words in common without one."""

from quibble.bench.judge.chat import ChatJudge
from quibble.bench.judge.lexical import LexicalJudge
from quibble.bench.judge.prompts import PROMPTS, Case, Judge, Prompt, read_mark

__all__ = [
    "PROMPTS",
    "Case",
    "ChatJudge",
    "Judge",
    "LexicalJudge",
    "Prompt",
    "read_mark",
]
