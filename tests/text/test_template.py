import pytest

from quibble.errors import ArgumentError
from quibble.geometry import Box
from quibble.text.template import Template, mask_tokens, render, write_box, write_boxes

TURNS = [("What is it?", "Noise."), ("Sure?", "")]


def test_turns_are_laid_out_as_the_template_says() -> None:
    said = render(Template(system="Hello. "), ["single"], TURNS, end="</s>")
    assert said.text == "Hello. USER: <image>\nWhat is it? ASSISTANT: Noise.</s>USER: Sure? ASSISTANT:"
    assert [said.text[start:stop] for start, stop in said.answers] == [" Noise.</s>"]
    other = render(Template(before="[INST] ", after=" [/INST]"), [], TURNS[:1], end="</s>")
    assert other.text == "[INST] What is it? [/INST] Noise.</s>"


@pytest.mark.parametrize(
    ("tags", "opening"),
    [
        ("none", "<image>\n<image>\n<image>\n"),
        ("named", "Reference: <image>\nImage A: <image>\nImage B: <image>\n"),
        ("distinct", "<Img-Reference><image></Img-Reference><Img-A><image></Img-A><Img-B><image></Img-B>"),
        ("unified", "<Img><image></Img>" * 3),
    ],
)
def test_pictures_are_told_apart(tags: str, opening: str) -> None:
    said = render(Template(tags=tags), ["reference", "A", "B"], [("Which?", "")], end="</s>")
    assert said.text == f"USER: {opening}Which? ASSISTANT:"


def test_a_picture_may_stand_within_a_question() -> None:
    turns = [("Is <image> like", "Yes."), ("<image>?", "")]
    assert render(Template(), ["A", "B"], turns, end=";").text == (
        "USER: Is <image> like ASSISTANT: Yes.;USER: <image>? ASSISTANT:"
    )
    tagged = render(Template(tags="distinct"), ["A", "B"], turns, end=";").text
    assert "Is <Img-A><image></Img-A> like" in tagged
    assert "<Img-B><image></Img-B>?" in tagged
    with pytest.raises(ArgumentError, match="2 places for pictures, and there are 1"):
        render(Template(), ["A"], turns, end=";")


def test_boxes_are_written_in_both_ways() -> None:
    box = Box(x0=10, y0=0, x1=50, y1=100)
    assert write_box(box, width=100, height=100, how="grid") == "(2,390)"
    assert write_box(box, width=100, height=100, how="normalised") == "(0.10,0.00,0.50,1.00)"


@pytest.mark.parametrize(
    ("text", "boxes", "grid", "normalised"),
    [
        ("no box", ["X"], "no box", "no box"),
        ("[a]<bbox>, [b]<bbox>", ["X", "Y"], "[a]X, [b]Y", "[a]X, [b]Y"),
        ("[a](2,390)", ["X"], "[a](2,390)", "[a]X"),
        ("[a](2,390)(0,0) and (1,2)", ["X", "Y"], "[a](2,390)(0,0) and (1,2)", "[a]XY and (1,2)"),
        ("[a](2,390)", [], "[a](2,390)", "[a](0.12,0.03,0.53,0.97)"),
        ("f(2,390) stays", ["X"], "f(2,390) stays", "f(2,390) stays"),
    ],
)
def test_boxes_go_where_the_text_has_places(text: str, boxes: list[str], grid: str, normalised: str) -> None:
    assert write_boxes(text, boxes, how="grid") == grid
    assert write_boxes(text, boxes, how="normalised") == normalised


def test_a_place_without_a_box_is_refused() -> None:
    with pytest.raises(ArgumentError, match="'<bbox>' 2 times, and mentions 1 regions"):
        write_boxes("<bbox><bbox>", ["X"], how="grid")


def test_unknown_kinds_are_refused() -> None:
    with pytest.raises(ArgumentError, match="tags are one of"):
        Template(tags="blue")
    with pytest.raises(ArgumentError, match="boxes are one of"):
        Template(boxes="pixels")


def test_a_mask_is_a_group_of_tokens() -> None:
    assert mask_tokens(3) == "<seg0><seg1><seg2>"
