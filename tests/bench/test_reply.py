from __future__ import annotations

import json

import pytest

from quibble.bench.reply import (
    Reply,
    Status,
    is_refusal,
    read_choice,
    read_names,
    read_score,
    read_tags,
    read_winner,
    read_yes_no,
)
from quibble.errors import ArgumentError
from quibble.geometry import Box, Mask
from quibble.taxonomy import Category
from quibble.text.vocabulary import PLAIN_NAMES

OPTIONS = ["Blurry", "Noisy", "Too dark"]


@pytest.mark.parametrize(
    ("text", "choice"),
    [
        ("B", 1),
        ("b.", 1),
        ("(C)", 2),
        ("A. Blurry", 0),
        ("The answer is C.", 2),
        ("Answer: B", 1),
        ("too dark", 2),
        ("Noisy.", 1),
        ("D", None),
        ("A. Noisy", None),
        ("A photo of a cat", None),
        ("It is blurry and noisy", None),
        ("B or C", None),
        ("", None),
    ],
)
def test_choices_are_read_strictly(text: str, choice: int | None) -> None:
    assert read_choice(text, OPTIONS) == choice


def test_scores_winners_and_yes() -> None:
    assert [read_score(t) for t in ("73", "Score: 73.5/100", "about 70", "170", "7 or 8")] == [
        73,
        73.5,
        None,
        None,
        None,
    ]
    assert [read_winner(t) for t in ("A", "Image B.", "image A beats it", "Image A or Image B", "neither")] == [
        "A",
        "B",
        "A",
        None,
        None,
    ]
    assert [read_yes_no(t) for t in ("Yes, it is", "no.", "None", "perhaps yes")] == [True, False, None, None]


def test_names_of_distortions() -> None:
    assert read_names("Motion blur, and JPEG artifacts; also low contrast!") == (
        "blur",
        "compression",
        "contrast_weaken",
    )
    assert read_names("It is blurry and blurred.") == ("blur",)
    assert read_names("undersaturation") == ("saturate_weaken",)
    assert read_names("Color quantization and insufficient brightness") == ("quantize", "darken")
    assert read_names("Overly high contrast") == ("contrast_strengthen",)
    assert read_names("None") == read_names("There is no visible distortion here."[9:]) == ()
    assert read_names("There is no visible noise or blur, but banding.") == ("quantize",)
    assert read_names("It is not blurry.") == ()
    assert read_names("No, the picture is noisy.") == ("noise",)
    assert read_names("a nice cat") is None


def test_every_category_is_known_by_its_own_names_and_by_those_of_the_package() -> None:
    for category in Category:
        for name in (category.value, category.words, *(str(name.noun) for name in PLAIN_NAMES[category])):
            assert read_names(f"There is {name}.") == (category.value,)


def test_named_boxes() -> None:
    tags = read_tags("[The sky](0.1, 0, 0.5, 0.25) is noisy, [a man](3, 400) and [dog]<0.5,0.5,0.4,0.9>, [cat](0, 21).")
    assert [(tag.name, tag.box) for tag in tags] == [
        ("The sky", Box(x0=0.1, y0=0, x1=0.5, y1=0.25)),
        ("cat", Box(x0=0.025, y0=0.025, x1=0.075, y1=0.075)),
    ]


def test_refusals() -> None:
    assert is_refusal("I'm sorry, but I cannot view images.")
    assert is_refusal("As an AI I have no eyes")
    assert not is_refusal("The details cannot be seen because of blur.")


def test_a_reply_survives_json() -> None:
    mask = Mask.from_box(Box.from_xywh(1, 1, 2, 2), width=5, height=4)
    for reply in (
        Reply(score=1.5),
        Reply(masks={"blur": mask}, names=()),
        Reply(status=Status.REFUSED, text="no"),
        Reply(choice=0, winner="A"),
    ):
        assert Reply.from_dict(json.loads(json.dumps(reply.to_dict()))) == reply
    with pytest.raises(ArgumentError, match="malformed"):
        Reply.from_dict({"status": "lost"})
