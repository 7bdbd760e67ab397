from collections.abc import Sequence
from pathlib import Path
from threading import Thread

import numpy as np
import pytest
import torch

from quibble.backends.language import OnnxLanguage, Sampling
from quibble.backends.speaker import OnnxSpeaker
from quibble.errors import ArgumentError, ModelError
from quibble.model.language import Language, LanguageConfig
from quibble.text.conversation import Conversation, Shown, prompt
from quibble.text.special import SPECIAL
from quibble.text.tokenizer import nano
from quibble.train.export_language import write_language

TINY = LanguageConfig(width=16, layers=2, heads=2, key_value_heads=1, intermediate=24, context=260, visual_tokens=2)
PICTURE = Conversation(pictures=(Shown(evidence="score 43 poor; blur obvious 3.1 sure 9"),))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(0)
    model = Language.random(TINY).eval().requires_grad_(False)
    for name, weight in model.named_parameters():
        torch.nn.init.normal_(weight, 1.0 if "norm" in name else 0.0, 0.3)
    folder = tmp_path_factory.mktemp("weights")
    write_language(model, TINY, folder, {"name": "tiny"})
    return folder


@pytest.fixture
def speaker(folder: Path) -> OnnxSpeaker:
    return OnnxSpeaker(folder, threads=1)


def read(speaker: OnnxSpeaker, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many tokens each prompt makes it read; grows as it goes on."""
    lengths: list[int] = []
    inner = speaker._language.read

    def counted(ids: Sequence[int], **rest: object) -> object:
        if len(ids) > 1:
            lengths.append(len(ids))
        return inner(ids, **rest)  # type: ignore[arg-type]

    monkeypatch.setattr(speaker._language, "read", counted)
    return lengths


def test_it_writes_what_the_model_says_after_the_prompt(speaker: OnnxSpeaker, folder: Path) -> None:
    asked = PICTURE.saying("why?")
    language, tokenizer = OnnxLanguage(folder, threads=1), nano()
    heard = language.read(prompt(asked, tokenizer, visual_tokens=2))
    reply = language.reply(heard, stop=[tokenizer.special(token) for token in SPECIAL[:10]])
    expected = tokenizer.decode(list(reply))
    pieces = list(speaker.write(asked))
    assert "".join(pieces).rstrip("\ufffd") == expected.rstrip("\ufffd")
    assert len(pieces) > 5
    assert speaker.name == "tiny"


def test_what_was_read_is_not_read_again_and_changes_nothing(
    speaker: OnnxSpeaker, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lengths = read(speaker, monkeypatch)
    first = "".join(speaker.write(PICTURE.saying("why?")))
    second = "".join(speaker.write(PICTURE.saying("where is it?")))
    again = "".join(speaker.write(PICTURE.saying("why?")))
    assert len(lengths) == 2
    assert lengths[0] > 3 * lengths[1]
    assert first == again
    assert second == "".join(OnnxSpeaker(folder, threads=1).write(PICTURE.saying("where is it?")))


def test_an_answer_begins_as_it_is_told_to(speaker: OnnxSpeaker) -> None:
    pieces = list(speaker.write(PICTURE.saying("which?"), opening="Image A is"))
    assert pieces[0] == "Image A is"
    free = "".join(speaker.write(PICTURE.saying("which?")))
    assert not free.startswith("Image A is")


def test_characters_of_several_tokens_come_whole(speaker: OnnxSpeaker, monkeypatch: pytest.MonkeyPatch) -> None:
    tokens = [*nano().encode("a 30 € b"), 2]

    def draw(self: Sampling, logits: np.ndarray, rng: np.random.Generator) -> int:
        return tokens.pop(0)

    monkeypatch.setattr(Sampling, "draw", draw)
    pieces = list(speaker.write(PICTURE.saying("how much?")))
    assert "".join(pieces) == "a 30 € b"
    assert any("€" in piece for piece in pieces)


def test_words_are_weighed_as_beginnings_of_the_answer(speaker: OnnxSpeaker) -> None:
    asked = PICTURE.saying("A or B?")
    shares = speaker.weigh(asked, ["A", "B", "Image A"])
    assert sum(shares) == pytest.approx(1, abs=1e-5)
    alone = speaker.weigh(asked, ["A", "B"])
    assert alone[0] / alone[1] == pytest.approx(shares[0] / shares[1], rel=1e-3)
    assert speaker.weigh(asked, ["B", "A"]) == pytest.approx(alone[::-1])


def test_sampling_is_handed_on(speaker: OnnxSpeaker) -> None:
    def write(seed: int) -> str:
        return "".join(speaker.write(PICTURE.saying("why?"), sampling=Sampling(temperature=2.0, seed=seed)))

    assert write(1) == write(1)
    assert write(1) != write(2)


def test_old_turns_are_forgotten_before_the_context_is_full(speaker: OnnxSpeaker) -> None:
    long = PICTURE
    for number in range(30):
        long = long.saying(f"what about number {number}?", "That is fine, as far as I can see it.")
    assert "".join(speaker.write(long.saying("and?")))
    short = long
    while len(prompt(short.saying("and?"), nano(), visual_tokens=2)) > TINY.context - 160:
        short = Conversation(pictures=short.pictures, turns=short.turns[1:])
    assert 0 < len(short.turns) < 30
    assert list(speaker.write(short.saying("and?"))) == list(speaker.write(long.saying("and?")))


def test_a_question_that_does_not_fit_is_refused(speaker: OnnxSpeaker) -> None:
    with pytest.raises(ArgumentError, match=r"the question has \d+ tokens, and \d+ fit"):
        list(speaker.write(PICTURE.saying("why " * 300)))


def test_threads_may_share_it(speaker: OnnxSpeaker) -> None:
    asked = [PICTURE.saying(question) for question in ("why?", "where?", "what?", "who?")]
    alone = ["".join(speaker.write(conversation)) for conversation in asked]
    together = [""] * len(asked)

    def work(number: int) -> None:
        together[number] = "".join(speaker.write(asked[number]))

    threads = [Thread(target=work, args=(number,)) for number in range(len(asked))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_missing_weights_are_said_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="no language weights in") as error:
        OnnxSpeaker(tmp_path)
    assert "\n" not in str(error.value)


def test_a_box_is_copied_from_the_evidence_whatever_the_model_would_write(speaker: OnnxSpeaker) -> None:
    seen = Conversation(
        pictures=(Shown(evidence="score 43 poor; blur obvious 3.1 sure 9 at all share 23 box (045,188)"),)
    )
    said = "".join(speaker.write(seen.saying("where?"), opening="There is [blur]("))
    assert said.startswith("There is [blur](045,188")
    free = "".join(speaker.write(PICTURE.saying("where?"), opening="There is [blur]("))
    assert not free.startswith("There is [blur](045,188")
