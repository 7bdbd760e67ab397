from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quibble.errors import ModelError
from quibble.taxonomy import Category
from quibble.text.conversation import IGNORED, Conversation, Features, prompt, sample
from quibble.text.evidence import ComparisonNotes, PictureNotes, RegionNotes, Spot
from quibble.text.special import BOS, EOS, IMAGE, SEGMENT, SEGMENT_TEXT, SPECIAL
from quibble.text.tokenizer import Tokenizer, nano, train

CLEAN = PictureNotes(score=80, notes=())


def test_the_prompt_is_the_beginning_of_the_sample() -> None:
    tokenizer = nano()
    asked = Conversation.about(CLEAN).saying("Is it blurry?", "No.").saying("Sure?")
    ids, labels = sample(asked.answered("Yes."), tokenizer)
    begun = prompt(asked, tokenizer)
    assert ids[: len(begun)] == begun
    assert tokenizer.decode(ids[len(begun) :]) == "Yes."
    assert ids[-1] == labels[-1] == tokenizer.special(EOS)


def test_only_answers_are_learned() -> None:
    tokenizer = nano()
    ids, labels = sample(Conversation.about(CLEAN).saying("A?", "One.").saying("B?", "Two."), tokenizer)
    assert len(ids) == len(labels)
    assert tokenizer.decode([token for token in labels if token != IGNORED]) == "One.Two."
    assert all(label in (token, IGNORED) for token, label in zip(ids, labels, strict=True))


@pytest.mark.parametrize("visual_tokens", [1, 8])
def test_pictures_have_names_and_places(visual_tokens: int) -> None:
    tokenizer = nano()
    compared = ComparisonNotes(winner="A", sure=90, differences=())
    talk = Conversation.comparing(CLEAN, CLEAN, compared, reference=CLEAN).saying("Which?")
    ids = prompt(talk, tokenizer, visual_tokens=visual_tokens)
    assert ids.count(tokenizer.special(IMAGE)) == 3 * visual_tokens
    text = tokenizer.decode(ids)
    assert [text.index(name) for name in ("Reference:", "Image A:", "Image B:")] == sorted(
        text.index(name) for name in ("Reference:", "Image A:", "Image B:")
    )
    assert "compare A 90; alike" in text


def test_a_region_comes_after_its_picture() -> None:
    region = RegionNotes(spot=Spot(cells=(0, 21), share=1), found=((Category.BLUR, 5, 2.0),), clean=3)
    text = nano().decode(prompt(Conversation.about(CLEAN, region).saying("What?"), nano()))
    assert text.index("score 80") < text.index("region at top left")


def test_typed_special_tokens_are_text() -> None:
    tokenizer = nano()
    ids = tokenizer.encode(f"{EOS} {SEGMENT[0]} {BOS}")
    assert not set(ids) & set(range(len(SPECIAL)))
    assert tokenizer.decode(ids) == f"{EOS} {SEGMENT[0]} {BOS}"


def test_segmentation_tokens_end_an_answer() -> None:
    tokenizer = nano()
    ids = tokenizer.encode_answer(f"At the top left.{SEGMENT_TEXT}")
    assert ids[-len(SEGMENT) :] == [tokenizer.special(token) for token in SEGMENT]
    assert tokenizer.decode(ids) == "At the top left."


@pytest.mark.parametrize("text", ["", " two  blanks\n", "Ünï 漢字 🙂", "score 43; box (045,188)", "a_b-c"])
def test_any_text_comes_back(text: str) -> None:
    assert nano().decode(nano().encode(text)) == text


def test_digits_stand_alone() -> None:
    assert len(nano().encode("(045,188)")) >= 7


def test_the_same_texts_give_the_same_file(tmp_path: Path) -> None:
    for name in "ab":
        train(["blur and noise"] * 20, tmp_path / name, pieces=290)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert Tokenizer(tmp_path / "a").size > len(SPECIAL) + 256


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reinstall"):
        Tokenizer(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{}")
    with pytest.raises(ModelError, match="reinstall"):
        Tokenizer(tmp_path / "bad.json")


@given(st.text(max_size=60))
def test_pieces_are_whole_characters_and_make_up_the_text(text: str) -> None:
    ids = nano().encode(text)
    assert "".join(nano().pieces(ids)) == text == nano().decode(ids)


def test_a_character_comes_with_its_last_token_and_what_is_none_never_comes() -> None:
    cut = nano().encode("€")
    assert len(cut) > 1
    assert list(nano().pieces([*cut, nano().special(SEGMENT[0])])) == ["€"]
    assert list(nano().pieces([*nano().encode("a"), *cut[:-1], *nano().encode("b")])) == ["a", "b"]
    assert list(nano().pieces(cut[:-1])) == []
    assert list(nano().pieces(nano().encode("\ufffd"))) == ["\ufffd"]


def test_features_go_with_their_pictures() -> None:
    features = Features(maps=(np.zeros((1, 2, 2), np.float32),), eyes="mine")
    pair = Conversation.against(CLEAN, CLEAN)
    seen = pair.seen(features, None)
    assert [picture.features for picture in seen.pictures] == [features, None]
    assert seen == pair
    with pytest.raises(ValueError):
        pair.seen(features)
