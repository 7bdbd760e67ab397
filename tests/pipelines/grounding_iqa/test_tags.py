from __future__ import annotations

import pytest

from quibble.errors import ReplyError
from quibble.experts.language_model import Request
from quibble.experts.stand_in import StandIn
from quibble.pipelines.grounding_iqa.boxes import Tag
from quibble.pipelines.grounding_iqa.prompts import TAGS, TAGS_SCHEMA
from quibble.pipelines.grounding_iqa.rules import RULES
from quibble.pipelines.grounding_iqa.tags import means_the_whole, sift

TEXT = "The image is poor. The dog is blurred, the grass is green, and the sky over the house is too bright."


def tag(phrase: str, effect: str = "negative") -> Tag:
    return Tag(phrase=phrase, quality="blurred", effect=effect)


def reasons(*tags: Tag) -> list[str]:
    return [item.reason if isinstance(item, ReplyError) else item.phrase for item in sift(tags, TEXT)]


def test_what_has_no_effect_and_what_is_the_whole_is_left_out() -> None:
    found = reasons(tag("the image"), tag("the dog"), tag("the grass", "no impact"), tag("the sky over the house"))
    assert found == ["the whole picture", "the dog", "no impact", "the sky over the house"]


def test_what_the_text_does_not_say_is_left_out() -> None:
    assert reasons(tag("the cat"), tag("The Dog"), tag("the dog")) == ["not in the text", "The Dog", "given twice"]
    assert reasons(tag(TEXT)) == ["not in the text"]


@pytest.mark.parametrize(
    ("text", "phrase"),
    [
        ("Obvious noise can be seen in the middle: grain covers even areas. The quality is fair.", "the middle"),
        ("In the upper left, the picture is obviously blurred. The quality is fair.", "the upper left"),
        ("At the left side of the picture one finds blur. The quality is fair.", "the left side"),
        ("The bottom right part is blurred. The quality is poor.", "The bottom right part"),
    ],
)
def test_the_rules_take_a_place_where_no_object_is_named(text: str, phrase: str) -> None:
    reply = StandIn(RULES).answer(Request(task=TAGS, prompt="", schema=TAGS_SCHEMA, facts={"description": text}))
    assert [row["phrase"] for row in reply.data["objects"]] == [phrase]


@pytest.mark.parametrize(
    "phrase", ["the image", "Picture", "the whole scene", "the overall quality of the photo", "this shot"]
)
def test_names_of_the_whole(phrase: str) -> None:
    assert means_the_whole(phrase)


@pytest.mark.parametrize(
    "phrase", ["the photo frame stand", "the dog in the picture", "the man with the picture", "the background"]
)
def test_names_of_parts(phrase: str) -> None:
    assert not means_the_whole(phrase)
